package planner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

func TestRule15_WhatBecomesOfOverwrittenContent(t *testing.T) {
	for _, c := range []struct {
		mode     config.Mode
		onDelete config.OnDelete
		versions bool
		want     []string
		inTrash  int
		versionN int
	}{
		{config.ModeMirror, config.DeleteTrash, true, []string{"update a", "trash b"}, 1, 1},
		{config.ModeMirror, config.DeleteTrash, false, []string{"update a", "trash a", "trash b"}, 2, 0},
		{config.ModeMirror, config.DeleteDestroy, false, []string{"update a", "destroy b"}, 0, 0},
		{config.ModeMirror, config.DeleteDestroy, true, []string{"update a", "destroy b"}, 0, 1},
		{config.ModeMirror, config.DeleteKeep, false, []string{"update a"}, 0, 1},
		{config.ModeArchive, config.DeleteTrash, false, []string{"update a"}, 0, 1},
	} {
		w := newWorld()
		w.backup.Mode, w.backup.OnDelete, w.backup.Versions = c.mode, c.onDelete, c.versions
		w.write("a", "old")
		w.write("b", "b")
		w.settled(t)
		w.write("a", "new")
		w.remove("b")
		p := w.settled(t)
		expect(t, p, c.want...)
		trash := 0
		for _, n := range w.nodes {
			if n.trashed {
				trash++
			}
		}
		if got := len(w.at("B/docs/a")[0].versions); got != c.versionN || trash != c.inTrash {
			t.Errorf("%s %s versions=%v: %d versions and %d in the trash, want %d and %d", c.mode, c.onDelete, c.versions, got, trash, c.versionN, c.inTrash)
		}
	}
}

func TestRule15_TheOldNodeGoesOnlyAfterTheNewOneCame(t *testing.T) {
	w := newWorld()
	w.backup.Versions = false
	w.write("a", "old")
	w.settled(t)
	w.write("a", "new")
	p := w.plan(t)
	if trash := p.Actions[1]; !slices.Equal(trash.Needs, []planner.ActionID{1}) || p.Actions[0].Replace || p.Actions[0].KeepVersion {
		t.Errorf("%s", describe(p))
	}
	w.apply(t, p, first, func(a *planner.Action) bool { return a.Kind == planner.Trash }) // interrupted in between
	if len(w.at("B/docs/a")) != 2 {
		t.Fatal("the two nodes should be there now")
	}
	expect(t, w.settled(t), "trash a")
	if left := w.at("B/docs/a"); len(left) != 1 || left[0].content != "new" {
		t.Errorf("left: %+v", left)
	}
}

func TestRule16_AFolderGoesWithWhatItHeld(t *testing.T) {
	w := applied(t, "dir/a", "dir/sub/b", "keep")
	w.write("dir/a", "new")
	w.settled(t)
	dir := w.at("B/docs/dir")[0]
	w.remove("dir")
	p := w.plan(t)
	expect(t, p, "trash dir")
	a := p.Actions[0]
	if a.Reason != "gone from the source, and 1 version" || a.Files != 2 || a.Subtree == nil || *a.Subtree != w.sum(dir.handle) || a.Subtree.Nodes != 3 {
		t.Errorf("%+v", a)
	}
	w.backup.OnDelete = config.DeleteDestroy
	p = w.plan(t)
	expect(t, p, "destroy dir/a", "destroy dir/sub/b", "destroy dir/sub", "destroy dir")
	if !slices.Equal(p.Actions[3].Needs, []planner.ActionID{1, 3}) || !slices.Equal(p.Actions[2].Needs, []planner.ActionID{2}) {
		t.Errorf("a folder is destroyed before what is in it:\n%s", describe(p))
	}
}

// TestRule17_Limits: max_delete counts files, not actions.
func TestRule17_Limits(t *testing.T) {
	percent := func(p float64) config.Limit { return config.Limit{Set: true, IsPercent: true, Percent: p} }
	exactly := func(n int64) config.Limit { return config.Limit{Set: true, Count: n} }
	for _, c := range []struct {
		name            string
		files, gone     int
		limit           config.Limit
		edit            int
		update          config.Limit
		overwriteForBad bool
		refused         bool
	}{
		{name: "half of a hundred", files: 100, gone: 50},
		{name: "one more", files: 100, gone: 51, refused: true},
		{name: "twenty of thirty", files: 30, gone: 20},
		{name: "twenty-one of thirty", files: 30, gone: 21, refused: true},
		{name: "exactly five", files: 30, gone: 5, limit: exactly(5)},
		{name: "six", files: 30, gone: 6, limit: exactly(5), refused: true},
		{name: "none at all", files: 30, gone: 1, limit: exactly(0), refused: true},
		{name: "no percentage at all", files: 30, gone: 1, limit: percent(0), refused: true},
		{name: "a tenth", files: 400, gone: 41, limit: percent(10), refused: true},
		{name: "versions are no loss", files: 100, edit: 60},
		{name: "overwriting is", files: 100, edit: 60, overwriteForBad: true, refused: true},
		{name: "max_update", files: 100, edit: 31, update: percent(30), refused: true},
		{name: "within max_update", files: 100, edit: 30, update: percent(30)},
	} {
		w := newWorld()
		for i := range c.files {
			w.write(fmt.Sprintf("d%d/f%03d", i%3, i), "x")
		}
		w.settled(t)
		w.backup.Lifecycle.MaxDelete, w.backup.Lifecycle.MaxUpdate = c.limit, c.update
		w.backup.Versions = !c.overwriteForBad
		for i := range c.gone {
			w.remove(fmt.Sprintf("d%d/f%03d", i%3, i))
		}
		for i := range c.edit {
			w.write(fmt.Sprintf("d%d/f%03d", i%3, i), "yy")
		}
		p := w.plan(t)
		if !c.refused {
			if len(p.Refusals) > 0 {
				t.Errorf("%s: refused:\n%s", c.name, p.Refusals[0].Diagnostic.Detail)
			}
			continue
		}
		if !slices.Equal(rules(p), []int{17}) || !strings.Contains(p.Refusals[0].Diagnostic.Detail, "-allow-mass-delete=backup.docs") {
			t.Errorf("%s: refused by %v", c.name, rules(p))
		}
		w.options.AllowMassDelete = []addr.Address{docs}
		if p := w.plan(t); len(p.Refusals) > 0 {
			t.Errorf("%s: still refused: %v", c.name, p.Refusals[0].Diagnostic)
		}
	}
}

func TestRule17_AFolderCountsWithItsFiles(t *testing.T) {
	w := newWorld()
	for i := range 45 {
		w.write(fmt.Sprintf("big/f%02d", i), "x")
	}
	w.write("keep", "x")
	w.settled(t)
	w.remove("big")
	refused(t, w.plan(t), 17, "45 of 46 files", "50%, which is 23 files")
}

func TestRule17_ABackupIsNotLeftEmpty(t *testing.T) {
	w := applied(t, "a", "b")
	w.remove("a")
	w.remove("b")
	w.unknown("c", tree.Excluded, "exclude")
	w.mkdir("d")
	w.disk["x"] = &file{kind: tree.Unknown, why: tree.TooLarge, reason: "too large"}
	refused(t, w.plan(t), 8) // no files at all is rule 8's

	w = applied(t, "a", "b")
	w.put("B/docs/a2", tree.File, "theirs")
	w.remove("b")
	w.write("a", "content of a")
	w.prior.Resource.PreventDestroy = false
	if p := w.plan(t); len(p.Refusals) != 0 {
		t.Errorf("%s", describe(p))
	}
	w.options.Destroy = true
	if p := w.plan(t); len(p.Refusals) != 0 {
		t.Errorf("destroy is refused:\n%s", describe(p))
	}
}

func TestRule19_QuotaAtItsPeak(t *testing.T) {
	w := newWorld()
	w.backup.OnDelete = config.DeleteDestroy
	w.write("old", strings.Repeat("x", 60))
	w.settled(t)
	w.remove("old")
	w.write("new", strings.Repeat("y", 50))
	w.quota = planner.Quota{Used: 60, Total: 100}
	p := w.plan(t)
	refused(t, p, 19, "short by 10 B", "10 bytes", "Nothing was changed")
	if !p.Refusals[0].Quota {
		t.Error("not marked as a matter of quota")
	}
	want := []planner.QuotaOutlook{{Account: mainAccount, Used: 60, Total: 100, Peak: 110, After: 50}}
	if diff := cmp.Diff(want, p.Totals().Quota); diff != "" {
		t.Errorf("quota (-want +got):\n%s", diff)
	}
	w.quota.Total = 110
	if p := w.plan(t); len(p.Refusals) > 0 {
		t.Errorf("it fits: %s", describe(p))
	}
	w.quota.Total = 0 // unknown
	if p := w.plan(t); len(p.Refusals) > 0 {
		t.Errorf("an unknown quota refuses: %s", describe(p))
	}
}

func TestRule19_TrashFreesNothing(t *testing.T) {
	w := applied(t, "a", "b")
	w.remove("b")
	w.quota = planner.Quota{Used: 100, Total: 100}
	totals := w.plan(t).Totals()
	if totals.FreedBytes != 0 || totals.TrashedBytes != int64(len("content of b")) || totals.Quota[0].After != 100 {
		t.Errorf("%+v", totals)
	}
}

func TestRule19_VersionsThatGoAlongCountInTheTrash(t *testing.T) {
	w := applied(t, "a", "dir/b", "keep")
	w.write("a", "newer")
	w.write("dir/b", "newer")
	w.settled(t)
	w.remove("a")
	w.remove("dir")
	w.quota = planner.Quota{Used: 100}
	want := int64(2*len("newer") + len("content of a") + len("content of dir/b"))
	if totals := w.plan(t).Totals(); totals.TrashedBytes != want || totals.Quota[0].Trashed != want {
		t.Errorf("%+v, want %d bytes in the trash", totals, want)
	}
}

func TestRule19_ExpiredSnapshotsCountInTheTrash(t *testing.T) {
	for onDelete, want := range map[config.OnDelete]int64{config.DeleteTrash: 2*13 + 2 + 1, config.DeleteDestroy: 0} {
		w := series(t, 3)
		w.backup.OnDelete = onDelete
		w.backup.Retention.Snapshots = &config.SnapshotRetention{KeepLast: 2, MinKeep: 1}
		w.write("a", "the fourth")
		w.quota = planner.Quota{Used: 100}
		totals := w.plan(t).Totals()
		if totals.Quota[0].Trashed != want || totals.TrashedBytes != want {
			t.Errorf("on_delete = %v: %+v, want %d bytes in the trash", onDelete, totals, want)
		}
	}
}

func TestRule21_TrashCarriesAddressAndPath(t *testing.T) {
	w := applied(t, "dir/a", "keep")
	w.remove("dir")
	a := w.plan(t).Actions[0]
	if a.Address != docs || a.Path != "B/docs/dir" {
		t.Errorf("%+v", a)
	}
}

// TestRule25_Drift: remote against state, apart from what is pending.
func TestRule25_Drift(t *testing.T) {
	none := func(*world) {}
	type diff struct {
		Change planner.Change
		Path   tree.Path
		To     tree.Path
		Files  int64
	}
	for _, c := range []struct {
		name   string
		change func(w *world)
		want   []diff
		plan   []string
	}{
		{"nothing", none, nil, nil},
		{"trashed", func(w *world) { w.at("B/docs/a")[0].trashed = true }, []diff{{planner.DriftRemoved, "a", "", 1}}, []string{"restore_from_trash a"}},
		{"deleted", func(w *world) { delete(w.nodes, w.at("B/docs/a")[0].handle) }, []diff{{planner.DriftRemoved, "a", "", 1}}, []string{"upload a"}},
		{"a folder", func(w *world) { w.at("B/docs/dir")[0].trashed = true }, []diff{{planner.DriftRemoved, "dir", "", 2}}, []string{"create_folder dir", "restore_from_trash dir/b", "restore_from_trash dir/c"}},
		{"renamed", func(w *world) { w.at("B/docs/a")[0].name = "z" }, []diff{{planner.DriftRenamed, "a", "B/docs/z", 0}}, []string{"move a"}},
		{"moved inside", func(w *world) { w.at("B/docs/a")[0].parent = w.folder("B/docs/dir") }, []diff{{planner.DriftMoved, "a", "B/docs/dir/a", 0}}, []string{"move a"}},
		{"moved out", func(w *world) { w.at("B/docs/dir")[0].parent = w.folder("Else") }, []diff{{planner.DriftMoved, "dir", "Else/dir", 2}}, []string{"create_folder dir", "upload dir/b", "upload dir/c"}},
		{"a folder renamed", func(w *world) { w.at("B/docs/dir")[0].name = "rid" }, []diff{{planner.DriftRenamed, "dir", "B/docs/rid", 2}}, []string{"move dir"}},
		{"added", func(w *world) { w.put("B/docs/new/x", tree.File, "x") }, []diff{{planner.DriftAdded, "new", "", 1}}, nil},
		{"duplicated", func(w *world) { w.put("B/docs/a", tree.File, "x") }, []diff{{planner.DriftDuplicated, "a", "", 1}}, []string{"trash a"}},
		{"fingerprint", func(w *world) { w.at("B/docs/a")[0].mtime += 9 }, []diff{{planner.DriftAttributes, "a", "", 0}}, []string{"touch a"}},
		{"mode", func(w *world) { w.at("B/docs/a")[0].meta = `{"m":1}` }, []diff{{planner.DriftAttributes, "a", "", 0}}, []string{"set_attributes a"}},
		{"replaced", func(w *world) {
			n := w.at("B/docs/a")[0]
			n.versionOf = w.put("B/docs/a", tree.File, "other").handle
		}, []diff{{planner.DriftChanged, "a", "", 1}}, []string{"update a"}},
		{"the root", func(w *world) { w.at("B/docs")[0].trashed = true }, []diff{{planner.DriftRemoved, "", "", 3}}, []string{"create_folder B/docs", "restore_from_trash a", "create_folder dir", "restore_from_trash dir/b", "restore_from_trash dir/c"}},
	} {
		w := newWorld()
		for _, path := range []string{"a", "dir/b", "dir/c"} {
			w.write(path, "content of "+path).meta = `{"m":420}`
		}
		w.settled(t)
		c.change(w)
		p := w.plan(t)
		var got []diff
		for _, d := range p.Drift {
			got = append(got, diff{d.Change, d.Path, d.To, d.Files})
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: drift (-want +got):\n%s", c.name, diff)
		}
		expect(t, p, c.plan...)
		w.options.DriftOnly = true
		if only := w.plan(t); len(only.Drift) != len(c.want) || len(only.Actions) != 0 {
			t.Errorf("%s: drift alone:\n%s", c.name, describe(only))
		}
		w.options.DriftOnly = false
		w.settled(t)
		for _, d := range w.plan(t).Drift {
			if d.Change != planner.DriftAdded && d.Change != planner.DriftDuplicated {
				t.Errorf("%s: still drifted after the apply: %+v", c.name, d)
			}
		}
	}
}

func TestRule25_AReplacedFileBecomesAVersionBelowTheSources(t *testing.T) {
	w := applied(t, "a")
	n := w.at("B/docs/a")[0]
	theirs := w.put("B/docs/a", tree.File, "theirs")
	theirs.versions, n.versionOf = []string{n.content}, theirs.handle
	p := w.settled(t)
	expect(t, p, "update a")
	if got := w.at("B/docs/a")[0]; got.content != "content of a" || !slices.Equal(got.versions, []string{"content of a", "theirs"}) {
		t.Errorf("%+v", got)
	}
	if want := "replaced on MEGA by another client; the old one stays as version 2"; p.Actions[0].Reason != want {
		t.Errorf("reason %q, want %q", p.Actions[0].Reason, want)
	}
}

// Two saves within a second have one date, and may have one size: what took the place of our node is compared by its CRC.
func TestRule25_AReplacedFileOfTheSameDateAndSizeIsNotTheSources(t *testing.T) {
	for theirs, want := range map[string]string{"CONTENT OF A": "update a", "content of a": ""} {
		w := applied(t, "a")
		n := w.at("B/docs/a")[0]
		put := w.put("B/docs/a", tree.File, theirs)
		put.printed, put.mtime, put.meta, n.versionOf = true, n.mtime, n.meta, put.handle
		p := w.plan(t)
		if !slices.ContainsFunc(w.asked, func(q planner.Question) bool { return q.Ask == planner.AskCRC }) {
			t.Errorf("%s: asked %v", theirs, w.asked)
		}
		if want == "" {
			expect(t, p)
			continue
		}
		expect(t, p, want)
		w.settled(t)
	}
}

// TestRule25_DriftSaysWhoAndWhenAsFarAsMEGATells: of nodes that are new it does.
func TestRule25_DriftSaysWhoAndWhenAsFarAsMEGATells(t *testing.T) {
	w := applied(t, "a", "b", "keep")
	theirs, ours := w.put("B/docs/theirs", tree.File, "x"), w.put("B/docs/ours", tree.File, "x")
	theirs.owner = "Vvvvvvvvvv0"
	old, replaced := w.at("B/docs/a")[0], w.put("B/docs/a", tree.File, "other")
	old.versionOf, replaced.owner = replaced.handle, "Vvvvvvvvvv0"
	w.at("B/docs/b")[0].trashed = true
	at := func(n *node) time.Time { return time.Unix(n.created, 0).UTC() }
	want := []planner.Difference{
		{Address: docs, Change: planner.DriftChanged, Path: "a", Files: 1, Detail: "replaced by another client, by MEGA user Vvvvvvvvvv0", User: "Vvvvvvvvvv0", When: at(replaced)},
		{Address: docs, Change: planner.DriftRemoved, Path: "b", Files: 1, Detail: "gone; in the trash"},
		{Address: docs, Change: planner.DriftAdded, Path: "ours", Files: 1, Detail: "not ours", User: "me", When: at(ours)},
		{Address: docs, Change: planner.DriftAdded, Path: "theirs", Files: 1, Detail: "not ours, by MEGA user Vvvvvvvvvv0", User: "Vvvvvvvvvv0", When: at(theirs)},
	}
	w.options.DriftOnly = true
	if diff := cmp.Diff(want, w.plan(t).Drift); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
	w.options.DriftOnly = false
	if w.plan(t); slices.ContainsFunc(w.asked, func(q planner.Question) bool { return q.Ask == planner.AskWhere && q.Handle == theirs.handle }) {
		t.Error("a plan asks who made what is not ours")
	}
}

// What is left alone is so by the next apply, too: the state does not learn of it, except by a refresh.
func TestRule25_WhatIsHiddenStaysHidden(t *testing.T) {
	w := applied(t, "a", "b")
	w.backup.Lifecycle.IgnoreDrift = []string{"a"}
	n := w.at("B/docs/a")[0]
	n.mtime = 7
	w.write("b", "other")
	expect(t, w.settled(t), "update b")
	if n.mtime != 7 {
		t.Error("its date was corrected")
	}
	w.options.RefreshOnly = true
	w.save(w.plan(t), nil)
	w.options.RefreshOnly = false
	expect(t, w.settled(t), "touch a")
}

func TestRule25_IgnoreDriftHidesAndLeavesAlone(t *testing.T) {
	w := applied(t, "a.lnk", "b.txt", "sub/c.lnk")
	w.backup.Lifecycle.IgnoreDrift = []string{"*.lnk"}
	w.backup.Unmanaged = config.UnmanagedTrash
	n := w.at("B/docs/a.lnk")[0]
	theirs := w.put("B/docs/a.lnk", tree.File, "theirs!!!!!!")
	n.versionOf = theirs.handle
	w.put("B/docs/new.lnk", tree.File, "x")
	p := w.settled(t)
	expect(t, p)
	if len(p.Drift) != 0 {
		t.Errorf("drift: %+v", p.Drift)
	}
	w.remove("sub/c.lnk") // what has not drifted follows the source
	expect(t, w.settled(t), "trash sub/c.lnk")
	w.write("d.lnk", "taken away by others")
	w.settled(t)
	w.at("B/docs/d.lnk")[0].trashed = true
	if p := w.settled(t); len(p.Drift) != 0 || len(p.Actions) != 1 || p.Actions[0].Path.Base() != "d.lnk" {
		t.Errorf("what others took away should come back: %s", describe(p))
	}
	w.backup.Lifecycle.IgnoreDrift = nil
	w.options.IgnoreDrift = []string{"*.lnk"}
	expect(t, w.plan(t))
}

func TestRule25_RefreshOnlyAcceptsRealityAndAddsNothing(t *testing.T) {
	w := applied(t, "a", "b", "c", "dir/d")
	w.at("B/docs/a")[0].trashed = true
	w.at("B/docs/b")[0].mtime += 9
	w.at("B/docs/dir")[0].name = "rid"
	w.put("B/docs/theirs", tree.File, "x")
	w.options.RefreshOnly = true
	p := w.plan(t)
	expect(t, p)
	w.save(p, nil)
	var paths []string
	for _, e := range w.prior.Manifest {
		paths = append(paths, string(e.Path))
	}
	if diff := cmp.Diff([]string{"b", "c", "rid", "rid/d"}, paths); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
	for _, d := range w.plan(t).Drift {
		if d.Change != planner.DriftAdded {
			t.Errorf("still drifted: %+v", d)
		}
	}
}

func TestRule27_Preconditions(t *testing.T) {
	w := applied(t, "a")
	f := w.write("a", "new bytes")
	n := w.at("B/docs/a")[0]
	a := w.plan(t).Actions[0]
	wantLocal := planner.Local{Path: "a", Size: 9, MTime: f.mtime, CTime: f.ctime, Inode: f.inode}
	wantRemote := planner.Remote{Handle: n.handle, Parent: n.parent, Name: "a", Size: int64(len(n.content))}
	if diff := cmp.Diff(wantLocal, a.Local); diff != "" {
		t.Errorf("local (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantRemote, a.Remote); diff != "" {
		t.Errorf("remote (-want +got):\n%s", diff)
	}
}

func TestAFileBecomesAFolderAndBack(t *testing.T) {
	w := applied(t, "x", "keep")
	w.remove("x")
	w.write("x/y", "y")
	p := w.settled(t)
	expect(t, p, "create_folder x", "upload x/y", "trash x")
	if !slices.Contains(p.Actions[2].Needs, 1) || p.Actions[2].After != planner.AfterNew {
		t.Errorf("%s", describe(p))
	}
	w.remove("x")
	w.write("x", "x again")
	expect(t, w.settled(t), "upload x", "trash x")
}
