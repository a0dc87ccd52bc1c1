package mega

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/tree"
)

// RootHandle is the cloud drive, zero before the first Refresh.
func (c *Client) RootHandle() tree.Handle { return c.special(cache.Root) }

// TrashHandle is the rubbish bin, zero before the first Refresh.
func (c *Client) TrashHandle() tree.Handle { return c.special(cache.Bin) }

func (c *Client) special(t cache.Type) tree.Handle {
	roots, err := c.cache.Roots()
	if err != nil {
		return 0
	}
	for _, n := range roots {
		if n.Type == t {
			return n.Handle
		}
	}
	return 0
}

// maxDepth bounds the walk from a node to its root: a chain that is longer runs in a circle.
const maxDepth = 10_000

// Locate says where a node is as of now. A node that hangs below nothing counts as not found.
func (c *Client) Locate(h tree.Handle) (Place, error) {
	n, ok, err := c.cache.Get(h)
	if err != nil || !ok {
		return Place{}, err
	}
	o := c.open(n)
	place := Place{Parent: n.Parent, Owner: n.Owner.String()}
	if place.Node, err = c.withVersions(o.facts()); err != nil {
		return Place{}, err
	}
	var names []string
	for range maxDepth {
		switch o.Type {
		case cache.Root, cache.Vault, cache.Bin:
			place.Found, place.InTrash = true, o.Type == cache.Bin
			for _, name := range slices.Backward(names) {
				place.Path = place.Path.Join(name)
			}
			return place, nil
		}
		up, ok, err := c.cache.Get(o.Parent)
		if err != nil || !ok {
			return Place{}, err
		}
		if up.Type == cache.File {
			// An old version has the place of the file it belongs to.
			place.Version, place.Parent = true, up.Handle
		} else {
			names = append(names, o.name())
		}
		o = c.open(up)
	}
	return Place{}, nil
}

// Children lists what is directly below a folder by name; below a file the one next older version.
func (c *Client) Children(h tree.Handle) ([]tree.Node, error) {
	nodes, err := c.listed(context.Background(), h, nil)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(nodes, func(a, b tree.Node) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Handle, b.Handle))
	})
	return nodes, nil
}

// listed is Children in the cache's order, behind what nodes holds.
func (c *Client) listed(ctx context.Context, h tree.Handle, nodes []tree.Node) ([]tree.Node, error) {
	for n, err := range c.cache.Children(h) {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", h, err)
		}
		node, err := c.withVersions(c.open(n).facts())
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", h, err)
		}
		nodes = append(nodes, node)
	}
	return nodes, nil
}

// Versions lists the older versions of a file, newest first.
func (c *Client) Versions(h tree.Handle) ([]tree.Node, error) {
	var nodes []tree.Node
	for n, err := range c.cache.Versions(h) {
		if err != nil {
			return nil, fmt.Errorf("versions of %s: %w", h, err)
		}
		nodes = append(nodes, c.open(n).facts())
	}
	return nodes, nil
}

// BySize lists the files of one size, old versions and what is in the bin included.
func (c *Client) BySize(size int64) ([]tree.Handle, error) {
	var handles []tree.Handle
	for n, err := range c.cache.BySize(size) {
		if err != nil {
			return nil, fmt.Errorf("files of %d bytes: %w", size, err)
		}
		handles = append(handles, n.Handle)
	}
	return handles, nil
}

// ContentKey is the key of a file's content, which proves content by its MAC.
func (c *Client) ContentKey(h tree.Handle) (crypt.FileKey, error) {
	o, err := c.get(h)
	switch {
	case err != nil:
		return crypt.FileKey{}, err
	case o.Type != cache.File:
		return crypt.FileKey{}, fmt.Errorf("node %s is no file", h)
	case o.file.IsZero():
		return crypt.FileKey{}, fmt.Errorf("node %s: %w: %w", h, ErrUndecryptable, o.err)
	}
	return o.file, nil
}
