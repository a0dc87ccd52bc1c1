// Package restore brings a remote tree back to disk.
//
// Deciding is pure: Make takes the remote tree (as it is, or as Then says it was at a time), what Look found at the target
// and the options, and returns a Plan: what would be written, overwritten, left alone, and why. Run carries a plan out. It
// never leaves the target directory, whatever names the remote tree holds and whatever links lie on the way; content gets
// its name only after it was proven, with its attributes set and on disk. What goes wrong with one entry is reported and
// the rest goes on. A run that was cut off is resumed by planning and running again.
package restore
