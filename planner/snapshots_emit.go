package planner

import (
	"fmt"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
)

// snapshot emits a snapshot, if there is something new to keep: the folder it is built in, what goes there, and at last that it
// is published. Then what other runs left unfinished is taken away.
func (e *emitter) snapshot() {
	s := e.series
	if len(e.rows) == 0 {
		return
	}
	e.out.Equal = s.equal
	var publish ActionID
	if e.making() {
		publish = e.publish()
	} else {
		e.adoptBase()
	}
	for _, id := range s.unfinished {
		if id != s.building || publish == 0 {
			e.leftover(id)
		}
	}
	e.tally = tally{owned: e.tally.owned} // nothing of this was ever in a snapshot
	e.beside(publish)
	e.expireSnapshots(publish)
}

// publish builds the snapshot and publishes it.
func (e *emitter) publish() ActionID {
	s := e.series
	mark := e.mark()
	mark.Complete = false
	begin := len(e.p.plan.Actions)
	if s.building == tree.None {
		s.ref = Ref{Action: e.p.act(Action{
			Address: e.out.Address, Kind: CreateFolder, Path: e.home(), Reason: "the snapshot is built here",
			Needs: needs(e.out.Root.Action), Parent: e.out.Root, Name: s.folder, Mark: mark.Text(),
		})}
	}
	e.content()
	for i := range e.rows {
		if r := &e.rows[i]; r.what == gone {
			e.orphan(r, pruner{emitter: e, all: true, why: "left by a run that was cut off; the source has no such file"})
		}
	}
	var before []ActionID
	for i := begin; i < len(e.p.plan.Actions); i++ {
		if a := &e.p.plan.Actions[i]; !a.Kind.Content() { // for the rest it is AfterContent
			before = append(before, a.ID)
		}
	}
	mark = e.mark()
	a := Action{
		Address: e.out.Address, Kind: PublishSnapshot, Path: e.out.Path.Join(s.named), From: e.home(), Reason: e.whyPublish(mark),
		Bytes: mark.Bytes, Files: mark.Files, Needs: needs(before...), After: AfterContent,
		Parent: e.out.Root, Name: s.named, Folder: s.ref, Remote: Remote{Dir: true}, Mark: mark.Text(),
	}
	if s.building != tree.None {
		a.Remote = e.remoteOf(s.building)
	}
	return e.p.act(a)
}

// mark is that of the snapshot this plan makes.
func (t *target) mark() snapshot.Mark {
	s := t.series
	return snapshot.Mark{
		Began: s.began, Host: t.p.in.Host, Complete: !t.lacking, Tags: t.p.in.Options.Tags,
		Files: t.out.Files - s.missed.Files, Bytes: t.out.Bytes - s.missed.Bytes,
	}
}

// whyPublish says what the snapshot costs: it counts in full, whatever is copied (rule 24).
func (e *emitter) whyPublish(m snapshot.Mark) string {
	text := "complete"
	if !m.Complete {
		text = "not complete: something of the source cannot be read"
	}
	if e.series.base.ID != tree.None && !e.series.changed {
		text += "; nothing changed, and always = true"
	}
	return text + "; counts in full in the quota"
}

// whyUpload says why a file of a snapshot is not copied.
func (e *emitter) whyUpload(i int32) string {
	s := e.series
	if s.twins[i] == tree.None {
		return "new here"
	}
	return fmt.Sprintf("changed since %s", s.base.Name)
}

// adoptBase lets the state know the newest snapshot where it does not, and nothing else.
func (e *emitter) adoptBase() {
	base := e.series.base
	for id := range e.remote().Walk(base.ID) {
		h := e.remote().Handle(id)
		if !e.owned.has(h) {
			e.out.Adopt = append(e.out.Adopt, e.entry(id, e.below(id)))
		}
		if e.remote().Kind(id).HasContent() {
			e.tally.owned++
		}
	}
	dropped := make(map[tree.Handle]bool, len(e.out.Drop))
	for _, h := range e.out.Drop {
		dropped[h] = true
	}
	for _, known := range e.owned.entries {
		if !known.Path.Within(tree.Path(base.Name)) && !dropped[known.Handle] {
			e.out.Drop = append(e.out.Drop, known.Handle)
		}
	}
}

// leftover takes the folder of an unfinished snapshot away that nobody goes on with: this host's, or that of the host that
// this state knows to have had the backup, whose lease is gone as this run has it. Another's is left alone.
func (e *emitter) leftover(id tree.ID) {
	mark, _ := e.unfinished(id)
	known := e.prior != nil && SameHost(mark.Host, e.prior.Resource.Host)
	name := tree.Path(e.remote().Name(id))
	k := Kept{Path: name, Files: e.countFiles(id), Dir: true}
	switch {
	case !known && !SameHost(mark.Host, e.p.in.Host):
		k.Reason = "unfinished snapshot of host " + mark.Host
		e.out.Unmanaged = append(e.out.Unmanaged, k)
	case e.policy.onDelete == config.DeleteKeep:
		k.Reason = "unfinished snapshot; on_delete = \"keep\""
		e.out.Kept = append(e.out.Kept, k)
	default:
		p := pruner{emitter: e, all: true, why: "unfinished snapshot that nobody goes on with", after: AfterContent}
		p.prune(id, name, true)
	}
}

// beside looks at what lies beside the snapshots: none of it is the backup's.
func (e *emitter) beside(publish ActionID) {
	if e.root == tree.None {
		return
	}
	snapshots := map[tree.ID]bool{}
	for _, one := range e.series.list {
		snapshots[one.ID] = true
	}
	for _, id := range e.series.unfinished {
		snapshots[id] = true
	}
	stranger := *e.target
	stranger.owned = owned{} // what another mode of the backup left is no part of a snapshot
	first, end := e.remote().Children(e.root)
	for id := first; id < end; id++ {
		if !snapshots[id] {
			p := pruner{emitter: &emitter{target: &stranger}, first: publish, after: AfterContent}
			p.prune(id, tree.Path(e.remote().Name(id)), false)
		}
	}
	e.out.Kept, e.out.Unmanaged, e.tally = stranger.out.Kept, stranger.out.Unmanaged, stranger.tally
}
