package workflow

import (
	"context"
	"strings"

	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// readBins lists what megaplan put into the bins in which something may expire (rule 21), or out of which a rollback may take it.
func (p *Project) readBins(ctx context.Context, in *planner.Input) error {
	for _, a := range planner.BinsNeeded(*in) {
		for i := range in.Accounts {
			if in.Accounts[i].Address != a {
				continue
			}
			if err := p.readBin(ctx, &in.Accounts[i]); err != nil {
				return p.accountError(a, err)
			}
		}
	}
	return nil
}

func (p *Project) readBin(ctx context.Context, out *planner.Account) error {
	client := p.accounts[out.Address].client
	list, err := client.Bin(ctx)
	if err != nil {
		return err
	}
	for _, t := range list {
		if !t.Marked {
			continue
		}
		n := t.Node
		trashed := planner.Trashed{
			Remote: planner.Remote{Handle: n.Handle, Parent: client.TrashHandle(), Name: n.Name, Dir: n.Kind == tree.Dir, TrashedAt: t.Mark.At.Unix()},
			Path:   tree.Path(strings.Trim(t.Mark.Path, "/")), By: t.Mark.Address, Run: t.Mark.Run,
		}
		if !trashed.Remote.Dir {
			trashed.Remote.Size, trashed.Bytes = n.Size, n.Size+n.VersionBytes
		}
		if t.Mark.Held != nil {
			trashed.Held = &planner.Subtree{Nodes: t.Mark.Held.Nodes, Digest: t.Mark.Held.Digest}
		}
		out.Bin = append(out.Bin, trashed)
	}
	return nil
}

// held answers AskHeld.
func (p *Project) held(ctx context.Context, q planner.Question) (planner.Answer, error) {
	below, err := p.accounts[q.Account].client.Below(ctx, q.Handle)
	if err != nil {
		return planner.Answer{}, err
	}
	var held planner.Held
	sum := planner.NewSubtreeSum()
	for id := range below.Walk(tree.Root) {
		if id == tree.Root {
			continue
		}
		n := below.Node(id)
		sum.Add(n.Handle, below.Handle(below.Parent(id)), n.Name)
		if n.Kind.HasContent() {
			held.Files++
			held.Bytes += n.Size + n.VersionBytes
		}
	}
	held.Subtree = sum.Subtree()
	return planner.Answer{Held: &held}, nil
}
