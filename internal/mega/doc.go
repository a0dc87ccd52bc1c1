// Package mega is the only door to MEGA: one signed-in account, its decrypted tree, its quota, and every change megaplan
// makes to it. It joins the parts below it: the API lane (api), moved bytes (transfer), the remembered tree (cache) and
// the account's cryptography (crypt).
//
// A Client never decides anything about backups. Reads are answered from the tree as of the last Refresh plus what this client
// changed since; each change is one side effect at MEGA and then in that tree. All methods are safe for concurrent use, and concurrent calls
// share requests: the lane sends what waits together.
package mega
