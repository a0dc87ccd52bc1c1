package planner_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/retention"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// diary is a random story of a backup that keeps snapshots. It remembers what every published one held.
type diary struct {
	storm
	held map[tree.Handle]string
}

func drawDiary(t *rapid.T) diary {
	w := keeping()
	w.options.AllowMassDeleteAll = true
	w.backup.Compare = rapid.SampledFrom([]config.Compare{config.CompareMTime, config.CompareFingerprint, config.CompareContent}).Draw(t, "compare")
	w.backup.CopyFrom = rapid.SampledFrom([]config.CopyFrom{config.CopyFromAccount, config.CopyFromBackup, config.CopyFromNone}).Draw(t, "copy_from")
	w.backup.OnDelete = rapid.SampledFrom([]config.OnDelete{config.DeleteTrash, config.DeleteDestroy, config.DeleteKeep}).Draw(t, "on_delete")
	w.backup.Always = rapid.Bool().Draw(t, "always")
	if rapid.Bool().Draw(t, "retention") {
		w.backup.Retention.Snapshots = &config.SnapshotRetention{
			KeepLast: rapid.IntRange(0, 3).Draw(t, "last"), KeepHourly: rapid.IntRange(0, 3).Draw(t, "hourly"), MinKeep: rapid.IntRange(0, 2).Draw(t, "min_keep"),
		}
	}
	return diary{storm{t, w, someNames[:5]}, map[tree.Handle]string{}}
}

// live changes the source, loses the state, or runs with failures and lost records.
func (d diary) live() {
	for range rapid.IntRange(1, 15).Draw(d.t, "steps") {
		d.w.wait(time.Duration(d.pick("minutes", 90)) * time.Minute)
		switch d.pick("what", 10) {
		case 9:
			d.editReading()
		case 8:
			d.meddle()
		case 0:
			d.w.prior = nil
		case 1:
			clear(d.w.proofs)
		case 2, 3:
			d.run()
			d.remember()
		default:
			d.editLocal()
		}
	}
	d.calm()
	d.w.wait(time.Minute)
}

// meddle is another client in the folder of a snapshot that is not finished.
func (d diary) meddle() {
	var dirs []tree.Handle
	for _, n := range d.below() {
		if path := strings.TrimPrefix(d.w.pathOf(n.handle), "B/docs/"); n.kind == tree.Dir && strings.HasPrefix(path, ".megaplan-") {
			dirs = append(dirs, n.handle)
		}
	}
	if len(dirs) == 0 {
		return
	}
	dir := dirs[d.pick("dir", len(dirs))]
	if d.pick("kind", 2) == 0 {
		d.w.putIn(dir, d.name(), tree.Dir, "")
		return
	}
	n := d.w.putIn(dir, d.name(), tree.File, d.content())
	if n.printed = d.pick("printed", 2) == 0; n.printed {
		n.mtime = d.w.tick()
	}
}

// run plans and applies in any order, some of it failing and some of what was done not being recorded.
func (d diary) run() {
	p := d.w.plan(d.t)
	rate := d.pick("failures", 4)
	d.w.forgetful = func() bool { return rate > 0 && d.pick("unrecorded", 6) == 0 }
	d.w.apply(d.t, p, func(n int) int { return d.pick("next", n) }, func(*planner.Action) bool {
		return rate > 0 && d.pick("fails", 5) < rate
	})
	d.w.forgetful = nil
}

// remember notes what was published, and requires that what was published before is as it was.
func (d diary) remember() {
	for _, n := range d.w.shots() {
		now := strings.Join(d.w.holds(n.handle), "\n") + n.mark
		if before, known := d.held[n.handle]; known && before != now {
			d.t.Fatalf("%s was published with\n%s\nand holds\n%s", n.name, before, now)
		}
		d.held[n.handle] = now
	}
}

// settle applies a plan in any order, and then requires that there is nothing more to do.
func (d diary) settle() *planner.Plan {
	p := d.w.plan(d.t)
	if len(p.Refusals) > 0 {
		d.t.Fatalf("refused:\n%s", describe(p))
	}
	before := d.w.shots()
	d.checkFates(p, before)
	if n := d.w.apply(d.t, p, func(n int) int { return d.pick("order", n) }, never); n != len(p.Actions) {
		d.t.Fatalf("%d of %d actions could be done:\n%s", n, len(p.Actions), describe(p))
	}
	d.remember()
	always := d.w.backup.Always
	d.w.backup.Always = false
	again := d.w.plan(d.t)
	d.w.backup.Always = always
	if len(again.Actions) > 0 || len(again.Refusals) > 0 || len(again.Drift) > 0 {
		d.t.Fatalf("plan:\n%s\nthe plan after its apply is not empty:\n%s", describe(p), describe(again))
	}
	return p
}

// checkFates requires what expires to be what internal/retention does not keep of the complete ones, the newest never.
func (d diary) checkFates(p *planner.Plan, before []*node) {
	gone := map[tree.Handle]bool{}
	var made *planner.Action
	for i := range p.Actions {
		switch a := &p.Actions[i]; a.Kind {
		case planner.ExpireSnapshot:
			gone[a.Remote.Handle] = true
		case planner.PublishSnapshot:
			made = a
		}
	}
	var items []retention.Item
	var of []tree.Handle
	add := func(name string, h tree.Handle) {
		at, err := time.Parse("2006-01-02T15-04-05Z", shotName.FindStringSubmatch(name)[1])
		if err != nil {
			d.t.Fatalf("%v", err)
		}
		items, of = append([]retention.Item{{Time: at}}, items...), append([]tree.Handle{h}, of...)
	}
	for _, n := range before {
		if n.complete() {
			add(n.name, n.handle)
		}
	}
	if made != nil && (&node{mark: made.Mark}).complete() {
		add(made.Name, 0)
	}
	rules := d.w.backup.Retention.Snapshots
	idle := rules == nil || d.w.backup.OnDelete == config.DeleteKeep || d.stuck()
	if idle {
		if len(gone) > 0 {
			d.t.Fatalf("something expires though nothing may:\n%s", describe(p))
		}
		return
	}
	policy := retention.Policy{Last: rules.KeepLast, Hourly: rules.KeepHourly, MinKeep: rules.MinKeep}
	for _, decision := range policy.Apply(items, start) {
		h := of[decision.Item]
		if want := !decision.Keep && decision.Item > 0; want != gone[h] {
			d.t.Fatalf("%s: retention says keep=%v, and it goes: %v\n%s", h, decision.Keep, gone[h], describe(p))
		}
	}
}

// stuck says whether names that could not be read hold deletions.
func (d diary) stuck() bool {
	if d.w.options.DeleteDespiteErrors {
		return false
	}
	for _, f := range d.w.disk {
		if f.kind == tree.Unknown && f.why == tree.Unreadable || f.incomplete == tree.Unreadable {
			return true
		}
	}
	return false
}

// TestLawSnapshots: whatever happened before, an apply leaves a newest snapshot that is the source, no unfinished one, and every
// published one as it was; and what it lets expire is what retention says.
func TestLawSnapshots(t *testing.T) {
	attack(t, func(t *rapid.T) {
		d := drawDiary(t)
		d.live()
		p := d.settle()
		shots := d.w.shots()
		if len(shots) == 0 {
			t.Fatalf("there is no snapshot:\n%s", describe(p))
		}
		last := shots[len(shots)-1]
		if got, want := d.w.holds(last.handle), d.w.readable(); !slices.Equal(got, want) {
			t.Fatalf("the newest snapshot holds\n%s\nand the source\n%s\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), describe(p))
		}
		for _, n := range d.w.children(d.w.at("B/docs")[0].handle) {
			if strings.HasPrefix(n.name, ".") && d.w.backup.OnDelete != config.DeleteKeep {
				t.Fatalf("%s is left", n.name)
			}
		}
		for _, e := range d.w.prior.Manifest {
			if n := d.w.nodes[e.Handle]; n == nil || !e.Path.Within(tree.Path(last.name)) && !strings.HasPrefix(string(e.Path), ".megaplan-") {
				t.Fatalf("the manifest holds %+v", e)
			}
		}
		if len(d.w.prior.Resource.Snapshots) != len(shots) {
			t.Fatalf("the state knows %+v, and there are %d", d.w.prior.Resource.Snapshots, len(shots))
		}
	})
}

// TestLawSnapshotsArePublishedOnce: runs that fail in places and lose records publish the source once they succeed, and once only.
func TestLawSnapshotsArePublishedOnce(t *testing.T) {
	attack(t, func(t *rapid.T) {
		d := drawDiary(t)
		d.w.backup.Always, d.w.backup.Retention.Snapshots = false, nil
		for range rapid.IntRange(1, 3).Draw(t, "days") {
			for range rapid.IntRange(1, 6).Draw(t, "edits") {
				d.editLocal()
			}
			before := len(d.w.shots())
			for range rapid.IntRange(0, 3).Draw(t, "interruptions") {
				d.w.wait(time.Minute)
				d.run()
			}
			d.w.wait(time.Minute)
			d.settle()
			if n := len(d.w.shots()); n > before+1 {
				t.Fatalf("%d snapshots of one state of the source", n-before)
			}
			d.w.wait(time.Hour)
		}
	})
}

func TestLawEqualInputGivesEqualSnapshots(t *testing.T) {
	attack(t, func(t *rapid.T) {
		d := drawDiary(t)
		d.live()
		if a, b := encode(t, d.w.plan(t)), encode(t, d.w.plan(t)); !bytes.Equal(a, b) {
			t.Fatalf("two plans of one input differ")
		}
	})
}
