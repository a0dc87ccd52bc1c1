package cache

import "context"

// HoldLock runs do while c holds its directory's lock.
func HoldLock(ctx context.Context, c *Cache, do func()) error {
	unlock, err := c.store.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	do()
	return nil
}
