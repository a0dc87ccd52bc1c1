package planner

import (
	"fmt"

	"github.com/megaplan/megaplan/internal/tree"
)

// After says which content of its address a deletion waits for, beside its Needs: what the source lost here may be what it
// gained there, and a failed upload must not turn into a loss. It stands for an edge to each of those actions, which would be
// quadratic.
//
// A deletion for good waits for all of it. One that goes to the bin is not worth less backup than it must be: a log that is
// written all the time changes under every apply, its update fails every time, and whatever waited for that would stay for ever.
// So it waits for what is new, and goes on when an update (Kind Update) was tried and failed. Nothing is lost by that:
//
//   - A failed update leaves the node that was there, under its name, so the content that the address had for that name stays in
//     the tree. No deletion takes that node: one that takes the place of an update's node, or is overruled by it (a file that was
//     uploaded beside its predecessor without versions, the losers among several files of a name, a folder whose name a file has
//     now), has the update among its Needs. A folder never goes with a file in it that is updated: that file is in the source.
//   - What is deleted may live on under another name. One that MEGA lacks is brought by an upload, a copy, a move or out of the
//     bin, and for those it waits. That covers names that change places too, and a file that becomes a folder: they are moves, and
//     creations, which are new.
//   - One that MEGA has is brought by an update ("mv old existing"), by a copy of the deleted node or by an upload. Equal content
//     has equal size: a deletion that takes a file of the size of one that is updated waits for all, so that the content is in the
//     tree under one of the two names throughout, and the copy is made before its original is in the bin.
//   - What happened to the node itself has no say: it is the one the plan saw, with its versions, and both come back from the bin.
//
// Folders that lose against another one of their name wait for all: a file in one stands against the update of the file of its
// name in the other. So does what publishes a snapshot, and what a rollback takes away when all else is back. The end of a version
// or a snapshot is a deletion for good, whatever becomes of it.
type After uint8

// What a deletion waits for.
const (
	AfterNeeds   After = iota // its Needs alone
	AfterNew                  // until every action that brings content was tried, and all that are no updates have succeeded
	AfterContent              // until every action that brings content (Kind.Content) has succeeded
)

func (a After) String() string {
	switch a {
	case AfterNeeds:
		return "needs"
	case AfterNew:
		return "new"
	case AfterContent:
		return "content"
	}
	panic(fmt.Sprintf("planner: After(%d)", uint8(a)))
}

// waitsFor is what the removal of a node with all that is in it waits for.
func (p *pruner) waitsFor(f fate, sum pruned) After {
	forGood := f.kind == Destroy && (f.lost || p.after != AfterNeeds)
	if forGood || p.after == AfterNew && sum.reborn {
		return AfterContent
	}
	return p.after
}

// reborn says whether an update of this plan may bring the content of a node that goes, or is what the node goes for: alone it has
// that among its needs, with its folder it has not.
func (p *pruner) reborn(n tree.Node, f fate) bool {
	switch {
	case p.outdone != tree.Root:
		return true
	case f.first != 0 && p.p.plan.Actions[f.first-1].Kind == Update:
		return true
	}
	return n.Kind.HasContent() && n.Size > 0 && p.rewrites(n.Size)
}

// rewrites says whether an update of this plan brings content of that size.
func (e *emitter) rewrites(size int64) bool {
	if e.rewritten == nil {
		e.rewritten = map[int64]bool{}
		for i := range e.rows {
			if r := &e.rows[i]; r.what == update {
				e.rewritten[e.local().Size(r.local)] = true
			}
		}
	}
	return e.rewritten[size]
}
