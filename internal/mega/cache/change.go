package cache

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// line is where changes wait. Whoever gets to write takes all that wait along: one lock of the directory, one look at what
// others did and one write then serve hundreds of changes, as when a request made hundreds of nodes.
type line struct {
	mu      sync.Mutex
	waiting []*ticket
	last    time.Time // when somebody wrote; only the writer touches it
}

// gather is the least time between two writes: what comes meanwhile shares the next one.
const gather = 3 * time.Millisecond

// ticket is one change in the line.
type ticket struct {
	do   func(*changer) (SN, error)
	done bool // read and set by the writer only
	err  error
}

func (l *line) join(do func(*changer) (SN, error)) *ticket {
	t := &ticket{do: do}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, t)
	return t
}

func (l *line) take() []*ticket {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.waiting
	l.waiting = nil
	return all
}

// giveBack puts tickets back that were not served, all but the one whose owner gives up.
func (l *line) giveBack(all []*ticket, but *ticket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var back []*ticket
	for _, t := range all {
		if t != but && !t.done {
			back = append(back, t)
		}
	}
	l.waiting = append(back, l.waiting...)
}

// change runs do as the only writer, on a tree that is up to date, and keeps what it did.
func (c *Cache) change(ctx context.Context, what string, do func(*changer) (SN, error)) error {
	mine := c.line.join(do)
	c.writing.Lock()
	defer c.writing.Unlock()
	if !mine.done {
		if c.store != nil {
			time.Sleep(gather - time.Since(c.line.last)) // so short that no context needs to end it
			c.line.last = time.Now()
		}
		all := c.line.take()
		err := c.aloneLocked(ctx, func() error {
			c.serve(all)
			return nil
		})
		if !mine.done {
			// The directory could not be had; the others try for themselves.
			c.line.giveBack(all, mine)
			mine.done, mine.err = true, err
		} else if mine.err == nil {
			mine.err = err
		}
	}
	if mine.err != nil {
		return fmt.Errorf("%s: %w", what, mine.err)
	}
	return nil
}

// serveMost is how many nodes one frame of the journal takes before the next change begins another.
const serveMost = 4096

// serve does the changes in turn and writes them together.
func (c *Cache) serve(all []*ticket) {
	c.mu.Lock()
	defer c.mu.Unlock()
	written := c.v.sn
	var made []change
	var unwritten []*ticket
	flush := func() {
		if c.store != nil && (len(made) > 0 || c.v.sn != written) {
			if err := c.append(encodeFrame(c.v.sn, made)); err != nil {
				c.undoLocked(unwritten, err)
			}
		}
		written, made, unwritten = c.v.sn, nil, nil
	}
	for _, t := range all {
		ch := &changer{v: c.v}
		sn, err := t.do(ch)
		t.done = true
		switch {
		case err == nil:
			c.v.sn = sn
			made, unwritten = append(made, ch.made...), append(unwritten, t)
			if len(made) >= serveMost {
				flush()
			}
		case len(ch.made) > 0 && c.store != nil:
			flush()
			c.undoLocked([]*ticket{t}, err)
			written = c.v.sn
		default:
			t.err = err
		}
	}
	flush()
}

// undoLocked fails changes that are in memory and not on disk, by taking what is on disk.
func (c *Cache) undoLocked(failed []*ticket, err error) {
	err = errors.Join(err, c.reloadLocked())
	for _, t := range failed {
		t.err = err
	}
}
