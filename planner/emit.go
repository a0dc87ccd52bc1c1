package planner

import (
	"cmp"
	"slices"
	"strings"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// emit turns rows into actions. Folders on the way to declared paths come first, then what brings content, each address in the order
// of the tree, then what takes content away; at last what is forgotten. An action needs only earlier ones.
func (p *planning) emit() {
	if p.in.Options.DriftOnly || p.in.Options.RefreshOnly {
		return
	}
	active := p.active()
	if p.in.Options.Rollback {
		for _, t := range active {
			newEmitter(t).undoRun()
		}
		return
	}
	byDepth := slices.Clone(active)
	slices.SortStableFunc(byDepth, func(a, b *target) int {
		return strings.Count(string(a.out.Path), "/") - strings.Count(string(b.out.Path), "/")
	})
	room := 0
	for _, t := range byDepth {
		p.ensureRoot(t)
		for i := range t.rows {
			if t.rows[i].what != same {
				room++
			}
		}
	}
	p.plan.Actions = slices.Grow(p.plan.Actions, room)
	var emitters []*emitter
	for _, t := range active {
		e := newEmitter(t)
		if t.series != nil {
			e.snapshot()
			continue
		}
		e.gathers()
		e.content()
		emitters = append(emitters, e)
	}
	for _, e := range emitters { // what one address destroys another one may copy
		e.deletions()
		e.expiries()
		slices.SortFunc(e.out.Found, func(a, b state.Entry) int { return cmp.Compare(a.Handle, b.Handle) })
		if e.folder != nil {
			e.folderContents()
		}
	}
	p.emitDestroyed()
	p.keepOriginals()
	p.emitForgotten()
}

// keepOriginals makes what is destroyed wait for the copies that are made of it, in any address of the account.
func (p *planning) keepOriginals() {
	copies := map[tree.Handle][]ActionID{}
	for i := range p.plan.Actions {
		a := &p.plan.Actions[i]
		switch {
		case a.Kind == Copy && a.Like == 0:
			copies[a.Remote.Handle] = append(copies[a.Remote.Handle], a.ID)
		case a.Kind == Update && a.Original != 0:
			copies[a.Original] = append(copies[a.Original], a.ID)
		case a.Kind == Destroy && len(copies[a.Remote.Handle]) > 0:
			a.Needs = needs(append(slices.Clone(a.Needs), copies[a.Remote.Handle]...)...)
		}
	}
}

// act appends an action and returns its id.
func (p *planning) act(a Action) ActionID {
	a.ID = ActionID(len(p.plan.Actions) + 1)
	p.plan.Actions = append(p.plan.Actions, a)
	return a.ID
}

// sourceTaken says whether the target gets a folder: backups without a source tree do not.
func (t *target) sourceTaken() bool { return t.folder != nil || len(t.rows) > 0 }

func needs(ids ...ActionID) []ActionID {
	var out []ActionID
	for _, id := range ids {
		if id != 0 {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// emitter emits one target's actions.
type emitter struct {
	*target
	places map[int32]place // of folder rows
	moves  map[int32]int8  // how far a row's move is
	parked map[tree.ID]ActionID
	// rewritten are the sizes that updated files get; nil while nobody asked.
	rewritten map[int64]bool
}

func newEmitter(t *target) *emitter {
	return &emitter{target: t, places: map[int32]place{}, moves: map[int32]int8{}, parked: map[tree.ID]ActionID{}}
}

// content emits what creates folders and brings or corrects content.
func (e *emitter) content() {
	for i := range e.rows {
		r := &e.rows[i]
		if r.moved {
			if e.move(int32(i)); r.what == update {
				e.update(int32(i))
			}
			continue
		}
		switch r.what {
		case create:
			e.reach(int32(i))
		case upload:
			e.upload(int32(i))
		case duplicate:
			e.copy(int32(i))
		case revive:
			e.bringBack(int32(i))
		case update:
			e.update(int32(i))
		case touch, attrs:
			e.correct(int32(i))
		case same:
			e.adopt(int32(i))
		}
	}
}

func (e *emitter) createFolder(i int32) {
	r := &e.rows[i]
	n := e.local().Node(r.local)
	above := e.reach(r.parent)
	r.action = e.p.act(Action{
		Address: e.out.Address, Kind: CreateFolder, Path: above.path.Join(n.Name), Reason: "new here",
		Needs: needs(above.after), Parent: above.ref, Name: n.Name, Meta: n.Meta,
	})
}

func (e *emitter) upload(i int32) {
	r := &e.rows[i]
	a := e.fileAction(i, Upload)
	a.Reason = "new here"
	if e.series != nil {
		a.Reason = e.whyUpload(i)
	} else if e.prior != nil && e.owned.hasFile(relative(a.Path, e.out.Path)) {
		a.Reason = "no longer on MEGA"
	}
	e.tally.created++
	r.action = e.p.act(a)
}

// fileAction fills in what upload and update share. Strings share the action's path wherever they can: a plan may hold
// millions.
func (e *emitter) fileAction(i int32, k Kind) Action {
	r := e.rows[i]
	n := e.local().Node(r.local)
	above := e.place(r.parent)
	name := e.nameOf(i) // an NFC-equal name stays as it is
	path := above.path.Join(name)
	a := Action{
		Address: e.out.Address, Kind: k, Path: path, Bytes: n.Size, Files: 1, Needs: needs(above.after),
		Parent: above.ref, Name: path.Base(), Meta: n.Meta, Local: localOf(n),
	}
	if above.same && n.LocalOrName() == name {
		a.Local.Path = string(relative(path, e.home()))
	} else {
		a.Local.Path = joinLocal(above.onDisk(e.home()), n.LocalOrName())
	}
	return a
}

func localOf(n tree.Node) Local {
	return Local{Symlink: n.Kind == tree.Symlink, Size: n.Size, MTime: n.MTime, CTime: n.CTime, Dev: n.Dev, Inode: n.Inode}
}

func (t *target) remoteOf(id tree.ID) Remote {
	far := t.remote()
	r := Remote{Handle: far.Handle(id), Parent: far.Handle(far.Parent(id)), Name: far.Name(id), Dir: far.Kind(id) == tree.Dir}
	if !r.Dir {
		r.Size = far.Size(id)
	}
	return r
}

// remoteNow is a row's node where it is once it was moved.
func (e *emitter) remoteNow(i int32) Remote {
	r := e.rows[i]
	now := e.remoteOf(r.remote)
	if r.moved {
		now.Parent, now.Name = e.place(r.parent).ref.Handle, e.nameOf(i)
	}
	return now
}

// update emits new content for an existing name. Without versions and with on_delete = "trash" the old node stays beside
// the new one until that is there (rule 15); deletions takes it away.
func (e *emitter) update(i int32) {
	r := &e.rows[i]
	a := e.fileAction(i, Update)
	a.Remote = e.remoteNow(i)
	a.Needs = needs(append(a.Needs, r.action)...)
	old := e.remote().Node(r.remote)
	e.find(r)
	a.Replace, a.KeepVersion = e.overwrite()
	if from, ok := e.originals[i]; ok {
		a.Proven = from.proven
		a.From, a.Original, a.Fingerprint = from.Path, from.Handle, Fingerprint{CRC: from.crc, MTime: seconds(a.Local.MTime)}
		a.Reason = equalElsewhere
		if from.Handle == 0 {
			a = e.takeAlong(a, from)
		}
	} else {
		a.Reason = e.whyUpdate(r)
	}
	a.Reason += "; " + afterwards(a, old)
	e.tally.rewritten++
	e.tally.owned++
	if !a.KeepVersion {
		e.tally.deleted++
	}
	r.action = e.p.act(a)
}

// overwrite applies rule 15: what becomes of content that an update replaces. "keep" keeps a version, whatever versions says.
func (t *target) overwrite() (replace, keepVersion bool) {
	switch {
	case t.policy.versions || t.policy.onDelete == config.DeleteKeep:
		return true, true
	case t.policy.onDelete == config.DeleteDestroy:
		return true, false
	}
	return false, false
}

func (e *emitter) whyUpdate(r *row) string {
	l, remote := e.local().Node(r.local), e.remote().Node(r.remote)
	if e.prior != nil && !e.owned.has(remote.Handle) && e.owned.hasFile(e.below(r.remote)) {
		return "replaced on MEGA by another client"
	}
	if remote.HasFingerprint && remote.MTime/1e9 == seconds(l.MTime) && remote.Size == l.Size {
		return "its content differs"
	}
	return "changed " + ago(e.p.in.Now, l.MTime)
}

func afterwards(a Action, old tree.Node) string {
	switch {
	case a.KeepVersion:
		return "the old one stays as version " + decimal(int64(old.Versions)+1)
	case a.Replace:
		return "the old one is destroyed"
	}
	return "the old one goes to the trash"
}

// correct emits touch and set_attributes.
func (e *emitter) correct(i int32) {
	r := &e.rows[i]
	above := e.place(r.parent)
	l, old := e.local().Node(r.local), e.remote().Node(r.remote)
	a := Action{
		Address: e.out.Address, Kind: SetAttributes, Path: above.path.Join(old.Name), Parent: above.ref, Name: old.Name,
		Remote: e.remoteOf(r.remote), Meta: l.Meta, Reason: "mode or other metadata changed", Needs: needs(above.after),
	}
	if r.moved { // it comes before the move
		a.Path, a.Parent, a.Needs = e.out.Path.Join(string(e.below(r.remote))), Ref{Handle: a.Remote.Parent}, nil
	}
	if a.Meta == "" && l.Kind == old.Kind && e.series == nil {
		a.Meta = old.Meta
	}
	if old.HasFingerprint {
		a.Fingerprint = Fingerprint{CRC: old.CRC, MTime: old.MTime / 1e9}
	}
	if l.Kind.HasContent() {
		a.Files = 1
		a.Local = e.fileAction(i, SetAttributes).Local
		e.tally.owned++
	}
	if r.what == touch {
		a.Kind, a.Reason = Touch, "same bytes, date corrected"
		if !old.HasFingerprint {
			a.Reason = "same bytes, date and fingerprint written"
		}
		q := Question{Ask: AskMAC, Backup: e.out.Address, File: r.local, Handle: old.Handle}
		a.Fingerprint = Fingerprint{CRC: e.p.answers[q].CRC, MTime: seconds(l.MTime)}
	}
	e.find(r)
	r.action = e.p.act(a)
}

// find notes a row's node that an action changes and the manifest does not know.
func (e *emitter) find(r *row) {
	if r.parent >= 0 && !e.owned.has(e.remote().Handle(r.remote)) {
		e.out.Found = append(e.out.Found, e.entry(r.remote, e.below(r.remote)))
	}
}

// adopt puts an equal node that the manifest does not know into it.
func (e *emitter) adopt(i int32) {
	r := &e.rows[i]
	if e.local().Kind(r.local).HasContent() {
		e.out.Equal++
		e.tally.owned++
	}
	if r.parent < 0 || e.owned.has(e.remote().Handle(r.remote)) {
		return
	}
	e.out.Adopt = append(e.out.Adopt, e.entry(r.remote, relative(e.place(r.parent).path.Join(e.remote().Name(r.remote)), e.out.Path)))
}
