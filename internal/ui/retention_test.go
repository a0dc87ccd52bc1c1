package ui

import (
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/golden"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/planner"
)

// TestPlanSaysWhatRetentionDoes sums expiries up, and with -verbose says why the others stay.
func TestPlanSaysWhatRetentionDoes(t *testing.T) {
	p := sample(
		planner.Action{Kind: planner.ExpireVersion, Path: "notes.md", Bytes: 18 << 20, Files: 1, Reason: "version of 2026-01-01 10:00:00: last: newer ones take all slots (10)"},
		planner.Action{Kind: planner.ExpireSnapshot, Path: "2026-11-01T12-00-00Z", Bytes: 3 << 30, Files: 1204, Reason: "last: newer ones take all slots (2)"},
	)
	p.Targets[0].Versions = []planner.Kept{{Path: "notes.md", Reason: "version of 2026-11-01 10:00:00: last", Files: 1}}
	for i, reasons := range [][]string{{"newest complete one", "last"}, {"last", "daily"}, {"last: newer ones take all slots (2)"}} {
		began := time.Date(2026, 11, 21-10*i, 12, 0, 0, 0, time.UTC)
		f := planner.Fate{Snapshot: snapshot.Snapshot{Name: snapshot.Name(began, 1)}, Keep: i < 2, Reasons: reasons}
		p.Targets[0].Fates = append(p.Targets[0].Fates, f)
	}
	golden.Check(t, "testdata/plan_retention.txt", show(100, false, func(s *Screen) { s.Plan(p, now) })+show(100, true, func(s *Screen) { s.Plan(p, now) }))
}
