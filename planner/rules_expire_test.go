package planner_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

const day = 24 * time.Hour

// withTrash returns a world that keeps trash for 30 days and has trashed a file with a version and a folder.
func withTrash(t *testing.T) *world {
	t.Helper()
	w := applied(t, "a", "dir/b", "dir/sub/c", "keep")
	w.write("a", "newer content of a")
	w.settled(t)
	w.remove("a")
	w.remove("dir")
	w.keep = 30 * day
	expect(t, w.settled(t), "trash a", "trash dir")
	return w
}

// trashed returns the node of a name that lies directly in the bin.
func (w *world) trashedNode(name string) *node {
	for _, n := range w.nodes {
		if n.trashed && n.name == name {
			return n
		}
	}
	return nil
}

func TestRule21_TrashExpiresAfterKeep(t *testing.T) {
	w := withTrash(t)
	w.later = 30*day - time.Second
	expect(t, w.plan(t))
	w.later = 30 * day
	p := w.settled(t)
	expect(t, p, "expire_trash a", "expire_trash dir")
	a, dir := p.Actions[0], p.Actions[1]
	if a.Reason != "in the trash since 2026-11-22 12:00:00, keep = 30d" || a.Address != mainAccount || a.Bytes != int64(len("newer content of a")+len("content of a")) {
		t.Errorf("%+v", a)
	}
	if dir.Files != 2 || dir.Bytes != int64(len("content of dir/b")+len("content of dir/sub/c")) || dir.Subtree == nil {
		t.Errorf("%+v", dir)
	}
	totals := p.Totals()
	if totals.FreedBytes != a.Bytes+dir.Bytes || totals.Quota[0].After != -totals.FreedBytes {
		t.Errorf("freed: %+v", totals)
	}
	if last := p.Targets[len(p.Targets)-1]; last.Address != mainAccount || last.Status != planner.Bin || last.Account != mainAccount {
		t.Errorf("%+v", last)
	}
	if w.trashedNode("a") != nil || w.trashedNode("dir") != nil {
		t.Error("it is still there")
	}
}

func TestRule21_WithoutKeepNothingExpires(t *testing.T) {
	w := withTrash(t)
	w.keep, w.later = 0, 1000*day
	if p := w.plan(t); len(p.Actions) != 0 || len(p.Targets) != 1 {
		t.Errorf("%s", describe(p))
	}
}

// TestRule21_WhatMegaplanDidNotPutThereStays: by itself, or in a folder that megaplan trashed.
func TestRule21_WhatMegaplanDidNotPutThereStays(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(w *world, dir *node)
		want  []string
		kept  string
	}{
		"moved in later": {
			func(w *world, dir *node) { w.putIn(dir.handle, "theirs", tree.File, "x") },
			[]string{"expire_trash a"},
			"what it holds is not what megaplan trashed",
		},
		"moved in deeper": {
			func(w *world, dir *node) {
				w.put("B/docs/keep2", tree.File, "x").parent = w.children(dir.handle)[1].handle
			},
			[]string{"expire_trash a"},
			"what it holds is not what megaplan trashed",
		},
		"something taken out": {
			func(w *world, dir *node) { w.children(dir.handle)[0].parent = rootHandle },
			[]string{"expire_trash a"},
			"what it holds is not what megaplan trashed",
		},
		"a mark of an older version": {
			func(_ *world, dir *node) { dir.held = nil },
			[]string{"expire_trash a"},
			"trashed by an older version, which did not note what it held",
		},
		"in another folder of the bin": {
			func(w *world, dir *node) { dir.trashed, dir.parent = false, w.trashedNode("a").handle },
			[]string{"expire_trash a"},
			"",
		},
		"trashed by another client": {
			func(w *world, dir *node) { dir.trashedBy = "" },
			[]string{"expire_trash a"},
			"",
		},
		"taken out": {
			func(_ *world, dir *node) { dir.trashed, dir.parent = false, rootHandle },
			[]string{"expire_trash a"},
			"",
		},
	} {
		w := withTrash(t)
		w.later = 31 * day
		c.spoil(w, w.trashedNode("dir"))
		p := w.plan(t)
		var kept string
		for _, k := range p.Targets[len(p.Targets)-1].Kept {
			kept += k.Reason
		}
		if diff := cmp.Diff(c.want, kinds(p)); diff != "" || kept != c.kept {
			t.Errorf("%s: kept %q\n%s", name, kept, diff)
		}
	}
}

// TestRule21_WhatThisPlanBringsBackDoesNotExpire: the file itself, and the folder that a file is taken out of.
func TestRule21_WhatThisPlanBringsBackDoesNotExpire(t *testing.T) {
	w := applied(t, "a", "dir/b", "dir/c", "keep")
	saved := map[string]*file{"a": w.disk["a"], "dir": w.disk["dir"], "dir/b": w.disk["dir/b"]}
	w.remove("a")
	w.remove("dir")
	w.settled(t)
	w.keep, w.later = time.Hour, day
	for path, f := range saved {
		w.disk[path] = f
	}
	p := w.plan(t)
	w.applyAll(t, p)
	expect(t, p, "restore_from_trash a", "create_folder dir", "restore_from_trash dir/b")
	// What is left of the folder is what megaplan left of it.
	expect(t, w.settled(t), "expire_trash dir")
}

func TestRule22_NothingExpiresWhileTheClockIsWrong(t *testing.T) {
	w := withTrash(t)
	w.later, w.clockOff = 31*day, true
	p := w.plan(t)
	if len(p.Actions) != 0 || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].Detail, "Nothing is expired") {
		t.Errorf("%s", describe(p))
	}
}

// TestRule21_OnlyAFullPlanExpires: -target and -exclude leave the bin out unless they name the account, and so do plans that only
// look or take away.
func TestRule21_OnlyAFullPlanExpires(t *testing.T) {
	main := []addr.Address{mainAccount}
	for name, c := range map[string]struct {
		options planner.Options
		want    int
	}{
		"target":         {planner.Options{Target: []addr.Address{docs}}, 0},
		"target account": {planner.Options{Target: main}, 2},
		"exclude":        {planner.Options{Exclude: main}, 0},
		"refresh":        {planner.Options{RefreshOnly: true}, 0},
		"drift":          {planner.Options{DriftOnly: true}, 0},
		"destroy":        {planner.Options{Destroy: true}, 0},
	} {
		w := withTrash(t)
		w.later, w.options = 31*day, c.options
		if n := w.plan(t).Totals().Actions[planner.ExpireTrash]; n != int64(c.want) {
			t.Errorf("%s: %d things expire, want %d", name, n, c.want)
		}
	}
}

// TestRule21_TheMostPatientAccountBlockDecides: two blocks may be one account.
func TestRule21_TheMostPatientAccountBlockDecides(t *testing.T) {
	w := withTrash(t)
	w.later = 40 * day
	in := w.input()
	other := addr.New(addr.Account, "other")
	in.Config.Accounts = append(in.Config.Accounts, config.Account{Address: other, TrashKeep: 50 * day})
	twin := in.Accounts[0]
	twin.Address = other
	in.Accounts = append(in.Accounts, twin)
	answers := planner.Answers{}
	for {
		questions, plan := planner.Step(in, answers)
		if plan != nil {
			if len(plan.Actions) != 0 {
				t.Errorf("%s", describe(plan))
			}
			return
		}
		for _, q := range questions {
			answers[q] = w.answer(in, q)
		}
	}
}

// TestRule19_TrashedBytesCountUntilTheyExpire: the plan tells how much, of which account, and for how long.
func TestRule19_TrashedBytesCountUntilTheyExpire(t *testing.T) {
	w := applied(t, "a", "keep")
	w.quota = planner.Quota{Used: 100, Total: 1000}
	w.remove("a")
	for _, keep := range []time.Duration{0, 30 * day} {
		w.keep = keep
		q := w.plan(t).Totals().Quota[0]
		if q.Trashed != int64(len("content of a")) || q.TrashKeep != keep || q.After != 100 {
			t.Errorf("keep %s: %+v", keep, q)
		}
	}
}
