package planner

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
)

// pruner removes remote-only nodes of one target, each as the rules for it say. A folder is trashed as one action when
// everything in it may go, else what may go in it is removed one by one.
type pruner struct {
	*emitter
	// hold, if set, is why nothing is removed.
	hold string
	// mine says that the topmost node is owned whatever the manifest says: its path is in the desired tree (rule 1).
	mine bool
	// first is an action that must have succeeded before.
	first ActionID
	// after is what a removal waits for beside that, at least.
	after After
	why   string
	// all says that everything is owned whatever the manifest says: it lies in a snapshot of the address. What was never
	// published goes under on_delete = "keep" too.
	all bool
	// contents says that what a folder block holds is looked at, beside its duplicates.
	contents bool
	// arrives says that the topmost node was moved to its place for duplicates' sake.
	arrives bool
	// outdone is a folder that lost against another one of its name, over the local folder of that name.
	outdone, over tree.ID
}

// pruned is what became of a node and everything below it.
type pruned struct {
	removed bool
	// action is the removal; through are removals of other addresses' roots below it, and moves out of it.
	action  ActionID
	through []ActionID
	files   int64 // content in it
	bytes   int64
	past    int64 // versions
	pastLen int64
	owned   int64 // owned files among files
	differ  int64 // files that lost against others which are not proven to be the same
	sacred  bool  // it holds something that is declared or megaplan's own, which is not worth a report
	reborn  bool  // an update may bring content of it, or stands against it (After)
}

// fate is what the rules say about one node, its content apart.
type fate struct {
	kind   Kind // "" if it stays
	reason string
	owned  bool
	silent bool
	// lost says that another node has the name and stays, equal that it is proven to be the same; original is that node, where it
	// is for its sake that nothing is lost.
	lost, equal bool
	original    tree.Handle
	// first is an action that must have succeeded before.
	first ActionID
}

func (p *pruner) prune(id tree.ID, path tree.Path, top bool) pruned {
	if to, leaves := p.leaves[id]; leaves && !(top && p.arrives) {
		return pruned{removed: true, through: []ActionID{p.rows[to].action}}
	}
	if q := p.inner(id); q != p {
		return q.prune(id, path, top)
	}
	if p.contents && p.settled[id] {
		return pruned{removed: true} // its row tells about it
	}
	n := p.remote().Node(id)
	if p.wholeSnapshot(id) {
		whole := *p
		whole.all = true
		p = &whole
	}
	f := p.fate(id, n, path, top)
	if f.owned && f.kind == "" && !f.lost && !p.owned.has(n.Handle) && p.out.Status == Active {
		p.out.Adopt = append(p.out.Adopt, p.entry(id, path)) // it stays ours when its path is no longer the source's
	}
	if other := p.account.roots[id]; other != nil && other != p.target {
		if gone := cmp.Or(other.removal, other.departure()); gone != 0 {
			return pruned{removed: true, through: []ActionID{gone}}
		}
		return pruned{sacred: true}
	}
	if n.Kind != tree.Dir {
		return p.leaf(id, n, path, f)
	}
	return p.folder(id, n, path, f)
}

// fate applies ownership (rule 1), on_delete, unmanaged and what nobody may touch.
func (p *pruner) fate(id tree.ID, n tree.Node, path tree.Path, top bool) fate {
	in, unknown := p.desired(id)
	owned := p.owned.has(n.Handle) || top && p.mine || p.all || in
	switch {
	case p.account.in.Own[n.Handle] || p.account.passage[id]:
		return fate{silent: true}
	case n.Kind == tree.Undecryptable:
		return fate{reason: "cannot be decrypted"}
	case n.Incomplete:
		return fate{owned: owned, reason: "not known completely"}
	case unknown:
		return fate{owned: owned, reason: "left out"}
	}
	if f, said := p.fateByRow(id); said {
		return f
	}
	switch {
	case owned && p.hold != "":
		return fate{owned: true, lost: in, reason: p.hold}
	case in:
		return fate{kind: Trash, owned: true, lost: true, reason: "in one of several folders of a name"}
	case owned:
		return p.removed(p.because("gone from the source"))
	case p.prior != nil && p.hidden.match(path):
		return fate{silent: true}
	case p.policy.unmanaged == config.UnmanagedIgnore:
		return fate{silent: true}
	case p.policy.unmanaged == config.UnmanagedTrash && p.hold == "" && p.out.Status != Destroyed:
		return fate{kind: Trash, reason: "not in the source; unmanaged = \"trash\""}
	}
	return fate{}
}

// removed is the fate of an owned node that the source lacks.
func (p *pruner) removed(why string) fate {
	switch {
	case p.policy.onDelete == config.DeleteKeep && !p.all:
		return fate{owned: true, reason: "gone from the source; on_delete = \"keep\""}
	case p.policy.onDelete == config.DeleteDestroy:
		return fate{kind: Destroy, owned: true, reason: why}
	}
	return fate{kind: Trash, owned: true, reason: why}
}

func (p *pruner) because(usual string) string {
	if p.why != "" {
		return p.why
	}
	return usual
}

// wholeSnapshot says whether a folder is a snapshot of a backup that is taken away: all that is in it is the backup's, though
// only the newest one's content is in the manifest.
func (p *pruner) wholeSnapshot(id tree.ID) bool {
	if p.all || p.out.Status != Destroyed || p.remote().Parent(id) != p.root {
		return false
	}
	_, unfinished := p.unfinished(id)
	return p.knowsSnapshot(p.remote().Handle(id)) || unfinished && p.owned.has(p.remote().Handle(id))
}

// leaf handles a file, or what cannot be decrypted.
func (p *pruner) leaf(id tree.ID, n tree.Node, path tree.Path, f fate) pruned {
	out := pruned{files: files(n), bytes: n.Size, past: int64(n.Versions), pastLen: n.VersionBytes, reborn: p.reborn(n, f)}
	if f.owned {
		out.owned = out.files
		p.tally.owned += out.files
	}
	if f.kind == "" {
		p.report(path, f, out.files, false)
		out.sacred = f.silent
		return out
	}
	a := p.removal(id, path, f, out)
	out.removed, out.action = true, p.p.act(a)
	p.tally.deleted += out.files
	if !f.lost {
		p.tally.gone += out.owned
	} else {
		p.tally.outdone += out.owned
		if !f.equal {
			out.differ = out.files
		}
	}
	if f.first != 0 {
		out.through = []ActionID{f.first}
	}
	return out
}

// removal is the action that takes a node away.
func (p *pruner) removal(id tree.ID, path tree.Path, f fate, sum pruned) Action {
	a := Action{
		Address: p.out.Address, Kind: f.kind, Path: p.out.Path.Join(string(path)), Reason: f.reason + along(sum.past),
		Bytes: sum.bytes, Files: sum.files, Needs: needs(p.first, f.first), After: p.waitsFor(f, sum), Remote: p.remoteOf(id),
		Original: f.original,
	}
	if path == "" {
		a.Path = p.out.Path
	}
	a.Bytes += sum.pastLen // older versions count in the quota too
	return a
}

// folder handles a folder after everything in it.
func (p *pruner) folder(id tree.ID, n tree.Node, path tree.Path, f fate) pruned {
	mark, kept, foreign := len(p.p.plan.Actions), len(p.out.Kept), len(p.out.Unmanaged)
	sum := pruned{removed: f.kind != "" && id != tree.Root, reborn: p.reborn(n, f)}
	var below []ActionID
	stay := true
	first, end := p.remote().Children(id)
	for c := first; c < end; c++ {
		in := p.prune(c, path.Join(p.remote().Name(c)), false)
		sum.removed = sum.removed && in.removed
		stay = stay && !in.removed && !in.sacred
		sum.sacred, sum.reborn = sum.sacred || in.sacred, sum.reborn || in.reborn
		sum.files, sum.bytes, sum.past, sum.pastLen = sum.files+in.files, sum.bytes+in.bytes, sum.past+in.past, sum.pastLen+in.pastLen
		sum.owned, sum.differ = sum.owned+in.owned, sum.differ+in.differ
		sum.through = append(sum.through, in.through...)
		if in.action != 0 {
			below = append(below, in.action)
		}
	}
	switch {
	case sum.removed:
		p.wholeFolder(&sum, id, path, f, below, mark)
	case stay && len(p.p.plan.Actions) == mark && p.foldable(f, sum, kept, foreign):
		p.out.Kept, p.out.Unmanaged = p.out.Kept[:kept], p.out.Unmanaged[:foreign]
		p.report(path, f, sum.files, true)
	}
	sum.sacred = sum.sacred || f.silent
	return sum
}

// wholeFolder removes a folder everything in which may go: trashed in one, or removed after what is in it (rule 16). What is to
// be destroyed does not go to the trash with a folder.
func (p *pruner) wholeFolder(sum *pruned, id tree.ID, path tree.Path, f fate, below []ActionID, mark int) {
	actions := p.p.plan.Actions
	fold := f.kind != Destroy && !slices.ContainsFunc(actions[mark:], func(a Action) bool { return a.Kind == Destroy })
	whole := *sum
	if !fold {
		whole.files, whole.bytes, whole.past, whole.pastLen, whole.differ = 0, 0, 0, 0, 0
	}
	if f.kind == MergeFolder && whole.files > 0 {
		f.reason += ", the rest goes to the trash"
		if whole.differ > 0 {
			f.reason += ": " + count(whole.differ, "file") + " not proven equal to what stays"
		}
	}
	a := p.removal(id, path, f, whole)
	before := append(sum.through, p.first)
	switch {
	case fold:
		p.p.plan.Actions = actions[:mark]
		a.Subtree = p.subtree(id)
	case f.kind != Destroy:
		a.Subtree = &Subtree{}
		fallthrough
	default:
		before = append(before, below...)
	}
	if p.shared(id) {
		a.Disown = &Disowned{p.owns(id)}
	}
	a.Needs = needs(before...)
	sum.action = p.p.act(a)
	sum.through = nil
}

// subtree sums up a folder as it will be when it is trashed: without other addresses' roots and nodes that are moved, which
// go before.
func (p *pruner) subtree(id tree.ID) *Subtree {
	sum := NewSubtreeSum()
	var add func(dir tree.ID)
	add = func(dir tree.ID) {
		first, end := p.remote().Children(dir)
		for c := first; c < end; c++ {
			if other := p.account.roots[c]; other != nil && other != p.target {
				continue
			}
			if _, leaves := p.leaves[c]; leaves {
				continue
			}
			sum.Add(p.remote().Handle(c), p.remote().Handle(dir), p.remote().Name(c))
			add(c)
		}
	}
	add(id)
	out := sum.Subtree()
	return &out
}

// foldable says whether everything noted about the nodes of a folder is what would be noted about the folder itself.
func (p *pruner) foldable(f fate, sum pruned, kept, foreign int) bool {
	if f.silent {
		return false
	}
	same := func(list []Kept) bool {
		for _, k := range list {
			if k.Reason != f.reason {
				return false
			}
		}
		return true
	}
	if f.owned {
		return len(p.out.Unmanaged) == foreign && same(p.out.Kept[kept:])
	}
	return len(p.out.Kept) == kept && sum.owned == 0 && same(p.out.Unmanaged[foreign:])
}

// report notes a node that stays.
func (p *pruner) report(path tree.Path, f fate, files int64, dir bool) {
	if f.silent {
		return
	}
	k := Kept{Path: path, Reason: f.reason, Files: files, Dir: dir}
	if f.owned {
		p.out.Kept = append(p.out.Kept, k)
	} else {
		p.out.Unmanaged = append(p.out.Unmanaged, k)
	}
}

// folderContents looks at what lies in a folder block: all of it is unmanaged.
func (e *emitter) folderContents() {
	if e.root == tree.None {
		return
	}
	p := pruner{emitter: e, contents: true}
	first, end := e.remote().Children(e.root)
	for c := first; c < end; c++ {
		in := p.prune(c, tree.Path(e.remote().Name(c)), false)
		e.tally.owned += in.files
	}
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
