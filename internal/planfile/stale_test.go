package planfile

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

func boundAsPlanned() Bindings {
	s := sample()
	return Bindings{ConfigDigest: s.ConfigDigest, Lineage: s.Lineage, Serials: s.Serials, Users: map[addr.Address]string{main1: s.Accounts[0].User}}
}

func TestRule26_Unbound(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Bindings)
		says   string
	}{
		"nothing":       {func(*Bindings) {}, ""},
		"configuration": {func(b *Bindings) { b.ConfigDigest = "other" }, "configuration or a variable"},
		"lineage":       {func(b *Bindings) { b.Lineage = "other" }, "state is another one"},
		"serial":        {func(b *Bindings) { b.Serials = map[addr.Address]uint64{docs: 4} }, "backup.docs was applied meanwhile (serial 4, planned with 3)"},
		"a new serial":  {func(b *Bindings) { b.Serials = map[addr.Address]uint64{docs: 3, www: 1} }, "backup.www"},
		"other address": {func(b *Bindings) { b.Serials = map[addr.Address]uint64{docs: 3, main1: 9} }, ""},
		"account":       {func(b *Bindings) { b.Users = map[addr.Address]string{main1: "else"} }, "another account"},
	} {
		now := boundAsPlanned()
		c.change(&now)
		reasons := sample().Unbound(now)
		if c.says == "" && len(reasons) > 0 || c.says != "" && (len(reasons) != 1 || !strings.Contains(reasons[0], c.says)) {
			t.Errorf("%s: %v, want %q", name, reasons, c.says)
		}
	}
	s := sample()
	s.Lineage, s.Serials = "", map[addr.Address]uint64{docs: 0}
	if reasons := s.Unbound(boundAsPlanned()); len(reasons) != 1 {
		t.Errorf("planned without state, applied since: %v", reasons)
	}
}

func TestRule26_EventsThatMatter(t *testing.T) {
	for _, c := range []struct {
		name string
		ev   Touched
		says string
	}{
		{"elsewhere", Touched{Handle: 99, Parent: 98, Name: "n"}, ""},
		{"beside it", Touched{Handle: 99, Parent: 9, Name: "unrelated", Above: []tree.Handle{9}}, ""},
		{"the root", Touched{Handle: 9}, "/B/docs was changed"},
		{"a node to update", Touched{Handle: 40, Parent: 9, Name: "u"}, "/B/docs/u was changed"},
		{"a node to trash", Touched{Handle: 41}, "/B/docs/old was changed"},
		{"a name that was free", Touched{Handle: 99, Parent: 9, Name: "n", Dir: true}, "the name /B/docs/n is taken"},
		{"that name for a file", Touched{Handle: 99, Parent: 9, Name: "n"}, ""},
		{"deep in a folder to trash", Touched{Handle: 99, Parent: 50, Name: "x", Above: []tree.Handle{50, 41, 9}}, "what is in /B/docs/old has changed"},
	} {
		reasons := sample().Stale(main1, []Touched{c.ev})
		if c.says == "" && len(reasons) > 0 || c.says != "" && (len(reasons) != 1 || !strings.Contains(reasons[0], c.says)) {
			t.Errorf("%s: %v, want %q", c.name, reasons, c.says)
		}
		if other := sample().Stale(addr.New(addr.Account, "other"), []Touched{c.ev}); len(other) > 0 {
			t.Errorf("%s: in another account: %v", c.name, other)
		}
	}
}

// account is a tree in which the sample's plan is fresh, then changed.
func account(change func(nodes map[string]*tree.Node)) *tree.Tree {
	nodes := map[string]*tree.Node{
		"B":                {Name: "B", Kind: tree.Dir, Handle: 8},
		"B/docs":           {Name: "docs", Kind: tree.Dir, Handle: 9},
		"B/docs/old":       {Name: "old", Kind: tree.Dir, Handle: 41},
		"B/docs/old/inner": {Name: "inner", Kind: tree.File, Handle: 42},
		"B/docs/u":         {Name: "u", Kind: tree.File, Handle: 40, Size: 4},
	}
	change(nodes)
	b := tree.NewBuilder(tree.Node{Kind: tree.Dir, Handle: 1})
	ids := map[string]tree.ID{}
	for _, path := range []string{"B", "B/docs", "B/docs/n", "B/docs/old", "B/docs/old/inner", "B/docs/u"} {
		if n := nodes[path]; n != nil {
			parent := tree.Root
			if i := strings.LastIndexByte(path, '/'); i > 0 {
				parent = ids[path[:i]]
			}
			ids[path] = b.Add(parent, *n)
		}
	}
	return b.Build()
}

func TestRule26_EveryPreconditionOnAFreshTree(t *testing.T) {
	s := sample()
	sum := planner.NewSubtreeSum()
	sum.Add(42, 41, "inner")
	held := sum.Subtree()
	s.Plan.Actions[3].Subtree = &held
	for name, c := range map[string]struct {
		change func(map[string]*tree.Node)
		want   []string
	}{
		"nothing":         {func(map[string]*tree.Node) {}, nil},
		"gone":            {func(n map[string]*tree.Node) { delete(n, "B/docs/u") }, []string{"/B/docs/u is gone or in the trash"}},
		"another size":    {func(n map[string]*tree.Node) { n["B/docs/u"].Size = 5 }, []string{"/B/docs/u was moved or changed: it is /B/docs/u now"}},
		"another name":    {func(n map[string]*tree.Node) { n["B/docs/u"].Name = "v" }, []string{"/B/docs/u was moved or changed: it is /B/docs/v now"}},
		"a name taken":    {func(n map[string]*tree.Node) { n["B/docs/n"] = &tree.Node{Name: "n", Kind: tree.Dir, Handle: 70} }, []string{"the name /B/docs/n is taken now"}},
		"a child gone":    {func(n map[string]*tree.Node) { delete(n, "B/docs/old/inner") }, []string{"what is in /B/docs/old has changed, and the plan deletes it"}},
		"no folder":       {func(n map[string]*tree.Node) { n["B/docs"].Handle = 71 }, []string{"/B/docs/old was moved or changed: it is /B/docs/old now", "the folder /B/docs is gone"}},
		"elsewhere a bit": {func(n map[string]*tree.Node) { n["B"].Name = "C" }, nil},
	} {
		if diff := cmp.Diff(c.want, s.StaleNow(main1, account(c.change))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestCheckNamesTheReasons(t *testing.T) {
	if err := Check(nil, nil); err != nil {
		t.Errorf("no reasons: %v", err)
	}
	err := Check([]string{"a", "b", "c"}, []string{"d", "e", "f", "g"})
	if !errors.Is(err, ErrStale) || err.Error() != "the plan is stale: a; b; c; d; e; and 2 more; plan again" {
		t.Errorf("%v", err)
	}
}

// TestRule26_MovesAreCheckedWhereTheyBegin: names that change places are taken by nodes that leave them, a node that steps
// aside is looked at once, and a folder that is trashed is without what was moved out of it.
func TestRule26_MovesAreCheckedWhereTheyBegin(t *testing.T) {
	node := func(h tree.Handle, name string) planner.Remote {
		return planner.Remote{Handle: h, Parent: 9, Name: name, Size: 4}
	}
	empty := planner.Subtree{}
	sum := planner.NewSubtreeSum()
	sum.Add(61, 60, "x")
	held := sum.Subtree()
	actions := []planner.Action{
		{Kind: planner.Move, Path: "B/docs/.aside", Name: ".aside", Parent: planner.Ref{Handle: 9}, Remote: node(40, "a")},
		{Kind: planner.Move, Path: "B/docs/a", Name: "a", Parent: planner.Ref{Handle: 9}, Remote: node(41, "b")},
		{Kind: planner.Move, Path: "B/docs/b", Name: "b", Parent: planner.Ref{Handle: 9}, Remote: node(40, ".aside")},
		{
			Kind: planner.Move, Path: "B/docs/new", From: "B/docs/old/dir", Name: "new", Parent: planner.Ref{Handle: 9}, Subtree: &held,
			Remote: planner.Remote{Handle: 60, Parent: 50, Name: "dir", Dir: true},
		},
		{Kind: planner.Trash, Path: "B/docs/old", Subtree: &empty, Remote: planner.Remote{Handle: 50, Parent: 9, Name: "old", Dir: true}},
	}
	for i := range actions {
		actions[i].ID, actions[i].Address = planner.ActionID(i+1), docs
	}
	s := Saved{Plan: &planner.Plan{Targets: []planner.Target{{Address: docs, Account: main1, Path: "B/docs"}}, Actions: actions}}
	for name, c := range map[string]struct {
		extra tree.Node
		in    string
		want  []string
	}{
		"nothing":       {},
		"a folder":      {tree.Node{Name: "new", Kind: tree.Dir, Handle: 80}, "docs", []string{"the name /B/docs/new is taken now"}},
		"a file":        {tree.Node{Name: "a", Kind: tree.File, Handle: 80}, "docs", []string{"the name /B/docs/a is taken now"}},
		"a moved child": {tree.Node{Name: "y", Kind: tree.File, Handle: 80}, "dir", []string{"what is in /B/docs/old/dir has changed, and the plan moves it"}},
		"a child":       {tree.Node{Name: "y", Kind: tree.File, Handle: 80}, "old", []string{"what is in /B/docs/old has changed, and the plan deletes it"}},
	} {
		b := tree.NewBuilder(tree.Node{Kind: tree.Dir, Handle: 1})
		at := map[string]tree.ID{}
		at["docs"] = b.Add(b.Add(tree.Root, tree.Node{Name: "B", Kind: tree.Dir, Handle: 8}), tree.Node{Name: "docs", Kind: tree.Dir, Handle: 9})
		b.Add(at["docs"], tree.Node{Name: "a", Kind: tree.File, Handle: 40, Size: 4})
		b.Add(at["docs"], tree.Node{Name: "b", Kind: tree.File, Handle: 41, Size: 4})
		at["old"] = b.Add(at["docs"], tree.Node{Name: "old", Kind: tree.Dir, Handle: 50})
		at["dir"] = b.Add(at["old"], tree.Node{Name: "dir", Kind: tree.Dir, Handle: 60})
		b.Add(at["dir"], tree.Node{Name: "x", Kind: tree.File, Handle: 61})
		if c.in != "" {
			b.Add(at[c.in], c.extra)
		}
		if diff := cmp.Diff(c.want, s.StaleNow(main1, b.Build())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := s.Stale(main1, []Touched{{Handle: 99, Parent: 60, Name: "z", Above: []tree.Handle{60, 50}}}); len(got) != 1 || !strings.Contains(got[0], "moves it") {
		t.Errorf("events: %v", got)
	}
}
