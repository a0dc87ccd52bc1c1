package mega

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/tree"
)

// way is the part of the account that a tree is to show: whole folders and the folders that lead to them.
type way struct {
	whole bool
	// newest leaves out what is in published snapshots but the newest.
	newest bool
	byName map[string]*way
	byNode map[tree.Handle]*way
}

func (w *way) name(name string) *way {
	if w.byName == nil {
		w.byName = make(map[string]*way)
	}
	return child(w.byName, name)
}

func (w *way) node(h tree.Handle) *way {
	if w.byNode == nil {
		w.byNode = make(map[tree.Handle]*way)
	}
	return child(w.byNode, h)
}

func child[K comparable](m map[K]*way, key K) *way {
	if m[key] == nil {
		m[key] = &way{}
	}
	return m[key]
}

// merge joins two ways; both stay as they are, because a way by name may lead through several folders.
func merge(a, b *way) *way {
	switch {
	case a == nil || a == b:
		return b
	case b == nil:
		return a
	}
	out := &way{whole: a.whole || b.whole, newest: a.newest && b.newest || a.newest && !b.whole || b.newest && !a.whole, byName: maps.Clone(a.byName), byNode: maps.Clone(a.byNode)}
	for name, next := range b.byName {
		*out.name(name) = *merge(a.byName[name], next)
	}
	for h, next := range b.byNode {
		*out.node(h) = *merge(a.byNode[h], next)
	}
	return out
}

// routes says which way leads through which of the nodes' names.
func (w *way) routes(nodes []tree.Node) map[string]*way {
	spellings := make(map[string][]string)
	exact := make(map[string]bool)
	for _, n := range nodes {
		if n.Kind == tree.Dir && !exact[n.Name] {
			exact[n.Name] = true
			spellings[names.NFC(n.Name)] = append(spellings[names.NFC(n.Name)], n.Name)
		}
	}
	routes := make(map[string]*way, len(w.byName))
	for name, next := range w.byName {
		through := spellings[names.NFC(name)]
		if exact[name] {
			through = []string{name}
		}
		for _, actual := range through {
			routes[actual] = merge(routes[actual], next)
		}
	}
	return routes
}

// Tree decrypts the part of the account that a plan needs. It is rooted at the cloud drive. Everything below each path and
// each of the roots is complete. Folders on the way there are listed, and what is beside the way in them is marked
// Incomplete and not descended into. A path leads through every folder of its name; where none has exactly that name,
// through those whose names differ only in the spelling of accents (rule 14).
//
// A cached tree that turns out to be damaged is fetched anew.
func (c *Client) Tree(ctx context.Context, paths []tree.Path, roots []tree.Handle) (*tree.Tree, error) {
	return c.TreeOf(ctx, Part{Paths: paths, Roots: roots})
}

// Part says which part of an account a tree is to show.
type Part struct {
	Paths []tree.Path
	Roots []tree.Handle
	// SnapshotPaths and SnapshotRoots hold snapshots. Of the published ones that lie directly below them all but the newest are
	// marked Incomplete and not descended into: there may be many, and all of them large.
	SnapshotPaths []tree.Path
	SnapshotRoots []tree.Handle
}

// TreeOf is Tree for paths and roots some of which hold snapshots.
func (c *Client) TreeOf(ctx context.Context, part Part) (*tree.Tree, error) {
	t, err := c.readTree(ctx, part)
	if !errors.Is(err, cache.ErrDamaged) {
		return t, err
	}
	c.log().Warn("the cached tree is damaged and is fetched anew", "err", err)
	if err := c.cache.Discard(ctx); err != nil {
		return nil, fmt.Errorf("read the tree: %w", err)
	}
	if _, err := c.Refresh(ctx); err != nil {
		return nil, err
	}
	return c.readTree(ctx, part)
}

func (c *Client) readTree(ctx context.Context, part Part) (*tree.Tree, error) {
	if _, err := c.cache.Roots(); err != nil {
		return nil, fmt.Errorf("read the tree: %w", err)
	}
	top, ok, err := c.cache.Get(c.RootHandle())
	if err != nil {
		return nil, fmt.Errorf("read the tree: %w", err)
	}
	if !ok {
		return nil, fmt.Errorf("read the tree: the cloud drive: %w", ErrGone)
	}
	start := &way{}
	for _, p := range part.Paths {
		end := start.path(p)
		end.whole, end.newest = true, false
	}
	for _, p := range part.SnapshotPaths {
		start.path(p).holdSnapshots()
	}
	for _, h := range part.Roots {
		end, err := c.wayTo(start, h)
		if err != nil {
			return nil, fmt.Errorf("read the tree: %w", err)
		}
		end.whole, end.newest = true, false
	}
	for _, h := range part.SnapshotRoots {
		end, err := c.wayTo(start, h)
		if err != nil {
			return nil, fmt.Errorf("read the tree: %w", err)
		}
		end.holdSnapshots()
	}
	t := treeWalk{client: c, builder: tree.NewBuilder(c.open(top).facts())}
	from := listing{id: tree.Root, h: top.Handle, way: start}
	if start.whole {
		from = t.begin(from)
	}
	if err := t.descend(ctx, from); err != nil {
		return nil, fmt.Errorf("read the tree: %w", err)
	}
	for _, b := range t.books {
		b.keep()
	}
	return t.builder.Build(), nil
}

// path adds the way along a path and returns its end.
func (w *way) path(p tree.Path) *way {
	for name := range p.Names() {
		w = w.name(name)
	}
	return w
}

// holdSnapshots makes a way's end one of whose snapshots only the newest matters, unless all are asked for already.
func (w *way) holdSnapshots() {
	if !w.whole {
		w.whole, w.newest = true, true
	}
}

// wayTo adds the way to a node, if it is below the cloud drive, and returns its end.
func (c *Client) wayTo(start *way, h tree.Handle) (*way, error) {
	var chain []tree.Handle
	for range maxDepth {
		n, ok, err := c.cache.Get(h)
		if err != nil {
			return nil, err
		}
		if !ok || n.Type == cache.Bin || n.Type == cache.Vault {
			return &way{}, nil
		}
		if n.Type == cache.Root {
			w := start
			for i := len(chain) - 1; i >= 0; i-- {
				w = w.node(chain[i])
			}
			return w, nil
		}
		chain = append(chain, h)
		h = n.Parent
	}
	return &way{}, nil
}

// treeWalk is one Tree being built, level by level.
type treeWalk struct {
	client  *Client
	builder *tree.Builder
	buffers [][]tree.Node // used again for each round of folders
	books   []*book
}

// listing is a folder to list.
type listing struct {
	id   tree.ID
	h    tree.Handle
	way  *way
	book *book // of the declared folder it is in; nil on the way there
}

// begin opens the book of a listing that begins a declared folder.
func (t *treeWalk) begin(s listing) listing {
	s.book = t.client.openBook(s.h)
	t.builder.Grow(s.book.known, s.book.text)
	t.books = append(t.books, s.book)
	return s
}

// listAtOnce is how many folders are listed before their nodes go into the tree.
const listAtOnce = 64

// descend adds what is below a folder, as far as the way leads. Folders are read on all processors.
func (t *treeWalk) descend(ctx context.Context, start listing) error {
	for level := []listing{start}; len(level) > 0; {
		var next []listing
		for some := range slices.Chunk(level, listAtOnce) {
			below, err := t.list(ctx, some)
			if err != nil {
				return err
			}
			next = append(next, below...)
		}
		level = next
	}
	return nil
}

// list adds what is directly below some folders and returns the folders to go on with.
func (t *treeWalk) list(ctx context.Context, folders []listing) ([]listing, error) {
	if t.buffers == nil {
		t.buffers = make([][]tree.Node, listAtOnce)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, s := range folders {
		g.Go(func() (err error) {
			t.buffers[i], err = s.list(ctx, t.client, t.buffers[i][:0])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var next []listing
	for i, s := range folders {
		next = t.add(next, s, t.buffers[i])
	}
	return next, nil
}

func (s listing) list(ctx context.Context, c *Client, nodes []tree.Node) ([]tree.Node, error) {
	if s.book != nil {
		return s.book.list(ctx, s.h, nodes)
	}
	return c.listed(ctx, s.h, nodes)
}

// add adds the nodes of one folder to the tree, and those of its folders that the way leads through to next.
func (t *treeWalk) add(next []listing, s listing, nodes []tree.Node) []listing {
	var routes map[string]*way
	if !s.way.whole {
		routes = s.way.routes(nodes)
	}
	below := s.way
	var old map[tree.Handle]bool
	if below.newest {
		below, old = &way{whole: true}, t.client.oldSnapshots(nodes)
	}
	for _, n := range nodes {
		way := below
		switch {
		case !way.whole:
			way = merge(routes[n.Name], way.byNode[n.Handle])
		case old[n.Handle]:
			way = nil
		}
		n.Incomplete = n.Kind == tree.Dir && way == nil
		id := t.builder.Add(s.id, n)
		if n.Kind != tree.Dir || way == nil {
			continue
		}
		below := listing{id, n.Handle, way, s.book}
		if way.whole && !s.way.whole {
			below = t.begin(below)
		}
		next = append(next, below)
	}
	return next
}
