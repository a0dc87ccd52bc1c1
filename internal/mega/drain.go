package mega

import (
	"context"
	"errors"
	"sync"
)

// drains are the catch-ups that changes wait for. Many may want one at a time, and each needs one that begins after it asked:
// those that come while one is under way share the next.
type drains struct {
	mu   sync.Mutex
	next *drain
}

// drain is one catch-up.
type drain struct {
	done chan struct{}
	err  error
}

// Drain applies what happened until now. It is one request when nothing did.
func (c *Client) Drain(ctx context.Context) error {
	for {
		d, first := c.drains.join()
		if first {
			return c.drainAs(ctx, d)
		}
		select {
		case <-d.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if !errors.Is(d.err, context.Canceled) && !errors.Is(d.err, context.DeadlineExceeded) {
			return d.err
		} // the context of who did it has ended, which is nothing to ours
	}
}

// join returns the catch-up that has not begun, and whether it is the caller's to do.
func (s *drains) join() (d *drain, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next != nil {
		return s.next, false
	}
	s.next = &drain{done: make(chan struct{})}
	return s.next, true
}

func (c *Client) drainAs(ctx context.Context, d *drain) error {
	defer close(d.done)
	c.refreshing.Lock()
	defer c.refreshing.Unlock()
	c.drains.mu.Lock()
	c.drains.next = nil // who comes from here on needs another one
	c.drains.mu.Unlock()
	_, d.err = c.refreshLocked(ctx)
	return d.err
}
