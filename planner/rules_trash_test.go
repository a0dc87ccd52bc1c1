package planner_test

import (
	"testing"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/planner"
)

// TestRule21_WhatWasTrashedAndIsWantedAgainIsBroughtBack: a file, and files that went with their folder.
func TestRule21_WhatWasTrashedAndIsWantedAgainIsBroughtBack(t *testing.T) {
	w := applied(t, "a", "dir/b", "dir/c", "keep")
	before := handles(w)
	saved := map[string]*file{"a": w.disk["a"], "dir": w.disk["dir"], "dir/b": w.disk["dir/b"]}
	w.remove("a")
	w.remove("dir")
	expect(t, w.settled(t), "trash a", "trash dir")
	for path, f := range saved {
		w.disk[path] = f
	}
	p := w.settled(t)
	expect(t, p, "restore_from_trash a", "create_folder dir", "restore_from_trash dir/b")
	after := handles(w)
	if after["a"] != before["a"] || after["dir/b"] != before["dir/b"] || p.Totals().UploadBytes != 0 {
		t.Errorf("%s", describe(p))
	}
	if d := w.plan(t).Drift; len(d) > 0 {
		t.Errorf("drift after it: %+v", d)
	}
}

// TestRule21_WhatAnotherClientTrashedOfOursIsBroughtBack: a file, and one that went with its folder; not what is not ours.
func TestRule21_WhatAnotherClientTrashedOfOursIsBroughtBack(t *testing.T) {
	w := applied(t, "a", "dir/b", "keep")
	before := handles(w)
	w.at("B/docs/a")[0].trashed = true
	w.at("B/docs/dir")[0].trashed = true
	p := w.settled(t)
	expect(t, p, "restore_from_trash a", "create_folder dir", "restore_from_trash dir/b")
	if after := handles(w); after["a"] != before["a"] || after["dir/b"] != before["dir/b"] || p.Totals().UploadBytes != 0 {
		t.Errorf("%s", describe(p))
	}
	w.prior = nil
	w.at("B/docs/a")[0].trashed = true
	expect(t, w.settled(t), "upload a")
}

func TestRule21_OnlyWhatThisAddressTrashedAsItIsIsBroughtBack(t *testing.T) {
	for name, spoil := range map[string]func(w *world, n *node){
		"by another":      func(_ *world, n *node) { n.trashedBy = "backup.other" },
		"another date":    func(w *world, _ *node) { w.write("a", "content of a") },
		"another content": func(w *world, n *node) { w.disk["a"].content = "CONTENT OF A" },
		"another mode":    func(w *world, _ *node) { w.disk["a"].meta = `{"m":448}` },
		"no proof":        func(_ *world, n *node) { n.noMAC = true },
	} {
		w := applied(t, "a", "keep")
		f, n := w.disk["a"], w.at("B/docs/a")[0]
		w.remove("a")
		w.settled(t)
		w.disk["a"] = f
		spoil(w, n)
		if p := w.settled(t); p.Totals().Actions[planner.RestoreFromTrash] != 0 || p.Totals().Actions[planner.Upload] != 1 {
			t.Errorf("%s: %v", name, kinds(p))
		}
	}
}

// TestRule21_OneTrashedNodeIsBroughtBackOnce: of two equal files one gets the node.
func TestRule21_OneTrashedNodeIsBroughtBackOnce(t *testing.T) {
	w := applied(t, "a", "keep")
	w.backup.CopyFrom = config.CopyFromAccount
	f := w.disk["a"]
	w.remove("a")
	w.settled(t)
	w.disk["a"] = f
	w.copy("a", "b")
	expect(t, w.settled(t), "restore_from_trash a", "upload b")
}
