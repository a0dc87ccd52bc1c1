package planner_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// TestLawWhatLivesOnIsNotTakenFirst: whatever fails, a run takes no content out of the tree that the source still has, under
// whichever name, unless the tree has it under another one or as a version. When only updates fail, everything else is done.
func TestLawWhatLivesOnIsNotTakenFirst(t *testing.T) {
	attack(t, func(t *rapid.T) {
		w := drawWorld(t)
		w.backup.Mode, w.backup.DuplicateFiles, w.backup.DuplicateFolders = config.ModeMirror, config.DuplicatesSource, config.DuplicatesMerge
		w.backup.Versions = true // what an update overwrites without a version is lost by that
		s := storm{t, w, someNames[:4]}
		for range rapid.IntRange(1, 4).Draw(t, "days") {
			w.apply(t, w.plan(t), first, never)
			for range rapid.IntRange(1, 8).Draw(t, "edits") {
				s.editLocal()
			}
			p := w.plan(t)
			s.check(p)
			had := s.contents(false)
			onlyUpdates := rapid.Bool().Draw(t, "only updates fail")
			failed := map[planner.ActionID]bool{}
			w.apply(t, p, func(n int) int { return s.pick("order", n) }, func(a *planner.Action) bool {
				if onlyUpdates && a.Kind != planner.Update || s.pick("fails", 3) > 0 {
					return false
				}
				failed[a.ID] = true
				return true
			})
			has := s.contents(true)
			for path, f := range w.disk {
				if f.kind.HasContent() && f.content != "" && had[f.content] && !has[f.content] {
					t.Fatalf("%s holds %q, which was on MEGA and is only in the bin now, or lost:\n%s", path, f.content, describe(p))
				}
			}
			if onlyUpdates {
				s.checkTrashed(p, failed)
			}
		}
	})
}

// contents are those that the tree has, perhaps as old versions too.
func (s storm) contents(old bool) map[string]bool {
	out := map[string]bool{}
	for _, n := range s.below() {
		out[n.content] = true
		for _, v := range s.w.versionsOf(n.handle) {
			out[v.content] = out[v.content] || old
		}
	}
	return out
}

// checkTrashed requires of a plan of which only updates failed that all was trashed that waits for none of them by itself and
// of whose size is no updated file; unless something new waited for one of them, which is a copy of what it brings.
func (s storm) checkTrashed(p *planner.Plan, failed map[planner.ActionID]bool) {
	sizes := map[int64]bool{}
	waits := map[planner.ActionID]bool{}
	for i := range p.Actions {
		a := &p.Actions[i]
		waits[a.ID] = failed[a.ID]
		for _, need := range a.Needs {
			waits[a.ID] = waits[a.ID] || waits[need]
		}
		switch {
		case a.Kind == planner.Update:
			sizes[a.Local.Size] = true
		case a.Kind.Content() && waits[a.ID]:
			return
		}
	}
	for i := range p.Actions {
		a := &p.Actions[i]
		if n := s.w.nodes[a.Remote.Handle]; a.Kind == planner.Trash && a.Remote.Name != "" && !a.Remote.Dir && !waits[a.ID] &&
			!sizes[a.Remote.Size] && n != nil && n.kind == tree.File && !n.trashed {
			s.t.Fatalf("%s was held back for an update:\n%s", a.Path, describe(p))
		}
	}
}
