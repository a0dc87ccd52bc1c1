package planner

import (
	"slices"
	"strings"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// undoer emits what takes a run back: first what brings back, then what takes away.
type undoer struct {
	*undo
	emitter *emitter
	places  map[tree.Path]undone // of folders
	// done is the action of an entry's move or return, 0 where none is needed; begun entries are being emitted.
	done  map[int32]ActionID
	begun map[int32]bool
	run   string // the one that is taken back
}

// undone is where a folder of before is: its node, or the action that makes it, and what puts it there.
type undone struct {
	ref   Ref
	after ActionID
}

// undoRun emits the way back for one target.
func (e *emitter) undoRun() {
	u := e.target.undo
	if u == nil || e.root == tree.None {
		return
	}
	if u.snapshot != nil {
		e.unpublishSnapshot()
		return
	}
	b := undoer{
		undo: u, emitter: e, places: map[tree.Path]undone{"": {ref: e.out.Root}}, done: map[int32]ActionID{}, begun: map[int32]bool{},
		run: e.prior.Before.String(),
	}
	e.out.Undoes = e.prior.Before.String()
	e.add(row{local: tree.None, remote: e.root, parent: -1, what: same})
	for _, entry := range e.owned.entries {
		if !entry.Dir {
			e.tally.owned++
		}
	}
	for _, i := range u.back {
		b.giveBack(i)
	}
	for _, stranger := range u.strangers {
		b.letIn(stranger)
	}
	for i := range u.then {
		if id, ok := u.over[int32(i)]; ok {
			b.revert(&u.then[i], id)
		}
	}
	for _, i := range u.changed {
		b.putBack(i)
	}
	b.takeAway()
	slices.SortStableFunc(e.out.Returns, func(a, b state.Entry) int { return strings.Compare(string(a.Path), string(b.Path)) })
}

// folder returns the folder that was at a path, brought back or made anew if need be.
func (b *undoer) folder(path tree.Path) undone {
	if at, ok := b.places[path]; ok {
		return at
	}
	above := b.folder(path.Dir())
	if i, ok := b.dirs[path]; ok {
		h := b.then[i].Handle
		id, here := b.account.find(h)
		switch {
		case b.along[h]:
			at := undone{ref: Ref{Handle: h}, after: above.after}
			if id := b.giveBack(i); id != 0 {
				at.after = id
			}
			b.places[path] = at
			return at
		case here && b.remote().Kind(id) == tree.Dir:
			at := undone{ref: Ref{Handle: h}, after: above.after}
			if id := b.putBack(i); id != 0 {
				at.after = id
			}
			b.places[path] = at
			return at
		}
	}
	id := b.p.act(Action{
		Address: b.out.Address, Kind: CreateFolder, Path: b.out.Path.Join(string(path)), Reason: "it was here before; its old folder is gone",
		Needs: needs(above.after), Parent: above.ref, Name: path.Base(),
	})
	b.places[path] = undone{ref: Ref{Action: id}, after: id}
	return b.places[path]
}

// giveBack emits the way of a node out of the bin, with all below it; 0 for one that comes with its folder.
func (b *undoer) giveBack(i int32) ActionID {
	if id, ok := b.done[i]; ok {
		return id
	}
	b.done[i] = 0
	e := &b.then[i]
	where := b.where(e.Handle)
	if where.TrashedBy == "" {
		return 0
	}
	above := b.folder(e.Path.Dir())
	a := b.action(RestoreFromTrash, e, above)
	a.Reason = "trashed by " + b.run
	a.Remote = Remote{Handle: e.Handle, Parent: where.Parent, Name: where.Name, Size: e.Size, Dir: e.Dir}
	if e.Dir {
		held := b.p.answers[b.heldIn(e)].Held
		if other, _ := b.dirs[e.Path]; other != i && held.Subtree.Nodes == 0 {
			return 0 // it became one with another folder of its name, and all it held is there
		}
		a.Files, a.Bytes, a.Subtree = held.Files, held.Bytes, &held.Subtree
		b.comeAlong(int(i))
	}
	b.tally.created += a.Files
	b.done[i] = b.p.act(a)
	return b.done[i]
}

// comeAlong notes what comes out of the bin in a folder. Several folders may have its path.
func (b *undoer) comeAlong(i int) {
	in := map[tree.Handle]bool{b.then[i].Handle: true}
	end := pastAll(b.then[i].Path)
	for j := i + 1; j < len(b.then) && b.then[j].Path < end; j++ {
		below := &b.then[j]
		if b.along[below.Handle] && below.Path.Within(b.then[i].Path) && in[b.where(below.Handle).Parent] {
			in[below.Handle] = true
			b.out.Returns = append(b.out.Returns, *below)
		}
	}
}

// letIn emits the way out of the bin of what was never megaplan's, and is not afterwards.
func (b *undoer) letIn(t Trashed) {
	if id, there := b.remote().Lookup(t.Path); there && t.Remote.Dir && b.remote().Kind(id) == tree.Dir && t.Held != nil && t.Held.Nodes == 0 {
		return // it became one with that folder, and all it held is there
	}
	rel := relative(t.Path, b.out.Path)
	above := b.folder(rel.Dir())
	a := Action{
		Address: b.out.Address, Kind: RestoreFromTrash, Path: t.Path, Needs: needs(above.after), Parent: above.ref, Name: rel.Base(),
		Reason: "trashed by " + b.run + ", though not megaplan's", Disown: &Disowned{}, Remote: t.Remote, Files: 1, Bytes: t.Bytes,
	}
	a.Remote.TrashedAt = 0
	if t.Remote.Dir {
		a.Files, a.Subtree = 0, t.Held
	}
	b.p.act(a)
}

func (b *undoer) where(h tree.Handle) Where {
	w, _ := b.p.whereIs(b.target, h)
	return w
}

// action fills in what brings an entry to its place.
func (b *undoer) action(k Kind, e *state.Entry, above undone) Action {
	a := Action{
		Address: b.out.Address, Kind: k, Path: b.out.Path.Join(string(e.Path)), Needs: needs(above.after), Parent: above.ref, Name: e.Path.Base(),
		Meta: e.Meta, Fingerprint: Fingerprint{CRC: e.CRC, MTime: e.MTime},
	}
	if !e.Dir {
		a.Files, a.Bytes = 1, e.Size
	}
	return a
}

// revert emits the copy of an old version over the node that took its place, which becomes a version in its turn.
func (b *undoer) revert(e *state.Entry, id tree.ID) {
	n := b.remoteOf(id)
	path, after := b.comingFrom(id)
	a := b.action(Update, e, undone{ref: Ref{Handle: n.Parent}, after: after})
	a.Path, a.Name, a.Remote = path, n.Name, n
	a.Reason = "replaced by " + b.run + "; what replaced it stays as a version"
	a.Original, a.Replace, a.KeepVersion, a.Local.Size = e.Handle, true, true, e.Size
	b.tally.rewritten++
	b.p.act(a)
}

// putBack emits what gives a node that is still there its place and its attributes of before. It returns the move, 0 if there
// is none.
func (b *undoer) putBack(i int32) ActionID {
	if id, ok := b.done[i]; ok || b.begun[i] {
		return id
	}
	b.begun[i] = true
	e := &b.then[i]
	now := b.now(e.Handle)
	id, here := b.account.find(e.Handle)
	switch {
	case *now == *e:
	case !here || b.strayed(id, now) && b.strayed(id, e):
		b.lose(e, "another client took it away since")
	default:
		b.done[i] = b.move(e, id, b.correct(e, now, id))
		return b.done[i]
	}
	b.done[i] = 0
	return 0
}

// stays says whether a node of before is still in the tree.
func (b *undoer) stays(h tree.Handle) bool {
	_, disowned := b.disowned[h]
	return disowned || b.owned.has(h)
}

// now is the entry of a node as it is now.
func (b *undoer) now(h tree.Handle) *state.Entry {
	if e, ok := b.disowned[h]; ok {
		return &e
	}
	return &b.owned.entries[b.owned.find(h)]
}

// correct emits what writes the attributes of before, where they can be: a fingerprint that was not there is not taken off.
func (b *undoer) correct(e, now *state.Entry, id tree.ID) ActionID {
	dated := hasPrint(e) && (e.CRC != now.CRC || e.MTime != now.MTime)
	if !dated && e.Meta == now.Meta {
		return 0
	}
	r := b.remoteOf(id)
	path, after := b.comingFrom(id)
	a := b.action(SetAttributes, e, undone{ref: Ref{Handle: r.Parent}, after: after})
	a.Path, a.Name, a.Remote, a.Bytes = path, r.Name, r, 0
	a.Reason = "as it was before " + b.run
	var last ActionID
	if dated {
		a.Kind = Touch
		if last = b.p.act(a); e.Meta != "" {
			return last
		}
	}
	if e.Meta != now.Meta {
		a.Kind, a.Needs = SetAttributes, needs(after, last)
		if !hasPrint(e) {
			a.Fingerprint = Fingerprint{CRC: now.CRC, MTime: now.MTime}
		}
		last = b.p.act(a)
	}
	return last
}

// within says whether a node lies in a folder of a list, however deep, and stays in it: there may be a folder between that the
// run did not make.
func (b *undoer) within(list *owned, id tree.ID) bool {
	for id != tree.Root && id != b.root {
		if _, leaves := b.leaves[id]; leaves {
			return false
		}
		if id = b.remote().Parent(id); list.has(b.remote().Handle(id)) {
			return true
		}
	}
	return false
}

// takeAway trashes what the run made, as far as nothing else is in it, once all else is back. It is the trash whatever on_delete
// says: a rollback destroys nothing.
func (b *undoer) takeAway() {
	made := owned{}
	for _, e := range b.made {
		if !b.spared[e.Handle] {
			made.entries = append(made.entries, e)
		}
	}
	type top struct {
		id   tree.ID
		path tree.Path
	}
	var tops []top
	for i := range made.entries {
		e := &made.entries[i]
		id, here := b.account.find(e.Handle)
		switch {
		case !here: // it is gone already
		case b.within(&made, id): // it goes with its folder
		case b.strayed(id, e):
			b.lose(e, "another client took it away since")
		default:
			path, _ := b.comingFrom(id)
			tops = append(tops, top{id, relative(path, b.out.Path)})
		}
	}
	t := b.target
	t.owned, t.hidden = made, globs{}
	t.policy.onDelete, t.policy.unmanaged = config.DeleteTrash, config.UnmanagedReport
	files := t.tally.owned
	for _, top := range tops {
		p := pruner{emitter: b.emitter, why: "made by " + b.run, after: AfterContent}
		p.prune(top.id, top.path, true)
	}
	t.tally.owned = files // they were counted before
}
