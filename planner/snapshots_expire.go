package planner

import (
	"fmt"
	"strings"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
)

// fates judges the snapshots that there will be (rule 24): those that are there and, as the newest, the one the plan makes.
// Nothing is judged where nothing may go: without rules, with on_delete = "keep", while the clock is wrong, and when a part of the
// source could not be read.
func (t *target) fates() []Fate {
	if t.series == nil || t.refused || t.backup.Retention.Snapshots == nil || t.policy.onDelete == config.DeleteKeep || t.p.in.ClockOff || t.held() != "" {
		return nil
	}
	list := t.series.list
	if t.making() {
		future := len(list) - len(snapshot.Past(list, t.p.in.Now))
		made := snapshot.Snapshot{ID: tree.None, Name: t.series.named, Mark: t.mark()}
		list = append(append(append([]snapshot.Snapshot{}, list[:future]...), made), list[future:]...)
	}
	fates, err := SnapshotFates(t.backup.Retention, list, t.p.in.Now)
	if err != nil {
		t.p.refuse(24, t, "retention cannot be read", fmt.Sprintf("The retention of %s: %v.", t.out.Address, err))
		return nil
	}
	return fates
}

// openExpiring asks what the snapshots hold that will go.
func (t *target) openExpiring() {
	for _, f := range t.fates() {
		if !f.Keep {
			t.p.ask(t.heldBy(f))
		}
	}
}

func (t *target) heldBy(f Fate) Question {
	return Question{Ask: AskHeld, Account: t.account.in.Address, Handle: f.Snapshot.Handle}
}

// expireSnapshots emits the end of the snapshots that retention does not keep, as on_delete says. They go when the one that this
// plan makes is published.
func (e *emitter) expireSnapshots(publish ActionID) {
	e.out.Fates = e.fates()
	for i, f := range e.out.Fates {
		if f.Keep {
			continue
		}
		held := e.p.answers[e.heldBy(f)].Held
		a := Action{
			Address: e.out.Address, Kind: ExpireSnapshot, Path: e.out.Path.Join(f.Snapshot.Name), Reason: strings.Join(f.Reasons, "; "),
			Bytes: held.Bytes, Files: held.Files, Needs: needs(publish), After: AfterContent,
			Remote: e.remoteOf(f.Snapshot.ID), Subtree: &held.Subtree,
		}
		mark := f.Snapshot.Mark
		mark.Complete = false // what a run that is cut off leaves of it is no snapshot to rely on
		a.Mark, a.Purge = mark.Text(), e.policy.onDelete == config.DeleteDestroy
		e.p.act(a)
		e.out.Fates[i].Snapshot.ID = tree.None
	}
}
