package planner

import (
	"fmt"

	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// auditSnapshots compares the snapshots that state knows with what is there: the newest is in the manifest and compared file by
// file, of the others only the place, the number of files and their bytes (rule 23).
func (a *auditor) auditSnapshots() {
	if a.series == nil {
		return
	}
	for _, known := range a.prior.Resource.Snapshots {
		d := Difference{Address: a.out.Address, Path: tree.Path(known.Name), Dir: true, Files: known.Files}
		id, here := a.account.find(known.Handle)
		switch {
		case a.owned.has(known.Handle) && !(here && a.veiled(tree.Path(known.Name))):
		case !here:
			where, ok := a.p.whereIs(a.target, known.Handle)
			if !ok {
				continue
			}
			gone := a.absence(where, d.Path, true)
			gone.Files = known.Files
			a.note(gone)
			continue
		case a.remote().Parent(id) != a.root:
			d.Change, d.To, d.Detail = DriftMoved, a.remote().Path(id), "moved by another client"
		case a.remote().Name(id) != known.Name:
			d.Change, d.To, d.Detail = DriftRenamed, a.remote().Path(id), "renamed by another client"
		default:
			a.contents(&d, id, known)
		}
		if here && d.Change == "" && a.isDir(id) && !a.published(id) {
			d.Change, d.Detail = DriftAttributes, "its mark is gone: it counts as a snapshot no more"
		}
		if d.Change != "" {
			a.note(d)
		}
	}
}

func (a *auditor) contents(d *Difference, id tree.ID, known state.Snapshot) {
	v := a.holding(id)
	if v.Files == known.Files && v.Bytes == known.Bytes {
		return
	}
	d.Change = DriftChanged
	d.Detail = fmt.Sprintf("it holds %s, %s; it held %s, %s", count(v.Files, "file"), size(v.Bytes), count(known.Files, "file"), size(known.Bytes))
}

// snapshotsOwn says whether a folder is one of the backup's snapshots that the state knows, or one that is not finished: megaplan's
// own, and nobody's addition (rule 2).
func (a *auditor) snapshotsOwn(dir, id tree.ID) bool {
	if a.series == nil || dir != a.root {
		return false
	}
	_, unfinished := a.unfinished(id)
	h := a.remote().Handle(id)
	return unfinished || a.knowsSnapshot(h) && !a.owned.has(h) // of the newest, what was put into it is told
}

// filesIn counts the files in a folder, also in a snapshot that was not decrypted.
func (a *auditor) filesIn(id tree.ID) int64 {
	if a.series != nil {
		return a.holding(id).Files
	}
	return a.countFiles(id)
}

func (a *auditor) isDir(id tree.ID) bool { return a.remote().Kind(id) == tree.Dir }

// publishedSince says whether a folder in which the state knows a snapshot to be built was published: by a run that was killed
// before it could note that.
func (a *auditor) publishedSince(id tree.ID, e state.Entry) bool {
	return e.Dir && e.Path.Dir() == "" && snapshot.IsBuilding(string(e.Path)) && a.published(id)
}

// published says whether a node is a published snapshot of the backup.
func (t *target) published(id tree.ID) bool {
	if t.series == nil {
		return false
	}
	for _, one := range t.series.list {
		if one.ID == id {
			return true
		}
	}
	return false
}

// veiled says whether an entry of the manifest lies in a snapshot that is there and was not decrypted: another one is the newest
// by now, and this one is compared by what it holds.
func (a *auditor) veiled(path tree.Path) bool {
	if a.series == nil {
		return false
	}
	name := path
	for dir := path.Dir(); dir != ""; dir = dir.Dir() {
		name = dir
	}
	if done, known := a.shut[name]; known {
		return done
	}
	shut := false
	first, end := a.remote().Find(a.root, string(name))
	for id := first; id < end; id++ {
		shut = shut || a.remote().Node(id).Incomplete && a.owned.has(a.remote().Handle(id))
	}
	a.shut[name] = shut
	return shut
}
