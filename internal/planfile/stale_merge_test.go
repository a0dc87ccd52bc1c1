package planfile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// TestRule26_MergesAreCheckedOnAFreshTree: a folder that is merged is without what moves into the other one and what is destroyed
// before, and a name that is taken by what goes is not taken.
func TestRule26_MergesAreCheckedOnAFreshTree(t *testing.T) {
	left := planner.NewSubtreeSum()
	left.Add(73, 60, "lost")
	held := left.Subtree()
	in := func(h, parent tree.Handle, name string) planner.Remote {
		return planner.Remote{Handle: h, Parent: parent, Name: name, Size: 4}
	}
	actions := []planner.Action{
		{Kind: planner.Move, Path: "B/dir/a", Name: "a", Parent: planner.Ref{Handle: 50}, Remote: in(71, 60, "a")},
		{Kind: planner.Destroy, Path: "B/dir/b", Remote: in(72, 60, "b")},
		{Kind: planner.Trash, Path: "B/dir/a", Remote: in(51, 50, "a")},
		{Kind: planner.MergeFolder, Path: "B/dir", Subtree: &held, Disown: &planner.Disowned{}, Remote: planner.Remote{Handle: 60, Parent: 9, Name: "dir", Dir: true}},
	}
	for i := range actions {
		actions[i].ID, actions[i].Address = planner.ActionID(i+1), docs
	}
	s := Saved{Plan: &planner.Plan{Targets: []planner.Target{{Address: docs, Account: main1, Path: "B"}}, Actions: actions}}
	const changed = "what is in one of the folders /B/dir has changed, and the plan merges it"
	for name, c := range map[string]struct {
		extra []string
		want  []string
	}{
		"as planned":           {},
		"something more in it": {[]string{"late"}, []string{changed}},
	} {
		b := tree.NewBuilder(tree.Node{Kind: tree.Dir, Handle: 1})
		top := b.Add(tree.Root, tree.Node{Name: "B", Kind: tree.Dir, Handle: 9})
		one, two := b.Add(top, tree.Node{Name: "dir", Kind: tree.Dir, Handle: 50}), b.Add(top, tree.Node{Name: "dir", Kind: tree.Dir, Handle: 60})
		b.Add(one, tree.Node{Name: "a", Kind: tree.File, Handle: 51, Size: 4})
		for i, n := range append([]string{"a", "b", "lost"}, c.extra...) {
			b.Add(two, tree.Node{Name: n, Kind: tree.File, Handle: tree.Handle(71 + i), Size: 4})
		}
		if diff := cmp.Diff(c.want, s.StaleNow(main1, b.Build())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := s.Stale(main1, []Touched{{Handle: 99, Parent: 60, Name: "z", Above: []tree.Handle{60, 9}}}); len(got) != 1 || !strings.Contains(got[0], changed) {
		t.Errorf("events: %v", got)
	}
}
