package executor

import (
	"context"
	"sync"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// returned sums up what this run took out of folders in the bin, so that their marks can be told in the end (rule 21): with one
// request for each folder, not for each file.
type returned struct {
	mu   sync.Mutex
	from map[folderOf]*planner.SubtreeSum
}

// folderOf is a folder directly in the bin of an account.
type folderOf struct {
	client remote
	top    tree.Handle
}

// restore moves a node out of the bin.
func (r *run) restore(ctx context.Context, c remote, a *planner.Action) (planner.Result, error) {
	if err := checkTrashed(c, a); err != nil {
		return planner.Result{}, err
	}
	if err := checkSubtree(ctx, c, a); err != nil {
		return planner.Result{}, err
	}
	top, err := topmost(c, a.Remote.Handle)
	if err != nil {
		return planner.Result{}, err
	}
	if err := c.Move(ctx, a.Remote.Handle, r.made.resolve(a.Parent), a.Name); err != nil {
		return planner.Result{}, err
	}
	if top != a.Remote.Handle {
		r.returned.add(folderOf{c, top}, a)
	}
	return planner.Result{Handle: a.Remote.Handle}, nil
}

// topmost is the node directly in the bin that a node there is or lies in.
func topmost(c remote, h tree.Handle) (tree.Handle, error) {
	for {
		place, err := c.Locate(h)
		if err != nil {
			return 0, err
		}
		above, err := c.Locate(place.Parent)
		if err != nil {
			return 0, err
		}
		if above.Parent == 0 { // the bin itself
			return h, nil
		}
		h = place.Parent
	}
}

func (s *returned) add(from folderOf, a *planner.Action) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.from == nil {
		s.from = map[folderOf]*planner.SubtreeSum{}
	}
	if s.from[from] == nil {
		s.from[from] = planner.NewSubtreeSum()
	}
	s.from[from].Add(a.Remote.Handle, a.Remote.Parent, a.Remote.Name)
	if a.Subtree != nil {
		s.from[from].AddBelow(*a.Subtree)
	}
}

// tell writes the marks anew. Where that fails the folder only stays in the bin for longer than it must.
func (s *returned) tell(ctx context.Context) {
	for from, sum := range s.from {
		out := sum.Subtree()
		_ = from.client.TookOut(ctx, from.top, mega.Held{Nodes: out.Nodes, Digest: out.Digest})
	}
}
