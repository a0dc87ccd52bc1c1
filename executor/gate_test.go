package executor

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// leftovers is a plan that uploads two files and then trashes one that the source lacks.
func leftovers(old tree.Handle) *planner.Plan {
	return plan(
		planner.Action{Kind: planner.Upload, Parent: planner.Ref{Handle: 1}, Name: "one"},
		planner.Action{Kind: planner.CreateFolder, Parent: planner.Ref{Handle: 1}, Name: "dir"},
		planner.Action{Kind: planner.Upload, Parent: planner.Ref{Action: 2}, Name: "two", Needs: []planner.ActionID{2}},
		planner.Action{Kind: planner.Trash, Remote: planner.Remote{Handle: old, Parent: 1, Name: "old", Size: 3}, After: planner.AfterContent},
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
		Kind: planner.Trash, Remote: planner.Remote{Handle: old, Parent: 1, Name: "old", Size: 3}, After: planner.AfterContent,
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

// rewrite is a plan that updates a log, uploads a file and then takes others away: the second of them waits for all, the last one for the update.
func rewrite(a *account) *planner.Plan {
	log, old, rest, twin := a.add(1, "log", tree.File, 3), a.add(1, "old", tree.File, 3), a.add(1, "rest", tree.File, 3), a.add(1, "log", tree.File, 3)
	return plan(
		planner.Action{Kind: planner.Update, Parent: planner.Ref{Handle: 1}, Name: "log", Remote: planner.Remote{Handle: log, Parent: 1, Name: "log", Size: 3}, Replace: true},
		planner.Action{Kind: planner.Upload, Parent: planner.Ref{Handle: 1}, Name: "new"},
		planner.Action{Kind: planner.Trash, Remote: planner.Remote{Handle: old, Parent: 1, Name: "old", Size: 3}, After: planner.AfterNew},
		planner.Action{Kind: planner.Destroy, Remote: planner.Remote{Handle: rest, Parent: 1, Name: "rest", Size: 3}, After: planner.AfterContent},
		planner.Action{Kind: planner.Trash, Remote: planner.Remote{Handle: twin, Parent: 1, Name: "log", Size: 3}, After: planner.AfterNew, Needs: []planner.ActionID{1}},
	)
}

func TestRule27_AFailedUpdateLetsTrashGoOn(t *testing.T) {
	changed, full := fmt.Errorf("%w: it grew", ErrChanged), errors.New("no room")
	for name, c := range map[string]struct {
		fail map[string]error
		done []planner.ActionID
	}{
		"nothing fails":    {nil, []planner.ActionID{1, 2, 3, 4, 5}},
		"the update fails": {map[string]error{"upload log into 1": changed}, []planner.ActionID{2, 3}},
		"the upload fails": {map[string]error{"upload new into 1": full}, []planner.ActionID{1}},
		"both fail":        {map[string]error{"upload log into 1": changed, "upload new into 1": full}, nil},
	} {
		for _, parallel := range []int{1, 8} {
			a := newAccount()
			e, recorded := env(a)
			e.Parallelism = parallel
			p := rewrite(a)
			maps.Copy(a.fail, c.fail)
			report, err := Run(t.Context(), p, e)
			slices.Sort(*recorded)
			if err != nil || report.Left != 0 || !slices.Equal(*recorded, c.done) || len(report.Failures) != 5-len(c.done) {
				t.Errorf("%s: recorded %v, want %v; %+v, %v", name, *recorded, c.done, report, err)
			}
		}
	}
}

// TestRule27_TrashRunsAfterTheUpdatesWereTried: the one that is still under way may succeed.
func TestRule27_TrashRunsAfterTheUpdatesWereTried(t *testing.T) {
	a := newAccount()
	e, recorded := env(a)
	p := rewrite(a)
	p.Actions = p.Actions[:3]
	a.fail["upload log into 1"] = fmt.Errorf("%w: it grew", ErrChanged)
	a.begin = func(u mega.Upload) {
		if u.Name == "log" {
			time.Sleep(50 * time.Millisecond) // long enough for the rest
			if a.mu.Lock(); slices.ContainsFunc(a.calls, func(c string) bool { return strings.HasPrefix(c, "trash") }) {
				t.Error("the trash did not wait for the update")
			}
			a.mu.Unlock()
		}
	}
	if _, err := Run(t.Context(), p, e); err != nil || !slices.Equal(*recorded, []planner.ActionID{2, 3}) {
		t.Errorf("recorded %v, %v", *recorded, err)
	}
}
