package state

import (
	"github.com/megaplan/megaplan/internal/tree"
)

// Entry is one remote node that a backup owns.
type Entry struct {
	// Path is relative to the backup's root, in names as stored on MEGA.
	Path   tree.Path
	Dir    bool
	Handle tree.Handle
	Size   int64
	// MTime is the remote fingerprint's time in seconds since 1970.
	MTime int64
	// CRC is the fingerprint's, so that drift tells a changed attribute.
	CRC [16]byte
	// Meta is the _mp attribute as written.
	Meta string
}

// Manifest is the sorted list of what a backup owns: by path bytes, then by handle.
type Manifest []Entry
