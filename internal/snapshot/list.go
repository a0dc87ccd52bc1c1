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
		if s, ok := read(t.Node(id)); ok {
			s.ID = id
			list = append(list, s)
		}
	}
	slices.SortFunc(list, newer)
	return list
}

// Of is List for the nodes directly below a root that are in no tree yet; the snapshots have no ID.
func Of(nodes []tree.Node) []Snapshot {
	var list []Snapshot
	for _, n := range nodes {
		if s, ok := read(n); ok {
			s.ID = tree.None
			list = append(list, s)
		}
	}
	slices.SortFunc(list, newer)
	return list
}

func newer(a, b Snapshot) int {
	return cmp.Or(b.Began.Compare(a.Began), cmp.Compare(b.N, a.N), cmp.Compare(a.Handle, b.Handle))
}

// read takes a folder for a snapshot. The time is the name's: it is what people see, and the mark agrees with it.
func read(n tree.Node) (Snapshot, bool) {
	if n.Kind != tree.Dir {
		return Snapshot{}, false
	}
	began, number, named := ParseName(n.Name)
	mark, marked := ParseMark(n.Snapshot)
	if !named || !marked {
		return Snapshot{}, false
	}
	mark.Began = began
	return Snapshot{Handle: n.Handle, Name: n.Name, N: number, Mark: mark}, true
}

// inFuture is how far ahead of now a snapshot's time may be and still be believed.
const inFuture = 10 * time.Minute

// Past leaves those out of a list, newest first, that are dated in the future: they were made by a clock that was wrong, and
// would be the newest for as long.
func Past(list []Snapshot, now time.Time) []Snapshot {
	for len(list) > 0 && list[0].Began.After(now.Add(inFuture)) {
		list = list[1:]
	}
	return list
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
