package workflow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/restore"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/internal/treediff"
)

// Side is one of two remote trees that are compared.
type Side struct {
	Account addr.Address
	Path    tree.Path // from the cloud drive, in names as stored
	// At is the time it is shown as of, zero for now; Missing is what is known to have been there and is gone from MEGA.
	At      time.Time
	Missing int64

	client *mega.Client
	root   tree.Handle
	whole  *tree.Tree // nil: everything below root, not read yet
	id     tree.ID
	dir    bool
	moved  map[tree.ID]bool // the files that are somewhere else on the other side
}

// Node returns the facts of a node that a change names, and its path below the side's root.
func (s *Side) Node(id tree.ID) (tree.Node, tree.Path) {
	path, base := s.whole.Path(id), s.whole.Path(s.id)
	if base != "" && path != base {
		return s.whole.Node(id), path[len(base)+1:]
	}
	if base != "" {
		path = ""
	}
	return s.whole.Node(id), path
}

// Below counts the files below a folder that a change names, and their bytes; those that moved only if all of it did.
func (s *Side) Below(id tree.ID, moved bool) (c treediff.Count) {
	for below := range s.whole.Walk(id) {
		if s.whole.Kind(below).HasContent() && (moved || !s.moved[below]) {
			c.Files, c.Bytes = c.Files+1, c.Bytes+s.whole.Size(below)
		}
	}
	return c
}

// Diffed is what differs between two remote trees.
type Diffed struct {
	A, B Side
	treediff.Result
}

// Diff compares two remote trees. Its arguments are two places; or an address that keeps snapshots and one or two of them, by
// name, one of them being compared with the newest complete one; or such an address alone, for the two newest. With at, one
// place is compared with itself of a time or, with two times, one time with the other.
func (p *Project) Diff(ctx context.Context, args, at []string) (*Diffed, error) {
	var d Diffed
	var err error
	if len(at) > 0 {
		err = p.sidesThen(ctx, &d, args, at)
	} else {
		err = p.sides(ctx, &d, args)
	}
	if err != nil {
		return nil, err
	}
	if d.A.dir != d.B.dir {
		return nil, errors.New("one of them is a folder, the other a file: they cannot be compared")
	}
	for _, s := range []*Side{&d.A, &d.B} {
		if s.whole == nil {
			if s.whole, err = s.client.Below(ctx, s.root); err != nil {
				return nil, p.accountError(s.Account, err)
			}
		}
	}
	side := func(s *Side) treediff.Side { return treediff.Side{Tree: s.whole, Root: s.id, Key: s.client.ContentKey} }
	d.Result = treediff.Compare(side(&d.A), side(&d.B))
	d.A.moved, d.B.moved = map[tree.ID]bool{}, map[tree.ID]bool{}
	for _, c := range d.Changes {
		if c.Kind == treediff.Moved {
			d.A.moved[c.A], d.B.moved[c.B] = true, true
		}
	}
	return &d, nil
}

// sides finds what two texts, or an address and the names of its snapshots, stand for.
func (p *Project) sides(ctx context.Context, d *Diffed, args []string) (err error) {
	if pair, ok, err := p.snapshotSides(ctx, args); ok || err != nil {
		if err == nil {
			d.A, d.B = pair[0], pair[1]
		}
		return err
	}
	if len(args) != 2 {
		return errors.New("diff compares two places: give both, or one and -at=TIME")
	}
	if d.A, err = p.side(ctx, args[0]); err == nil {
		d.B, err = p.side(ctx, args[1])
	}
	return err
}

// snapshotSides finds two snapshots of an address; ok is false where the arguments are not meant so.
func (p *Project) snapshotSides(ctx context.Context, args []string) (pair [2]Side, ok bool, err error) {
	if !isAddress(args[0]) {
		return pair, false, nil
	}
	spots, err := p.Places(ctx, args[0])
	if err != nil || len(spots) != 1 {
		return pair, false, err
	}
	s := &spots[0]
	on, err := s.shelf()
	if err != nil || len(on.published) == 0 {
		return pair, false, err
	}
	side := func(one snapshot.Snapshot) Side {
		return Side{Account: s.account.decl.Address, Path: s.path.Join(one.Name), client: s.account.client, root: one.Handle, dir: true}
	}
	names := args[1:]
	if len(names) == 0 {
		newest, before, err := twoNewest(args[0], on.published)
		return [2]Side{side(before), side(newest)}, true, err
	}
	if len(names) == 1 {
		names = append(names, snapshot.Latest)
	}
	for i, name := range names {
		one, err := snapshot.Pick(on.published, name)
		if err != nil && i == 0 && len(args) == 2 {
			return pair, false, nil // the second of two places
		}
		if err != nil {
			return pair, true, fmt.Errorf("%s: %w", args[0], err)
		}
		pair[i] = side(one)
	}
	return pair, true, nil
}

func isAddress(text string) bool {
	_, err := addr.Parse(text)
	return err == nil
}

func twoNewest(of string, list []snapshot.Snapshot) (newest, before snapshot.Snapshot, err error) {
	var complete []snapshot.Snapshot
	for _, s := range list {
		if s.Complete {
			complete = append(complete, s)
		}
	}
	if len(complete) < 2 {
		return newest, before, fmt.Errorf("%s does not have two complete snapshots to compare: `megaplan snapshots` lists what there is", of)
	}
	return complete[0], complete[1], nil
}

// side finds the one node that a text stands for.
func (p *Project) side(ctx context.Context, text string) (Side, error) {
	spots, err := p.Places(ctx, text)
	if err != nil {
		return Side{}, err
	}
	var found []Side
	for _, s := range spots {
		for _, n := range s.nodes {
			found = append(found, Side{Account: s.account.decl.Address, Path: s.path, client: s.account.client, root: n.Handle, dir: n.Kind == tree.Dir})
		}
	}
	if len(found) != 1 {
		return Side{}, fmt.Errorf("%s stands for %d folders or files: name one", text, len(found))
	}
	return found[0], nil
}

// sidesThen finds one place as of one time and as of now, or as of two times.
func (p *Project) sidesThen(ctx context.Context, d *Diffed, args, at []string) (err error) {
	if len(args) != 1 || len(at) > 2 {
		return errors.New("-at shows one place as it was: give one address or path, and one or two times")
	}
	if d.A, err = p.sideThen(ctx, args[0], at[0]); err != nil {
		return err
	}
	if len(at) == 2 {
		d.B, err = p.sideThen(ctx, args[0], at[1])
	} else {
		d.B, err = p.sideThen(ctx, args[0], "")
	}
	return err
}

// sideThen reads a place as it was at a time, as a restore of that time would (rule 32). The empty time is now.
func (p *Project) sideThen(ctx context.Context, place, at string) (Side, error) {
	o := RestoreOptions{What: place, At: at}
	r, err := p.restoring(ctx, o)
	if err != nil {
		return Side{}, err
	}
	in, missing, err := r.read(ctx, o)
	if err != nil {
		return Side{}, err
	}
	s := Side{Account: r.from.account, Path: r.from.path, At: r.At, client: r.client, whole: in.Tree, id: in.Root, dir: in.Tree.Kind(in.Root) == tree.Dir}
	if r.Snapshot.Name != "" {
		s.Path = s.Path.Join(r.Snapshot.Name)
	}
	for i := range missing {
		if missing[i].Why == restore.Gone {
			s.Missing += max(1, missing[i].Files)
		}
	}
	return s, nil
}
