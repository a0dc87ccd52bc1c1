package executor

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// Just before a folder is merged it must hold what the plan leaves in it and nothing else (rule 16).
func TestRule16_AFolderIsMergedAsPlannedOrNotAtAll(t *testing.T) {
	for name, late := range map[string]bool{"as planned": false, "a late file": true} {
		a := newAccount()
		e, _ := env(a)
		one, two := a.add(1, "dir", tree.Dir, 0), a.add(1, "dir", tree.Dir, 0)
		moves, lost := a.add(two, "moves", tree.File, 1), a.add(two, "lost", tree.File, 1)
		sum := planner.NewSubtreeSum()
		sum.Add(lost, two, "lost")
		left := sum.Subtree()
		want := []string{"move 103 into 101 as moves", "trash 102 of backup.b from /p/dir"}
		if late {
			a.add(two, "late", tree.File, 1)
			want = want[:1]
		}
		report, err := Run(t.Context(), plan(
			planner.Action{
				Kind: planner.Move, Path: "p/dir/moves", Parent: planner.Ref{Handle: one}, Name: "moves",
				Remote: planner.Remote{Handle: moves, Parent: two, Name: "moves", Size: 1},
			},
			planner.Action{
				Kind: planner.MergeFolder, Path: "p/dir", Needs: []planner.ActionID{1}, Subtree: &left, Disown: &planner.Disowned{},
				Remote: planner.Remote{Handle: two, Parent: 1, Name: "dir", Dir: true},
			},
		), e)
		if err != nil || report.Done != len(want) || late && !errors.Is(report.Failures[0].Err, ErrChanged) {
			t.Errorf("%s: Run = %+v, %v", name, report, err)
		}
		if diff := cmp.Diff(want, a.calls); diff != "" {
			t.Errorf("%s: calls (-want +got):\n%s", name, diff)
		}
	}
}
