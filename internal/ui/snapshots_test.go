package ui

import (
	"bytes"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/golden"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

func sampleSnapshots(t *testing.T) []SnapshotList {
	t.Helper()
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	at := func(hours int) time.Time { return now.Add(-time.Duration(hours) * time.Hour) }
	db := NewSnapshotList(mainAccount, "Backups/db", addr.New(addr.Backup, "db"), rome, true)
	db.Snapshots = []ListedSnapshot{
		{Snapshot{Name: "2026-11-22T11-00-00Z", Handle: 4, Began: at(1), Host: "laptop", Files: 3, Bytes: 9, Tags: []string{}}, true, []string{"last"}, &Held{2, 5}},
		{Snapshot{Name: "2026-11-21T12-00-00Z-2", Handle: 3, Began: at(24), Host: "laptop", Complete: true, Files: 1204, Bytes: 3 << 30, Tags: []string{"a \x1b[2J", "release"}, Pinned: true}, true, []string{"pinned", "daily"}, nil},
		{Snapshot{Name: "2026-11-21T12-00-00Z", Handle: 2, Began: at(24), Complete: true, Files: 1, Bytes: 1, Tags: []string{}}, false, []string{"daily: 2026-11-21 has a newer one", "last: newer ones take all slots (1)"}, nil},
	}
	db.Unfinished = []UnfinishedSnapshot{{Name: ".megaplan-2026-11-22T12-00-00Z", Handle: 5, Files: 812, Bytes: 1 << 20}}
	free := NewSnapshotList(mainAccount, "Old", addr.Address{}, time.UTC, false)
	free.Snapshots = []ListedSnapshot{{Snapshot: db.Snapshots[2].Snapshot, Keep: true, Reasons: []string{}}}
	return []SnapshotList{db, free, NewSnapshotList(mainAccount, "Backups/new", addr.New(addr.Backup, "new"), time.UTC, true), NewSnapshotList(mainAccount, "Backups/mirror", addr.New(addr.Backup, "mirror"), time.UTC, false)}
}

func TestSnapshots(t *testing.T) {
	inUTC(t)
	all := sampleSnapshots(t)
	golden.Check(t, "testdata/snapshots.txt", show(80, false, func(s *Screen) {
		s.Snapshots(all, now)
		s.SnapshotMarked(all[0].Owner, all[0].Snapshots[1].Snapshot, true)
		s.SnapshotMarked(all[0].Owner, all[0].Snapshots[2].Snapshot, false)
		s.Snapshots(nil, now)
	}))
	golden.Check(t, "testdata/snapshots_terminal.txt", show(80, false, func(s *Screen) {
		s.Wrap = true
		s.Snapshots(all[:2], now)
	}))
	var out bytes.Buffer
	for _, v := range []any{
		SnapshotsDocument{NewHeader("0.1.0"), all}, SnapshotDocument{NewHeader("0.1.0"), all[0].Owner, true, all[0].Snapshots[1].Snapshot},
	} {
		if err := WriteJSON(&out, v); err != nil {
			t.Fatal(err)
		}
	}
	golden.Check(t, "testdata/snapshots.json", out.String())
}

// What did not change is most of a snapshot and no news: it is one line, however few the actions are.
func TestPlanFoldsWhatASnapshotTakesOver(t *testing.T) {
	const building, before = ".megaplan-2026-11-22T12-00-00Z/", "Backups/laptop/documents/2026-11-21T12-00-00Z/"
	copied := func(path, from, reason string) planner.Action {
		return planner.Action{Kind: planner.Copy, Path: tree.Path(building + path), From: tree.Path(before + from), Bytes: 1 << 20, Files: 1, Reason: reason}
	}
	const same = "unchanged since 2026-11-21T12-00-00Z; nothing is uploaded"
	plan := func() *planner.Plan {
		p := sample(
			copied("a", "a", same), copied("sub/b", "sub/b", same), copied("new name", "old name", "same content, proven by MAC"),
			planner.Action{Kind: planner.Upload, Path: building + "edited", Bytes: 9, Files: 1, Local: planner.Local{Path: "edited", Size: 9}, Reason: "changed since 2026-11-21T12-00-00Z"},
			planner.Action{Kind: planner.PublishSnapshot, Path: "2026-11-22T12-00-00Z", Bytes: 3<<20 + 9, Files: 4, Remote: planner.Remote{Dir: true}, Reason: "complete; counts in full in the quota"},
		)
		p.Targets[0].Kept, p.Targets[0].Skipped = nil, nil
		return p
	}
	golden.Check(t, "testdata/plan_snapshot.txt", show(100, false, func(s *Screen) { s.Plan(plan(), now) })+show(100, true, func(s *Screen) { s.Plan(plan(), now) }))
}
