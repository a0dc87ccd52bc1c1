package executor

import (
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/planner"
)

// gate holds the actions of one address that wait for all its content (planner.Action.AfterContent): it stands for an edge
// from each of them to each action that brings content.
type gate struct {
	left int // content actions not done yet
	held []planner.ActionID
	// forgives says that the address publishes a snapshot: local files that cannot be read hold nothing up, and are missed.
	forgives bool
	missed   planner.Volume
}

// newGates counts the content of each address.
func newGates(plan *planner.Plan) map[addr.Address]*gate {
	gates := map[addr.Address]*gate{}
	for i := range plan.Actions {
		a := &plan.Actions[i]
		if !a.Kind.Content() && a.Kind != planner.PublishSnapshot {
			continue
		}
		if gates[a.Address] == nil {
			gates[a.Address] = &gate{}
		}
		if a.Kind == planner.PublishSnapshot {
			gates[a.Address].forgives = true
		} else {
			gates[a.Address].left++
		}
	}
	return gates
}

// hold makes an action wait at its address's gate and says whether there is one.
func (r *run) hold(a *planner.Action) bool {
	g := r.gates[a.Address]
	if !a.AfterContent || g == nil || g.left == 0 {
		return false
	}
	g.held = append(g.held, a.ID)
	return true
}

// pass counts a content action that is done and returns what may go on if it was the last one.
func (r *run) pass(a *planner.Action) []planner.ActionID {
	if !a.Kind.Content() {
		return nil
	}
	g := r.gates[a.Address]
	if g.left--; g.left > 0 {
		return nil
	}
	return g.held
}

// forgives says whether an action that failed is only missed: it is about a file of a snapshot, which is published without it.
func (r *run) forgives(f Failure) bool {
	g := r.gates[r.action(f.Action).Address]
	return g != nil && g.forgives && ofSource(f.Err)
}

// miss counts a content action that is forgiven, and returns what may go on.
func (r *run) miss(id planner.ActionID) []planner.ActionID {
	a := r.action(id)
	if !a.Kind.Content() {
		return nil
	}
	g := r.gates[a.Address]
	g.missed.Files += a.Files
	g.missed.Bytes += a.Bytes
	return r.pass(a)
}

// heldBy returns what waits for a content action at the gate, which never opens once one has failed.
func (r *run) heldBy(id planner.ActionID) []planner.ActionID {
	a := r.action(id)
	if !a.Kind.Content() {
		return nil
	}
	g := r.gates[a.Address]
	held := g.held
	g.held = nil // once is enough, however many fail
	return held
}
