package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Refresh catches up with what other processes did, without waiting for them. A Cache that only reads may call it when
// it likes; changes call it by themselves.
func (c *Cache) Refresh() error {
	if c.store == nil {
		return nil
	}
	gen, _, err := c.store.generations()
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return fmt.Errorf("cached tree: %w", fs.ErrClosed)
	}
	if gen != c.at.gen {
		return c.reloadLocked()
	}
	if c.v.base == nil {
		return nil
	}
	return c.readJournal()
}

func (c *Cache) load() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reloadLocked()
}

// reloadLocked reads the newest generation. Iterations under way keep the file they have; it closes when they let go.
func (c *Cache) reloadLocked() error {
	if c.journal != nil {
		c.journal.Close() // every frame in it was written; what is read next tells
		c.journal = nil
	}
	// A publisher may remove a generation between listing and opening it, but there is a newer one then.
	for range 10 {
		gen, _, err := c.store.generations()
		if err != nil {
			return err
		}
		err = c.openGeneration(gen)
		if errors.Is(err, ErrDamaged) {
			c.v, c.at, c.damage = newView(nil), place{gen: gen}, err
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return errors.New("cached tree: generations come and go too fast")
}

func (c *Cache) openGeneration(gen uint64) error {
	c.v, c.at, c.damage = newView(nil), place{}, nil
	if gen == 0 {
		return nil
	}
	f, err := os.Open(c.store.snapshot(gen))
	if err != nil {
		return fmt.Errorf("open cached tree: %w", err)
	}
	if err := c.openFile(gen, f); err != nil {
		return errors.Join(err, f.Close())
	}
	return nil
}

func (c *Cache) openFile(gen uint64, f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open cached tree: %w", err)
	}
	base, err := openSnapshot(f, info.Size())
	if err != nil {
		return err
	}
	if c.opt.User != 0 && base.user != 0 && base.user != c.opt.User {
		return damaged("it belongs to another account")
	}
	c.v, c.at = newView(base), place{gen: gen, size: info.Size(), file: f}
	if err := c.readJournal(); err != nil {
		c.at.file = nil // the caller closes it
		return err
	}
	return nil
}

// readJournal applies the frames that came since the last time.
func (c *Cache) readJournal() error {
	f, err := os.Open(c.store.journal(c.at.gen))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open journal: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("open journal: %w", err)
	}
	if c.at.end == 0 {
		if info.Size() < journalHeader {
			c.at.torn = info.Size() > 0 // just being made, or its maker crashed
			return nil
		}
		head := make([]byte, journalHeader)
		if err := readFull(f, head, 0); err != nil {
			return err
		}
		if string(head) != string(encodeJournalHeader(c.v.base.id)) {
			return damaged("the journal belongs to another snapshot")
		}
		c.at.end = journalHeader
	}
	c.at.end, err = replay(f, c.at.end, info.Size(), func(payload []byte) error {
		var list []change
		sn, err := decodeFrame(payload, func(ch change) { list = append(list, ch) })
		if err != nil {
			return err
		}
		for _, ch := range list {
			c.v.over.apply(ch)
		}
		c.v.sn = sn
		return nil
	})
	c.at.torn = info.Size() > c.at.end
	return err
}

// append writes a frame behind the whole ones. The directory's lock is held, and everything before has been read.
func (c *Cache) append(frame []byte) error {
	if c.v.base == nil {
		return damaged("there is nothing to add to")
	}
	if c.journal == nil {
		f, err := os.OpenFile(c.store.journal(c.at.gen), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return fmt.Errorf("open journal: %w", err)
		}
		c.journal = f
	}
	if c.at.end == 0 {
		frame = append(encodeJournalHeader(c.v.base.id), frame...)
	}
	if c.at.torn { // by a writer that crashed, for the lock is held
		if err := c.journal.Truncate(c.at.end); err != nil {
			return fmt.Errorf("write journal: %w", err)
		}
	}
	if _, err := c.journal.WriteAt(frame, c.at.end); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	c.at.end += int64(len(frame))
	return nil
}
