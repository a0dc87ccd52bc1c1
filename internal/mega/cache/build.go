package cache

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/megaplan/megaplan/internal/atomicfile"
)

// rowRun is what Build sorts at once; two of them are in memory.
const rowRun = 10 << 20

// Build replaces the tree with the answer of an `f` command, read from r as it arrives. Memory is bounded whatever the
// size of the account, except for Memory caches. If it fails, the cache stays as it was. Errors are those of DecodeTree,
// and what the disk says.
func (c *Cache) Build(ctx context.Context, r io.Reader) (Fetched, error) {
	b := &builder{c: c}
	defer b.close()
	got, err := b.build(ctx, r)
	if err != nil {
		return got, fmt.Errorf("build cached tree: %w", err)
	}
	return got, nil
}

// builder holds the files of one Build or fold.
type builder struct {
	c       *Cache
	out     *atomicfile.File // nil in memory
	mem     *memFile
	scratch []*os.File
	wait    []func()
}

func (b *builder) build(ctx context.Context, r io.Reader) (Fetched, error) {
	rows := newRowSorter(rowRun, b.scratchFile())
	b.wait = append(b.wait, rows.close)
	var seen uint64
	got, err := DecodeTree(r, func(n *Node) error {
		if seen++; seen%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		return rows.add(func(b []byte) []byte { return appendRow(b, n) })
	})
	if err != nil {
		return got, err
	}
	user := b.c.opt.User
	if user == 0 {
		user = got.Self
	}
	each := func(take func(record, []byte) error) error {
		return rows.each(func(row []byte) error { return take(row[:rowSize], row[rowSize:]) })
	}
	w, err := b.write(each, seen, user, got.SN)
	if err != nil {
		return got, err
	}
	return got, b.c.replace(ctx, b, w.duplicates)
}

// write makes a snapshot of rows that come in order.
func (b *builder) write(rows func(func(record, []byte) error) error, count uint64, user User, sn SN) (*snapshotWriter, error) {
	f, err := b.output()
	if err != nil {
		return nil, err
	}
	w := newSnapshotWriter(f, count, b.scratchFile())
	b.wait = append(b.wait, w.close)
	if err := rows(w.add); err != nil {
		return nil, err
	}
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails, by its documentation
	if err := w.finish(le.Uint64(id[:]), user, sn); err != nil {
		return nil, err
	}
	return w, nil
}

func (b *builder) output() (file, error) {
	if b.c.store == nil {
		b.mem = &memFile{}
		return b.mem, nil
	}
	// Whatever a power cut leaves of it, every block is checked when it is read.
	f, err := atomicfile.Create(filepath.Join(b.c.store.dir, tempName), atomicfile.Options{Volatile: true})
	b.out = f
	return f, err
}

// scratchFile returns what opens a scratch file; nil in memory.
func (b *builder) scratchFile() func() (file, error) {
	if b.c.store == nil {
		return nil
	}
	return func() (file, error) {
		f, err := os.CreateTemp(b.c.store.dir, tempName+".tmp-*")
		if err != nil {
			return nil, fmt.Errorf("create scratch file: %w", err)
		}
		b.scratch = append(b.scratch, f)
		return f, nil
	}
}

// close removes everything that was not published.
func (b *builder) close() {
	for _, wait := range b.wait {
		wait()
	}
	for _, f := range b.scratch {
		f.Close()
		os.Remove(f.Name())
	}
	if b.out != nil {
		b.out.Abort()
	}
}

// replace makes the snapshot that b wrote the current one.
func (c *Cache) replace(ctx context.Context, b *builder, duplicates []Handle) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.store == nil {
		return c.replaceMemory(b, duplicates)
	}
	unlock, err := c.store.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return c.publish(b, duplicates)
}

func (c *Cache) replaceMemory(b *builder, duplicates []Handle) error {
	base, err := openSnapshot(b.mem, int64(len(b.mem.b)))
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.v, c.damage = newView(base), nil
	changes, err := base.settle(duplicates)
	for _, ch := range changes {
		c.v.over.apply(ch)
	}
	return err
}

// publish gives the new snapshot its name; the directory's lock is held. A journal that goes with it is there first, so
// that a crash in between leaves the old generation.
func (c *Cache) publish(b *builder, duplicates []Handle) error {
	_, highest, err := c.store.generations()
	if err != nil {
		return err
	}
	gen := highest + 1
	if len(duplicates) > 0 {
		if err := c.settleOnDisk(b, gen, duplicates); err != nil {
			return err
		}
	}
	if err := b.out.CommitAs(c.store.snapshot(gen)); err != nil {
		return err
	}
	c.store.clean(gen)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	return c.reloadLocked()
}

func (c *Cache) settleOnDisk(b *builder, gen uint64, duplicates []Handle) error {
	info, err := b.out.Stat()
	if err != nil {
		return err
	}
	base, err := openSnapshot(b.out, info.Size())
	if err != nil {
		return err
	}
	changes, err := base.settle(duplicates)
	if err != nil {
		return err
	}
	journal := append(encodeJournalHeader(base.id), encodeFrame(base.sn, changes)...)
	return atomicfile.Write(c.store.journal(gen), journal, atomicfile.Options{})
}

// settle decides about handles that an answer named more than once, as nested shares may: one node stays, the others are
// covered.
func (s *snapshot) settle(duplicates []Handle) ([]change, error) {
	var changes []change
	var done Handle
	for _, h := range duplicates {
		if h == done {
			continue
		}
		done = h
		more, err := s.settleOne(h)
		if err != nil {
			return nil, err
		}
		changes = append(changes, more...)
	}
	return changes, nil
}

func (s *snapshot) settleOne(h Handle) ([]change, error) {
	c, err := s.byNode.seek(sortKey{uint64(h), 0})
	if err != nil {
		return nil, err
	}
	defer c.release()
	var changes []change
	for {
		e, err := c.entry()
		if err != nil {
			return nil, err
		}
		if e == nil || keyOf(e).hi != uint64(h) {
			return changes, nil
		}
		rec, err := s.record(keyOf(e).lo)
		if err != nil {
			return nil, err
		}
		n, err := s.node(rec)
		if err != nil {
			return nil, err
		}
		ch := change{handle: h, node: &n, hides: true, size: -1}
		if rec.hasSize() {
			ch.size = rec.size()
		}
		changes = append(changes, ch)
	}
}

// minFold and foldShare say when a journal has grown: reading it then takes longer than a run should wait.
const (
	minFold   = 1 << 20
	foldShare = 16
)

// grown says whether the journal is times larger than it should be.
func (c *Cache) grown(times int64) bool {
	if c.store == nil {
		return false
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return !c.closed && c.v.base != nil && c.at.end > times*max(minFold, c.at.size/foldShare)
}

// Fold writes a new snapshot that contains what the journal holds. Close calls it when it is worth it.
func (c *Cache) Fold(ctx context.Context) error {
	if c.store == nil {
		return nil
	}
	err := c.alone(ctx, func() error {
		c.mu.RLock()
		nothing := c.v.base == nil || c.at.end <= journalHeader
		c.mu.RUnlock()
		if nothing {
			return nil
		}
		return c.fold()
	})
	if err != nil {
		return fmt.Errorf("fold cached tree: %w", err)
	}
	return nil
}

// fold is Fold with the directory's lock held: nobody changes the view meanwhile.
func (c *Cache) fold() error {
	b := &builder{c: c}
	defer b.close()
	v := c.v
	w, err := b.write(v.rows, uint64(v.len()), v.base.user, v.sn)
	if err == nil && len(w.duplicates) > 0 {
		err = errors.New("a handle appears twice")
	}
	if err != nil {
		return err
	}
	return c.publish(b, nil)
}
