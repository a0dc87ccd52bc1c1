package planner

import (
	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
)

// settleDoubles picks the one of several remote files of a name that stays (rule 20): the one equal to the local file, else
// the newest, which is updated. Another one goes only if it is proven equal to the one that stays, or is in the manifest,
// as after a run that was interrupted between upload and trash. The rest is reported and left alone.
func (t *target) settleDoubles(i int32) {
	r := t.rows[i]
	files := t.sameName(r.remote)
	judged := make([]judgement, len(files))
	for k, id := range files {
		judged[k] = t.judge(r.local, id)
		if judged[k].what == left {
			t.leaveAll(i, files, judged[k].note)
			return
		}
		if judged[k].pending {
			return
		}
	}
	keep := t.survivor(files, judged)
	rows := make([]row, 0, len(files)-1)
	for k, id := range files {
		if k == keep {
			continue
		}
		out, ok := t.loses(r.local, files[keep], id, judged[keep], judged[k])
		if !ok {
			return
		}
		what := spare
		if out {
			what = loser
		}
		rows = append(rows, row{local: tree.None, remote: id, parent: r.parent, by: i, what: what, note: noteSpare})
	}
	t.rows[i].remote, t.rows[i].what, t.rows[i].note = files[keep], judged[keep].what, judged[keep].note
	t.hide(i)
	t.rows = append(t.rows, rows...)
}

// sameName returns the files of the run that id begins.
func (t *target) sameName(id tree.ID) []tree.ID {
	remote := t.remote()
	_, end := remote.Children(remote.Parent(id))
	var files []tree.ID
	for stop := run(remote, id, end); id < stop; id++ {
		if remote.Kind(id).HasContent() {
			files = append(files, id)
		}
	}
	return files
}

// survivor prefers a file equal to the local one: of several the one in the manifest, then the one with the right
// fingerprint, then the lowest handle. If none is equal it is the newest, then the lowest handle.
func (t *target) survivor(files []tree.ID, judged []judgement) int {
	best, rank := -1, 0
	for k, id := range files {
		if judged[k].what == update {
			continue
		}
		mine := 1
		if t.owned.has(t.remote().Handle(id)) {
			mine += 4
		}
		if judged[k].what != touch {
			mine += 2
		}
		if mine > rank {
			best, rank = k, mine
		}
	}
	if best >= 0 {
		return best
	}
	best = 0
	for k, id := range files {
		if t.remote().Node(id).Created > t.remote().Node(files[best]).Created {
			best = k
		}
	}
	return best
}

// loses says whether a file beside the one that stays may go; ok is false while a question is open.
func (t *target) loses(local, keep, id tree.ID, kept, j judgement) (out, ok bool) {
	if t.policy.files != config.DuplicatesSource {
		return false, true
	}
	a, b := t.remote().Node(keep), t.remote().Node(id)
	if t.owned.has(b.Handle) || a.Size == 0 && b.Size == 0 {
		return true, true
	}
	if a.HasFingerprint && b.HasFingerprint && a.Size == b.Size && a.CRC == b.CRC && a.MTime == b.MTime {
		return true, true
	}
	if kept.what == update || j.what == update {
		return false, true
	}
	for _, one := range []tree.ID{keep, id} {
		l, r := t.local().Node(local), t.remote().Node(one)
		m := t.judgeMAC(local, &l, &r)
		if m.pending {
			return false, false
		}
		if !m.proven {
			return false, true
		}
	}
	return true, true
}

// leaveAll leaves every file of a name alone, since the local one could not be read.
func (t *target) leaveAll(i int32, files []tree.ID, why note) {
	t.rows[i].what, t.rows[i].note, t.rows[i].remote = left, why, files[0]
	for _, id := range files[1:] {
		t.add(row{local: t.rows[i].local, remote: id, parent: t.rows[i].parent, what: left, note: why})
	}
}
