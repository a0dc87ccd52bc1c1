package mega

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
)

// maxPut is how many nodes one command creates at most.
const maxPut = 1000

// CreateFolders creates folders, parents before children, in a few requests whatever their number. The handles are in the
// order of specs. Where some fail the error is a *PartError; their handles are zero.
func (c *Client) CreateFolders(ctx context.Context, specs []NewFolder) ([]tree.Handle, error) {
	if err := c.writable(); err != nil {
		return nil, err
	}
	b := folderBatch{client: c, specs: specs, handles: make([]tree.Handle, len(specs)), errs: make(map[int]error)}
	for i := range specs {
		if u := specs[i].Under; u < 0 || u > i {
			return nil, fmt.Errorf("create folder %s: its parent must be an earlier entry", specs[i].Name)
		}
		b.waiting = append(b.waiting, i)
	}
	for len(b.waiting) > 0 {
		b.round(ctx)
	}
	if len(b.errs) > 0 {
		return b.handles, &PartError{Errs: b.errs}
	}
	return b.handles, nil
}

// folderBatch is one call of CreateFolders.
type folderBatch struct {
	client  *Client
	specs   []NewFolder
	waiting []int // not created yet, in order

	mu      sync.Mutex
	handles []tree.Handle
	errs    map[int]error
}

// folderPut is one command: some new folders below one that exists.
type folderPut struct {
	target  tree.Handle
	entries []int
}

// round creates what hangs below existing folders, as much of it as fits into commands; what hangs below the rest waits.
func (b *folderBatch) round(ctx context.Context) {
	puts, of := []*folderPut{}, make(map[int]*folderPut)
	open := make(map[tree.Handle]*folderPut)
	var later []int
	for _, i := range b.waiting {
		spec := b.specs[i]
		var put *folderPut
		switch parent := spec.Under - 1; {
		case parent >= 0 && b.errs[parent] != nil:
			b.errs[i] = fmt.Errorf("its parent was not created: %w", b.errs[parent])
			continue
		case parent >= 0 && b.handles[parent] == 0:
			put = of[parent] // nil when the parent waits itself
		default:
			put = b.below(open, &puts, i)
		}
		if put == nil || len(put.entries) == maxPut {
			later = append(later, i)
			continue
		}
		put.entries = append(put.entries, i)
		of[i] = put
	}
	b.waiting = later
	var group sync.WaitGroup
	for _, put := range puts {
		group.Go(func() { b.create(ctx, put, of) })
	}
	group.Wait()
}

// below finds the command for an entry whose parent exists.
func (b *folderBatch) below(open map[tree.Handle]*folderPut, puts *[]*folderPut, i int) *folderPut {
	target := b.specs[i].Parent
	if under := b.specs[i].Under; under > 0 {
		target = b.handles[under-1]
	}
	put := open[target]
	if put == nil || len(put.entries) == maxPut {
		put = &folderPut{target: target}
		open[target] = put
		*puts = append(*puts, put)
	}
	return put
}

// create sends one command. The entries' temporary ids are their places in the call.
func (b *folderBatch) create(ctx context.Context, put *folderPut, of map[int]*folderPut) {
	nodes := make([]api.NewNode, len(put.entries))
	var err error
	for k, i := range put.entries {
		if nodes[k], err = b.client.newFolder(b.specs[i]); err != nil {
			break
		}
		nodes[k].ID = tree.Handle(i + 1)
		if under := b.specs[i].Under; under > 0 && of[under-1] == put {
			nodes[k].Parent = tree.Handle(under)
		}
	}
	var made []api.Node
	if err == nil {
		made, err = b.client.api.Put(ctx, api.Put{Target: put.target, Nodes: nodes})
	}
	if err == nil {
		err = b.client.remember(ctx, made...)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for k, i := range put.entries {
		if err != nil {
			b.errs[i] = explain(err)
			continue
		}
		b.handles[i] = made[k].Handle
	}
}

func (c *Client) newFolder(f NewFolder) (api.NewNode, error) {
	key := crypt.NewKey()
	attrs := crypt.NewAttributes(f.Name)
	if f.Meta != "" {
		attrs.Set(attrMeta, f.Meta)
	}
	if f.Snapshot != "" {
		attrs.Set(snapshot.Attribute, f.Snapshot)
	}
	if f.Own {
		attrs.Set(attrOwn, ownMark)
	}
	text, err := attrs.Encrypt(key)
	return api.NewNode{Type: api.Folder, Attr: text, Key: c.keys.WrapKey(key)}, err
}

// remember puts nodes that were just made into the tree, before the events tell of them.
func (c *Client) remember(ctx context.Context, made ...api.Node) error {
	nodes := make([]cache.Node, len(made))
	for i, n := range made {
		owner, err := cache.ParseUser(string(n.Owner))
		if err != nil {
			return fmt.Errorf("new node %s: %w", n.Handle, err)
		}
		nodes[i] = cache.Node{
			Handle: n.Handle, Parent: n.Parent, Owner: owner, Type: cache.Type(n.Type), Size: n.Size, Time: n.Time,
			Attr: []byte(n.Attr), Key: []byte(n.Key),
		}
		if n.Type != api.File {
			nodes[i].Size = -1
		}
	}
	return c.noted(c.cache.Put(context.WithoutCancel(ctx), nodes...))
}

// noted drops the one error of the cache that is none here: what was done at MEGA is done, and a damaged or overtaken
// cache is fetched anew or catches up by itself.
func (c *Client) noted(err error) error {
	if errors.Is(err, cache.ErrDamaged) || errors.Is(err, cache.ErrMoved) {
		c.log().Warn("the cached tree does not know what was just done", "err", err)
		return nil
	}
	return err
}
