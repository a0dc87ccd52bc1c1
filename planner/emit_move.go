package planner

import (
	"github.com/megaplan/megaplan/internal/tree"
)

// The states of a row's move while it is emitted.
const (
	moveBegun int8 = iota + 1
	moveDone
)

// reach makes sure that a folder row's folder, and each above it, is brought to its place by earlier actions, and returns the
// place.
func (e *emitter) reach(i int32) place {
	if p, ok := e.places[i]; ok {
		return p
	}
	r := &e.rows[i]
	switch {
	case r.moved:
		e.move(i)
	case r.what == create && r.parent >= 0 && r.action == 0:
		e.createFolder(i)
	case r.parent >= 0:
		e.reach(r.parent)
	}
	return e.place(i)
}

// move emits the move of a row's node to the row's place. A correction of its attributes comes before, at the old place; so
// does the move of a node that has the name now.
func (e *emitter) move(i int32) {
	if e.moves[i] != 0 {
		return
	}
	e.moves[i] = moveBegun
	r := &e.rows[i]
	above := e.reach(r.parent)
	n := e.remote().Node(r.remote)
	name := e.nameOf(i)
	a := Action{
		Address: e.out.Address, Kind: Move, Path: above.path.Join(name), From: e.out.Path.Join(string(e.below(r.remote))),
		Reason: "same bytes, proven by MAC; nothing is uploaded", Files: files(n), Bytes: n.Size,
		Parent: above.ref, Name: name, Remote: e.remoteOf(r.remote), Meta: n.Meta,
	}
	if n.HasFingerprint {
		a.Fingerprint = Fingerprint{CRC: n.CRC, MTime: n.MTime / 1e9}
	}
	if n.Kind == tree.Dir {
		a.Files, a.Bytes = e.volume(r.remote)
		a.Reason = "same " + count(a.Files, "file") + ", proven by MAC; nothing is uploaded"
		if !r.twin && r.what != renamed {
			a.Subtree = (&pruner{emitter: e}).subtree(r.remote)
		}
	} else if r.what == same {
		e.tally.owned++
	}
	e.forDuplicates(i, &a)
	if r.what == touch || r.what == attrs {
		e.correct(i)
		before := e.p.plan.Actions[r.action-1]
		a.Meta, a.Fingerprint = before.Meta, before.Fingerprint
	}
	waits := []ActionID{r.action, above.after, e.vacate(i)}
	if parked := e.parked[r.remote]; parked != 0 {
		waits = append(waits, parked)
		a.Remote.Parent, a.Remote.Name = above.ref.Handle, e.p.plan.Actions[parked-1].Name
	}
	a.Needs = needs(waits...)
	if a.Disown == nil && r.what != touch && r.what != attrs && r.what != update { // which note it themselves
		e.find(r)
	}
	r.action = e.p.act(a)
	e.moves[i] = moveDone
}

// vacate makes sure that the node that has a row's name has left it, and returns the action that sees to that. The last node
// of a circle steps aside, into the folder it is going to.
func (e *emitter) vacate(i int32) ActionID {
	old, taken := e.vacated[i]
	if !taken {
		return 0
	}
	to := e.leaves[old]
	if e.moves[to] != moveBegun {
		e.move(to)
		return e.rows[to].action
	}
	above := e.reach(e.rows[to].parent)
	n := e.remote().Node(old)
	name := ".megaplan-" + n.Handle.String()
	a := Action{
		Address: e.out.Address, Kind: Move, Path: above.path.Join(name), From: e.out.Path.Join(string(e.below(old))),
		Reason: "steps aside for a file that takes its name", Files: 1, Bytes: n.Size, Needs: needs(e.rows[to].action, above.after),
		Parent: above.ref, Name: name, Remote: e.remoteOf(old), Meta: n.Meta, Fingerprint: Fingerprint{CRC: n.CRC, MTime: n.MTime / 1e9},
	}
	if before := e.rows[to].action; before != 0 {
		a.Meta, a.Fingerprint = e.p.plan.Actions[before-1].Meta, e.p.plan.Actions[before-1].Fingerprint
	}
	e.parked[old] = e.p.act(a)
	return e.parked[old]
}

// forDuplicates completes a move that brings several nodes of a name into order. What nobody owned is nobody's afterwards, and
// so is what is renamed: the source has no such name.
func (e *emitter) forDuplicates(i int32, a *Action) {
	switch r := &e.rows[i]; {
	case r.what == renamed:
		a.Reason, a.Disown = "one of several of this name; kept under another one, and not megaplan's from now on", &Disowned{}
		if a.Remote.Dir {
			a.Disown.Along = e.owns(r.remote)
		}
	case r.twin:
		a.Reason = "its folder is one of several of the name, which become one"
		if e.foreign(r) {
			a.Disown = &Disowned{}
		}
	}
	if a.From == a.Path {
		a.From = ""
	}
}

// foreign says whether nobody owned the node of a row that moves between folders of one name.
func (e *emitter) foreign(r *row) bool {
	switch r.what {
	case theirs:
		return true
	case left:
		return !e.owned.has(e.remote().Handle(r.remote))
	case gone, replaced:
		return !(&pruner{emitter: e}).fate(r.remote, e.remote().Node(r.remote), e.below(r.remote), true).owned
	}
	return false
}
