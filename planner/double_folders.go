package planner

import (
	"cmp"
	"slices"
	"strings"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
)

// matchFolders matches a local folder with those of its name on MEGA. With folders = "merge" what is in any of them counts as
// if it lay in the one that stays, and goes there (rule 20).
func (t *target) matchFolders(at int32, local tree.ID, folders []tree.ID) int32 {
	keep := t.survivingFolder(local, folders)
	r := row{local: local, remote: keep, parent: at, what: same}
	switch {
	case keep == tree.None:
		r.what = create
	case t.remote().Node(keep).Incomplete:
		r.what, r.note = left, noteIncomplete
	default:
		t.gather(&r)
	}
	mine := t.add(r)
	others := t.otherFolders(mine, keep, folders)
	if r.what != left {
		t.matchDir(mine)
	}
	for _, r := range others {
		t.settle(r)
	}
	return mine
}

// survivingFolder is the one of several folders of a name that stays. To merge, and where nothing else is said, it is the one
// in the manifest, then one that holds something, then the lowest handle; in any case one that may not lose.
func (t *target) survivingFolder(local tree.ID, folders []tree.ID) tree.ID {
	switch len(folders) {
	case 0:
		return tree.None
	case 1:
		return folders[0]
	}
	for _, id := range folders {
		if !t.losable(id) && !t.remote().Node(id).Incomplete {
			return id
		}
	}
	if keep, ok := t.picks(local, folders); ok {
		return keep
	}
	rank := func(id tree.ID) int {
		mine := 0
		if t.owned.has(t.remote().Handle(id)) {
			mine = 2
		}
		if first, end := t.remote().Children(id); first != end {
			mine++
		}
		return mine
	}
	return slices.MaxFunc(folders, func(a, b tree.ID) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(t.remote().Handle(b), t.remote().Handle(a)))
	})
}

// picks returns the one of several folders that the policy picks, if each of them could go with all it holds. One that cannot
// would stay, and the next time another one might be picked: then all are left alone. So would one that ignore_drift hides.
func (t *target) picks(local tree.ID, folders []tree.ID) (keep tree.ID, ok bool) {
	switch t.policy.folders {
	case config.DuplicatesMerge, config.DuplicatesRename, config.DuplicatesReport:
		return tree.None, false
	}
	if !t.deletes() {
		return tree.None, false
	}
	for _, id := range folders {
		p := pruner{emitter: &emitter{target: t}, outdone: id, over: local}
		if !t.owned.has(t.remote().Handle(id)) && t.ignored(t.below(id)) || !p.goes(id, true) {
			return tree.None, false
		}
	}
	return t.pick(t.policy.folders, folders, tree.None), true
}

// otherFolders says what becomes of the folders of a name beside the one that stays, which is row by's.
func (t *target) otherFolders(by int32, keep tree.ID, folders []tree.ID) []row {
	if len(folders) < 2 {
		return nil
	}
	hidden := t.ignored(t.rel(by))
	_, picked := t.picks(t.rows[by].local, folders)
	var others []row
	for _, id := range folders {
		if id == keep {
			continue
		}
		r := row{local: tree.None, remote: id, parent: t.rows[by].parent, by: by, what: outdone}
		switch p := t.policy.folders; {
		case hidden && !t.owned.has(t.remote().Handle(id)):
			r.what, r.note = left, noteHidden
		case t.series != nil || p == config.DuplicatesReport || t.rows[by].what == left || !t.losable(id),
			p != config.DuplicatesMerge && p != config.DuplicatesRename && !picked:
			r.what, r.note = spare, noteSpare
		case p == config.DuplicatesMerge:
			r.what = merged
			if t.merged == nil {
				t.merged = map[int32][]tree.ID{}
			}
			t.merged[by] = append(t.merged[by], id)
		case p == config.DuplicatesRename && t.policy.unmanaged != config.UnmanagedTrash:
			r.what, r.moved = renamed, true
		}
		others = append(others, r)
	}
	return others
}

// mergedGroups is groups for a folder that others are merged into, the first of dirs.
func (t *target) mergedGroups(local tree.ID, dirs []tree.ID) []group {
	far := t.remote()
	var all []tree.ID
	for _, dir := range dirs {
		first, end := far.Children(dir)
		for id := first; id < end; id++ {
			all = append(all, id)
		}
	}
	slices.SortFunc(all, func(a, b tree.ID) int {
		return cmp.Or(strings.Compare(far.Name(a), far.Name(b)), cmp.Compare(far.Handle(a), far.Handle(b)))
	})
	var l, lEnd tree.ID
	if local != tree.None {
		l, lEnd = t.local().Children(local)
	}
	var groups []group
	for l < lEnd || len(all) > 0 {
		order := -1
		if l == lEnd {
			order = 1
		} else if len(all) > 0 {
			order = strings.Compare(t.local().Name(l), far.Name(all[0]))
		}
		g := group{local: l, localEnd: l, doubt: tree.None}
		if order >= 0 {
			n := 1
			for n < len(all) && far.Name(all[n]) == far.Name(all[0]) {
				n++
			}
			g.remote, g.remoteEnd, g.more = all[0], all[0]+1, all[1:n:n]
			all = all[n:]
		}
		if order <= 0 {
			g.localEnd = run(t.local(), l, lEnd)
		}
		l = g.localEnd
		groups = append(groups, g)
	}
	return groups
}
