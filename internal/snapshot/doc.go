// Package snapshot knows what a snapshot looks like on MEGA: how its folder is called, what its mark says, and which of a
// backup's folders are snapshots at all (SEMANTICS rules 23 and 24).
//
// A snapshot is a folder directly below a backup's root, named for the start of its scan, that carries a Mark. It is built
// under another name and renamed once it is complete, so a folder of such a name without a mark is somebody else's.
package snapshot
