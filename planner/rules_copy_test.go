package planner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// copying returns a settled world that copies.
func copying(t *testing.T, from config.CopyFrom, files ...string) *world {
	t.Helper()
	w := applied(t, files...)
	w.backup.CopyFrom = from
	return w
}

func TestRule13_EqualContentIsCopied(t *testing.T) {
	w := copying(t, config.CopyFromAccount, "one/a", "one/sub/b", "keep")
	w.copy("one", "two")
	p := w.settled(t)
	expect(t, p, "create_folder two", "copy two/a", "create_folder two/sub", "copy two/sub/b")
	a := p.Actions[1]
	if a.From != "B/docs/one/a" || a.Remote.Handle != w.at("B/docs/one/a")[0].handle || p.Totals().UploadBytes != 0 || p.Totals().CopiedBytes == 0 {
		t.Errorf("%+v", a)
	}
	if d := w.plan(t).Drift; len(d) > 0 {
		t.Errorf("drift after it: %+v", d)
	}
	w.copy("one/a", "three")
	w.write("three", "content of one/a") // another date
	expect(t, w.settled(t), "copy three")
}

func TestRule13_WhereCopiesComeFrom(t *testing.T) {
	for from, want := range map[config.CopyFrom][]string{
		config.CopyFromAccount: {"copy new"}, config.CopyFromBackup: {"upload new"}, config.CopyFromNone: {"upload new"},
	} {
		w := copying(t, from, "keep")
		w.put("Elsewhere/x", tree.File, "content").printed = true
		w.write("new", "content")
		expect(t, w.settled(t), want...)
	}
	for name, spoil := range map[string]func(n *node){
		"trashed": func(n *node) { n.trashed = true }, "megaplan's own": func(n *node) { n.own = true },
		"no proof": func(n *node) { n.noMAC = true }, "a link": func(n *node) { n.kind = tree.Symlink },
		"another content": func(n *node) { n.content = "CONTENT" },
	} {
		w := copying(t, config.CopyFromAccount, "keep")
		spoil(w.put("Elsewhere/x", tree.File, "content"))
		w.write("new", "content")
		if p := w.settled(t); p.Totals().Actions[planner.Copy] != 0 {
			t.Errorf("%s: %v", name, kinds(p))
		}
	}
}

// TestRule13_WhatOnDeleteKeepsIsCopied: a renamed file of an archive stays where it was, and is not uploaded again.
func TestRule13_WhatOnDeleteKeepsIsCopied(t *testing.T) {
	w := copying(t, config.CopyFromBackup, "a", "keep")
	w.backup.Mode = config.ModeArchive
	w.rename("a", "b")
	expect(t, w.settled(t), "copy b")
	if len(w.at("B/docs/a")) != 1 {
		t.Error("the archive lost a file")
	}
}

// TestRule13_WhatMovesIsNotCopied: one of two new names gets the node, the other a copy of it.
func TestRule13_WhatMovesIsNotCopied(t *testing.T) {
	w := copying(t, config.CopyFromAccount, "a", "keep")
	w.copy("a", "x/one")
	w.rename("a", "x/two")
	expect(t, w.settled(t), "create_folder x", "move x/one", "copy x/two")
}

func TestRule13_WhatIsOverwrittenForGoodIsNotCopied(t *testing.T) {
	w := copying(t, config.CopyFromAccount, "a", "keep")
	w.backup.Versions, w.backup.OnDelete = false, config.DeleteDestroy
	w.copy("a", "b")
	w.write("a", "edited")
	expect(t, w.settled(t), "update a", "upload b")
}

// What one address destroys another one may copy, whichever of them comes first; the end of it waits for the copy.
func TestRule13_WhatAnotherAddressDestroysIsCopiedBefore(t *testing.T) {
	for _, name := range []string{"a", "z"} {
		w := newWorld()
		w.backup.CopyFrom = config.CopyFromAccount
		w.folders = []config.Folder{{
			Address: addr.New(addr.Folder, name), Account: mainAccount, Path: "/B/aside", OnDelete: config.DeleteDestroy, DuplicateFiles: config.DuplicatesNewest,
		}}
		for range 2 {
			n := w.put("B/aside/x", tree.File, "content")
			n.printed, n.mtime = true, 7
		}
		w.write("new", "content")
		p := w.plan(t)
		w.apply(t, p, func(n int) int { return n - 1 }, never)
		if again := w.plan(t); len(again.Actions) > 0 || len(w.at("B/aside/x")) != 1 {
			t.Errorf("%s\n%s", describe(p), describe(again))
		}
		last := p.Actions[len(p.Actions)-1]
		if copied := p.Actions[len(p.Actions)-2]; last.Kind != planner.Destroy || copied.Kind != planner.Copy || !slices.Contains(last.Needs, copied.ID) {
			t.Errorf("%s", describe(p))
		}
	}
}

// TestRule13_ManyNewFilesAskOnceForTheirSizes: a first run does not ask for each size.
func TestRule13_ManyNewFilesAskOnceForTheirSizes(t *testing.T) {
	w := newWorld()
	w.backup.CopyFrom = config.CopyFromAccount
	w.put("Elsewhere/x", tree.File, "a content that is there").printed = true
	for i := range 10_000 {
		w.write(fmt.Sprintf("d/%d", i), strings.Repeat("x", 30+i%100))
	}
	w.write("new", "a content that is there")
	p := w.plan(t)
	if n := p.Totals().Actions; n[planner.Copy] != 1 || n[planner.Upload] != 10_000 || len(w.asked) > 4 {
		t.Errorf("%v after %d questions", n, len(w.asked))
	}
}

func TestRule13_CrowdedSizesAreNotSearchedForCopies(t *testing.T) {
	w := copying(t, config.CopyFromAccount, "keep")
	w.put("Elsewhere/equal", tree.File, "1001").printed = true
	for i := range planner.Crowd {
		w.put(fmt.Sprintf("Elsewhere/%d", i), tree.File, fmt.Sprintf("%04d", i))
	}
	w.write("new", "1001")
	p := w.settled(t)
	expect(t, p, "upload new")
	if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].Detail, "not searched") {
		t.Errorf("warnings: %v", p.Warnings)
	}
	w.remove("new")
	w.settled(t)
	for _, n := range w.children(w.folder("Elsewhere"))[:10] {
		delete(w.nodes, n.handle)
	}
	w.put("Elsewhere/equal", tree.File, "1001").printed = true
	w.write("new", "1001")
	expect(t, w.settled(t), "copy new")
}

// TestRule13_WhatWasReplacedIsPutBackFromItsVersion: another client put something over our file, which is the version below.
func TestRule13_WhatWasReplacedIsPutBackFromItsVersion(t *testing.T) {
	for name, c := range map[string]struct {
		from  config.CopyFrom
		spoil func(w *world, ours *node)
		want  bool
	}{
		"as it was":             {config.CopyFromAccount, func(*world, *node) {}, true},
		"within the backup":     {config.CopyFromBackup, func(*world, *node) {}, true},
		"not wanted":            {config.CopyFromNone, func(*world, *node) {}, false},
		"edited since":          {config.CopyFromAccount, func(w *world, _ *node) { w.write("a", "CONTENT OF A") }, false},
		"the same, saved again": {config.CopyFromAccount, func(w *world, _ *node) { w.write("a", "content of a") }, false},
		"a version of no date":  {config.CopyFromAccount, func(_ *world, n *node) { n.printed = false }, false},
	} {
		w := copying(t, c.from, "a", "keep")
		ours := w.at("B/docs/a")[0]
		ours.versionOf = w.put("B/docs/a", tree.File, "theirs, and longer").handle
		c.spoil(w, ours)
		p := w.settled(t)
		expect(t, p, "update a")
		if got := p.Actions[0]; (got.Original == ours.handle) != c.want || (p.Totals().UpdateBytes == 0) != c.want {
			t.Errorf("%s: %v %v %d", name, got.Original, ours.handle, p.Totals().UpdateBytes)
		}
		if got := w.at("B/docs/a"); len(got) != 1 || got[0].content != w.disk["a"].content {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestRule13_AChangedFileTakesContentThatIsThere: what a file became may lie elsewhere on MEGA; it is copied over the old one.
func TestRule13_AChangedFileTakesContentThatIsThere(t *testing.T) {
	tests := []struct {
		name         string
		versions     bool
		onDelete     config.OnDelete
		want         []string
		versionsLeft int
	}{
		{"a version", true, config.DeleteTrash, []string{"update a", "update b"}, 1},
		{"for good", false, config.DeleteDestroy, []string{"update a", "update b"}, 0},
		{"to the trash", false, config.DeleteTrash, []string{"update a", "update b", "trash a", "trash b"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := copying(t, config.CopyFromAccount, "a", "b", "keep")
			w.backup.Versions, w.backup.OnDelete = tt.versions, tt.onDelete
			w.copy("keep", "a")
			w.write("b", "edited")
			p := w.settled(t)
			expect(t, p, tt.want...)
			for _, a := range p.Actions {
				if a.Kind == planner.Update && (a.Sends() != (a.Name == "b") || a.From == "" != a.Sends()) {
					t.Errorf("%s: sends %t, from %q", a.Path, a.Sends(), a.From)
				}
			}
			if sum := p.Totals(); sum.CopiedBytes != int64(len("content of keep")) && sum.CopiedBytes == 0 || sum.UpdateBytes != int64(len("edited")) {
				t.Errorf("%d bytes copied, %d uploaded", sum.CopiedBytes, sum.UpdateBytes)
			}
			if n := w.at("B/docs/a"); len(n) != 1 || len(n[0].versions) != tt.versionsLeft {
				t.Errorf("a is %+v", n)
			}
		})
	}
}
