package executor

import (
	"context"
	"fmt"

	"github.com/megaplan/megaplan/planner"
)

// checkRemote compares the node an action is about with what the plan saw: handle, parent, name, size (rule 27).
func checkRemote(c remote, a *planner.Action) error {
	if a.Remote.Handle == 0 {
		return nil
	}
	place, err := c.Locate(a.Remote.Handle)
	if err != nil {
		return err
	}
	switch {
	case !place.Found:
		return fmt.Errorf("%w: it is gone from MEGA", ErrChanged)
	case place.InTrash:
		return fmt.Errorf("%w: it is in the trash now", ErrChanged)
	case place.Parent != a.Remote.Parent || place.Node.Name != a.Remote.Name:
		return fmt.Errorf("%w: it was moved to /%s", ErrChanged, place.Path)
	case !a.Remote.Dir && place.Node.Size != a.Remote.Size:
		return fmt.Errorf("%w: its size on MEGA is %d, not %d", ErrChanged, place.Node.Size, a.Remote.Size)
	}
	return nil
}

// checkTrashed makes sure that a node is still in the bin where the plan saw it.
func checkTrashed(c remote, a *planner.Action) error {
	place, err := c.Locate(a.Remote.Handle)
	switch {
	case err != nil:
		return err
	case !place.Found || place.Version || !place.InTrash:
		return fmt.Errorf("%w: it is not in the trash any more", ErrChanged)
	case place.Parent != a.Remote.Parent || place.Node.Name != a.Remote.Name || !a.Remote.Dir && place.Node.Size != a.Remote.Size:
		return fmt.Errorf("%w: it is another one in the trash now", ErrChanged)
	}
	return nil
}

// checkVersion makes sure that a node is still an old version (rule 16): as the current one it would be a backup's only copy.
func checkVersion(c remote, a *planner.Action) error {
	place, err := c.Locate(a.Remote.Handle)
	switch {
	case err != nil:
		return err
	case !place.Found:
		return fmt.Errorf("%w: the version is gone from MEGA", ErrChanged)
	case !place.Version || place.InTrash:
		return fmt.Errorf("%w: it is no old version any more", ErrChanged)
	case place.Node.Size != a.Remote.Size:
		return fmt.Errorf("%w: its size on MEGA is %d, not %d", ErrChanged, place.Node.Size, a.Remote.Size)
	}
	return nil
}

// checkOriginal makes sure that the node for whose sake a duplicate may be destroyed is still there (rule 20). Nothing brings the
// content back afterwards, so what happened until now is asked first.
func checkOriginal(ctx context.Context, c remote, a *planner.Action) error {
	if a.Original == 0 {
		return nil
	}
	if err := c.Drain(ctx); err != nil {
		return err
	}
	place, err := c.Locate(a.Original)
	if err != nil {
		return err
	}
	if !place.Found || place.InTrash || place.Version {
		return fmt.Errorf("%w: the file that holds the same content did not stay", ErrChanged)
	}
	return nil
}

// checkSubtree makes sure that a folder still holds what the plan saw in it (rule 16).
func checkSubtree(ctx context.Context, c remote, a *planner.Action) error {
	if a.Subtree == nil {
		return nil
	}
	if err := c.Drain(ctx); err != nil {
		return err
	}
	return sameSubtree(c, a)
}

// sameSubtree compares what a folder holds, as far as the client knows, with what the plan saw.
func sameSubtree(c remote, a *planner.Action) error {
	sum := planner.NewSubtreeSum()
	if err := addSubtree(c, a.Remote, sum); err != nil {
		return err
	}
	if now := sum.Subtree(); now != *a.Subtree {
		return fmt.Errorf("%w: the folder held %d nodes when it was planned and holds %d now, or others", ErrChanged, a.Subtree.Nodes, now.Nodes)
	}
	return nil
}

// checkExpiring makes sure that a node is still directly in the bin, under the mark the plan saw, and holds what it held then
// (rule 21). Nothing brings it back afterwards, so what happened until now is asked first, for a file too.
func checkExpiring(ctx context.Context, c remote, a *planner.Action) error {
	if err := c.Drain(ctx); err != nil {
		return err
	}
	if err := checkTrashed(c, a); err != nil {
		return err
	}
	place, err := c.Locate(a.Remote.Handle)
	switch {
	case err != nil:
		return err
	case place.Node.TrashedAt != a.Remote.TrashedAt:
		return fmt.Errorf("%w: it was trashed again since", ErrChanged)
	case a.Subtree == nil:
		return nil
	}
	return sameSubtree(c, a)
}

func addSubtree(c remote, dir planner.Remote, sum *planner.SubtreeSum) error {
	children, err := c.Children(dir.Handle)
	if err != nil {
		return err
	}
	for _, n := range children {
		sum.Add(n.Handle, dir.Handle, n.Name)
		if !n.Kind.HasContent() {
			if err := addSubtree(c, planner.Remote{Handle: n.Handle}, sum); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkEmpty lets a folder be destroyed only when nothing is left in it (rule 16).
func checkEmpty(ctx context.Context, c remote, a *planner.Action) error {
	if !a.Remote.Dir {
		return nil
	}
	if err := c.Drain(ctx); err != nil {
		return err
	}
	children, err := c.Children(a.Remote.Handle)
	if err != nil {
		return err
	}
	if len(children) > 0 {
		return fmt.Errorf("%w: the folder is not empty, it holds %s", ErrChanged, children[0].Name)
	}
	return nil
}
