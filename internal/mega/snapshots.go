package mega

import (
	"context"
	"fmt"
	"time"

	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
)

// oldSnapshots are the published snapshots among siblings, but the newest.
func (c *Client) oldSnapshots(nodes []tree.Node) map[tree.Handle]bool {
	now, known := c.ServerTime()
	if !known {
		now = time.Now()
	}
	list := snapshot.Of(nodes)
	old := make(map[tree.Handle]bool, len(list))
	for _, s := range list {
		old[s.Handle] = true
	}
	if past := snapshot.Past(list, now); len(past) > 0 {
		old[past[0].Handle] = false
	}
	return old
}

// Volume counts the files below a folder and their bytes, old versions apart. Nothing is decrypted.
func (c *Client) Volume(ctx context.Context, h tree.Handle) (files, size int64, err error) {
	waiting := []tree.Handle{h}
	for len(waiting) > 0 {
		dir := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		for n, err := range c.cache.Children(dir) {
			if err == nil {
				err = context.Cause(ctx)
			}
			if err != nil {
				return 0, 0, fmt.Errorf("count what is in %s: %w", h, err)
			}
			if n.Type == cache.File {
				files++
				size += max(0, n.Size)
			} else {
				waiting = append(waiting, n.Handle)
			}
		}
	}
	return files, size, nil
}
