package planner

import (
	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
)

// matchContents settles what lies several times under a name in a folder block, if it is told to: nothing in it is compared
// with anything but its twins. What belongs to other addresses is not looked at.
func (t *target) matchContents() {
	asked := t.policy.files != config.DuplicatesReport || t.policy.folders != config.DuplicatesReport
	if !asked || t.root == tree.None || t.policy.unmanaged == config.UnmanagedTrash { // which leaves nothing in it
		return
	}
	t.settled = map[tree.ID]bool{}
	t.matchTwins(t.add(row{local: tree.None, remote: t.root, parent: -1, what: theirs}))
}

// matchTwins looks at the names in a row's folder, and in those that are merged into it.
func (t *target) matchTwins(at int32) {
	for _, g := range t.groups(tree.None, t.rows[at].remote, t.merged[at]) {
		var folders, files []tree.ID
		for id := range g.remotes() {
			switch k := t.remote().Kind(id); {
			case t.megaplans(id) || t.departs(id):
			case k == tree.Dir:
				folders = append(folders, id)
			case k.HasContent():
				files = append(files, id)
			}
		}
		t.twinFolders(at, folders)
		t.twinFiles(at, files)
	}
}

func (t *target) twinFolders(at int32, folders []tree.ID) {
	keep := t.survivingFolder(tree.None, folders)
	if keep == tree.None {
		return
	}
	r := row{local: tree.None, remote: keep, parent: at, what: theirs}
	other := t.account.roots[keep]
	alien := other != nil && other != t || t.remote().Node(keep).Incomplete
	if !alien {
		t.gather(&r)
	}
	mine := t.add(r)
	for _, r := range t.otherFolders(mine, keep, folders) {
		if alien { // what is another address's is not added to
			r.what, r.note, r.moved = spare, noteSpare, false
			delete(t.merged, mine)
		}
		t.settled[r.remote] = true
		if i := t.settle(r); r.what == renamed || r.what == spare { // it stays, with what is in it
			t.matchTwins(i)
		}
	}
	if !alien {
		t.matchTwins(mine)
	}
}

func (t *target) twinFiles(at int32, files []tree.ID) {
	if len(files) == 0 {
		return
	}
	p := t.policy.files
	var keep tree.ID
	switch p {
	case config.DuplicatesReport, config.DuplicatesRename:
		keep = t.pick(config.DuplicatesFirst, t.inPlace(at, files), tree.None)
	default:
		keep = t.pick(p, files, t.rows[at].remote)
	}
	r := row{local: tree.None, remote: keep, parent: at, what: theirs}
	if t.gather(&r); len(files) == 1 && !r.moved {
		return
	}
	mine := t.add(r)
	for _, id := range files {
		if id == keep {
			continue
		}
		r := row{local: tree.None, remote: id, parent: at, by: mine, what: loser, note: noteOther}
		if p == config.DuplicatesReport || t.ignored(t.rel(mine)) {
			r.what, r.note = spare, noteSpare
		} else if equal, _ := t.equalContent(tree.None, keep, id); equal { // while a question is open there is no plan
			r.note = noteEqual
		} else if p == config.DuplicatesRename {
			r.what, r.moved = renamed, true
		}
		t.settled[id] = true
		t.settle(r)
	}
}

// inPlace are those of several files that lie in a row's folder, if any does: they need not be moved.
func (t *target) inPlace(at int32, files []tree.ID) []tree.ID {
	var here []tree.ID
	for _, id := range files {
		if t.remote().Parent(id) == t.rows[at].remote {
			here = append(here, id)
		}
	}
	if len(here) == 0 {
		return files
	}
	return here
}
