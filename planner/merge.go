package planner

import (
	"slices"

	"github.com/megaplan/megaplan/internal/tree"
)

// A merge changes nobody's path: whatever lies in a folder that is merged into another one of its name, owned or not, moves
// there, and what has lost or is an orphan goes to the trash with the emptied folder. What can go neither way stays, and the
// folder with it: a name that is taken by something nobody may decide about.

// gathers collects what moves for duplicates' sake: survivors in other folders of the name, renamed ones, and what nothing
// else is said about.
func (t *target) gathers() {
	for i := range t.rows {
		if r := &t.rows[i]; r.moved && (r.twin || r.what == renamed) {
			t.leave(r.remote, int32(i))
		}
	}
	if !slices.ContainsFunc(t.rows, func(r row) bool { return r.what == merged || r.what == outdone }) {
		return
	}
	t.going, t.rowOf = map[tree.ID]bool{}, map[tree.ID]int32{}
	inside := map[tree.ID]bool{}
	for i := range t.rows {
		r := &t.rows[i]
		if r.what == merged || r.what == outdone {
			t.going[r.remote], t.rowOf[r.remote] = true, int32(i)
		}
		if r.what == merged {
			inside[r.remote], inside[t.rows[r.by].remote] = true, true
		}
	}
	for i := range t.rows {
		if r := &t.rows[i]; r.remote != tree.None && r.parent >= 0 && inside[t.remote().Parent(r.remote)] {
			t.rowOf[r.remote] = int32(i)
		}
	}
	c := carrier{pruner{emitter: &emitter{target: t}, hold: t.held()}, map[arrival]bool{}}
	for i := range t.rows {
		if r := &t.rows[i]; r.what == merged {
			c.carry(r.remote, t.rows[r.by].remote)
		}
	}
}

func (t *target) leave(id tree.ID, i int32) {
	if t.leaves == nil {
		t.leaves = map[tree.ID]int32{}
	}
	t.leaves[id] = i
}

// carrier moves what stays out of folders that are merged.
type carrier struct {
	pruner
	arrived map[arrival]bool
}

// arrival is a name that a folder gets.
type arrival struct {
	dir   tree.ID
	name  string
	class tree.Kind
}

func (c *carrier) carry(from, to tree.ID) {
	first, end := c.remote().Children(from)
	for id := first; id < end; id++ {
		i, known := c.rowOf[id]
		if _, leaves := c.leaves[id]; leaves || !known || !c.carried(i) {
			continue
		}
		a := arrival{to, c.remote().Name(id), class(c.remote().Kind(id))}
		if !c.losable(id) || a.class == tree.Undecryptable || c.arrived[a] || c.occupied(a) {
			continue
		}
		c.arrived[a] = true
		r := &c.rows[i]
		r.moved, r.twin = true, true
		c.leave(id, i)
	}
}

// carried says whether nothing but its place is decided about a row's node: it stays.
func (c *carrier) carried(i int32) bool {
	switch r := c.rows[i]; r.what {
	case gone, replaced:
		return !c.goes(r.remote, true)
	case left:
		return r.note != noteHidden
	}
	return false
}

// occupied says whether a name is taken in a folder by what stays there.
func (c *carrier) occupied(a arrival) bool {
	first, end := c.remote().Find(a.dir, a.name)
	for id := first; id < end; id++ {
		if _, leaves := c.leaves[id]; !leaves && class(c.remote().Kind(id)) == a.class && !c.goes(id, true) {
			return true
		}
	}
	return false
}

// goes says whether a node is removed with all that is in it.
func (p *pruner) goes(id tree.ID, top bool) bool {
	if _, leaves := p.leaves[id]; leaves {
		return true
	}
	if other := p.account.roots[id]; other != nil && other != p.target {
		return p.departs(id)
	}
	if q := p.inner(id); q != p {
		return q.goes(id, top)
	}
	if p.fate(id, p.remote().Node(id), p.below(id), top).kind == "" {
		return false
	}
	first, end := p.remote().Children(id)
	for c := first; c < end; c++ {
		if !p.goes(c, false) {
			return false
		}
	}
	return true
}

// inner returns the pruner for a folder that lost against another one, or p.
func (p *pruner) inner(id tree.ID) *pruner {
	i, known := p.rowOf[id]
	if !known || p.rows[i].what != outdone || p.outdone == id {
		return p
	}
	q := *p
	q.outdone, q.over = id, p.rows[p.rows[i].by].local
	return &q
}

// covered says whether a folder that is merged into another one or has lost against it takes a node along.
func (t *target) covered(id tree.ID) bool {
	if len(t.going) == 0 {
		return false
	}
	for up := t.remote().Parent(id); up != tree.Root; up = t.remote().Parent(up) {
		if _, leaves := t.leaves[up]; leaves {
			return false
		}
		if t.going[up] {
			return true
		}
	}
	return false
}

// fateByRow is what the rows say about a node in a folder that is merged, or that others are merged into.
func (p *pruner) fateByRow(id tree.ID) (f fate, said bool) {
	i, known := p.rowOf[id]
	if !known {
		return f, false
	}
	switch r := p.rows[i]; r.what {
	case gone:
		return f, false
	case replaced:
		f = p.removed(p.nameTaken(r.by))
		f.first = p.rows[r.by].action
	case loser:
		f = p.fateOfLoser(i)
	case merged, outdone:
		f = p.fateOfFolder(i)
	default:
		return fate{silent: true}, true // its row is told about by itself
	}
	if p.hold != "" {
		f.kind, f.reason = "", p.hold
	}
	return f, true
}

// fateOfFolder is what becomes of one of several folders of a name: the trash, whatever on_delete says.
func (t *target) fateOfFolder(i int32) fate {
	f := fate{kind: MergeFolder, owned: true, lost: true, reason: "one of several folders of this name; what the other one lacks moves there"}
	if t.rows[i].what == outdone {
		f.kind, f.reason = Trash, "one of several folders of this name; duplicates keeps the "+string(t.policy.folders)
	}
	return f
}

// desired says whether a node of a folder that lost against another one has its path in the source, and whether nothing may
// be concluded about it.
func (p *pruner) desired(id tree.ID) (in, unknown bool) {
	switch {
	case p.outdone == tree.Root:
		return false, false
	case id == p.outdone, p.target.folder != nil: // a folder block has no source
		return true, false
	case p.over == tree.None:
		return false, false
	}
	local := p.counterpart(id)
	if local == tree.None {
		return false, false
	}
	known := p.local().Kind(local) != tree.Unknown
	if p.orphaned(local) {
		return false, false
	}
	return known, !known || p.local().Node(local).Incomplete
}

// counterpart is the local node at the path of a remote one below the folder that lost.
func (p *pruner) counterpart(id tree.ID) tree.ID {
	if id == p.outdone {
		return p.over
	}
	above := p.counterpart(p.remote().Parent(id))
	if above == tree.None {
		return tree.None
	}
	name := p.remote().Name(id)
	first, end := p.local().Find(above, name)
	if first < end {
		return first
	}
	if isASCII(name) {
		return tree.None
	}
	first, end = p.local().Children(above)
	for c := first; c < end; c++ { // what is in the folder that stays may be matched like that (rule 14)
		if nfc(p.local().Name(c)) == nfc(name) {
			return c
		}
	}
	return tree.None
}

// takeAway emits what becomes of a folder beside another one of its name.
func (e *emitter) takeAway(i int32, hold string) {
	r := e.rows[i]
	if e.covered(r.remote) {
		return
	}
	path := relative(e.place(r.parent).path.Join(e.remote().Name(r.remote)), e.out.Path)
	p := &pruner{emitter: e, hold: hold, after: AfterNew}
	if !p.prune(r.remote, path, true).removed && hold == "" {
		e.spareFolder(path)
	}
}

// spareFolder reports a folder of several that holds what must stay.
func (e *emitter) spareFolder(path tree.Path) {
	e.spares++
	e.out.Unmanaged = append(e.out.Unmanaged, Kept{Path: path, Dir: true, Reason: "one of several folders of this name; it holds what has no place in the other one"})
}

// shared says whether a folder has its path in common with another one: it or a folder above is one of several of a name.
func (t *target) shared(dir tree.ID) bool {
	far := t.remote()
	for ; dir != t.root && dir != tree.Root; dir = far.Parent(dir) {
		first, end := far.Find(far.Parent(dir), far.Name(dir))
		for id := first; id < end; id++ {
			if id != dir && far.Kind(id) == tree.Dir {
				return true
			}
		}
	}
	return false
}

// owns lists the nodes of the manifest that go along with a folder.
func (e *emitter) owns(dir tree.ID) []tree.Handle {
	var out []tree.Handle
	first, end := e.remote().Children(dir)
	for c := first; c < end; c++ {
		if _, leaves := e.leaves[c]; leaves {
			continue
		}
		if h := e.remote().Handle(c); e.owned.has(h) {
			out = append(out, h)
		}
		out = append(out, e.owns(c)...)
	}
	return out
}
