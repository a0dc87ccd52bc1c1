package executor

import (
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/planner"
)

// gate holds the actions of one address that wait for its content (planner.After): it stands for an edge from each of them to
// each action that brings content.
type gate struct {
	// left counts content actions not done yet, untried those of them that have not failed either.
	left, untried int
	// all waits until none is left, new until none is untried, for which only updates may fail.
	all, new []planner.ActionID
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
		g := gates[a.Address]
		if g == nil {
			g = &gate{}
			gates[a.Address] = g
		}
		if a.Kind == planner.PublishSnapshot {
			g.forgives = true
		} else {
			g.left++
			g.untried++
		}
	}
	return gates
}

// hold makes an action wait at its address's gate and says whether there is one.
func (r *run) hold(a *planner.Action) bool {
	g := r.gates[a.Address]
	if g == nil || g.left == 0 {
		return false
	}
	switch a.After {
	case planner.AfterNew:
		g.new = append(g.new, a.ID)
	case planner.AfterContent:
		g.all = append(g.all, a.ID)
	default:
		return false
	}
	return true
}

// pass counts a content action that is done and returns what may go on if it was the last one.
func (r *run) pass(a *planner.Action) []planner.ActionID {
	if !a.Kind.Content() {
		return nil
	}
	g := r.gates[a.Address]
	g.left--
	free := g.tried()
	if g.left == 0 {
		free = append(free, g.all...)
	}
	return free
}

// tried counts a content action that was done, or an update that failed, and returns what waited for no more than that.
func (g *gate) tried() (free []planner.ActionID) {
	if g.untried--; g.untried == 0 {
		free, g.new = g.new, nil
	}
	return free
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

// block counts a content action that failed: never is what waited for its success, free what an update lets go on all the same.
func (r *run) block(id planner.ActionID) (never, free []planner.ActionID) {
	a := r.action(id)
	if !a.Kind.Content() {
		return nil, nil
	}
	g := r.gates[a.Address]
	never, g.all = g.all, nil // once is enough, however many fail
	if a.Kind == planner.Update {
		return never, g.tried()
	}
	never, g.new = append(never, g.new...), nil
	return never, nil
}
