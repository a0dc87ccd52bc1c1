package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/megaplan/megaplan/internal/atomicfile"
)

// Edition is one snapshot of the tree. What somebody derived from its nodes stays true as long as it counts, but for the nodes
// that changed since; zero means that there is none to derive anything from.
type Edition struct {
	id  uint64
	gen uint64
}

// ID tells editions apart, those of other directories too.
func (e Edition) ID() uint64 { return e.id }

// Edition returns the snapshot that counts now.
func (c *Cache) Edition() Edition {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.editionLocked()
}

func (c *Cache) editionLocked() Edition {
	if c.store == nil || c.v.base == nil {
		return Edition{}
	}
	return Edition{c.v.base.id, c.at.gen}
}

// asideHeader is the snapshot's id and how much of its journal the writer knew.
const asideHeader = 16

// WriteAside keeps bytes beside the edition's snapshot, under the handle of the node they are about. They go with the snapshot.
// The directory is as readable as the snapshot is; who writes secrets seals them.
func (c *Cache) WriteAside(e Edition, about Handle, data []byte) (err error) {
	c.mu.RLock()
	now, end := c.editionLocked(), c.at.end
	c.mu.RUnlock()
	if e == (Edition{}) || now != e {
		return nil
	}
	f, err := atomicfile.Create(filepath.Join(c.store.dir, tempName), atomicfile.Options{Volatile: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Abort()) }()
	head := le.AppendUint64(le.AppendUint64(make([]byte, 0, asideHeader), e.id), uint64(end))
	for _, b := range [][]byte{head, data} {
		if _, err := f.Write(b); err != nil {
			return fmt.Errorf("write beside cached tree: %w", err)
		}
	}
	return f.CommitAs(c.store.aside(e.gen, about))
}

// ReadAside returns what WriteAside kept, nil if there is nothing that is true of the tree now.
func (c *Cache) ReadAside(e Edition, about Handle) ([]byte, error) {
	if e == (Edition{}) {
		return nil, nil
	}
	data, err := os.ReadFile(c.store.aside(e.gen, about))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read beside cached tree: %w", err)
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	// A journal that ends earlier lost changes its writer knew of.
	if c.editionLocked() != e || len(data) < asideHeader || le.Uint64(data) != e.id || int64(le.Uint64(data[8:])) > c.at.end {
		return nil, nil
	}
	return data[asideHeader:], nil
}

// Since compares a folder with what it was in an edition: the nodes that are in it now and are not as they were there, and which
// of those that were there still are. False means that the edition no longer counts.
func (c *Cache) Since(e Edition, parent Handle, was []Handle) (changed []Node, still []Standing, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if e == (Edition{}) || c.editionLocked() != e {
		return nil, nil, false
	}
	for _, h := range c.v.over.children[parent].after(0) {
		changed = append(changed, *c.v.over.nodes[h])
	}
	if len(c.v.over.nodes) == 0 {
		return changed, nil, true
	}
	still = make([]Standing, len(was))
	for i, h := range was {
		switch {
		case c.v.over.covers(h):
			still[i] = Changed
		case len(c.v.over.children[h].after(0)) > 0:
			still[i] = Grown
		}
	}
	return changed, still, true
}

// Standing is what became of a node of an edition.
type Standing uint8

// What becomes of a node: nothing, it changed or went, or something came directly below it.
const (
	Same Standing = iota
	Changed
	Grown
)
