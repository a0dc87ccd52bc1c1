package planner_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// snapped returns a world with one snapshot of these files.
func snapped(t *testing.T, files ...string) *world {
	t.Helper()
	w := keeping()
	for _, f := range files {
		w.write(f, "content of "+f)
	}
	w.settled(t)
	return w
}

func expectMain(t *testing.T, p *planner.Plan, want ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), mainKinds(p)); diff != "" {
		t.Errorf("actions (-want +got):\n%s\n%s", diff, describe(p))
	}
}

func TestRule23_ASnapshotIsBuiltAsideAndPublished(t *testing.T) {
	w := keeping()
	w.write("a", "one")
	w.write("sub/b", "two")
	p := w.plan(t)
	expectMain(t, p, "create_folder B", "create_folder B/docs", "create_folder *", "upload a", "create_folder sub", "upload sub/b", "publish_snapshot *")
	last := p.Actions[len(p.Actions)-1]
	if last.After != planner.AfterContent || last.Files != 2 || last.Bytes != 6 || !strings.HasPrefix(last.From.Base(), ".megaplan-") {
		t.Errorf("%+v", last)
	}
	w.applyAll(t, p)
	if n := w.newest(t); !shotName.MatchString(n.name) || !n.complete() {
		t.Errorf("%q with mark %s", n.name, n.mark)
	}
	known := w.prior.Resource.Snapshots
	if len(known) != 1 || known[0].Files != 2 || known[0].Bytes != 6 || !known[0].Complete || known[0].Name != w.newest(t).name {
		t.Errorf("the state knows %+v", known)
	}
}

func TestRule23_WhatIsEqualIsCopiedAndNothingPublishedChanges(t *testing.T) {
	w := snapped(t, "a", "b", "sub/c")
	before := w.holds(w.newest(t).handle)
	first := w.newest(t)
	w.wait(time.Hour)
	w.write("a", "another")
	w.rename("sub/c", "d")
	p := w.settled(t)
	// What was renamed is a copy too: copy_from is none in this world, so it is uploaded.
	expectMain(t, p, "create_folder *", "upload a", "copy b", "upload d", "create_folder sub", "publish_snapshot *")
	w.newest(t)
	if diff := cmp.Diff(before, w.holds(first.handle)); diff != "" {
		t.Errorf("the first snapshot changed:\n%s", diff)
	}
	for _, e := range w.prior.Manifest {
		if !e.Path.Within(tree.Path(w.newest(t).name)) {
			t.Errorf("the manifest holds %s, which is not in the newest snapshot", e.Path)
		}
	}
	if n := len(w.prior.Resource.Snapshots); n != 2 {
		t.Errorf("the state knows %d snapshots", n)
	}
}

func TestRule13_RenamesInASnapshotAreCopies(t *testing.T) {
	w := snapped(t, "a", "sub/c")
	w.backup.CopyFrom = config.CopyFromAccount
	w.wait(time.Hour)
	w.rename("sub/c", "d")
	expectMain(t, w.settled(t), "create_folder *", "copy a", "copy d", "create_folder sub", "publish_snapshot *")
	w.newest(t)
}

// What a copy was proven to be needs no proof in the next snapshot (rule 9).
func TestRule09_ACopyKeepsItsProof(t *testing.T) {
	w := snapped(t, "a", "b", "c")
	w.backup.Compare, w.backup.CopyFrom = config.CompareFingerprint, config.CopyFromAccount
	for i := range 3 {
		w.wait(time.Hour)
		w.write("a", strings.Repeat("x", i+1))
		w.write("d", "content of b") // of another date: found in the account, and proven
		w.applyAll(t, w.plan(t))
		if w.plan(t); len(w.asked) > 0 {
			t.Fatalf("what was just applied is asked about: %+v", w.asked)
		}
	}
}

// A new path moves the root with all its snapshots, and the next one is made there (rule 4).
func TestRule04_SnapshotsMoveWithTheirRoot(t *testing.T) {
	w := series(t, 2)
	w.write("a", "changed")
	w.backup.Path = "/C/elsewhere"
	p := w.plan(t)
	if len(p.Refusals) > 0 || len(p.Actions) != 6 || p.Actions[1].Kind != planner.Move {
		t.Fatal(describe(p))
	}
	w.applyAll(t, p)
	if again := w.plan(t); len(again.Actions) > 0 || len(again.Drift) > 0 {
		t.Fatal(describe(again))
	}
	if n := len(w.children(w.at("C/elsewhere")[0].handle)); n != 3 {
		t.Errorf("%d snapshots", n)
	}
}

func TestRule24_NothingChangedMakesNoSnapshot(t *testing.T) {
	w := snapped(t, "a", "sub/b")
	w.wait(time.Hour)
	p := w.plan(t)
	expectMain(t, p)
	if p.Targets[0].Equal != 2 || len(p.Drift) > 0 {
		t.Errorf("%s", describe(p))
	}
	w.backup.Always = true
	p = w.plan(t)
	expectMain(t, p, "create_folder *", "copy a", "create_folder sub", "copy sub/b", "publish_snapshot *")
	w.applyAll(t, p)
	w.newest(t)
}

func TestRule24_EveryKindOfChangeMakesASnapshot(t *testing.T) {
	for name, change := range map[string]func(*world){
		"content":      func(w *world) { w.write("a", "other") },
		"date":         func(w *world) { w.write("a", w.disk["a"].content) },
		"metadata":     func(w *world) { w.disk["a"].meta = `{"m":493}`; w.disk["a"].ctime++ },
		"new file":     func(w *world) { w.write("new", "x") },
		"gone":         func(w *world) { w.remove("a") },
		"empty folder": func(w *world) { w.mkdir("empty") },
		"a folder":     func(w *world) { w.remove("sub") },
		"kind":         func(w *world) { w.disk["a"].kind, w.disk["a"].meta = tree.Symlink, `{"l":1}` },
	} {
		t.Run(name, func(t *testing.T) {
			w := snapped(t, "a", "sub/b", "c")
			w.wait(time.Hour)
			change(w)
			w.settled(t)
			w.newest(t)
			if n := len(w.shots()); n != 2 {
				t.Errorf("%d snapshots", n)
			}
		})
	}
}

func TestRule24_MetadataThatIsGoneMakesASnapshot(t *testing.T) {
	w := snapped(t, "a")
	for _, meta := range []string{`{"m":493}`, ""} {
		w.wait(time.Hour)
		w.disk["a"].meta = meta
		w.disk["a"].ctime++
		w.settled(t)
		w.newest(t)
	}
	if n := len(w.shots()); n != 3 {
		t.Errorf("%d snapshots", n)
	}
}

// What a run that was cut off built counts as it is, not as the base has it.
func TestRule24_ADateThatChangedSinceAnUnfinishedOneMakesASnapshot(t *testing.T) {
	w := snapped(t, "a", "b")
	w.wait(time.Hour)
	before := *w.disk["b"]
	w.write("b", "changed")
	w.apply(t, w.plan(t), first, func(a *planner.Action) bool { return a.Kind == planner.PublishSnapshot })
	w.disk["b"] = &before
	w.write("a", w.disk["a"].content)
	w.settled(t)
	w.newest(t)
	if n := len(w.shots()); n != 2 {
		t.Errorf("%d snapshots", n)
	}
}

func TestRule23_TwoSnapshotsOfOneSecond(t *testing.T) {
	w := snapped(t, "a")
	w.write("a", "other")
	at := w.clock + 60
	w.folder("B/docs/" + time.Unix(at, 0).UTC().Format("2006-01-02T15-04-05Z"))
	w.clock = at
	w.settled(t)
	if name := w.newest(t).name; !strings.HasSuffix(name, "Z-2") {
		t.Errorf("the second is called %s", name)
	}
}

func TestRule23_AClockThatIsBehindRefuses(t *testing.T) {
	w := snapped(t, "a")
	w.write("a", "other")
	w.clock -= 3600
	refused(t, w.plan(t), 23, "the clock is behind", w.shots()[0].name)
}

// A snapshot that is dated in the future was made by a wrong clock: it is not the newest, and hinders nothing.
func TestRule23_ASnapshotOfTheFutureIsNotTheNewest(t *testing.T) {
	w := snapped(t, "a")
	w.folder("B/docs/2036-01-01T00-00-00Z")
	w.at("B/docs/2036-01-01T00-00-00Z")[0].mark = w.shots()[0].mark
	expectMain(t, w.plan(t))
	w.wait(time.Hour)
	w.write("a", "other")
	expectMain(t, w.settled(t), "create_folder *", "upload a", "publish_snapshot *")
}

func TestRule23_AClockThatIsAheadRefuses(t *testing.T) {
	w := snapped(t, "a")
	w.write("a", "other")
	w.clock = start.Add(11 * time.Minute).Unix()
	refused(t, w.plan(t), 23, "the clock is ahead")
}

func TestRule23_WhatCannotBeReadMakesItIncomplete(t *testing.T) {
	w := keeping()
	w.write("a", "one")
	w.unknown("b", tree.Unreadable, "permission denied")
	p := w.settled(t)
	n := w.newest(t)
	if n.complete() || !p.Partial || w.prior.Resource.Snapshots[0].Complete {
		t.Errorf("%s\n%s", n.mark, describe(p))
	}
	w.remove("b")
	w.write("b", "two")
	w.wait(time.Hour)
	expectMain(t, w.settled(t), "create_folder *", "copy a", "upload b", "publish_snapshot *")
	if !w.newest(t).complete() {
		t.Error("it is not complete")
	}
}

func TestRule23_TheModeOfABackupWithSnapshotsStays(t *testing.T) {
	w := snapped(t, "a")
	w.backup.Mode = config.ModeMirror
	refused(t, w.plan(t), 23, "holds snapshots", "1 snapshot")
}

// What a mirror left beside the snapshots is nobody's, and source of copies.
func TestRule23_AMirrorThatBecomesSnapshots(t *testing.T) {
	w := applied(t, "a", "b")
	w.backup.Mode, w.backup.Versions, w.backup.CopyFrom = config.ModeSnapshots, false, config.CopyFromAccount
	p := w.settled(t)
	expectMain(t, p, "create_folder *", "copy a", "copy b", "publish_snapshot *")
	if got := len(p.Targets[0].Unmanaged); got != 2 {
		t.Errorf("%d are reported\n%s", got, describe(p))
	}
	w.newest(t)
}

func TestRule24_AnUnfinishedOneIsResumed(t *testing.T) {
	w := keeping()
	for _, f := range []string{"a", "b", "sub/c"} {
		w.write(f, "content of "+f)
	}
	p := w.plan(t)
	w.apply(t, p, first, func(a *planner.Action) bool { return a.Path.Base() == "c" })
	if len(w.shots()) != 0 {
		t.Fatal("it was published")
	}
	w.options.DriftOnly = true
	if p := w.plan(t); len(p.Drift) > 0 {
		t.Error(describe(p))
	}
	w.options.DriftOnly = false
	w.wait(time.Hour)
	w.write("b", "changed since")
	w.remove("a")
	p = w.settled(t)
	expectMain(t, p, "upload b", "upload sub/c", "trash a", "trash b", "publish_snapshot *")
	w.newest(t)
	if n := len(w.children(w.at("B/docs")[0].handle)); n != 1 {
		t.Errorf("%d folders below the root", n)
	}
}

// What is left of a snapshot that is not wanted any more goes, unless nothing may.
func TestRule24_AnUnfinishedOneThatNobodyNeeds(t *testing.T) {
	for _, onDelete := range []config.OnDelete{config.DeleteTrash, config.DeleteDestroy, config.DeleteKeep} {
		w := snapped(t, "a", "b")
		w.wait(time.Hour)
		before := *w.disk["a"]
		w.write("a", "changed")
		w.apply(t, w.plan(t), first, func(a *planner.Action) bool { return a.Kind == planner.PublishSnapshot })
		w.disk["a"] = &before
		w.backup.OnDelete = onDelete
		p := w.settled(t)
		switch onDelete {
		case config.DeleteTrash:
			expectMain(t, p, "trash *")
		case config.DeleteDestroy:
			expectMain(t, p, "destroy a", "destroy b", "destroy *")
		case config.DeleteKeep:
			expectMain(t, p)
			if len(p.Targets[0].Kept) != 1 {
				t.Error(describe(p))
			}
		}
		w.newest(t)
	}
}

// A run that is killed between publishing and its record has done its work, and nobody else did.
func TestRule28_AKillAfterPublishing(t *testing.T) {
	w := snapped(t, "a", "sub/b")
	w.wait(time.Hour)
	w.write("a", "changed")
	p := w.plan(t)
	w.forgetful = func() bool { return len(w.shots()) == 2 }
	w.apply(t, p, first, never)
	w.forgetful = nil
	again := w.plan(t)
	if len(again.Actions) > 0 || len(again.Drift) > 0 {
		t.Fatal(describe(again))
	}
	w.applyAll(t, again)
	for _, e := range w.prior.Manifest {
		if !e.Path.Within(tree.Path(w.newest(t).name)) {
			t.Errorf("the manifest holds %s", e.Path)
		}
	}
	if len(w.prior.Resource.Snapshots) != 2 {
		t.Errorf("the state knows %+v", w.prior.Resource.Snapshots)
	}
}

func TestRule24_AnothersUnfinishedOne(t *testing.T) {
	for _, known := range []bool{true, false} {
		w := snapped(t, "a")
		w.wait(time.Hour)
		n := w.putIn(w.at("B/docs")[0].handle, ".megaplan-2026-01-01T00-00-00Z", tree.Dir, "")
		n.mark = `{"v":1,"t":0,"h":"server","f":0,"b":0}`
		w.putIn(n.handle, "x", tree.File, "of another host")
		if known {
			w.prior.Resource.Host = "server"
			w.options.TakeOver = append(w.options.TakeOver, docs)
		}
		p := w.plan(t)
		if known {
			expectMain(t, p, "trash *")
			continue
		}
		expectMain(t, p)
		if len(p.Targets[0].Unmanaged) != 1 || len(p.Drift) != 0 {
			t.Error(describe(p))
		}
	}
}

func TestRule02_WhatLiesBesideSnapshotsIsReported(t *testing.T) {
	w := snapped(t, "a")
	w.put("B/docs/stray", tree.File, "x")
	w.put("B/docs/2026-01-01T00-00-00Z/y", tree.File, "unmarked")
	p := w.plan(t)
	expectMain(t, p)
	if len(p.Targets[0].Unmanaged) != 2 {
		t.Error(describe(p))
	}
}
