package planner

import (
	"cmp"
	"slices"

	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// published is the state's note of a snapshot that was published.
func published(a *Action, r Result) *state.Snapshot {
	text := r.Mark
	if text == "" {
		text = a.Mark
	}
	m, ok := snapshot.ParseMark(text)
	if !ok {
		panic("planner: a snapshot is published without a mark")
	}
	return &state.Snapshot{Name: a.Name, Handle: r.Handle, Began: m.Began, Files: m.Files, Bytes: m.Bytes, Complete: m.Complete}
}

// SnapshotsAfter returns the list of a backup's snapshots after some of a plan's actions, the newest first. Applying records
// twice is applying them once.
func SnapshotsAfter(list []state.Snapshot, records []Record) []state.Snapshot {
	out := slices.Clone(list)
	drop := func(h tree.Handle) {
		out = slices.DeleteFunc(out, func(s state.Snapshot) bool { return s.Handle == h })
	}
	for _, r := range records {
		if r.Published != nil {
			drop(r.Published.Handle)
			out = append(out, *r.Published)
		}
		drop(r.Expired)
	}
	slices.SortFunc(out, func(a, b state.Snapshot) int {
		_, n, _ := snapshot.ParseName(a.Name)
		_, m, _ := snapshot.ParseName(b.Name)
		return cmp.Or(b.Began.Compare(a.Began), cmp.Compare(m, n), cmp.Compare(a.Handle, b.Handle))
	})
	if len(out) == 0 {
		return nil
	}
	return out
}
