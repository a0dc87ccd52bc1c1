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

// series returns a world with so many snapshots, hours apart, each with a file of its own content.
func series(t *testing.T, n int) *world {
	t.Helper()
	w := keeping()
	w.write("same", "never changes")
	for i := range n {
		w.write("a", strings.Repeat("x", i+1))
		w.settled(t)
		w.wait(time.Hour)
	}
	return w
}

func names(w *world) []string {
	var out []string
	for _, n := range w.shots() {
		out = append(out, n.name)
	}
	return out
}

func TestRule24_ExpiryRunsAfterPublishing(t *testing.T) {
	for _, onDelete := range []config.OnDelete{config.DeleteTrash, config.DeleteDestroy} {
		w := series(t, 3)
		old := names(w)
		gone := w.shots()[1].handle
		w.backup.OnDelete = onDelete
		w.backup.Retention.Snapshots = &config.SnapshotRetention{KeepLast: 2, MinKeep: 1}
		w.write("a", "the fourth")
		p := w.plan(t)
		expectMain(t, p, "create_folder *", "upload a", "copy same", "publish_snapshot *", "expire_snapshot *", "expire_snapshot *")
		publish, expire := p.Actions[3], p.Actions[4]
		if len(expire.Needs) != 1 || expire.Needs[0] != publish.ID || expire.After != planner.AfterContent || expire.Files != 2 || expire.Reason != "last: newer ones take all slots (2)" {
			t.Errorf("%+v", expire)
		}
		if fates := p.Targets[0].Fates; len(fates) != 4 || !fates[0].Keep || !fates[1].Keep || fates[2].Keep || fates[0].Snapshot.Name != publish.Name {
			t.Errorf("%+v", fates)
		}
		sums := p.Totals()
		if onDelete == config.DeleteTrash && sums.TrashedBytes != 2*13+2+1 || onDelete == config.DeleteDestroy && sums.FreedBytes != 2*13+2+1 {
			t.Errorf("%+v", sums)
		}
		w.applyAll(t, p)
		if again := w.plan(t); len(again.Actions) > 0 || len(again.Drift) > 0 {
			t.Fatal(describe(again))
		}
		if diff := cmp.Diff([]string{old[2], publish.Name}, names(w)); diff != "" {
			t.Error(diff)
		}
		if n := len(w.prior.Resource.Snapshots); n != 2 {
			t.Errorf("the state knows %d", n)
		}
		if trashed := w.nodes[gone] != nil && w.inTrash(gone); trashed != (onDelete == config.DeleteTrash) {
			t.Errorf("in the trash: %v", trashed)
		}
	}
}

func TestRule24_ExpiryRunsWhenNothingChanged(t *testing.T) {
	w := series(t, 3)
	w.backup.Retention.Snapshots = &config.SnapshotRetention{KeepLast: 1, MinKeep: 1}
	expectMain(t, w.settled(t), "expire_snapshot *", "expire_snapshot *")
	w.newest(t)
}

func TestRule24_NothingExpires(t *testing.T) {
	for name, change := range map[string]func(*world){
		"on_delete keep":             func(w *world) { w.backup.OnDelete = config.DeleteKeep },
		"a wrong clock (rule 22)":    func(w *world) { w.clockOff = true },
		"no rule":                    func(w *world) { w.backup.Retention.Snapshots = &config.SnapshotRetention{MinKeep: 1} },
		"read errors (rule 6)":       func(w *world) { w.unknown("b", tree.Unreadable, "permission denied") },
		"pinned":                     func(w *world) { w.pin(0); w.pin(1) },
		"a plan that only refreshes": func(w *world) { w.options.RefreshOnly = true },
	} {
		t.Run(name, func(t *testing.T) {
			w := series(t, 3)
			w.backup.Retention.Snapshots = &config.SnapshotRetention{KeepLast: 1, MinKeep: 1}
			change(w)
			for _, a := range w.plan(t).Actions {
				if a.Kind == planner.ExpireSnapshot {
					t.Errorf("%s expires", a.Path)
				}
			}
		})
	}
}

func (w *world) pin(i int) {
	n := w.shots()[i]
	n.mark = strings.TrimSuffix(n.mark, "}") + `,"p":true}`
}

// max_delete is about what leaves the tree because the source lacks it, not about what retention lets go.
func TestRule17_RetentionIsNotCounted(t *testing.T) {
	w := series(t, 3)
	w.backup.Retention.Snapshots = &config.SnapshotRetention{KeepLast: 1, MinKeep: 1}
	w.backup.Lifecycle.MaxDelete = config.Limit{Set: true}
	expectMain(t, w.settled(t), "expire_snapshot *", "expire_snapshot *")
}

func TestRule24_DaysAreThoseOfTheZone(t *testing.T) {
	times := []string{"2026-11-19T12-00-00Z", "2026-11-20T22-30-00Z", "2026-11-20T23-30-00Z"}
	// In Rome the last is of the day of the one that is made, in UTC of the day before, as the one before it.
	for zone, gone := range map[string]int{"Europe/Rome": 2, "UTC": 1} {
		w := keeping()
		w.write("a", "content")
		root := w.folder("B/docs")
		for _, name := range times {
			w.nodes[w.folder("B/docs/"+name)].mark = `{"v":1,"t":0,"c":true,"f":0,"b":0}`
		}
		w.backup.Retention = config.Retention{Timezone: zone, Snapshots: &config.SnapshotRetention{KeepDaily: 3, MinKeep: 1}}
		p := w.plan(t)
		var expired []string
		for _, a := range p.Actions {
			if a.Kind == planner.ExpireSnapshot && a.Remote.Parent == root {
				expired = append(expired, a.Remote.Name)
			}
		}
		if diff := cmp.Diff([]string{times[gone]}, expired); diff != "" {
			t.Errorf("%s:\n%s\n%s", zone, diff, describe(p))
		}
	}
}

func TestRule18_ABackupOfSnapshotsIsTakenAway(t *testing.T) {
	w := series(t, 3)
	w.options.Destroy = true
	p := w.plan(t)
	expectMain(t, p, "trash B/docs", "forget B/docs")
	w.applyAll(t, p)
	if len(w.at("B/docs")) != 0 || w.prior != nil {
		t.Error("it is still there")
	}

	// The same where the configuration does not know any more what kind of backup it was.
	w = series(t, 3)
	w.backup, w.cfg.Removed = config.Backup{}, []config.Removed{{From: docs, Destroy: true}}
	p = w.plan(t)
	expectMain(t, p, "trash B/docs", "forget B/docs")
	if len(p.Targets[0].Snapshots) != 3 {
		t.Error("what was not taken away yet would be forgotten")
	}
	w.applyAll(t, p)

	// One by one, and the folders last.
	w = series(t, 2)
	w.options.Destroy, w.backup.OnDelete = true, config.DeleteDestroy
	w.applyAll(t, w.plan(t))
	if len(w.at("B/docs")) != 0 {
		t.Error("it is still there")
	}

	w = series(t, 2)
	w.options.Destroy, w.backup.Lifecycle.PreventDestroy = true, true
	refused(t, w.plan(t), 18, "protected")
}

// A check counts the files of the newest snapshot, as it will be.
func TestChecksCountTheNewestSnapshot(t *testing.T) {
	w := series(t, 3) // each has two files
	w.cfg.Checks = []config.Check{{Backup: docs, MinFiles: 2, MaxFiles: 2}}
	for _, drift := range []bool{false, true} {
		w.options.DriftOnly = drift
		if p := w.plan(t); !p.Checks[0].OK {
			t.Errorf("drift %v: %s", drift, p.Checks[0].Detail)
		}
	}
	w.options.DriftOnly = false
	w.write("b", "one more")
	if p := w.plan(t); p.Checks[0].OK {
		t.Error("three files are two")
	}
}

// An empty source is not what a backup's snapshots were made of (rule 8).
func TestRule08_AnEmptySourceOfSnapshots(t *testing.T) {
	w := snapped(t, "a", "b")
	w.wait(time.Hour)
	w.remove("a")
	w.remove("b")
	refused(t, w.plan(t), 8, "source is empty", "holds 2 files")
	w.options.AllowMassDeleteAll = true
	expectMain(t, w.settled(t), "create_folder *", "publish_snapshot *")
}

// What a snapshot adds is its full size, copies too; it is refused when that does not fit (rule 19).
func TestRule24_QuotaCountsCopies(t *testing.T) {
	w := snapped(t, "a", "b")
	w.wait(time.Hour)
	w.write("a", "changed")
	w.quota = planner.Quota{Used: 100, Total: 110}
	full := w.plan(t)
	refused(t, full, 19, "over quota")
	if why := full.Refusals[0].Diagnostic.Detail; !strings.Contains(why, "backup.docs makes a snapshot, which counts in full") {
		t.Errorf("refused with %s", why)
	}
	w.quota.Total = 1000
	if q := w.plan(t).Totals().Quota[0]; q.After != 100+int64(len("changed")+len("content of b")) {
		t.Errorf("%+v", q)
	}
}

// When another client takes the newest snapshot away, the next one is made: of the source, with what the older one has.
func TestRule25_TheNewestSnapshotIsGone(t *testing.T) {
	w := series(t, 2)
	w.shots()[1].trashed = true
	p := w.plan(t)
	expectMain(t, p, "create_folder *", "upload a", "copy same", "publish_snapshot *")
	if len(p.Drift) != 1 || p.Drift[0].Change != planner.DriftRemoved || p.Drift[0].Files != 2 {
		t.Error(describe(p))
	}
	w.applyAll(t, p)
	w.newest(t)
}

// What the state does not know is nobody's, also when a backup is taken away.
func TestRule01_ASnapshotNobodyKnowsSurvivesTheBackup(t *testing.T) {
	w := series(t, 2)
	stranger := w.folder("B/docs/2026-01-01T00-00-00Z")
	w.nodes[stranger].mark = w.shots()[1].mark
	w.putIn(stranger, "x", tree.File, "x")
	w.options.Destroy = true
	w.applyAll(t, w.plan(t))
	if w.inTrash(stranger) || len(w.shots()) != 1 {
		t.Error("it went along")
	}
}
