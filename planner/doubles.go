package planner

import (
	"cmp"
	"slices"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
)

// setDoubles notes the files of a row that has several, by handle: MEGA allows siblings of one name (rule 20).
func (t *target) setDoubles(i int32, files []tree.ID) {
	if files == nil {
		return
	}
	if t.doubles == nil {
		t.doubles = map[int32][]tree.ID{}
	}
	slices.SortFunc(files, func(a, b tree.ID) int { return cmp.Compare(t.remote().Handle(a), t.remote().Handle(b)) })
	t.doubles[i] = files
}

// gather makes a row's node move into the row's folder, if it lies in one that is merged into that.
func (t *target) gather(r *row) {
	r.twin = r.remote != tree.None && r.parent >= 0 && t.remote().Parent(r.remote) != t.rows[r.parent].remote
	r.moved = r.twin
}

// settleDoubles picks the one of several remote files of a name that stays and is compared with the local one, and says what
// becomes of the others (rule 20).
func (t *target) settleDoubles(i int32) {
	local, files := t.rows[i].local, t.doubles[i]
	keep, j := t.winner(i, files)
	if j.pending {
		return
	}
	t.rows[i].remote, t.rows[i].what, t.rows[i].note = keep, j.what, j.note
	t.gather(&t.rows[i])
	if j.what != left {
		t.hide(i)
	}
	if t.rows[i].what == left { // what cannot be told of one holds for all
		t.rows[i].moved, t.rows[i].twin = false, false
	}
	var losers []row
	open := false // the questions about all of them are asked at once
	for _, id := range files {
		if id == keep {
			continue
		}
		r := row{local: tree.None, remote: id, parent: t.rows[i].parent, by: i, what: loser}
		switch hidden := t.ignored(t.rel(i)); {
		case t.rows[i].what == left || hidden && !t.owned.has(t.remote().Handle(id)):
			r.local, r.what, r.note = local, left, t.rows[i].note
			if t.rows[i].what != left {
				r.note = noteHidden
			}
		case !t.losable(id) || t.policy.files == config.DuplicatesReport && !t.owned.has(t.remote().Handle(id)):
			r.what, r.note = spare, noteSpare
		default:
			open = t.lose(&r, local, keep, j) || open
		}
		losers = append(losers, r)
	}
	if open {
		t.rows[i].what = doubled
		return
	}
	for _, r := range losers {
		t.settle(r)
	}
}

// lose says what becomes of a file that loses against the one that stays: another name or, with a reason, the trash; open says
// that a question about it is.
func (t *target) lose(r *row, local, keep tree.ID, kept judgement) (open bool) {
	renames, open := t.renames(local, keep, r.remote, kept)
	if open {
		return true
	}
	if renames {
		r.what, r.moved = renamed, true
		return false
	}
	r.note, open = t.whyLost(local, keep, r.remote, kept)
	return open
}

// renames says whether a loser gets another name. Not so what an interrupted run left beside its successor, nor what equals the
// one that stays; and where unmanaged = "trash" it would be trashed under that name too.
func (t *target) renames(local, keep, id tree.ID, kept judgement) (yes, open bool) {
	switch {
	case t.policy.files != config.DuplicatesRename, t.policy.unmanaged == config.UnmanagedTrash, t.owned.has(t.remote().Handle(id)):
		return false, false
	case kept.what == update, !t.deletes():
		return true, false
	case !t.p.in.Options.VerifyDuplicates:
		return !t.knownEqual(keep, id), false
	}
	equal, open := t.equalContent(local, keep, id)
	return !equal, open
}

// settle adds a row, and finds a name for one that is renamed.
func (t *target) settle(r row) int32 {
	i := t.add(r)
	if r.what == renamed {
		t.rename(i)
	}
	return i
}

// winner is the file that stays and what comparing it with the local one came to. rename and report keep the one that source
// keeps, and so does every policy as long as nothing may be deleted: an update would make another one the newest. report
// prefers one that need not be moved.
func (t *target) winner(i int32, files []tree.ID) (tree.ID, judgement) {
	r := t.rows[i]
	files = t.unhidden(i, files)
	switch p := t.policy.files; p {
	case config.DuplicatesSource, config.DuplicatesRename, config.DuplicatesReport:
	default:
		if t.deletes() {
			keep := t.pick(p, files, t.rows[r.parent].remote)
			return keep, t.judge(r.local, keep)
		}
	}
	if t.policy.files == config.DuplicatesReport {
		files = t.inPlace(r.parent, files)
	}
	judged := make([]judgement, len(files))
	for k, id := range files {
		judged[k] = t.judge(r.local, id)
		if judged[k].what == left || judged[k].pending {
			return id, judged[k]
		}
	}
	k := t.survivor(files, judged, t.rows[r.parent].remote)
	return files[k], judged[k]
}

// unhidden are those of several files of a row of which one is kept: not what ignore_drift hides beside ours, which stays whatever it is. In
// its place ours would be left alone as well, or the next time another one be kept.
func (t *target) unhidden(i int32, files []tree.ID) []tree.ID {
	if !t.ignored(t.rel(i)) {
		return files
	}
	ours := slices.DeleteFunc(slices.Clone(files), func(id tree.ID) bool { return !t.owned.has(t.remote().Handle(id)) })
	if len(ours) == 0 {
		return files
	}
	return ours
}

// survivor prefers a file equal to the local one: of several the one in the manifest, then the one with the right
// fingerprint, then one in the folder that others are merged into, then the lowest handle. If none is equal it is the newest;
// where others are not to be touched, the one in the manifest before that.
func (t *target) survivor(files []tree.ID, judged []judgement, dir tree.ID) int {
	best, rank := -1, 0
	for k, id := range files {
		if judged[k].what == update {
			continue
		}
		mine := 1
		if t.owned.has(t.remote().Handle(id)) {
			mine += 8
		}
		if judged[k].what != touch {
			mine += 4
		}
		if t.remote().Parent(id) == dir {
			mine += 2
		}
		if mine > rank {
			best, rank = k, mine
		}
	}
	if best >= 0 {
		return best
	}
	if t.policy.files != config.DuplicatesSource {
		for k, id := range files {
			if t.owned.has(t.remote().Handle(id)) {
				return k // the others are none of its business
			}
		}
	}
	return slices.Index(files, t.pick(config.DuplicatesNewest, files, dir))
}

// deletes says whether nothing holds deletions (rule 6) as far as the scan tells: some of it is noticed only while files are
// compared.
func (t *target) deletes() bool {
	if t.folder != nil || t.p.in.Options.DeleteDespiteErrors {
		return true
	}
	if t.held() == "" && !t.scanned {
		t.scanned = true
		for id := range tree.ID(t.local().Len()) {
			t.unlisted = t.unlisted || t.local().Node(id).Why == tree.Unreadable
		}
	}
	return t.held() == "" && !t.unlisted
}

// pick is the one of several nodes of a name that a policy keeps. Between equals one that need not be moved to dir is kept, then
// the lowest handle.
func (t *target) pick(p config.Duplicates, ids []tree.ID, dir tree.ID) tree.ID {
	rank := func(tree.ID) int64 { return 0 }
	switch p {
	case config.DuplicatesNewest:
		rank = func(id tree.ID) int64 { return t.remote().Node(id).Created }
	case config.DuplicatesOldest:
		rank = func(id tree.ID) int64 { return -t.remote().Node(id).Created }
	case config.DuplicatesLargest:
		rank = t.weight
	case config.DuplicatesSmallest:
		rank = func(id tree.ID) int64 { return -t.weight(id) }
	case config.DuplicatesFirst:
		rank = func(id tree.ID) int64 { return -int64(t.remote().Handle(id)) }
	default:
		panic("planner: duplicates = " + string(p))
	}
	return slices.MaxFunc(ids, func(a, b tree.ID) int {
		return cmp.Or(
			cmp.Compare(rank(a), rank(b)), preferTrue(t.remote().Parent(b) == dir, t.remote().Parent(a) == dir),
			cmp.Compare(t.remote().Handle(b), t.remote().Handle(a)))
	})
}

// weight is the size of a file, or of all files in a folder.
func (t *target) weight(id tree.ID) int64 {
	if t.remote().Kind(id) != tree.Dir {
		return t.remote().Size(id)
	}
	_, bytes := t.volume(id)
	return bytes
}

// losable says whether a node may lose against another one of its name: not what is megaplan's own, what an address has for its
// root, or what lies on the way to one.
func (t *target) losable(id tree.ID) bool {
	other := t.account.roots[id]
	return !t.megaplans(id) && !t.account.passage[id] && (other == nil || other == t) && !t.remote().Node(id).Incomplete
}

// megaplans says whether a node is megaplan's own, which nobody's rules apply to (rule 2).
func (t *target) megaplans(id tree.ID) bool {
	return len(t.account.in.Own) > 0 && t.account.in.Own[t.remote().Handle(id)]
}

// whyLost says how a loser compares with the file that stays.
func (t *target) whyLost(local, keep, id tree.ID, kept judgement) (why note, open bool) {
	if kept.what == update { // its content is no more when the update is done
		return noteStale, false
	}
	if equal, open := t.equalContent(local, keep, id); open || equal {
		return noteEqual, open
	}
	return noteOther, false
}

// fateOfLoser is what becomes of one of several files of a name: the trash, or with on_delete = "destroy" the end, if nothing
// is lost with it (rule 20).
func (t *target) fateOfLoser(i int32) fate {
	r := t.rows[i]
	which := "another one"
	switch by := t.policy.files; by {
	case config.DuplicatesNewest, config.DuplicatesOldest, config.DuplicatesLargest, config.DuplicatesSmallest, config.DuplicatesFirst:
		which = "the " + string(by) + " one"
	}
	f := fate{kind: Trash, owned: true, lost: true, first: t.rows[r.by].action, reason: "one of several of this name; " + which + " stays"}
	switch r.note {
	case noteEqual:
		f.reason, f.equal = "one of several of this name; the same content stays", true
		if t.policy.onDelete == config.DeleteDestroy && t.remote().Node(r.remote).Versions == 0 {
			f.kind, f.original = Destroy, t.remote().Handle(t.rows[r.by].remote)
		}
	case noteStale:
		f.reason = "one of several of this name; " + which + " is updated"
	}
	return f
}
