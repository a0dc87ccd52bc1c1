package mega

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/tree"
)

// book is what was decrypted of a declared folder in earlier runs: a page for each folder in it, with the facts of the nodes
// that an edition of the cached tree has there. It is kept beside the tree, sealed under a key derived from the master key, so
// that its loss betrays no more than that of the tree. It only saves time: what is not in it is decrypted.
//
// A book is safe for concurrent use.
type book struct {
	client  *Client
	about   tree.Handle
	edition cache.Edition
	pages   map[tree.Handle][]byte
	known   int // nodes on pages
	text    int // and about how long their names and metadata are

	mu     sync.Mutex
	fresh  map[tree.Handle][]byte // pages written in this run
	missed int                    // nodes on them
}

// bookPurpose names what a book's key is for, and the form of its content.
const bookPurpose = "names of a folder, version 1"

// keepMissed is how many nodes had to be decrypted, and keepShare which part of all, before a book is written anew.
const (
	keepMissed = 500
	keepShare  = 8
)

// openBook opens the book of a folder. A book that is missing, damaged or of another edition is an empty one.
func (c *Client) openBook(about tree.Handle) *book {
	b := &book{client: c, about: about, edition: c.cache.Edition(), pages: map[tree.Handle][]byte{}, fresh: map[tree.Handle][]byte{}}
	data, err := c.cache.ReadAside(b.edition, about)
	if err == nil && data != nil {
		err = b.open(data)
	}
	if err != nil {
		c.log().Warn("names kept of earlier runs cannot be read and are decrypted anew", "folder", about.String(), "err", err)
		clear(b.pages)
		b.known, b.text = 0, 0
	}
	return b
}

// list lists a folder of the declared one, behind what nodes holds.
func (b *book) list(ctx context.Context, h tree.Handle, nodes []tree.Node) ([]tree.Node, error) {
	p, known := b.pages[h]
	if !known {
		return b.decrypt(ctx, h, nodes)
	}
	handles := pageHandles(p)
	changed, still, ok := b.client.cache.Since(b.edition, h, handles)
	if !ok {
		return b.client.listed(ctx, h, nodes)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("list %s: %w", h, err)
	}
	r := pageReader(p, len(handles))
	for i, node := range handles {
		n, look := r.node(node)
		if still != nil {
			switch still[i] {
			case cache.Changed:
				continue
			case cache.Grown:
				look = max(look, lookVersions)
			}
		}
		n, err := b.look(n, look)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", h, err)
		}
		if n.Handle != 0 {
			nodes = append(nodes, n)
		}
	}
	for _, n := range changed {
		node, err := b.client.withVersions(b.client.open(n).facts())
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", h, err)
		}
		nodes = append(nodes, node)
	}
	return nodes, nil
}

// look completes a node of a page; one that is gone meanwhile comes back as zero.
func (b *book) look(n tree.Node, what look) (tree.Node, error) {
	switch what {
	case lookNowhere:
		return n, nil
	case lookVersions:
		return b.client.withVersions(n)
	}
	o, ok, err := b.client.cache.Get(n.Handle)
	if err != nil || !ok {
		return tree.Node{}, err
	}
	return b.client.withVersions(b.client.open(o).facts())
}

// decrypt lists a folder that has no page and writes one, of the nodes that are as the edition has them.
func (b *book) decrypt(ctx context.Context, h tree.Handle, nodes []tree.Node) ([]tree.Node, error) {
	before := len(nodes)
	nodes, err := b.client.listed(ctx, h, nodes)
	if err != nil {
		return nil, err
	}
	listed := nodes[before:]
	handles := make([]tree.Handle, len(listed))
	for i := range listed {
		handles[i] = listed[i].Handle
	}
	_, still, ok := b.client.cache.Since(b.edition, h, handles)
	if !ok {
		return nodes, nil
	}
	p := writePage(listed, still)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fresh[h] = p
	b.missed += len(listed)
	return nodes, nil
}

// keep writes the book anew if much of it was missing. The client's Close waits for it.
func (b *book) keep() {
	if b.edition == (cache.Edition{}) || b.missed < keepMissed || b.missed < b.known/keepShare {
		return
	}
	for h, p := range b.pages {
		b.fresh[h] = p
	}
	c, about, edition, pages := b.client, b.about, b.edition, b.fresh
	c.keeping.Go(func() {
		if err := c.cache.WriteAside(edition, about, b.seal(pages)); err != nil {
			c.log().Warn("names are not kept for later runs", "folder", about.String(), "err", err)
		}
	})
}

// sealAtOnce is about how much is sealed in one piece.
const sealAtOnce = 256 << 10

// seal puts pages into pieces, each sealed by itself, so that they open on all processors.
func (b *book) seal(pages map[tree.Handle][]byte) []byte {
	var out, piece []byte
	number := uint32(0)
	flush := func(more bool) {
		box := b.client.box.Seal(nil, nil, piece, b.associated(number, more))
		out = append(binary.LittleEndian.AppendUint32(out, uint32(len(box))), box...)
		piece, number = piece[:0], number+1
	}
	for h, p := range pages {
		if len(piece) > 0 && len(piece)+len(p) > sealAtOnce {
			flush(true)
		}
		piece = binary.LittleEndian.AppendUint64(piece, uint64(h))
		piece = binary.AppendUvarint(piece, uint64(len(p)))
		piece = append(piece, p...)
	}
	flush(false)
	return out
}

// associated binds a piece to its place, and to the release whose facts it holds.
func (b *book) associated(number uint32, more bool) []byte {
	return fmt.Appendf(nil, "%s %x %x %d %t", b.client.options.UserAgent, b.edition.ID(), uint64(b.about), number, more)
}

var errBook = errors.New("it is not what was written")

// open reads what seal wrote.
func (b *book) open(data []byte) error {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for number := uint32(0); len(data) > 0; number++ {
		if len(data) < 4 || uint64(binary.LittleEndian.Uint32(data)) > uint64(len(data)-4) {
			return errors.Join(errBook, g.Wait())
		}
		end := 4 + int(binary.LittleEndian.Uint32(data))
		box := data[4:end]
		data = data[end:]
		associated := b.associated(number, len(data) > 0)
		g.Go(func() error {
			piece, err := b.client.box.Open(nil, nil, box, associated)
			if err != nil {
				return err
			}
			return b.take(piece)
		})
	}
	return g.Wait()
}

// take takes the pages of one piece.
func (b *book) take(piece []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(piece) > 0 {
		if len(piece) < 8 {
			return errBook
		}
		h := tree.Handle(binary.LittleEndian.Uint64(piece))
		n, width := binary.Uvarint(piece[8:])
		piece = piece[8:]
		if width <= 0 || n > uint64(len(piece)-width) {
			return errBook
		}
		p := piece[width:][:n:n]
		piece = piece[width+int(n):]
		b.pages[h] = p
		b.known += pageLen(p)
		b.text += len(p) / 2
	}
	return nil
}
