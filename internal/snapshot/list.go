package snapshot

import (
	"cmp"
	"slices"
	"time"

	"github.com/megaplan/megaplan/internal/tree"
)

// Snapshot is a published snapshot in a tree.
type Snapshot struct {
	ID     tree.ID
	Handle tree.Handle
	Name   string
	// N counts the snapshots whose scans began in one second, from 1.
	N int
	Mark
}

// List returns the snapshots directly below a backup's root, the newest first.
func List(t *tree.Tree, root tree.ID) []Snapshot {
	var list []Snapshot
	first, end := t.Children(root)
	for id := first; id < end; id++ {
		if s, ok := at(t, id); ok {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b Snapshot) int {
		return cmp.Or(b.Began.Compare(a.Began), cmp.Compare(b.N, a.N), cmp.Compare(a.Handle, b.Handle))
	})
	return list
}

// at reads a folder as a snapshot. The time is the name's: it is what people see, and the mark agrees with it.
func at(t *tree.Tree, id tree.ID) (Snapshot, bool) {
	if t.Kind(id) != tree.Dir {
		return Snapshot{}, false
	}
	began, n, named := ParseName(t.Name(id))
	mark, marked := ParseMark(t.Node(id).Snapshot)
	if !named || !marked {
		return Snapshot{}, false
	}
	mark.Began = began
	return Snapshot{ID: id, Handle: t.Handle(id), Name: t.Name(id), N: n, Mark: mark}, true
}

// Newest returns the newest complete snapshot of a list whose scan did not begin after a time; the zero time stands for now.
func Newest(list []Snapshot, notAfter time.Time) (Snapshot, bool) {
	for _, s := range list {
		if s.Complete && (notAfter.IsZero() || !s.Began.After(notAfter)) {
			return s, true
		}
	}
	return Snapshot{}, false
}
