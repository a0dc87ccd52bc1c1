package planner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// waits says of each deletion of a plan what it waits for beside its needs, as "trash a: new".
func waits(p *planner.Plan) []string {
	out := []string{}
	for _, a := range p.Actions {
		switch a.Kind {
		case planner.Trash, planner.Destroy, planner.MergeFolder, planner.ExpireVersion:
			out = append(out, fmt.Sprintf("%s %s: %s", a.Kind, strings.TrimPrefix(string(a.Path), "B/docs/"), a.After))
		}
	}
	return out
}

func expectWaits(t *testing.T, p *planner.Plan, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, waits(p)); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s", diff, describe(p))
	}
}

// updatesFail is a run under which every file that is updated changes.
func updatesFail(a *planner.Action) bool { return a.Kind == planner.Update }

// TestRule27_AFailedUpdateHoldsNoTrashBack: the log is written all the time; what was deleted goes all the same, and the log's
// last backup stays.
func TestRule27_AFailedUpdateHoldsNoTrashBack(t *testing.T) {
	w := applied(t, "gone", "dir/gone", "log")
	w.remove("gone")
	w.remove("dir")
	w.write("new", "new")
	w.write("log", "more than there was before")
	p := w.plan(t)
	expectWaits(t, p, "trash dir: new", "trash gone: new")
	w.apply(t, p, first, updatesFail)
	if len(w.at("B/docs/gone"))+len(w.at("B/docs/dir")) > 0 || len(w.at("B/docs/new")) != 1 {
		t.Error("the deletions were held back")
	}
	if log := w.at("B/docs/log"); len(log) != 1 || log[0].content != "content of log" {
		t.Errorf("the log is %+v", log)
	}
}

func TestRule27_AFailedUploadHoldsTrashBack(t *testing.T) {
	for _, kind := range []planner.Kind{planner.Upload, planner.CreateFolder} {
		w := applied(t, "gone", "log")
		w.remove("gone")
		w.write("log", "more than there was before")
		w.write("new/file", "new")
		w.apply(t, w.plan(t), first, func(a *planner.Action) bool { return a.Kind == kind })
		if len(w.at("B/docs/gone")) != 1 || w.at("B/docs/log")[0].content != "more than there was before" {
			t.Errorf("%s fails: what may live on in it is gone, or the update was given up", kind)
		}
	}
}

// TestRule27_WhatGoesForGoodWaitsForAll: under on_delete = "destroy", and the end of a version.
func TestRule27_WhatGoesForGoodWaitsForAll(t *testing.T) {
	w := applied(t, "gone", "dir/gone", "file", "log")
	w.backup.Retention.Versions = &config.VersionRetention{KeepLast: 1}
	w.write("file", "edited")
	w.settled(t)
	w.write("file", "edited again")
	w.write("log", "more than there was before")
	w.remove("gone")
	w.remove("dir")
	w.backup.OnDelete = config.DeleteDestroy
	p := w.plan(t)
	expectWaits(t, p, "destroy dir/gone: content", "destroy dir: content", "destroy gone: content", "expire_version file: content")
	before := len(w.nodes)
	w.apply(t, p, first, func(a *planner.Action) bool { return a.Kind == planner.Update && a.Name == "log" })
	if len(w.nodes) != before+1 {
		t.Errorf("%d nodes, there were %d", len(w.nodes), before)
	}
}

// TestRule27_ContentThatMayLiveOnInAnUpdateStays: "mv old existing", whether it is known to be that or not.
func TestRule27_ContentThatMayLiveOnInAnUpdateStays(t *testing.T) {
	for _, from := range []config.CopyFrom{config.CopyFromAccount, config.CopyFromNone} {
		w := applied(t, "existing", "old", "other one", "dir/sub/old one")
		w.backup.CopyFrom = from
		w.rename("old", "existing")
		w.remove("other one")
		p := w.plan(t)
		expectWaits(t, p, "trash old: content", "trash other one: new")
		if copied := p.Actions[0].Original == w.at("B/docs/old")[0].handle; copied != (from == config.CopyFromAccount) {
			t.Errorf("copied=%v\n%s", copied, describe(p))
		}
		w.apply(t, p, first, updatesFail)
		if len(w.at("B/docs/old")) != 1 || len(w.at("B/docs/other one")) != 0 {
			t.Errorf("copy_from = %q: the only copy in the tree is gone, or another file was held back", from)
		}
		w.settled(t)
		w.rename("dir/sub/old one", "existing")
		w.remove("dir")
		expectWaits(t, w.plan(t), "trash dir: content")
	}
}

// TestRule27_AnEmptyFileLivesOnNowhere: there is no content to lose.
func TestRule27_AnEmptyFileLivesOnNowhere(t *testing.T) {
	w := applied(t, "existing")
	w.write("empty", "")
	w.settled(t)
	w.remove("empty")
	w.write("existing", "")
	expectWaits(t, w.plan(t), "trash empty: new")
}

// TestRule15_WithoutVersionsTheOldNodeWaitsForItsSuccessor and for nothing else.
func TestRule15_WithoutVersionsTheOldNodeWaitsForItsSuccessor(t *testing.T) {
	w := applied(t, "log", "file", "gone")
	w.backup.Versions = false
	w.write("log", "more than there was before")
	w.write("file", "edited")
	w.remove("gone")
	p := w.plan(t)
	expectWaits(t, p, "trash file: needs", "trash gone: new", "trash log: needs")
	w.apply(t, p, first, func(a *planner.Action) bool { return a.Kind == planner.Update && a.Name == "log" })
	if log := w.at("B/docs/log"); len(log) != 1 || log[0].content != "content of log" || len(w.at("B/docs/file")) != 1 || len(w.at("B/docs/gone")) != 0 {
		t.Errorf("log %+v", log)
	}
}

// TestRule20_LosersWaitForTheUpdateOfTheOneThatStays: by an edge of their own, or with all else where a folder takes them along.
func TestRule20_LosersWaitForTheUpdateOfTheOneThatStays(t *testing.T) {
	w := applied(t, "a", "dir/b", "gone")
	w.put("B/docs/a", tree.File, "newest")
	w.write("a", "the source's")
	w.remove("gone")
	p := w.plan(t)
	expectWaits(t, p, "trash gone: new", "trash a: needs")
	if loser := p.Actions[2]; !slices.Equal(loser.Needs, []planner.ActionID{1}) {
		t.Errorf("%s", describe(p))
	}
	w.apply(t, p, first, updatesFail)
	if len(w.at("B/docs/a")) != 2 || len(w.at("B/docs/gone")) != 0 {
		t.Error("a loser went before the one that stays was updated, or what has nothing to do with it was held back")
	}

	w = applied(t, "dir/b", "dir/c", "log")
	twins(w, "B/docs/dir", "b")
	w.at("B/docs/dir/b")[0].created = w.tick() // the newest
	w.write("dir/b", "the source's")
	w.write("log", "more than there was before")
	expectWaits(t, w.plan(t), "merge_folder dir: content")
	w.write("dir/b", "content of dir/b") // the loser is not stale
	expectWaits(t, w.plan(t), "merge_folder dir: new")
	w.backup.DuplicateFolders = config.DuplicatesOldest
	expectWaits(t, w.plan(t), "trash dir: content")
}

// TestRule27_AChangeOfKindWaitsForWhatTookTheName.
func TestRule27_AChangeOfKindWaitsForWhatTookTheName(t *testing.T) {
	w := applied(t, "x", "dir/y", "log")
	w.write("log", "more than there was before")
	w.remove("x")
	w.write("x/in", "a folder now")
	w.remove("dir")
	w.write("dir", "a file now")
	p := w.plan(t)
	w.apply(t, p, first, func(a *planner.Action) bool {
		return updatesFail(a) || a.Kind == planner.CreateFolder || a.Name == "dir"
	})
	if w.at("B/docs/x")[0].kind != tree.File || w.at("B/docs/dir")[0].kind != tree.Dir {
		t.Errorf("what was replaced is gone, and what replaces it is not there\n%s", describe(p))
	}
}

// TestRule27_ARollbackTakesAwayWhenAllElseIsBack.
func TestRule27_ARollbackTakesAwayWhenAllElseIsBack(t *testing.T) {
	w := applied(t, "a")
	w.write("a", "edited")
	w.write("new", "new")
	w.settled(t)
	w.options.Rollback = true
	expectWaits(t, w.plan(t), "trash new: content")
}
