package main

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// signals turns Ctrl-C into what a command can obey: the first one ends whatever only reads at once, but lets an apply finish
// what is in flight; the second one stops that too.
type signals struct {
	// ctx ends when the command must stop now.
	ctx context.Context
	// finish is closed at the first signal.
	finish chan struct{}

	cancel  context.CancelFunc
	gentle  atomic.Bool
	onFirst atomic.Value // func()
	caught  chan os.Signal
	ended   chan struct{}
}

func newSignals() *signals {
	s := &signals{finish: make(chan struct{}), caught: make(chan os.Signal, 2), ended: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	signal.Notify(s.caught, os.Interrupt, syscall.SIGTERM)
	go s.watch()
	return s
}

func (s *signals) watch() {
	defer close(s.ended)
	for n := 0; ; n++ {
		if _, ok := <-s.caught; !ok {
			return
		}
		if n == 0 {
			close(s.finish)
			if s.gentle.Load() {
				if told, ok := s.onFirst.Load().(func()); ok {
					told()
				}
				continue
			}
		}
		s.cancel()
	}
}

// beGentle makes the first signal from now on close finish only; told is called when it comes.
func (s *signals) beGentle(told func()) {
	s.onFirst.Store(told)
	s.gentle.Store(true)
}

func (s *signals) stop() {
	signal.Stop(s.caught)
	close(s.caught)
	<-s.ended
	s.cancel()
}
