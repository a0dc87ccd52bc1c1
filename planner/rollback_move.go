package planner

import (
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// hasPrint says whether a node had a fingerprint.
func hasPrint(e *state.Entry) bool { return e.CRC != [16]byte{} || e.MTime != 0 }

// move emits the move of a node to its place of before, unless it is there: it comes there with its folder, too.
func (b *undoer) move(e *state.Entry, id tree.ID, fixed ActionID) ActionID {
	above := b.folder(e.Path.Dir())
	r := b.remoteOf(id)
	if above.ref.Handle == r.Parent && r.Name == e.Path.Base() {
		return 0
	}
	from, after := b.comingFrom(id)
	a := b.action(Move, e, above)
	a.From, a.Remote, a.Reason = from, r, "moved by "+b.run
	a.Needs = needs(above.after, after, fixed, b.vacate(above.ref, e))
	if e.Dir {
		a.Files, a.Bytes = b.volume(id)
	}
	if !hasPrint(e) {
		n := b.remote().Node(id)
		a.Fingerprint = Fingerprint{CRC: n.CRC, MTime: n.MTime / 1e9}
	}
	move := b.p.act(a)
	row := b.add(row{local: tree.None, remote: id, parent: 0, what: same, action: move})
	if b.leaves == nil {
		b.leaves = map[tree.ID]int32{}
	}
	b.leaves[id] = row
	return move
}

// comingFrom is where a node is once the folders above it are back at their places, and the last action that sees to that.
// A folder that waits for this node to leave it is still where it is.
func (b *undoer) comingFrom(id tree.ID) (tree.Path, ActionID) {
	name, parent := b.remote().Name(id), b.remote().Parent(id)
	if parent == b.root || parent == tree.Root {
		return b.remote().Path(id), 0
	}
	if i := b.index.find(b.remote().Handle(parent)); i >= 0 && b.stays(b.then[i].Handle) {
		if move := b.putBack(int32(i)); move != 0 {
			return b.out.Path.Join(string(b.then[i].Path)).Join(name), move
		}
	}
	above, after := b.comingFrom(parent)
	return above.Join(name), after
}

// vacate makes sure that a node that moves away leaves its name before another comes to it. In a circle one comes too early,
// which MEGA allows.
func (b *undoer) vacate(dir Ref, e *state.Entry) ActionID {
	parent, ok := b.account.find(dir.Handle)
	if !ok {
		return 0
	}
	first, end := b.remote().Find(parent, e.Path.Base())
	for c := first; c < end; c++ {
		i := b.index.find(b.remote().Handle(c))
		if i >= 0 && b.stays(b.then[i].Handle) && (b.remote().Kind(c) == tree.Dir) == e.Dir {
			if move := b.putBack(int32(i)); move != 0 {
				return move
			}
		}
	}
	return 0
}
