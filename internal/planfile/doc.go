// Package planfile keeps a plan in a file between the plan command and the apply command, with what it is bound to: the
// configuration, the state, the events of its accounts, and the host it was made on. It holds no secrets.
//
// A file begins with a line that names format and version; after it come a compressed body and the SHA-256 of everything
// before. Read refuses a file that is damaged, cut short or from a newer megaplan. Stale and StaleNow say whether the world
// has moved on since (rule 26); they are pure.
package planfile
