package workflow

import (
	"context"
	"slices"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// lookUp answers what the account's tree tells.
func (p *Project) lookUp(ctx context.Context, in planner.Input, q planner.Question) (planner.Answer, error) {
	switch q.Ask {
	case planner.AskSize:
		return p.ofSize(q)
	case planner.AskSizes:
		return p.sizes(in, q)
	case planner.AskHeld:
		return p.held(ctx, q)
	}
	versions, err := p.accounts[q.Account].client.Versions(q.Handle)
	var out planner.Answer
	for _, v := range versions {
		out.Versions = append(out.Versions, planner.Version{Handle: v.Handle, Size: v.Size, Created: v.Created})
	}
	return out, err
}

// sizes answers AskSizes.
func (p *Project) sizes(in planner.Input, q planner.Question) (planner.Answer, error) {
	local := p.fileOf(in, q).tree
	var all []int64
	for id := range tree.ID(local.Len()) {
		if local.Kind(id).HasContent() {
			all = append(all, local.Size(id))
		}
	}
	slices.Sort(all)
	var out planner.Answer
	for _, size := range slices.Compact(all) {
		handles, err := p.accounts[q.Account].client.BySize(size)
		if err != nil {
			return out, err
		}
		if len(handles) > 0 {
			out.Sizes = append(out.Sizes, size)
		}
	}
	return out, nil
}

// ofSize answers AskSize from the account's size index: sizes are not encrypted, so only what has the right one is opened.
func (p *Project) ofSize(q planner.Question) (planner.Answer, error) {
	client := p.accounts[q.Account].client
	handles, err := client.BySize(q.Size)
	if err != nil || len(handles) > planner.Crowd {
		return planner.Answer{Crowded: err == nil}, err
	}
	var out planner.Answer
	for _, h := range handles {
		place, err := client.Locate(h)
		if err != nil {
			return out, err
		}
		if !place.Found || place.Version && place.InTrash || !place.Node.Kind.HasContent() {
			continue
		}
		c := planner.Candidate{
			Handle: h, Parent: place.Parent, Path: place.Path, Kind: place.Node.Kind,
			HasFingerprint: place.Node.HasFingerprint, CRC: place.Node.CRC, MTime: place.Node.MTime / 1e9, Meta: place.Node.Meta, InTrash: place.InTrash,
			Version: place.Version,
		}
		if c.InTrash {
			top, err := topmost(client, place)
			if err != nil {
				return out, err
			}
			c.Top, c.TrashedBy, c.TrashedAt = top.Handle, top.TrashedBy, top.TrashedAt
		}
		out.Candidates = append(out.Candidates, c)
	}
	return out, nil
}

// topmost is the node directly in the bin that a place there is or lies in. Its mark tells who put it there, and when.
func topmost(client *mega.Client, place mega.Place) (tree.Node, error) {
	bin := client.TrashHandle()
	for place.Found && place.Parent != bin {
		var err error
		if place, err = client.Locate(place.Parent); err != nil {
			return tree.Node{}, err
		}
	}
	return place.Node, nil
}
