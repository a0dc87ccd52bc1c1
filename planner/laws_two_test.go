package planner_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/megaplan/megaplan/internal/addr"
)

// TestLawTwoBackups: two backups of one account, between whose sources files wander, keep the laws of planning, each for itself.
func TestLawTwoBackups(t *testing.T) {
	attack(t, func(t *rapid.T) {
		w, o := drawWorld(t), drawWorld(t)
		o.backup.Address, o.backup.Path = addr.New(addr.Backup, "other"), "/B/other"
		o.nodes, o.last, o.inode, o.clock = w.nodes, 1<<20, 1<<20, o.clock+50_000
		w.other = o
		sides := []storm{{t, w, someNames[:5]}, {t, o, someNames[:5]}}
		steps := rapid.IntRange(2, 25).Draw(t, "steps")
		for i := range steps {
			if i == steps/2 {
				w.apply(t, w.plan(t), first, never)
			}
			side := sides[rapid.IntRange(0, 1).Draw(t, "whose")]
			switch side.pick("two", 9) {
			case 8:
				side.editSettings()
				w.options, o.options = side.w.options, side.w.options
			case 0:
				wander(sides[0], sides[1])
			case 1:
				wander(sides[1], sides[0])
			case 2:
				side.editRemote()
			case 3:
				sides[0].editState()
			default:
				side.editLocal()
			}
		}
		for _, s := range sides {
			s.calm()
		}
		p := w.plan(t)
		before := sides[0].everything()
		foreign := [][]*node{sides[0].foreign(), sides[1].foreign()}
		known := [][]string{sides[0].known(), sides[1].known()}
		for _, s := range sides {
			s.check(p)
		}
		w.apply(t, p, func(n int) int { return sides[0].pick("order", n) }, never)
		again := w.plan(t)
		if len(again.Actions) > 0 || len(again.Refusals) > 0 {
			t.Fatalf("plan:\n%s\nthe plan after its apply is not empty:\n%s", describe(p), describe(again))
		}
		for i, s := range sides {
			s.checkMirror(known[i]...)
			s.checkForeign(foreign[i])
		}
		sides[0].checkLosses(before, p)
		sides[0].checkDrift(again)
	})
}

// wander moves or copies a file or folder from one source to the other, dates included.
func wander(from, to storm) {
	p := from.existing()
	if p == "" {
		return
	}
	at := to.localPath()
	to.w.remove(at)
	to.w.mkdir(dirOf(at))
	for _, q := range from.w.sortedDisk() {
		if q == p || len(q) > len(p) && q[:len(p)+1] == p+"/" {
			f := *from.w.disk[q]
			to.w.disk[at+q[len(p):]] = &f
		}
	}
	if from.pick("moved", 2) == 0 {
		from.w.remove(p)
	}
}
