// Package interop proves the emulator and megaplan with clients that share no
// code with either: go-mega and its own tests, rclone, megatools and megajs,
// all unmodified.
//
// It holds tests only. MEGAPLAN_INTEROP=required makes a missing client a
// failure, MEGAPLAN_INTEROP=off skips everything; otherwise tests skip for
// clients that are not installed. Faults that the clients are known to have
// are excepted by name, and a test checks that each fault is still there.
package interop
