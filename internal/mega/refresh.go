package mega

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/tree"
)

// Refresh brings the tree up to date: what changed since the last time, or all of it where there is none, where the server
// no longer knows what changed, or where the cache is damaged.
func (c *Client) Refresh(ctx context.Context) (Refreshed, error) {
	c.refreshing.Lock()
	defer c.refreshing.Unlock()
	return c.refreshLocked(ctx)
}

func (c *Client) refreshLocked(ctx context.Context) (Refreshed, error) {
	var done Refreshed
	if damage := c.cache.Damage(); damage != nil {
		c.log().Warn("the cached tree is damaged and is fetched anew", "err", damage)
	}
	fresh := false
	if c.cache.SN() != "" {
		changed, err := c.catchUp(ctx)
		done.Changed = changed
		switch {
		case err == nil:
			return c.refreshed(done), nil
		case errors.Is(err, ErrTooOld):
			// What the server keeps at hand may be just as old.
			fresh = true
		case errors.Is(err, cache.ErrDamaged):
			c.log().Warn("the cached tree is damaged and is fetched anew", "err", err)
		default:
			return Refreshed{}, fmt.Errorf("read the account's changes: %w", err)
		}
	}
	done.Full, done.Changed = true, 0
	if err := c.fetch(ctx, fresh); err != nil {
		return Refreshed{}, fmt.Errorf("read the account's tree: %w", err)
	}
	// The server may have answered with a tree it had at hand.
	if _, err := c.catchUp(ctx); err != nil {
		return Refreshed{}, fmt.Errorf("read the account's changes: %w", err)
	}
	return c.refreshed(done), nil
}

func (c *Client) refreshed(r Refreshed) Refreshed {
	r.Nodes, r.SN = c.cache.Len(), string(c.cache.SN())
	return r
}

func (c *Client) fetch(ctx context.Context, fresh bool) error {
	return c.api.FetchTree(ctx, fresh, func(r io.Reader) error {
		_, err := c.cache.Build(ctx, r)
		return err
	})
}

// Cached is the tree as it was left; false when there is none.
func (c *Client) Cached() (Refreshed, bool) {
	return c.refreshed(Refreshed{Cached: true}), c.cache.SN() != ""
}

// catchUp applies all events since the cache's position and counts them.
func (c *Client) catchUp(ctx context.Context) (changed int, err error) {
	for {
		from := c.cache.SN()
		if from == "" {
			return changed, cache.ErrDamaged
		}
		step, err := c.events(ctx, from)
		if err != nil {
			return changed, err
		}
		if step.to != from {
			err := c.cache.Apply(ctx, from, step.packets, step.to)
			if errors.Is(err, cache.ErrMoved) {
				// Another process was faster; what it applied is in the cache now.
				continue
			}
			if err != nil {
				return changed, err
			}
			changed += len(step.packets)
		}
		if step.last {
			return changed, nil
		}
	}
}

// step is one answer of the event channel.
type step struct {
	packets []cache.Packet
	to      cache.SN
	last    bool // there is nothing more
}

func (c *Client) events(ctx context.Context, from cache.SN) (step, error) {
	var s step
	var answer cache.Events
	err := c.api.Events(ctx, string(from), func(r io.Reader) (err error) {
		s.packets = nil
		answer, err = cache.DecodeEvents(r, func(p cache.Packet) error {
			s.packets = append(s.packets, p)
			return nil
		})
		return err
	})
	if err != nil {
		return step{}, err
	}
	s.to = answer.SN
	if s.to == "" {
		s.to = from
	}
	moved := s.to != from
	if !moved && (len(s.packets) > 0 || answer.More) {
		return step{}, &api.AnswerError{Command: "sc", Why: "it has events but stays where it is"}
	}
	s.last = !answer.More && (answer.Wait != "" || !moved)
	return s, nil
}

// TouchedSince returns the nodes, and the folders they are or were in, that events since sn are about. ErrTooOld means
// that the server no longer knows.
func (c *Client) TouchedSince(ctx context.Context, sn string) (map[tree.Handle]bool, error) {
	touched := make(map[tree.Handle]bool)
	for from := cache.SN(sn); ; {
		s, err := c.events(ctx, from)
		if err != nil {
			return nil, fmt.Errorf("read the account's changes: %w", err)
		}
		for _, p := range s.packets {
			c.touch(touched, p)
		}
		if s.last {
			delete(touched, 0)
			return touched, nil
		}
		from = s.to
	}
}

func (c *Client) touch(touched map[tree.Handle]bool, p cache.Packet) {
	touched[p.Handle] = true
	// Where it was, as far as the cache still knows.
	if n, ok, err := c.cache.Get(p.Handle); err == nil && ok {
		touched[n.Parent] = true
	}
	for _, n := range p.Nodes {
		touched[n.Handle], touched[n.Parent] = true, true
	}
}
