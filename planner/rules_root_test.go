package planner_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

func TestRule04_AChangedPathIsOneMoveOfTheRoot(t *testing.T) {
	w := applied(t, "a.txt", "dir/b.txt")
	root := w.at("B/docs")[0]
	w.backup.Path = "/New/place"
	w.write("c.txt", "c")
	w.remove("a.txt")
	p := w.settled(t)
	want := []string{
		"create_folder /New", "move /New/place", "upload /New/place/c.txt", "trash /New/place/a.txt",
	}
	if diff := cmp.Diff(want, fullKinds(p)); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
	if m := p.Actions[1]; m.From != "B/docs" || m.Files != 2 || w.pathOf(root.handle) != "New/place" || len(p.Drift) != 0 {
		t.Errorf("%s", describe(p))
	}
}

func TestRule04_ATakenPathIsAnError(t *testing.T) {
	w := applied(t, "a.txt")
	w.backup.Path = "/New/docs"
	w.put("New/docs/x", tree.File, "x")
	refused(t, w.plan(t), 4, "/B/docs", "/New/docs", "import", "state rm")
	w.backup.Path = "/B/docs/in"
	refused(t, w.plan(t), 4, "lies inside")
}

func TestRule04_ARootMovedByAnotherClientIsPlannedBack(t *testing.T) {
	w := applied(t, "a.txt")
	w.nodes[w.at("B/docs")[0].handle].parent = w.folder("New")
	for _, o := range []planner.Options{{DriftOnly: true}, {}} {
		w.options = o
		if d := w.plan(t).Drift; len(d) != 1 || d[0].Change != planner.DriftMoved || d[0].To != "New/docs" || d[0].Files != 1 {
			t.Errorf("drift: %+v", d)
		}
	}
	p := w.settled(t)
	expect(t, p, "move B/docs")
	if p.Actions[0].From != "New/docs" || len(w.plan(t).Drift) != 0 {
		t.Errorf("%s", describe(p))
	}
}

func TestRule04_AFolderMovedByHandToTheNewPathIsFollowed(t *testing.T) {
	w := applied(t, "a.txt")
	w.nodes[w.at("B/docs")[0].handle].parent = w.folder("New")
	w.backup.Path = "/New/docs"
	expect(t, w.settled(t))
}

func TestRule04_RefreshingKeepsWhatARootMovedAwayHolds(t *testing.T) {
	w := applied(t, "a.txt")
	w.nodes[w.at("B/docs")[0].handle].parent = w.folder("New")
	w.options.RefreshOnly = true
	p := w.plan(t)
	w.save(p, nil)
	if len(w.prior.Manifest) != 1 || w.prior.Resource.Root != w.at("New/docs")[0].handle {
		t.Errorf("the state after it: %+v", w.prior)
	}
}

// TestRule04_AFolderTakesTheBackupInItAlong: both paths change together, and one move does it.
func TestRule04_AFolderTakesTheBackupInItAlong(t *testing.T) {
	f := addr.New(addr.Folder, "f")
	prepare := func() (*world, planner.Input) {
		w := applied(t, "a")
		w.folders = []config.Folder{{Address: f, Account: mainAccount, Path: "/B"}}
		in := w.input()
		in.Prior = append(in.Prior, planner.Prior{})
		in.Prior[1].Resource.Address, in.Prior[1].Resource.Account, in.Prior[1].Resource.AccountUser = f, mainAccount, "me"
		in.Prior[1].Resource.Path, in.Prior[1].Resource.Root = "/B", w.at("B")[0].handle
		in.Config.Folders[0].Path = "/New"
		return w, in
	}
	_, in := prepare()
	_, p := planner.Step(in, nil)
	refused(t, p, 4, "backup.docs", "together")
	w, in := prepare()
	in.Config.Backups[0].Path = "/New/docs"
	_, p = planner.Step(in, nil)
	if diff := cmp.Diff([]string{"move /New"}, fullKinds(p)); diff != "" || len(p.Refusals) > 0 {
		t.Errorf("actions (-want +got):\n%s\n%s", diff, describe(p))
	}
	in.Config.Backups[0].Path = "/New/sub/docs"
	w.put("B/sub/x", tree.File, "x")
	in.Accounts[0].Tree = w.remoteTree()
	_, p = planner.Step(in, nil)
	if diff := cmp.Diff([]string{"move /New", "move /New/sub/docs"}, fullKinds(p)); diff != "" || len(p.Refusals) > 0 {
		t.Errorf("actions (-want +got):\n%s\n%s", diff, describe(p))
	}
	if m := p.Actions[1]; m.Parent.Handle != w.at("B/sub")[0].handle || len(m.Needs) != 1 {
		t.Errorf("a folder that comes along is the parent: %+v", m)
	}
}

// A folder that holds the root of a backup which goes back to its place is judged as it is without that, in the same plan.
func TestRule04_WhatARootLeavesIsSettledAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		folder config.Folder
		want   []string
	}{
		"in a folder that goes": {
			config.Folder{Unmanaged: config.UnmanagedTrash}, []string{"move /B/docs", "trash /B/aside", "trash /B/aside"},
		},
		"beside folders of its name": {
			config.Folder{DuplicateFolders: config.DuplicatesMerge}, []string{"move /B/docs", "merge_folder /B/aside"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := applied(t, "a.txt")
			root := w.at("B/docs")[0]
			if root.name = "aside"; c.folder.Unmanaged != "" {
				root.parent = w.putIn(root.parent, "aside", tree.Dir, "").handle
			} else {
				w.putIn(root.parent, "aside", tree.Dir, "")
			}
			w.putIn(w.putIn(w.at("B")[0].handle, "aside", tree.Dir, "").handle, "x", tree.File, "x")
			c.folder.Address, c.folder.Account, c.folder.Path = addr.New(addr.Folder, "f"), mainAccount, "/B"
			w.folders = []config.Folder{c.folder}
			p := w.settled(t)
			if diff := cmp.Diff(c.want, fullKinds(p)); diff != "" || w.pathOf(root.handle) != "B/docs" || w.inTrash(root.handle) {
				t.Errorf("actions (-want +got):\n%s\n%s", diff, describe(p))
			}
		})
	}
}

func TestImportTakesAFolderOver(t *testing.T) {
	w := newWorld()
	w.write("a.txt", "content")
	n := w.put("Old/place/a.txt", tree.File, "content")
	w.imports = map[addr.Address]tree.Path{docs: "Old/place"}
	p := w.settled(t)
	expect(t, p, "create_folder B", "move B/docs", "touch a.txt")
	if w.pathOf(n.handle) != "B/docs/a.txt" {
		t.Errorf("the file is at %s", w.pathOf(n.handle))
	}
	if why := p.Actions[1].Reason; why != "taken over by an import block; nothing is uploaded" {
		t.Errorf("the move says %q", why)
	}
	w = newWorld()
	w.write("a.txt", "content")
	w.imports = map[addr.Address]tree.Path{docs: "Old/place"}
	refused(t, w.plan(t), 4, "no folder /Old/place")
}

// `megaplan import ADDRESS PATH` leaves a state that knows a root and nothing else: what is in it is neither drift nor owned.
func TestRule04_AnImportedRootIsTakenOver(t *testing.T) {
	w := newWorld()
	w.write("a.txt", "content")
	n := w.put("Old/place/a.txt", tree.File, "content")
	other := w.put("Old/place/other.txt", tree.File, "not here")
	w.prior = &planner.Prior{Resource: state.Resource{Address: docs, Account: w.backup.Account, Path: "/Old/place", Root: w.at("Old/place")[0].handle}}
	w.options = planner.Options{DriftOnly: true}
	if d := w.plan(t).Drift; len(d) != 0 {
		t.Errorf("drift: %+v", d)
	}
	w.options = planner.Options{Destroy: true}
	if p := w.plan(t); len(p.Actions) != 1 || p.Actions[0].Kind != planner.Forget {
		t.Errorf("what is not owned is destroyed: %s", describe(p))
	}
	w.options = planner.Options{}
	p := w.settled(t)
	expect(t, p, "create_folder B", "move B/docs", "touch a.txt")
	if w.pathOf(n.handle) != "B/docs/a.txt" || w.pathOf(other.handle) != "B/docs/other.txt" {
		t.Errorf("%s, %s", w.pathOf(n.handle), w.pathOf(other.handle))
	}
}

// fullKinds is kinds with whole paths.
func fullKinds(p *planner.Plan) []string {
	out := []string{}
	for _, a := range p.Actions {
		out = append(out, string(a.Kind)+" /"+string(a.Path))
	}
	return out
}
