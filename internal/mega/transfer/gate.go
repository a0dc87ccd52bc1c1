package transfer

import (
	"context"
	"sync"
	"time"
)

// gate limits how many small bodies are under way. It begins narrow, doubles as long as that makes the whole
// faster and nothing has ever stopped it, later widens by half, goes back a step when that does not help, and
// halves when the server says that it is too much.
type gate struct {
	mu      sync.Mutex
	limit   int
	max     int
	inUse   int
	waiting []chan struct{}
	epoch   int // grows when the limit is halved

	// The window in progress: how many bodies ended since when, and whether somebody had to wait.
	since     time.Time
	ended     int
	saturated bool

	// The search for the right width.
	best   float64 // bodies a second before the gate was last widened; 0: not known
	narrow int     // its width then
	trial  bool    // whether the wider gate has yet to prove itself
	idle   int     // windows since the last trial ended without gain
	probe  int     // windows that pass before the next trial; doubles with each that brought none
	held   bool    // whether a trial ever brought nothing, or the server refused
}

const (
	gateGain  = 1.05 // below this a wider gate has not helped
	gateProbe = 16   // the most windows that pass before widening is tried again
)

func newGate(limit int) *gate { return &gate{limit: min(limit, startSmallConcurrency), max: limit} }

// slot is a place inside the gate.
type slot struct {
	gate  *gate
	epoch int
}

// enter waits for a place.
func (g *gate) enter(ctx context.Context) (*slot, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	g.mu.Lock()
	if g.since.IsZero() {
		g.since = time.Now()
	}
	if g.inUse < g.limit && len(g.waiting) == 0 {
		g.inUse++
		defer g.mu.Unlock()
		return &slot{gate: g, epoch: g.epoch}, nil
	}
	turn := make(chan struct{})
	g.waiting = append(g.waiting, turn)
	g.saturated = true
	g.mu.Unlock()
	select {
	case <-turn:
	case <-ctx.Done():
		return nil, g.giveUp(ctx, turn)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return &slot{gate: g, epoch: g.epoch}, nil
}

// giveUp takes a waiter out of the line, or gives back the place it was just given.
func (g *gate) giveUp(ctx context.Context, turn chan struct{}) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, w := range g.waiting {
		if w == turn {
			g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
			return context.Cause(ctx)
		}
	}
	g.inUse--
	g.admitLocked()
	return context.Cause(ctx)
}

// leave gives the place back. ok says that the body arrived.
func (s *slot) leave(ok bool) {
	g := s.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inUse--
	if ok {
		g.countLocked(time.Now())
	}
	g.admitLocked()
}

// overload halves the gate, once for all the requests that were under way when it was too wide.
func (s *slot) overload() {
	g := s.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	if s.epoch == g.epoch {
		g.epoch++
		g.limit = max(1, g.limit/2)
		g.best, g.trial, g.held = 0, false, true
		g.restartLocked(time.Now())
	}
	s.epoch = g.epoch
}

func (g *gate) current() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.limit
}

// countLocked ends the window after two rounds and judges it.
func (g *gate) countLocked(now time.Time) {
	if g.ended++; g.ended < 2*g.limit {
		return
	}
	if took := now.Sub(g.since).Seconds(); g.saturated && took > 0 {
		g.judgeLocked(float64(g.ended) / took)
	}
	g.restartLocked(now)
}

// judgeLocked compares a window with the one before the gate was last widened.
func (g *gate) judgeLocked(rate float64) {
	switch {
	case g.trial && rate <= g.best*gateGain:
		g.limit, g.trial, g.idle, g.held = g.narrow, false, 0, true
		g.probe = min(gateProbe, max(2, 2*g.probe))
		return
	case g.trial:
		g.probe = 0
	case g.best != 0 && g.idle+1 < g.probe:
		g.idle++
		return
	}
	g.best = rate
	g.trial = g.limit < g.max
	g.narrow, g.idle = g.limit, 0
	step := max(1, g.limit/2)
	if !g.held {
		step = g.limit
	}
	g.limit = min(g.max, g.limit+step)
}

func (g *gate) restartLocked(now time.Time) {
	g.since, g.ended, g.saturated = now, 0, len(g.waiting) > 0
}

func (g *gate) admitLocked() {
	for g.inUse < g.limit && len(g.waiting) > 0 {
		close(g.waiting[0])
		g.waiting = g.waiting[1:]
		g.inUse++
	}
}
