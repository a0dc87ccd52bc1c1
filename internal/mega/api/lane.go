package api

import (
	"context"
	"encoding/json"
	"runtime"
	"sync"
	"time"
)

// What one request carries at most, and how long the lane waits for more while small bodies are on their way.
const (
	maxCommands = 256
	maxNodes    = 1000
	maxBody     = 1 << 20
	readyNodes  = 64
	gatherTime  = 60 * time.Millisecond
)

// Lane sends commands with one request in flight, and each request carries everything that waits. New nodes for
// the same folder share one command. While small files are being uploaded the lane waits until 64 new nodes are
// ready or 60 ms have passed, so that it does not answer each of them with a request; with nothing in flight it
// never waits.
//
// A lane needs no closing: its goroutine lives while something waits for it.
type Lane struct {
	send func(context.Context, [][]byte) ([]json.RawMessage, error)

	mu        sync.Mutex
	queue     []*unit
	running   bool
	bodies    int           // small bodies being uploaded
	changed   chan struct{} // tells a waiting run that queue or bodies changed
	flight    *flight
	lastSplit uint64
}

// unit is what must stay together: commands in their order, or new nodes of one command.
type unit struct {
	commands [][]byte // nil for new nodes
	put      *putUnit
	patient  bool // may wait for company
	size     int  // bytes in the request
	since    time.Time
	body     *Body        // ends when the unit stands in the queue
	done     chan outcome // receives exactly one value
}

type outcome struct {
	elements []json.RawMessage // of commands
	nodes    []Node            // of a put, in the order of its nodes
	err      error
}

// flight is the request under way. It ends early when nobody waits for it any more.
type flight struct {
	cancel context.CancelFunc
	units  map[*unit]bool
}

func newLane(send func(context.Context, [][]byte) ([]json.RawMessage, error)) *Lane {
	return &Lane{send: send, changed: make(chan struct{}, 1)}
}

// submit queues u and waits for its outcome. When ctx ends first the unit is withdrawn; one that is under way may
// still take effect.
func (l *Lane) submit(ctx context.Context, u *unit) outcome {
	if ctx.Err() != nil {
		return outcome{err: context.Cause(ctx)}
	}
	l.mu.Lock()
	u.since, u.done = time.Now(), make(chan outcome, 1)
	l.queue = append(l.queue, u)
	u.body.endLocked()
	if !l.running {
		l.running = true
		go l.run()
	}
	l.mu.Unlock()
	l.wake()
	select {
	case o := <-u.done:
		return o
	case <-ctx.Done():
		l.withdraw(u)
		return outcome{err: context.Cause(ctx)}
	}
}

func (l *Lane) wake() {
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

func (l *Lane) withdraw(u *unit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, queued := range l.queue {
		if queued == u {
			l.queue = append(l.queue[:i], l.queue[i+1:]...)
			return
		}
	}
	if l.flight != nil && l.flight.units[u] {
		delete(l.flight.units, u)
		if len(l.flight.units) == 0 {
			l.flight.cancel()
		}
	}
}

// run sends until nothing waits. There is one at a time.
func (l *Lane) run() {
	runtime.Gosched() // whoever is about to queue something comes along
	for {
		l.mu.Lock()
		if len(l.queue) == 0 {
			l.running = false
			l.mu.Unlock()
			return
		}
		pause := l.pauseLocked()
		if pause > 0 {
			l.mu.Unlock()
			l.gather(pause)
			continue
		}
		batch := l.takeLocked()
		ctx, cancel := context.WithCancel(context.Background())
		l.flight = &flight{cancel: cancel, units: make(map[*unit]bool)}
		for _, u := range batch.units() {
			l.flight.units[u] = true
		}
		l.mu.Unlock()

		elements, err := l.send(ctx, batch.commands())
		cancel()
		again := batch.deliver(elements, err)

		l.mu.Lock()
		l.requeueLocked(again)
		l.flight = nil
		l.mu.Unlock()
	}
}

// gather waits for more, but no longer than pause.
func (l *Lane) gather(pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.changed:
	}
}

// pauseLocked is how long to wait for company before the next request.
func (l *Lane) pauseLocked() time.Duration {
	if l.bodies == 0 {
		return 0
	}
	nodes := 0
	for _, u := range l.queue {
		if !u.patient {
			return 0
		}
		if u.put != nil {
			nodes += len(u.put.nodes)
		}
	}
	if nodes >= readyNodes {
		return 0
	}
	return gatherTime - time.Since(l.queue[0].since)
}

// requeueLocked puts halves of a failed command ahead of everything else, without what was withdrawn meanwhile.
// Each half keeps to itself.
func (l *Lane) requeueLocked(halves [][]*unit) {
	var front []*unit
	for _, half := range halves {
		l.lastSplit++
		for _, u := range half {
			if !l.flight.units[u] {
				continue
			}
			u.put.split = l.lastSplit
			front = append(front, u)
		}
	}
	l.queue = append(front, l.queue...)
}

// Body is a small file on its way to storage, which makes the lane gather (see Lane).
type Body struct {
	lane  *Lane
	ended bool // guarded by lane.mu
}

// BeginBody tells the lane that a small body is being uploaded. End it by handing it to a Put, or with End.
func (l *Lane) BeginBody() *Body {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bodies++
	return &Body{lane: l}
}

// End says that the body is no longer under way. It may be called more than once, and on nil.
func (b *Body) End() {
	if b == nil {
		return
	}
	b.lane.mu.Lock()
	b.endLocked()
	b.lane.mu.Unlock()
	b.lane.wake()
}

func (b *Body) endLocked() {
	if b != nil && !b.ended {
		b.ended = true
		b.lane.bodies--
	}
}
