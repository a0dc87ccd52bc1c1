package cache

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// notedLocked remembers that a read found damage. Snapshots are checked block by block as they are read, so one may open well
// and turn out to be damaged later.
func (c *Cache) notedLocked(err error) error {
	if c.store != nil && errors.Is(err, ErrDamaged) {
		c.spoilt.Store(c.at.gen)
	}
	return err
}

// Discard gives up a tree that reads found damaged, for all processes: it is then one that has to be built. It does nothing
// where no damage was found, or where somebody has built another tree since.
func (c *Cache) Discard(ctx context.Context) error {
	if c.spoilt.Load() == 0 {
		return nil
	}
	return c.alone(ctx, func() error {
		c.mu.Lock()
		defer c.mu.Unlock()
		gen := c.spoilt.Swap(0)
		if gen == 0 || gen != c.at.gen {
			return nil
		}
		if err := os.Remove(c.store.snapshot(gen)); err != nil {
			// Some systems keep files that are open. One without content is as good as none.
			if terr := os.Truncate(c.store.snapshot(gen), 0); terr != nil {
				return fmt.Errorf("discard cached tree: %w", errors.Join(err, terr))
			}
		}
		if err := c.reloadLocked(); err != nil {
			return err
		}
		c.damage = damaged("a part that was read")
		return nil
	})
}
