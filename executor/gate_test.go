package executor

import (
	"errors"
	"slices"
	"testing"

	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// leftovers is a plan that uploads two files and then trashes one that the source lacks.
func leftovers(old tree.Handle) *planner.Plan {
	return plan(
		planner.Action{Kind: planner.Upload, Parent: planner.Ref{Handle: 1}, Name: "one"},
		planner.Action{Kind: planner.CreateFolder, Parent: planner.Ref{Handle: 1}, Name: "dir"},
		planner.Action{Kind: planner.Upload, Parent: planner.Ref{Action: 2}, Name: "two", Needs: []planner.ActionID{2}},
		planner.Action{Kind: planner.Trash, Remote: planner.Remote{Handle: old, Parent: 1, Name: "old", Size: 3}, AfterContent: true},
	)
}

func TestDeletionsComeAfterAllContent(t *testing.T) {
	a := newAccount()
	e, recorded := env(a)
	report, err := Run(t.Context(), leftovers(a.add(1, "old", tree.File, 3)), e)
	if err != nil || report.Done != 4 {
		t.Fatalf("Run = %+v, %v", report, err)
	}
	if last := (*recorded)[3]; last != 4 {
		t.Errorf("the trash was recorded before the content: %v", *recorded)
	}
}

func TestDeletionsAreSkippedWhenContentFails(t *testing.T) {
	for _, call := range []string{"upload one into 1", "folder dir"} {
		a := newAccount()
		e, recorded := env(a)
		a.fail[call] = errors.New("no room")
		report, err := Run(t.Context(), leftovers(a.add(1, "old", tree.File, 3)), e)
		if err != nil || slices.Contains(*recorded, 4) {
			t.Errorf("%s fails: recorded %v, %v", call, *recorded, err)
		}
		last := report.Failures[len(report.Failures)-1]
		if last.Action != 4 || last.Because == 0 || report.Left != 0 {
			t.Errorf("%s fails: report %+v", call, report)
		}
	}
}

func TestDeletionsWithoutContentWaitForNothing(t *testing.T) {
	a := newAccount()
	e, recorded := env(a)
	old := a.add(1, "old", tree.File, 3)
	_, err := Run(t.Context(), plan(planner.Action{
		Kind: planner.Trash, Remote: planner.Remote{Handle: old, Parent: 1, Name: "old", Size: 3}, AfterContent: true,
	}), e)
	if err != nil || len(*recorded) != 1 {
		t.Errorf("recorded %v, %v", *recorded, err)
	}
}

func TestWhatIsNotAdmittedIsLeft(t *testing.T) {
	a := newAccount()
	e, recorded := env(a)
	asked := map[string]int{}
	e.Admit = func(a *planner.Action) bool {
		asked[a.Name]++
		return a.Name != "dir"
	}
	report, err := Run(t.Context(), leftovers(a.add(1, "old", tree.File, 3)), e)
	if err != nil || len(report.Failures) > 0 || report.Done != 1 || report.Refused != 1 || report.Left != 3 {
		t.Errorf("Run = %+v, %v; want one done, one refused, and that one, what needs it and the deletion left", report, err)
	}
	if !slices.Equal(*recorded, []planner.ActionID{1}) || asked["dir"] != 1 || asked["two"] != 0 {
		t.Errorf("recorded %v, asked %v", *recorded, asked)
	}
}
