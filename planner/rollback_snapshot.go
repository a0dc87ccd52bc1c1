package planner

import (
	"fmt"
	"slices"

	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// unpublish is the way back of a backup that keeps snapshots: the one that the run published goes to the trash, and what state
// knows file by file is again the one before it.
type unpublish struct {
	published state.Entry
	id        tree.ID
	mark      snapshot.Mark
	before    state.Manifest
}

// takeBackSnapshot finds the snapshot that the last run published; a run that published none changed nothing that can be taken
// back.
func (t *target) takeBackSnapshot() {
	before := t.prior.Before.Manifest
	old := owned{entries: before}
	i := slices.IndexFunc(t.owned.entries, func(e state.Entry) bool { return e.Dir && e.Path.Dir() == "" && !old.has(e.Handle) })
	if i < 0 {
		return
	}
	e := t.owned.entries[i]
	id, here := t.account.find(e.Handle)
	mark, marked := snapshot.Mark{}, false
	if here {
		mark, marked = snapshot.ParseMark(t.remote().Node(id).Snapshot)
	}
	u := &undo{target: t, lostIn: map[tree.Path]int{}, spared: map[tree.Handle]bool{}}
	if !here || !marked || t.remote().Parent(id) != t.root || t.remote().Name(id) != e.Path.Base() {
		u.lose(&e, "another client took it away or changed it since")
		return
	}
	t.p.ask(u.heldIn(&e))
	u.snapshot = &unpublish{published: e, id: id, mark: mark, before: before}
	t.undo = u
}

// unpublishSnapshot emits the end of the snapshot. As the backup's last one it is protected and counts for the limits.
func (e *emitter) unpublishSnapshot() {
	u := e.target.undo
	s := u.snapshot
	held := e.p.answers[u.heldIn(&s.published)].Held
	if len(e.out.Snapshots) <= 1 {
		e.tally.owned, e.tally.gone, e.tally.deleted = held.Files, held.Files, held.Files
		if e.out.Lifecycle.PreventDestroy || e.prior.Resource.PreventDestroy {
			e.p.refuse(18, e.target, "the last snapshot is protected", fmt.Sprintf(
				"%s has prevent_destroy set, and %s is its only snapshot. Nothing was changed.", e.out.Address, s.published.Path))
		}
	}
	e.out.Undoes = e.prior.Before.String()
	e.p.act(Action{
		Address: e.out.Address, Kind: ExpireSnapshot, Path: e.out.Path.Join(string(s.published.Path)), Reason: "published by " + e.out.Undoes,
		Bytes: held.Bytes, Files: held.Files, Remote: e.remoteOf(s.id), Subtree: &held.Subtree, Mark: s.mark.Text(),
	})
	for _, old := range s.before {
		if !e.owned.has(old.Handle) && e.inSnapshot(old.Path) {
			e.out.Adopt = append(e.out.Adopt, old)
		}
	}
}

// inSnapshot says whether a path is or lies in one of the published snapshots.
func (t *target) inSnapshot(p tree.Path) bool {
	return slices.ContainsFunc(t.out.Snapshots, func(s state.Snapshot) bool { return p.Within(tree.Path(s.Name)) })
}
