package planner

import (
	"github.com/megaplan/megaplan/internal/tree"
)

// place is where a folder row is: its remote path, and its path on disk where that is another one.
type place struct {
	path  tree.Path
	local string
	same  bool // local is path as seen from the target's root
	ref   Ref
	after ActionID // what puts the folder there, or one above it
	open  bool     // that action is still to come: this is asked again
}

func (e *emitter) place(i int32) place {
	if p, ok := e.places[i]; ok {
		return p
	}
	r := e.rows[i]
	var p place
	if r.parent < 0 {
		p = e.top()
	} else {
		above := e.place(r.parent)
		var n tree.Node
		if r.local != tree.None {
			n = e.local().Node(r.local)
		}
		name := e.nameOf(i)
		p.open = above.open
		switch {
		case r.moved:
			p.open = p.open || e.moves[i] != moveDone
			p.ref, p.after = Ref{Handle: e.remote().Handle(r.remote)}, r.action
		case r.remote != tree.None:
			p.ref, p.after = Ref{Handle: e.remote().Handle(r.remote)}, above.after
		default:
			p.open = p.open || r.action == 0
			p.ref, p.after = Ref{Action: r.action}, r.action
		}
		p.path = above.path.Join(name)
		p.same = above.same && n.LocalOrName() == name
		if !p.same {
			p.local = joinLocal(above.onDisk(e.home()), n.LocalOrName())
		}
	}
	if !p.open {
		e.places[i] = p
	}
	return p
}

// top is where the source's root is on MEGA.
func (e *emitter) top() place {
	if e.series != nil {
		return place{path: e.home(), same: true, ref: e.series.ref, after: e.series.ref.Action}
	}
	return place{path: e.out.Path, same: true, ref: e.out.Root, after: e.out.Root.Action}
}

// home is the remote path of the source's root: the address's own, or the folder in which a snapshot is built.
func (t *target) home() tree.Path {
	if t.series != nil {
		return t.out.Path.Join(t.series.folder)
	}
	return t.out.Path
}

// onDisk returns the folder's path on disk, from the source's root.
func (p place) onDisk(root tree.Path) string {
	if p.same {
		return string(relative(p.path, root))
	}
	return p.local
}

func joinLocal(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// rel returns a row's path from the target's root, in names as on MEGA where the row is there.
func (t *target) rel(i int32) tree.Path {
	above := t.rows[i].parent
	if above < 0 {
		return relative(t.home(), t.out.Path)
	}
	return t.rel(above).Join(t.nameOf(i))
}

// nameOf is a row's name after the plan: the one on MEGA where the row is there.
func (t *target) nameOf(i int32) string {
	switch r := t.rows[i]; {
	case r.what == renamed:
		return t.names[i]
	case r.local == tree.None, r.remote != tree.None && !r.moved, r.what == left:
		return t.remote().Name(r.remote)
	default:
		return t.local().Name(r.local)
	}
}
