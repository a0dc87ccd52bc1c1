package planner

import (
	"fmt"
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// series is what a backup that keeps snapshots has on MEGA, and the one this plan makes (rules 23, 24).
//
// Its rows pair the source with the folder the snapshot is built in, which a run that was cut off may have left. What is not
// there is looked for in the base and copied, then anywhere in the account, then uploaded.
type series struct {
	// list are the published ones, the newest first; unfinished the folders of those that are not.
	list       []snapshot.Snapshot
	unfinished []tree.ID
	// base is the newest one, complete or not: what it holds is copied, and a source that equals it needs no other. Its id is
	// tree.None if there is none.
	base snapshot.Snapshot

	began time.Time
	// named is what the new one will be called, folder the name of the folder it is built in, building that folder, tree.None if
	// it is made, and ref what stands for it.
	named, folder string
	building      tree.ID
	ref           Ref

	// twins are the rows' counterparts in the base.
	twins []tree.ID
	// changed says that the source has something the base has not; equal counts its files that the base has.
	changed bool
	equal   int64
	missed  Volume // of the source, what cannot be read
}

// readSeries finds the snapshots of a backup that keeps them.
func (t *target) readSeries() {
	if t.backup == nil || t.backup.Mode != config.ModeSnapshots || t.account == nil || !t.takesPart() {
		return
	}
	s := &series{building: tree.None}
	s.base.ID = tree.None
	t.series = s
	if t.root == tree.None {
		t.out.Snapshots = nil
		return
	}
	s.list = snapshot.List(t.remote(), t.root)
	if past := snapshot.Past(s.list, t.p.in.Now); len(past) > 0 && !t.remote().Node(past[0].ID).Incomplete {
		s.base = past[0]
	}
	first, end := t.remote().Children(t.root)
	for id := first; id < end; id++ {
		if _, marked := t.unfinished(id); marked {
			s.unfinished = append(s.unfinished, id)
		}
	}
	if t.out.Status == Active { // who takes a backup away takes nothing on
		t.out.Snapshots = t.facts()
	}
}

// unfinished says whether a node is the folder of a snapshot that was not published, and what its mark says.
func (t *target) unfinished(id tree.ID) (snapshot.Mark, bool) {
	if t.remote().Kind(id) != tree.Dir || !snapshot.IsBuilding(t.remote().Name(id)) {
		return snapshot.Mark{}, false
	}
	return snapshot.ParseMark(t.remote().Node(id).Snapshot)
}

// facts are the published snapshots as they are. A refresh adds none that the state does not know.
func (t *target) facts() []state.Snapshot {
	var out []state.Snapshot
	for _, one := range t.series.list {
		if t.p.in.Options.RefreshOnly && !t.knowsSnapshot(one.Handle) {
			continue
		}
		v := t.holding(one.ID)
		out = append(out, state.Snapshot{Name: one.Name, Handle: one.Handle, Began: one.Began, Files: v.Files, Bytes: v.Bytes, Complete: one.Complete})
	}
	return out
}

func (t *target) knowsSnapshot(h tree.Handle) bool {
	if t.prior == nil {
		return false
	}
	for _, known := range t.prior.Resource.Snapshots {
		if known.Handle == h {
			return true
		}
	}
	return false
}

// holding is what is in a snapshot, also in one that was not decrypted.
func (t *target) holding(id tree.ID) (v Volume) {
	if t.remote().Node(id).Incomplete {
		return t.account.in.Veiled[t.remote().Handle(id)]
	}
	v.Files, v.Bytes = t.volume(id)
	return v
}

// aheadOfTime is how far the local clock may be ahead of MEGA's: a snapshot's date cannot be corrected.
const aheadOfTime = 10 * time.Minute

// open names the snapshot that a plan would make, and finds the folder to go on with. It returns false where the local clock
// would date it before one that there is, or after what MEGA takes for now.
func (t *target) open() bool {
	s := t.series
	s.began = time.Unix(t.source.ScannedAt/1e9, 0).UTC()
	if s.base.ID != tree.None && s.began.Before(s.base.Began) {
		t.p.refuse(23, t, "the clock is behind", fmt.Sprintf(
			"The scan of %s began at %s by the clock of this host, and its newest snapshot is %s. Set the clock right: a snapshot's date cannot be corrected.",
			t.out.Source, s.began.Format(time.DateTime), s.base.Name))
		return false
	}
	if s.began.After(t.p.in.Now.Add(aheadOfTime)) {
		t.p.refuse(23, t, "the clock is ahead", fmt.Sprintf(
			"The scan of %s began at %s by the clock of this host; by MEGA's it is %s. Set the clock right: a snapshot's date cannot be corrected.",
			t.out.Source, s.began.Format(time.DateTime), t.p.in.Now.UTC().Format(time.DateTime)))
		return false
	}
	for n := 1; s.named == "" || t.taken(s.named) || t.taken(snapshot.BuildingName(s.named)); n++ {
		s.named = snapshot.Name(s.began, n)
	}
	s.folder = snapshot.BuildingName(s.named)
	for _, id := range s.unfinished { // by name, the newest last
		if mark, _ := t.unfinished(id); SameHost(mark.Host, t.p.in.Host) {
			s.building, s.folder, s.ref = id, t.remote().Name(id), Ref{Handle: t.remote().Handle(id)}
		}
	}
	return true
}

// making says whether the plan publishes a snapshot: there is something new to keep, or one is wanted always.
func (t *target) making() bool {
	return len(t.rows) > 0 && (t.series.changed || t.backup.Always)
}

// newestFiles counts the files of what will be the newest snapshot.
func (t *target) newestFiles() int64 {
	s := t.series
	switch {
	case t.making():
		return t.out.Files - s.missed.Files
	case s.base.ID == tree.None:
		return 0
	}
	return t.holding(s.base.ID).Files
}

// taken says whether the root has anything of a name.
func (t *target) taken(name string) bool {
	if t.root == tree.None {
		return false
	}
	first, end := t.remote().Find(t.root, name)
	return first < end
}

// onlyTheSource makes everything in the folder of a run that was cut off go that the source lacks or that cannot be told.
func (t *target) onlyTheSource() {
	for i := range t.rows {
		switch r := &t.rows[i]; r.what {
		case left, spare, loser, replaced:
			r.what, r.local, r.note = gone, tree.None, 0
		}
	}
}
