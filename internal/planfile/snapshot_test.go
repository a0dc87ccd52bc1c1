package planfile

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// snapshots is a plan that goes on with a snapshot, publishes it and lets an older one expire.
func snapshots() Saved {
	s := sample()
	at := s.Plan.Targets[0].Address
	s.Plan.Actions = []planner.Action{
		{
			ID: 1, Address: at, Kind: planner.PublishSnapshot, Path: "B/docs/2026-03-01T02-30-00Z", From: "B/docs/.megaplan-2026-02-28T02-30-00Z",
			Parent: planner.Ref{Handle: 9}, Name: "2026-03-01T02-30-00Z", Folder: planner.Ref{Handle: 60}, After: planner.AfterContent, Mark: `{"v":1}`,
			Remote: planner.Remote{Handle: 60, Parent: 9, Name: ".megaplan-2026-02-28T02-30-00Z", Dir: true},
		},
		{
			ID: 2, Address: at, Kind: planner.ExpireSnapshot, Path: "B/docs/2026-01-01T02-30-00Z", Needs: []planner.ActionID{1}, After: planner.AfterContent, Purge: true,
			Remote: planner.Remote{Handle: 61, Parent: 9, Name: "2026-01-01T02-30-00Z", Dir: true}, Subtree: &planner.Subtree{Nodes: 3}, Mark: `{"v":1}`,
		},
	}
	return s
}

// shelf is a tree in which that plan is fresh. What the older snapshot holds is not in it, as the planner does not look there.
func shelf(change func(nodes map[string]*tree.Node)) *tree.Tree {
	nodes := map[string]*tree.Node{
		"building": {Name: ".megaplan-2026-02-28T02-30-00Z", Kind: tree.Dir, Handle: 60},
		"old":      {Name: "2026-01-01T02-30-00Z", Kind: tree.Dir, Handle: 61, Incomplete: true, Snapshot: `{"v":1,"c":true}`},
	}
	change(nodes)
	b := tree.NewBuilder(tree.Node{Kind: tree.Dir, Handle: 1})
	docs := b.Add(b.Add(tree.Root, tree.Node{Name: "B", Kind: tree.Dir, Handle: 8}), tree.Node{Name: "docs", Kind: tree.Dir, Handle: 9})
	for _, name := range []string{"building", "old", "new"} {
		if n := nodes[name]; n != nil {
			b.Add(docs, *n)
		}
	}
	return b.Build()
}

func TestRule26_PlansOfSnapshots(t *testing.T) {
	for name, c := range map[string]struct {
		change func(map[string]*tree.Node)
		want   []string
	}{
		"nothing":         {func(map[string]*tree.Node) {}, nil},
		"resumed by hand": {func(n map[string]*tree.Node) { n["building"].Name = "mine" }, []string{"/B/docs/2026-03-01T02-30-00Z was moved or changed: it is /B/docs/mine now"}},
		"the name is used": {func(n map[string]*tree.Node) {
			n["new"] = &tree.Node{Name: "2026-03-01T02-30-00Z", Kind: tree.Dir, Handle: 62}
		}, []string{"the name /B/docs/2026-03-01T02-30-00Z is taken now"}},
		"it was pinned": {func(n map[string]*tree.Node) { n["old"].Snapshot = `{"v":1,"c":true,"p":true}` }, []string{"/B/docs/2026-01-01T02-30-00Z was tagged, pinned or released since"}},
		"it was tagged": {func(n map[string]*tree.Node) { n["old"].Snapshot = `{"v":1,"c":true,"g":["x"]}` }, []string{"/B/docs/2026-01-01T02-30-00Z was tagged, pinned or released since"}},
		"it expired":    {func(n map[string]*tree.Node) { delete(n, "old") }, []string{"/B/docs/2026-01-01T02-30-00Z is gone or in the trash"}},
	} {
		if diff := cmp.Diff(c.want, snapshots().StaleNow(main1, shelf(c.change))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, c := range map[string]struct {
		ev    Touched
		stale bool
	}{
		"a file put into the one that expires": {Touched{Handle: 99, Parent: 61, Name: "x", Above: []tree.Handle{61, 9}}, true},
		"the name":                             {Touched{Handle: 99, Parent: 9, Name: "2026-03-01T02-30-00Z", Dir: true}, true},
		"a file beside them":                   {Touched{Handle: 99, Parent: 9, Name: "x", Above: []tree.Handle{9}}, false},
	} {
		if reasons := snapshots().Stale(main1, []Touched{c.ev}); (len(reasons) > 0) != c.stale {
			t.Errorf("%s: %v", name, reasons)
		}
	}
}
