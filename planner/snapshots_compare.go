package planner

import (
	"github.com/megaplan/megaplan/internal/tree"
)

// compareSnapshots settles the rows of a snapshot: what is in its folder already, then what the base has. It asks.
func (t *target) compareSnapshots() {
	if len(t.rows) == 0 {
		return
	}
	for i := 0; i < len(t.rows); i++ { // rows are added at the end while this runs
		switch r := &t.rows[i]; r.what {
		case compare:
			t.settleBuilt(int32(i), []tree.ID{r.remote})
		case doubled:
			t.settleBuilt(int32(i), t.doubles[int32(i)])
		case same:
			if i > 0 && t.local().Node(r.local).Meta != t.remote().Node(r.remote).Meta {
				r.what = attrs
			}
		}
	}
	t.findTwins()
	for i := range t.rows {
		t.compareTwin(int32(i))
	}
	s := t.series
	s.changed = s.changed || s.base.ID == tree.None || t.nodesBelow(s.base.ID) != t.paired()
}

// settleBuilt judges the files that a run that was cut off left under a row's name. The first that is right stays.
func (t *target) settleBuilt(i int32, files []tree.ID) {
	r := t.rows[i]
	keep := tree.None
	var j judgement
	for _, id := range files {
		if j = t.judge(r.local, id); j.pending || j.what == left {
			break
		}
		if j.what != update && t.correctable(r.local, id) {
			keep = id
			break
		}
	}
	switch {
	case j.pending:
		return
	case j.what == left:
		t.omit(i)
	case keep == tree.None:
		t.rows[i].what, t.rows[i].remote = upload, tree.None
	default:
		t.rows[i].what, t.rows[i].remote = j.what, keep
	}
	for _, id := range files {
		if id != keep {
			t.add(row{local: tree.None, remote: id, parent: r.parent, what: gone})
		}
	}
}

// correctable says whether a file of the same content is or can be made what the source has: no link is made of a file, and touch takes
// no metadata away.
func (t *target) correctable(local, remote tree.ID) bool {
	l, r := t.local().Node(local), t.remote().Node(remote)
	return l.Kind == r.Kind && (l.Meta != "" || r.Meta == "")
}

// omit leaves a file that cannot be read out of the snapshot.
func (t *target) omit(i int32) {
	r := &t.rows[i]
	r.what, r.remote = omitted, tree.None
	t.series.missed.Files++
	t.series.missed.Bytes += t.local().Size(r.local)
}

// findTwins finds the rows' counterparts in the base, by name and class.
func (t *target) findTwins() {
	s := t.series
	s.twins = make([]tree.ID, len(t.rows))
	for i := range t.rows {
		s.twins[i] = tree.None
		switch r := t.rows[i]; {
		case r.local == tree.None || s.base.ID == tree.None:
		case r.parent < 0:
			s.twins[i] = s.base.ID
		default:
			s.twins[i] = t.twinIn(s.twins[r.parent], r.local)
		}
	}
}

func (t *target) twinIn(dir, local tree.ID) tree.ID {
	if dir == tree.None {
		return tree.None
	}
	remote := t.remote()
	first, end := remote.Find(dir, t.local().Name(local))
	for id := first; id < end; id++ {
		if class(remote.Kind(id)) == class(t.local().Kind(local)) {
			return id
		}
	}
	return tree.None
}

// compareTwin compares a row with its counterpart in the base: what differs makes a snapshot worth its while, and what is
// equal is copied.
func (t *target) compareTwin(i int32) {
	r, twin := &t.rows[i], t.series.twins[i]
	switch {
	case r.local == tree.None || r.parent < 0 || r.what == omitted:
		return
	case t.local().Kind(r.local) == tree.Dir:
		t.series.changed = t.series.changed || twin == tree.None || t.metaDiffers(r.local, twin)
		return
	case twin == tree.None:
		t.series.changed = t.probe(i) || t.series.changed
		return
	case r.what != upload: // it was built already, or is open
		if r.what != same || !t.alike(r.remote, twin) {
			t.series.changed = true
		} else {
			t.series.equal++
		}
		return
	}
	switch j := t.judge(r.local, twin); {
	case j.pending:
	case j.what == left:
		t.omit(i)
	case j.what == update:
		t.series.changed = true
	default:
		if j.what == same && t.correctable(r.local, twin) {
			t.series.equal++
		} else {
			t.series.changed = true
		}
		t.copyTwin(i, twin, j)
	}
}

// probe opens a file that an incomplete base lacks, and says whether it can be read: one that still cannot is no reason for
// another snapshot.
func (t *target) probe(i int32) (readable bool) {
	if t.rows[i].what != upload || t.series.base.ID == tree.None || t.series.base.Complete {
		return true
	}
	a, ok := t.p.ask(Question{Ask: AskCRC, Backup: t.out.Address, File: t.rows[i].local})
	if !ok || a.Verdict != Unreadable && a.Verdict != Changed {
		return true
	}
	t.cannotRead(t.rows[i].local, a)
	t.omit(i)
	return false
}

// alike says whether two files on MEGA are the same in all that a snapshot keeps.
func (t *target) alike(a, b tree.ID) bool {
	x, y := t.remote().Node(a), t.remote().Node(b)
	return x.Size == y.Size && x.CRC == y.CRC && x.MTime == y.MTime && x.Meta == y.Meta && x.Kind == y.Kind
}

// copyTwin makes a row a copy of its counterpart, with attributes of its own.
func (t *target) copyTwin(i int32, twin tree.ID, j judgement) {
	r := &t.rows[i]
	n := t.remote().Node(twin)
	c := Candidate{Handle: n.Handle, Parent: t.remote().Handle(t.remote().Parent(twin)), Path: t.remote().Path(twin), Kind: n.Kind}
	proof := Answer{CRC: n.CRC}
	if (j.what == touch || !n.HasFingerprint) && n.Size > 0 {
		var ok bool
		if proof, ok = t.p.answers[Question{Ask: AskMAC, Backup: t.out.Address, File: r.local, Handle: n.Handle}]; !ok {
			if proof, ok = t.p.ask(Question{Ask: AskCRC, Backup: t.out.Address, File: r.local}); !ok {
				return
			}
		}
	}
	t.duplicate(i, c, proof)
	from := t.originals[i]
	l := t.local().Node(r.local)
	from.proven = j.proven || t.proof(r.local, &l, n.Handle) == proven
	from.why = "unchanged since " + t.series.base.Name + "; nothing is uploaded"
	t.originals[i] = from
}

// nodesBelow counts the nodes below a folder.
func (t *target) nodesBelow(id tree.ID) (n int) {
	for range t.remote().Walk(id) {
		n++
	}
	return n - 1
}

// paired counts the rows that have a counterpart in the base. What cannot be read now has one too: it is no change.
func (t *target) paired() (n int) {
	for i, twin := range t.series.twins {
		if twin != tree.None && t.rows[i].parent >= 0 {
			n++
		}
	}
	return n
}
