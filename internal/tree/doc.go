// Package tree holds one immutable value type for a tree of files, local or remote, compact enough for millions of nodes.
//
// A scan of a source and the decrypted remote account both become a *Tree, and the planner compares two of them without
// knowing where either came from. Nodes are dense ids into flat slices, names live in one string, and the children of a
// node are a contiguous run of ids sorted by name bytes, then by handle. Several children may share a name: MEGA allows
// it, and the planner decides what to do about it.
//
// A Tree is safe for concurrent use. Build one with a Builder.
package tree
