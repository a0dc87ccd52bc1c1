package executor

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// deletesAtOnce is how many deletions of one snapshot are in flight: two requests' worth.
const deletesAtOnce = 512

// expire takes a snapshot away that holds what the plan saw: into the bin in one, or for good, files first and each folder once it
// is empty (rule 16). A snapshot that is destroyed is marked before as not complete, because this takes a while.
func (r *run) expire(ctx context.Context, c remote, a *planner.Action) (planner.Result, error) {
	if err := checkSubtree(ctx, c, a); err != nil {
		return planner.Result{}, err
	}
	if err := checkWishes(c, a); err != nil {
		return planner.Result{}, err
	}
	h := a.Remote.Handle
	if !a.Purge {
		return planner.Result{Handle: h}, c.Trash(ctx, h, r.mark(a))
	}
	if err := c.SetAttributes(ctx, h, map[string]string{snapshot.Attribute: a.Mark}); err != nil {
		return planner.Result{}, err
	}
	return planner.Result{Handle: h}, purge(ctx, c, h)
}

// checkWishes makes sure that nobody tagged, pinned or unmarked a snapshot since the plan saw it: retention would have judged
// otherwise.
func checkWishes(c remote, a *planner.Action) error {
	seen, ok := snapshot.ParseMark(a.Mark)
	if !ok {
		return nil
	}
	place, err := c.Locate(a.Remote.Handle)
	if err != nil {
		return err
	}
	if now, marked := snapshot.ParseMark(place.Node.Snapshot); !marked || !now.SameWishes(seen) {
		return fmt.Errorf("%w: somebody changed its tags, its pin or its mark", ErrChanged)
	}
	return nil
}

// purge destroys a folder and what is in it, from the bottom up.
func purge(ctx context.Context, c remote, top tree.Handle) error {
	files, levels, err := below(c, top)
	if err != nil {
		return err
	}
	if err := deleteAll(ctx, files, c.Delete); err != nil {
		return err
	}
	if err := c.Drain(ctx); err != nil {
		return err
	}
	for i := len(levels) - 1; i >= 0; i-- {
		err := deleteAll(ctx, levels[i], func(ctx context.Context, h tree.Handle) error {
			left, err := c.Children(h)
			if err == nil && len(left) > 0 {
				err = fmt.Errorf("%w: %s was put into it", ErrChanged, left[0].Name)
			}
			if err != nil {
				return err
			}
			return c.Delete(ctx, h)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// below lists a folder's files, and its folders level by level, the folder itself first.
func below(c remote, top tree.Handle) (files []tree.Handle, levels [][]tree.Handle, err error) {
	for level := []tree.Handle{top}; len(level) > 0; {
		levels = append(levels, level)
		var next []tree.Handle
		for _, dir := range level {
			children, err := c.Children(dir)
			if err != nil {
				return nil, nil, err
			}
			for _, n := range children {
				if n.Kind == tree.Dir {
					next = append(next, n.Handle)
				} else {
					files = append(files, n.Handle)
				}
			}
		}
		level = next
	}
	return files, levels, nil
}

// deleteAll deletes many nodes at once, which share requests.
func deleteAll(ctx context.Context, nodes []tree.Handle, one func(context.Context, tree.Handle) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(deletesAtOnce)
	for _, h := range nodes {
		g.Go(func() error { return one(ctx, h) })
	}
	return g.Wait()
}
