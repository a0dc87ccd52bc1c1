package state

import (
	"cmp"
	"slices"
	"strings"

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

// Totals returns the number of files and their bytes.
func (m Manifest) Totals() (files, size int64) {
	for i := range m {
		if !m[i].Dir {
			files++
			size += m[i].Size
		}
	}
	return files, size
}

// Owned returns whether a handle is in the manifest.
func (m Manifest) Owned() func(tree.Handle) bool {
	owned := make(map[tree.Handle]struct{}, len(m))
	for i := range m {
		owned[m[i].Handle] = struct{}{}
	}
	return func(h tree.Handle) bool {
		_, ok := owned[h]
		return ok
	}
}

func (e *Entry) compare(o *Entry) int {
	return cmp.Or(strings.Compare(string(e.Path), string(o.Path)), cmp.Compare(e.Handle, o.Handle))
}

// sorted returns m in order, m itself if it is.
func (m Manifest) sorted() Manifest {
	before := func(a, b Entry) int { return a.compare(&b) }
	if slices.IsSortedFunc(m, before) {
		return m
	}
	out := slices.Clone(m)
	slices.SortStableFunc(out, before)
	return out
}
