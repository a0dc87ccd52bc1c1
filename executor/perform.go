package executor

import (
	"context"
	"fmt"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// perform does one action's side effect. Its error names the action's object.
func (r *run) perform(ctx context.Context, a *planner.Action) (planner.Result, error) {
	target := r.targets[a.Address]
	if a.Kind == planner.Forget {
		return planner.Result{}, nil
	}
	c := r.env.Remote(target.Account)
	result, err := r.change(ctx, c, target, a)
	if err != nil {
		return planner.Result{}, fmt.Errorf("%s %s: %w", a.Kind, a.Path, err)
	}
	return result, nil
}

func (r *run) change(ctx context.Context, c remote, target *planner.Target, a *planner.Action) (planner.Result, error) {
	switch a.Kind {
	case planner.Copy:
		return r.copy(ctx, c, a, r.original(a))
	case planner.PublishSnapshot:
		return r.publish(ctx, c, a)
	case planner.RestoreFromTrash:
		return r.restore(ctx, c, a)
	case planner.ExpireVersion:
		if err := checkVersion(c, a); err != nil {
			return planner.Result{}, err
		}
		return planner.Result{}, c.DeleteVersion(ctx, a.Remote.Handle)
	case planner.ExpireTrash:
		if err := checkExpiring(ctx, c, a); err != nil {
			return planner.Result{}, err
		}
		return planner.Result{}, c.Delete(ctx, a.Remote.Handle)
	}
	if err := checkRemote(c, a); err != nil {
		return planner.Result{}, err
	}
	if a.Kind == planner.Update && !a.Sends() {
		return r.copy(ctx, c, a, r.original(a))
	}
	switch a.Kind {
	case planner.Upload, planner.Update:
		return r.upload(ctx, c, target, a)
	case planner.Touch:
		h := a.Remote.Handle
		return planner.Result{Handle: h}, c.SetFingerprint(ctx, h, a.Fingerprint.CRC, a.Fingerprint.MTime, a.Meta)
	case planner.SetAttributes:
		h := a.Remote.Handle
		if a.Meta == "" {
			return planner.Result{Handle: h}, c.SetAttributes(ctx, h, nil, "_mp")
		}
		return planner.Result{Handle: h}, c.SetAttributes(ctx, h, map[string]string{"_mp": a.Meta})
	case planner.Move:
		if err := checkSubtree(ctx, c, a); err != nil {
			return planner.Result{}, err
		}
		return planner.Result{Handle: a.Remote.Handle}, c.Move(ctx, a.Remote.Handle, r.made.resolve(a.Parent), a.Name)
	case planner.Trash, planner.MergeFolder:
		if err := checkSubtree(ctx, c, a); err != nil {
			return planner.Result{}, err
		}
		return planner.Result{Handle: a.Remote.Handle}, c.Trash(ctx, a.Remote.Handle, r.mark(a))
	case planner.ExpireSnapshot:
		return r.expire(ctx, c, a)
	case planner.Destroy:
		if err := checkEmpty(ctx, c, a); err != nil {
			return planner.Result{}, err
		}
		if err := checkOriginal(ctx, c, a); err != nil {
			return planner.Result{}, err
		}
		return planner.Result{Handle: a.Remote.Handle}, c.Delete(ctx, a.Remote.Handle)
	}
	panic(fmt.Sprintf("executor: action kind %q", a.Kind))
}

// mark is what a node remembers in the bin (rule 21): what it holds was looked at just before, and a file holds nothing.
func (r *run) mark(a *planner.Action) mega.TrashMark {
	m := mega.TrashMark{At: r.env.Now(), Address: a.Address.String(), Path: "/" + string(a.Path), Run: r.env.Run}
	switch {
	case a.Subtree != nil:
		m.Held = &mega.Held{Nodes: a.Subtree.Nodes, Digest: a.Subtree.Digest}
	case !a.Remote.Dir:
		m.Held = &mega.Held{}
	}
	return m
}

// original is the node that a copy copies, or an update takes its content from: the one the plan saw, or the one an earlier upload
// of the plan made. That is 0 if the upload found another file than the plan saw.
func (r *run) original(a *planner.Action) tree.Handle {
	switch {
	case a.Like != 0:
		return r.made.resolve(planner.Ref{Action: a.Like})
	case a.Kind == planner.Update:
		return a.Original
	}
	return a.Remote.Handle
}

// copy copies a file's content. A handle's content never changes, so it does not matter where the node is by now.
func (r *run) copy(ctx context.Context, c remote, a *planner.Action, from tree.Handle) (planner.Result, error) {
	if from == 0 {
		return planner.Result{}, fmt.Errorf("%w: the file it equals was uploaded as another one", ErrChanged)
	}
	place, err := c.Locate(from)
	if err != nil {
		return planner.Result{}, err
	}
	if !place.Found {
		return planner.Result{}, fmt.Errorf("%w: what it equals is gone from MEGA", ErrChanged)
	}
	to := mega.Copy{
		From: from, Parent: r.made.resolve(a.Parent), Name: a.Name, Meta: a.Meta, CRC: a.Fingerprint.CRC, MTime: a.Fingerprint.MTime,
		KeepVersion: a.KeepVersion,
	}
	if a.Replace {
		to.Replace = a.Remote.Handle
	}
	h, err := c.Copy(ctx, to)
	return planner.Result{Handle: h, Fingerprint: a.Fingerprint}, err
}

func (r *run) upload(ctx context.Context, c remote, target *planner.Target, a *planner.Action) (_ planner.Result, err error) {
	file, err := r.env.Open(*target, a.Local)
	if err != nil {
		return planner.Result{}, sourceError{err}
	}
	defer func() {
		if cerr := file.close(); err == nil {
			err = cerr
		}
	}()
	ctx, begun, end := r.withdrawable(ctx)
	defer end()
	pausing, cancel := r.pausing(a)
	defer cancel()
	if a.Local.Size == 0 {
		begun() // it sends no byte that would tell
	}
	u := mega.Upload{
		Parent: r.made.resolve(a.Parent), Name: a.Name, Meta: a.Meta,
		File: file.Open, Bytes: file.Target, MTime: max(0, a.Local.MTime/1e9), KeepVersion: a.KeepVersion, Pause: pausing.Done(),
		Progress: func(n int64) {
			begun()
			r.env.Event(Event{Kind: Progress, Action: a, Bytes: n})
		},
	}
	if a.Replace {
		u.Replace = a.Remote.Handle
	}
	if file.Grows {
		u.Prefix = &mega.Identity{Size: a.Local.Size, MTime: a.Local.MTime, CTime: a.Local.CTime, Inode: a.Local.Inode}
	}
	up, err := c.Upload(ctx, u)
	if err != nil {
		return planner.Result{}, withdrawn(ctx, reading(err, a.Local, file.Grows))
	}
	result := planner.Result{Handle: up.Handle, Fingerprint: planner.Fingerprint{CRC: up.CRC, MTime: up.MTime}}
	if read := up.Source; file.Open != nil && !up.Grown {
		result.Source = planner.Local{Path: a.Local.Path, Size: read.Size, MTime: read.MTime, CTime: read.CTime, Dev: a.Local.Dev, Inode: read.Inode}
	}
	return result, nil
}
