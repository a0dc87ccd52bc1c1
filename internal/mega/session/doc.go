// Package session holds what it takes to act for an account without its password, and keeps it between runs.
//
// A Store looks for an account's Session in this order: the text of MEGAPLAN_SESSION, the system's keyring, a file in
// the state directory. It saves to the best place there is: the keyring; else a file encrypted under MEGAPLAN_SESSION_KEY
// or the account's password; else nowhere, unless a plain file is asked for by name. Every file is for its owner alone.
package session
