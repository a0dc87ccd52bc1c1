package mega

import (
	"context"
	"fmt"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/tree"
)

// Trashed is a node that lies directly in the bin.
type Trashed struct {
	Node tree.Node
	// Mark is what megaplan noted when it put the node there; Marked says that it did. Nodes without it are told all the same.
	Mark   TrashMark
	Marked bool
	// RestoreTo is the folder the node was in, as all clients note it; zero where that is not known.
	RestoreTo tree.Handle
}

// Bin lists what lies directly in the rubbish bin, as of now.
func (c *Client) Bin(ctx context.Context) ([]Trashed, error) {
	var list []Trashed
	for n, err := range c.cache.Children(c.TrashHandle()) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return nil, fmt.Errorf("list the rubbish bin: %w", err)
		}
		o := c.open(n)
		t := Trashed{}
		if t.Node, err = c.withVersions(o.facts()); err != nil {
			return nil, fmt.Errorf("list the rubbish bin: %w", err)
		}
		if o.err == nil {
			t.Mark, t.Marked = o.trashMark()
			t.RestoreTo = o.restoreTo()
		}
		list = append(list, t)
	}
	return list, nil
}

func (o opened) restoreTo() tree.Handle {
	text, _ := o.attrs.Get(crypt.AttrRestoreTo)
	h, err := tree.ParseHandle(text)
	if err != nil {
		return 0
	}
	return h
}

// Below decrypts everything below a node, wherever it is; the node is the tree's root.
func (c *Client) Below(ctx context.Context, h tree.Handle) (*tree.Tree, error) {
	o, err := c.get(h)
	if err != nil {
		return nil, err
	}
	root, err := c.withVersions(o.facts())
	if err != nil {
		return nil, err
	}
	t := treeWalk{client: c, builder: tree.NewBuilder(root)}
	if root.Kind == tree.Dir {
		if err := t.descend(ctx, listing{id: tree.Root, h: h, way: &way{whole: true}}); err != nil {
			return nil, err
		}
	}
	return t.builder.Build(), nil
}
