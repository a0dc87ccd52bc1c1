package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// ErrMoved means that the cache is no longer where the packets start, because another process applied events or fetched
// the tree meanwhile. The remedy is to ask for events since SN again.
var ErrMoved = errors.New("the cached tree has moved on")

// Options tune a cache. The zero value works.
type Options struct {
	// User is whose tree is expected; a cache of somebody else counts as damaged. Zero takes any.
	User User
}

// Cache is an account's tree as of SN. Reads answer from the state after the last Open, Refresh or change made through
// this Cache. All methods are safe for concurrent use, and several processes may share one directory.
//
// An empty SN means that there is nothing yet, or that what there was is damaged (Damage says how): Build it. A read that
// returns ErrDamaged has the same remedy.
type Cache struct {
	opt   Options
	store *store // nil: in memory only

	writing sync.Mutex // held by the one writer of this Cache; taken before the directory's lock and mu
	line    line       // changes that wait for a writer

	mu      sync.RWMutex
	v       *view
	at      place
	damage  error
	spoilt  atomic.Uint64 // the generation that reads found damaged; 0: none
	closed  bool
	journal *os.File // open for appending; nil until then
}

// place is what of a directory has been read: a generation, and its journal up to end.
type place struct {
	gen  uint64
	size int64 // of the snapshot
	end  int64
	torn bool      // something lies behind end that is no frame
	file io.Closer // the snapshot; nil when there is none
}

// Open opens the cache in dir, which need not exist. Damage is no error here: the cache is then empty.
func Open(dir string, opt Options) (*Cache, error) {
	c := &Cache{opt: opt, store: &store{dir: dir}, v: newView(nil)}
	if err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
}

// Memory returns an empty cache without a directory.
func Memory(opt Options) *Cache {
	return &Cache{opt: opt, v: newView(nil)}
}

// SN returns the position in the account's history that the tree corresponds to; "" when it has to be built.
func (c *Cache) SN() SN {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.v.sn
}

// User returns whose tree it is, if that is known.
func (c *Cache) User() User {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.v.base != nil && c.v.base.user != 0 {
		return c.v.base.user
	}
	return c.opt.User
}

// Len returns the number of nodes, old versions and the three roots included.
func (c *Cache) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.v.len()
}

// Damage says why what was on disk could not be used; nil if it could, or if there was nothing.
func (c *Cache) Damage() error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.damage
}

// Apply takes the packets that lead from one position to the next. The cache must be at from, else it returns ErrMoved,
// having caught up with whoever was faster. Packets that repeat what is known change nothing.
func (c *Cache) Apply(ctx context.Context, from SN, packets []Packet, to SN) error {
	return c.change(ctx, "apply events", func(ch *changer) (SN, error) {
		if ch.v.sn != from || from == "" {
			return "", ErrMoved
		}
		if len(to) > maxSN {
			return "", fmt.Errorf("sequence number %q is too long", string(to))
		}
		return to, ch.packets(packets)
	})
}

// Put remembers nodes that this process made, before the events tell of them. What a node lacks (nil texts, NoType, a
// negative size) is kept from what was known.
func (c *Cache) Put(ctx context.Context, nodes ...Node) error {
	return c.echo(ctx, "remember nodes", func(ch *changer) error {
		for i := range nodes {
			if err := ch.put(nodes[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Move remembers that this process put h into another folder.
func (c *Cache) Move(ctx context.Context, h, parent Handle) error {
	return c.echo(ctx, "remember move", func(ch *changer) error { return ch.move(h, parent) })
}

// SetAttr remembers the attributes this process gave h.
func (c *Cache) SetAttr(ctx context.Context, h Handle, attr []byte) error {
	return c.echo(ctx, "remember attributes", func(ch *changer) error {
		return ch.edit(h, Node{Type: NoType, Size: -1, Attr: attr})
	})
}

// Remove remembers that this process deleted h, with all below it.
func (c *Cache) Remove(ctx context.Context, h Handle) error {
	return c.echo(ctx, "remember deletion", func(ch *changer) error { return ch.remove(h) })
}

// echo makes changes that do not move the position: the events that tell of them are still to come.
func (c *Cache) echo(ctx context.Context, what string, do func(*changer) error) error {
	return c.change(ctx, what, func(ch *changer) (SN, error) { return ch.v.sn, do(ch) })
}

// alone runs do as the only writer of the directory, after catching up with others.
func (c *Cache) alone(ctx context.Context, do func() error) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.aloneLocked(ctx, do)
}

func (c *Cache) aloneLocked(ctx context.Context, do func() error) error {
	if c.store == nil {
		return do()
	}
	unlock, err := c.store.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.Refresh(); err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	if c.grown(4) {
		return c.fold()
	}
	return nil
}

// closePatience is how long Close waits for other processes before it leaves the journal as it is.
const closePatience = 2 * time.Second

// Close folds the journal into a new snapshot if it has grown much, and lets go of the files. A million nodes take about
// a second, once in some ten thousands of changes. What turned out to be damaged is not left for others.
func (c *Cache) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	err := c.Discard(ctx)
	if err == nil && c.grown(1) {
		err = c.Fold(ctx)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil // somebody else is at it
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return err
	}
	c.closed = true
	return errors.Join(err, c.letGoLocked())
}

func (c *Cache) letGoLocked() error {
	var err error
	if c.journal != nil {
		err = c.journal.Close()
	}
	if c.at.file != nil {
		err = errors.Join(err, c.at.file.Close())
	}
	c.journal, c.at.file = nil, nil
	return err
}
