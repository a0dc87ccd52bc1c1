package planner_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

// expect compares a plan's actions, as "kind path", with what is wanted.
func expect(t *testing.T, p *planner.Plan, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, kinds(p)); diff != "" {
		t.Errorf("actions (-want +got):\n%s\n%s", diff, describe(p))
	}
}

// refused requires that exactly these rules refuse a plan, and that each says the words.
func refused(t *testing.T, p *planner.Plan, rule int, words ...string) {
	t.Helper()
	if got := rules(p); !slices.Equal(got, []int{rule}) {
		t.Fatalf("refused by rules %v, want %d:\n%s", got, rule, describe(p))
	}
	for _, word := range words {
		if d := p.Refusals[0].Diagnostic; !strings.Contains(d.Summary+" "+d.Detail, word) {
			t.Errorf("the refusal %q does not say %q", d.Detail, word)
		}
	}
}

func applied(t *testing.T, files ...string) *world {
	t.Helper()
	w := newWorld()
	for _, f := range files {
		w.write(f, "content of "+f)
	}
	w.settled(t)
	return w
}

func TestRule01_OnlyOwnedNodesAreDeleted(t *testing.T) {
	for _, c := range []struct {
		unmanaged config.Unmanaged
		want      []string
		reported  int
	}{
		{config.UnmanagedReport, []string{"trash ours.txt"}, 2},
		{config.UnmanagedIgnore, []string{"trash ours.txt"}, 0},
		{config.UnmanagedTrash, []string{"trash ours.txt", "trash theirs", "trash theirs.txt"}, 0},
	} {
		w := applied(t, "keep.txt", "ours.txt")
		w.put("B/docs/theirs.txt", tree.File, "x")
		w.put("B/docs/theirs/deep.txt", tree.File, "x")
		w.remove("ours.txt")
		w.backup.Unmanaged = c.unmanaged
		p := w.settled(t)
		expect(t, p, c.want...)
		if got := len(p.Targets[0].Unmanaged); got != c.reported {
			t.Errorf("%s: %d unmanaged nodes are reported, want %d", c.unmanaged, got, c.reported)
		}
	}
}

func TestRule01_APathInTheSourceIsAdopted(t *testing.T) {
	w := newWorld()
	w.write("a.txt", "same")
	w.put("B/docs/a.txt", tree.File, "same")
	expect(t, w.settled(t), "touch a.txt")
	w.remove("a.txt")
	w.write("b.txt", "b")
	expect(t, w.settled(t), "upload b.txt", "trash a.txt")
}

func TestRule01_WithoutStateLeftoversAreUnmanaged(t *testing.T) {
	w := applied(t, "a.txt", "dir/b.txt", "keep.txt")
	w.prior = nil
	w.remove("a.txt")
	w.remove("dir")
	p := w.settled(t)
	expect(t, p)
	want := []planner.Kept{{Path: "a.txt", Files: 1}, {Path: "dir", Files: 1, Dir: true}}
	if diff := cmp.Diff(want, p.Targets[0].Unmanaged); diff != "" {
		t.Errorf("unmanaged (-want +got):\n%s", diff)
	}
}

func TestRule01_UndecryptableAndOwnNodesAreNeverDeleted(t *testing.T) {
	w := applied(t, "dir/a.txt", "keep.txt")
	w.backup.Unmanaged = config.UnmanagedTrash
	w.putIn(w.folder("B/docs/dir"), "", tree.Undecryptable, "")
	w.put("B/docs/state", tree.File, "megaplan's own").own = true
	w.remove("dir")
	p := w.settled(t)
	expect(t, p, "trash dir/a.txt")
	if got := p.Targets[0].Unmanaged; len(got) != 1 || got[0].Reason != "cannot be decrypted" {
		t.Errorf("unmanaged: %+v", got)
	}
}

func TestRule01_ABackupIsNotTheWholeAccount(t *testing.T) {
	w := newWorld()
	w.backup.Path = "/"
	w.write("a", "a")
	refused(t, w.plan(t), 1, "path below /")
}

func TestRule02_OnePathHasOneOwner(t *testing.T) {
	other := func(path string) config.Folder {
		return config.Folder{Address: addr.New(addr.Folder, "f"), Account: mainAccount, Path: path}
	}
	for path, rule := range map[string]int{"/B/docs": 2, "/B/docs/": 2, "/B/docs/in": 2, "/B": 0, "/B/docs2": 0} {
		w := newWorld()
		w.write("a", "a")
		w.folders = []config.Folder{other(path)}
		p := w.plan(t)
		if rule == 0 && len(p.Refusals) > 0 || rule != 0 && !slices.Equal(rules(p), []int{rule}) {
			t.Errorf("folder at %s: refused by %v, want %d", path, rules(p), rule)
		}
	}
}

func TestRule02_PathsAreComparedInNFC(t *testing.T) {
	w := newWorld()
	w.backup.Path = "/caf\u00e9"
	w.write("a", "a")
	w.folders = []config.Folder{{Address: addr.New(addr.Folder, "f"), Account: mainAccount, Path: "/cafe\u0301"}}
	refused(t, w.plan(t), 2, "backup.docs", "folder.f")
}

func TestRule02_AFolderLeavesWhatABackupBelowItOwns(t *testing.T) {
	w := newWorld()
	w.write("a", "a")
	w.folders = []config.Folder{{Address: addr.New(addr.Folder, "f"), Account: mainAccount, Path: "/B", Unmanaged: config.UnmanagedTrash}}
	w.put("B/junk/x", tree.File, "x")
	p := w.plan(t)
	expect(t, p, "create_folder B/docs", "upload a", "trash B/junk")
	if p.Actions[0].Address != docs || p.Actions[2].Address.Kind != addr.Folder {
		t.Errorf("wrong owners:\n%s", describe(p))
	}
}

func TestRule02_AMovedRootIsNobodysLeftover(t *testing.T) {
	w := applied(t, "a")
	f := addr.New(addr.Folder, "f")
	w.folders = []config.Folder{{Address: f, Account: mainAccount, Path: "/B", Unmanaged: config.UnmanagedTrash}}
	w.at("B/docs")[0].name = "moved"
	w.options.Target = []addr.Address{f}
	expect(t, w.plan(t))
	w.options.Target = nil
	w.at("B/moved")[0].name = "docs"
	w.backup = config.Backup{} // forgotten, and still not deleted in the same breath
	expect(t, w.plan(t), "forget B/docs")
}

func TestRule03_WhatLeftTheConfigurationIsForgotten(t *testing.T) {
	w := applied(t, "a.txt")
	w.backup = config.Backup{}
	p := w.plan(t)
	expect(t, p, "forget B/docs")
	w.prior.Resource.Host = "server"
	p = w.plan(t)
	expect(t, p)
	if got := p.Targets[0]; got.Status != planner.Forgotten || got.Host != "server" {
		t.Errorf("another host's: %+v", got)
	}
}

func TestRule03_ANewAddressAtTheSamePathTakesOver(t *testing.T) {
	w := applied(t, "a.txt", "b.txt")
	renamed := addr.New(addr.Backup, "papers")
	w.backup.Address = renamed
	w.remove("b.txt")
	p := w.plan(t)
	expect(t, p, "trash b.txt", "forget B/docs")
	if p.Targets[1].Address != renamed || p.Targets[1].Prior != docs {
		t.Errorf("targets:\n%s", describe(p))
	}
}

func TestRule03_RemovedWithDestroyTakesTheBackupAway(t *testing.T) {
	for _, c := range []struct {
		onDelete config.OnDelete
		destroy  bool
		want     []string
	}{
		{config.DeleteTrash, true, []string{"trash B/docs", "forget B/docs"}},
		{config.DeleteDestroy, true, []string{"destroy a.txt", "destroy d/b.txt", "destroy d", "destroy B/docs", "forget B/docs"}},
		{config.DeleteKeep, true, []string{"forget B/docs"}},
		{config.DeleteTrash, false, []string{"forget B/docs"}},
	} {
		w := newWorld()
		w.backup.OnDelete = c.onDelete
		w.write("a.txt", "a")
		w.write("d/b.txt", "b")
		w.settled(t)
		w.backup = config.Backup{}
		w.cfg.Removed = []config.Removed{{From: docs, Destroy: c.destroy}}
		p := w.plan(t)
		expect(t, p, c.want...)
		w.applyAll(t, p)
		if w.prior != nil {
			t.Errorf("%s: the state still holds it", c.onDelete)
		}
	}
}

func TestRule03_WhatLiesInAnUndeclaredAccountIsNotTakenAway(t *testing.T) {
	w := applied(t, "a.txt")
	w.prior.Resource.Account = addr.New(addr.Account, "gone")
	w.backup = config.Backup{}
	w.cfg.Removed = []config.Removed{{From: docs, Destroy: true}}
	refused(t, w.plan(t), 3, "account.gone", "destroy = false")
}

func TestRule03_DestroyLeavesWhatIsNotOurs(t *testing.T) {
	w := applied(t, "a.txt")
	w.put("B/docs/theirs.txt", tree.File, "x")
	w.options.Destroy = true
	p := w.plan(t)
	expect(t, p, "trash a.txt", "forget B/docs")
	w.applyAll(t, p)
	if len(w.at("B/docs/theirs.txt")) != 1 {
		t.Error("another client's file is gone")
	}
}

func TestRule04_WhatIsAtTheNewPathIsAdoptedWhenTheOldRootIsGone(t *testing.T) {
	w := applied(t, "a.txt")
	w.at("B/docs")[0].trashed = true
	w.backup.Path = "/New"
	n := w.put("New/a.txt", tree.File, "content of a.txt")
	p := w.settled(t)
	expect(t, p, "touch New/a.txt")
	if !w.nodes[n.handle].printed {
		t.Error("no fingerprint was written")
	}
}

func TestRule04_AChangedAccountIsAnError(t *testing.T) {
	w := applied(t, "a.txt")
	w.prior.Resource.AccountUser = "somebody else"
	refused(t, w.plan(t), 4, "another account")
}

func TestRule04_MovedRenamesAnAddressAndNothingElse(t *testing.T) {
	w := applied(t, "a.txt")
	w.backup.Address = addr.New(addr.Backup, "papers")
	w.cfg.Moved = []config.Moved{{From: docs, To: w.backup.Address}}
	p := w.plan(t)
	expect(t, p, "forget B/docs")
	if p.Actions[0].Reason != "its name is backup.papers now" || p.Targets[1].Prior != docs {
		t.Errorf("%s", describe(p))
	}
}

func TestRule04_WhatAnotherHostInheritsStaysInTheState(t *testing.T) {
	w := applied(t, "a.txt")
	w.backup.Address = addr.New(addr.Backup, "papers")
	w.cfg.Moved = []config.Moved{{From: docs, To: w.backup.Address}}
	w.backup.Source.Host = "server"
	expect(t, w.plan(t))
}

func TestRule05_AnotherHostsBackup(t *testing.T) {
	w := applied(t, "a.txt")
	w.host = "server"
	refused(t, w.plan(t), 5, "laptop", "server", "source", "for_each", "-take-over=backup.docs")

	w.options.TakeOver = []addr.Address{docs}
	expect(t, w.plan(t))
	w.options.TakeOver = nil

	w.backup.Source.Host = "Laptop.example.org"
	w.remove("a.txt")
	p := w.plan(t)
	expect(t, p)
	if got := p.Targets[0]; got.Status != planner.NotHere || got.Host != "Laptop.example.org" {
		t.Errorf("%+v", got)
	}
	w.host = "LAPTOP"
	w.write("b.txt", "b")
	expect(t, w.plan(t), "upload b.txt", "trash a.txt")
}

func TestRule05_DriftCoversEveryBackupWhateverTheHost(t *testing.T) {
	w := applied(t, "a.txt")
	w.host = "server"
	w.at("B/docs/a.txt")[0].trashed = true
	w.options.DriftOnly = true
	p := w.plan(t)
	if len(p.Drift) != 1 || len(p.Refusals) != 0 || len(p.Actions) != 0 {
		t.Errorf("%s", describe(p))
	}
}

func TestTargetAndExclude(t *testing.T) {
	w := applied(t, "a.txt")
	w.write("b.txt", "b")
	for _, o := range []planner.Options{{Target: []addr.Address{addr.New(addr.Backup, "other")}}, {Exclude: []addr.Address{docs}}} {
		w.options = o
		if p := w.plan(t); len(p.Actions) != 0 || p.Targets[0].Status != planner.Excluded {
			t.Errorf("%s", describe(p))
		}
	}
	w.options = planner.Options{Target: []addr.Address{docs}}
	expect(t, w.plan(t), "upload b.txt")
}

func TestRule18_PreventDestroyIsRemembered(t *testing.T) {
	w := newWorld()
	w.backup.Lifecycle.PreventDestroy = true
	w.write("a.txt", "a")
	w.settled(t)
	declared := w.backup

	w.options.Destroy = true
	refused(t, w.plan(t), 18, "prevent_destroy")
	w.options.AllowMassDeleteAll = true
	refused(t, w.plan(t), 18)
	w.options = planner.Options{}

	w.backup = config.Backup{}
	w.cfg.Removed = []config.Removed{{From: docs, Destroy: true}}
	refused(t, w.plan(t), 18, "Declare it again")

	w.backup, w.cfg.Removed = declared, nil
	w.backup.Lifecycle.PreventDestroy = false
	w.options.Destroy = true
	refused(t, w.plan(t), 18)
	w.options.Destroy = false
	w.settled(t)
	w.options.Destroy = true
	expect(t, w.plan(t), "trash B/docs", "forget B/docs")
}

func TestDestroyTakesAFolderAfterTheBackupInIt(t *testing.T) {
	w := applied(t, "a.txt")
	inFolder := *w.prior
	f := config.Folder{Address: addr.New(addr.Folder, "f"), Account: mainAccount, Path: "/B"}
	w.folders = []config.Folder{f}
	in := w.input()
	in.Options.Destroy = true
	above := inFolder
	above.Manifest = nil
	above.Resource.Address, above.Resource.Path, above.Resource.Root = f.Address, "/B", w.at("B")[0].handle
	in.Prior = append(in.Prior, above)
	_, p := planner.Step(in, nil)
	expect(t, p, "trash B/docs", "forget B/docs", "trash B", "forget B")
	if last := p.Actions[2]; !slices.Equal(last.Needs, []planner.ActionID{1}) || last.Subtree.Nodes != 0 {
		t.Errorf("the folder goes before what is in it: %+v", last)
	}
}

func TestRule22_AWrongClockIsTold(t *testing.T) {
	w := applied(t, "a.txt")
	in := w.input()
	in.ClockOff = true
	if _, p := planner.Step(in, nil); len(p.Warnings) != 1 || p.Warnings[0].Summary != "the local clock is wrong" {
		t.Errorf("%s", describe(p))
	}
}

func TestChecks(t *testing.T) {
	w := applied(t, "a", "b")
	check := func(c config.Check) planner.CheckResult {
		c.Address, c.Backup = addr.New(addr.Check, "c"), docs
		w.cfg.Checks = []config.Check{c}
		return w.plan(t).Checks[0]
	}
	for name, c := range map[string]struct {
		check config.Check
		ok    bool
	}{
		"files":     {config.Check{MinFiles: 2, MaxFiles: 2}, true},
		"too few":   {config.Check{MinFiles: 3, MaxFiles: -1}, false},
		"too many":  {config.Check{MinFiles: -1, MaxFiles: 1}, false},
		"fresh":     {config.Check{MinFiles: -1, MaxFiles: -1, MaxAge: time.Hour}, true},
		"no quota":  {config.Check{MinFiles: -1, MaxFiles: -1, QuotaFree: config.Limit{Set: true, Count: 5}}, true},
		"asks none": {config.Check{MinFiles: -1, MaxFiles: -1}, true},
	} {
		if got := check(c.check); got.OK != c.ok || got.Detail == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	w.quota = planner.Quota{Used: 90, Total: 100}
	if got := check(config.Check{MinFiles: -1, MaxFiles: -1, QuotaFree: config.Limit{Set: true, IsPercent: true, Percent: 11}}); got.OK {
		t.Errorf("quota: %+v", got)
	}
	w.prior.Resource.LastSuccess = start.Add(-2 * time.Hour)
	if got := check(config.Check{MinFiles: -1, MaxFiles: -1, MaxAge: time.Hour}); got.OK || !strings.Contains(got.Detail, "2h ago") {
		t.Errorf("age: %+v", got)
	}
	verify := config.Check{MinFiles: -1, MaxFiles: -1, VerifySample: 5, VerifyEvery: 24 * time.Hour}
	for _, v := range []struct {
		found state.Verification
		want  string // in the detail; empty where the check holds
	}{
		{state.Verification{}, "never verified"},
		{state.Verification{Time: start.Add(-time.Hour), Percent: 5}, ""},
		{state.Verification{Time: start.Add(-time.Hour), Percent: 100}, ""},
		{state.Verification{Time: start.Add(-time.Hour), Percent: 4}, "by 4% of its files"},
		{state.Verification{Time: start.Add(-time.Hour), Percent: 5, Differences: 2}, "2 differences"},
		{state.Verification{Time: start.Add(-time.Hour), Percent: 100, Files: 3}, "proved none of 3 files"},
		{state.Verification{Time: start.Add(-time.Hour), Percent: 100, Files: 3, Downloaded: true}, ""},
		{state.Verification{Time: start.Add(-time.Hour), Percent: 5, Files: 3}, ""},
		{state.Verification{Time: start.Add(-25 * time.Hour), Percent: 5}, "25h ago"},
	} {
		w.prior.Resource.Verified = v.found
		if got := check(verify); got.OK != (v.want == "") || !strings.Contains(got.Detail, v.want) {
			t.Errorf("verified %+v: %+v", v.found, got)
		}
	}
	w.options.DriftOnly = true
	if got := check(config.Check{MinFiles: 2, MaxFiles: 2}); !got.OK {
		t.Errorf("drift: %+v", got)
	}
}
