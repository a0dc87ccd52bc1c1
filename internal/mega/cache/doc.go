// Package cache remembers what an account looked like, so that later runs ask MEGA only for what changed since.
//
// A Cache holds the account's nodes, still encrypted, as of one sequence number: an immutable snapshot file built from the
// answer of the `f` command, plus a journal of the changes applied since. It reads no key and decrypts nothing. Several
// processes may share one directory; losing it costs time, never data. Memory keeps the same thing without a directory.
//
// Beside a snapshot lies what its readers derived from it, sealed by them (WriteAside), such as decrypted names. Beside the
// tree lies a small database: what local files were proven equal to which nodes (Proofs, rule 9), which nodes were found to hold
// the same (Twins), and uploads under way (Uploads).
//
// The parsers of nodes, `f` answers and event packets live here too, exported, so that there is one of each.
package cache
