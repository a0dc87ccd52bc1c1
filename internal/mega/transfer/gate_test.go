package transfer

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// drive sends bodies through a gate to a server that handles capacity of them at once, each in 20 ms.
func drive(t *testing.T, g *gate, bodies, capacity int) time.Duration {
	t.Helper()
	start := time.Now()
	server := make(chan struct{}, capacity)
	var wg sync.WaitGroup
	for range bodies {
		wg.Go(func() {
			slot, err := g.enter(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			server <- struct{}{}
			time.Sleep(20 * time.Millisecond)
			<-server
			slot.leave(true)
		})
	}
	wg.Wait()
	return time.Since(start)
}

func TestGateGrowsWhileItHelps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(32)
		if g.current() != 8 {
			t.Errorf("begins at %d, want 8", g.current())
		}
		took := drive(t, g, 2000, 1000)
		if g.current() != 32 {
			t.Errorf("limit = %d, want 32", g.current())
		}
		// 0.85 of connections over round trip.
		if rate, want := 2000/took.Seconds(), 0.85*32/0.020; rate < want {
			t.Errorf("%.0f bodies a second, want %.0f", rate, want)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		g := newGate(32)
		drive(t, g, 1000, 8)
		if g.current() != 8 && g.current() != 12 {
			t.Errorf("limit = %d for a server that handles 8", g.current())
		}
	})
	synctest.Test(t, func(t *testing.T) {
		g := newGate(3)
		drive(t, g, 100, 1000)
		if g.current() != 3 {
			t.Errorf("limit = %d, want 3", g.current())
		}
	})
}

func TestGateHalvesOncePerOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(32)
		drive(t, g, 2000, 1000)
		var slots []*slot
		for range 32 {
			s, err := g.enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			slots = append(slots, s)
		}
		for _, s := range slots {
			s.overload()
		}
		if g.current() != 16 {
			t.Errorf("limit = %d after 32 refusals at once, want 16", g.current())
		}
		slots[0].overload()
		if g.current() != 8 {
			t.Errorf("limit = %d after a refusal of a later request, want 8", g.current())
		}
		for _, s := range slots {
			s.leave(false)
		}
		drive(t, g, 2000, 1000)
		if g.current() != 32 {
			t.Errorf("limit = %d after recovery, want 32", g.current())
		}
	})
}

func TestGateLetsWaitersGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1)
		holder, err := g.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		wanted := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error)
		go func() { _, err := g.enter(ctx); done <- err }()
		synctest.Wait()
		cancel(wanted)
		if err := <-done; !errors.Is(err, wanted) {
			t.Errorf("error = %v", err)
		}
		holder.leave(true)
		if _, err := g.enter(t.Context()); err != nil {
			t.Errorf("the place of one who left is lost: %v", err)
		}
		if _, err := g.enter(ctx); !errors.Is(err, wanted) {
			t.Errorf("entering with a dead context: %v", err)
		}
	})
}
