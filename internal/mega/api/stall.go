package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

var errStalled = errors.New("the connection stalled")

// stallGuard cancels a request that makes no progress for a while. There is no limit on the whole request: a slow
// answer is fine, a stuck one is not.
type stallGuard struct {
	ctx    context.Context // the request's own; lives as long as the guard
	cancel context.CancelCauseFunc
	after  time.Duration
	timer  *time.Timer
}

func newStallGuard(parent context.Context, after time.Duration) *stallGuard {
	ctx, cancel := context.WithCancelCause(parent)
	return &stallGuard{ctx: ctx, cancel: cancel, after: after, timer: time.AfterFunc(after, func() { cancel(errStalled) })}
}

func (g *stallGuard) progress() { g.timer.Reset(g.after) }

func (g *stallGuard) stop() {
	g.timer.Stop()
	g.cancel(nil)
}

// explain turns a failed request or read into a *NetworkError, or into the caller's own reason to give up.
func (g *stallGuard) explain(parent context.Context, err error) error {
	switch {
	case parent.Err() != nil:
		return context.Cause(parent)
	case errors.Is(context.Cause(g.ctx), errStalled):
		return &NetworkError{Err: errStalled}
	}
	return &NetworkError{Err: err}
}

// reading counts every read of the request's body as progress.
func (g *stallGuard) reading(r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		g.progress()
		return r.Read(p)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// guardedReader reads an answer under the guard and keeps the error that broke it off.
type guardedReader struct {
	ctx   context.Context // the caller's, to tell its end from a stall
	guard *stallGuard
	body  io.Reader
	n     int64
	err   error
}

func (r *guardedReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.body.Read(p)
	r.n += int64(n)
	if n > 0 {
		r.guard.progress()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = r.guard.explain(r.ctx, err)
		return n, r.err
	}
	return n, err
}

// retryAfter reads the pause a limiting server asks for.
func retryAfter(h http.Header) time.Duration {
	for _, name := range []string{"X-MEGA-Time-Left", "Retry-After"} {
		text := h.Get(name)
		if text == "" {
			continue
		}
		if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
			return time.Duration(seconds) * time.Second
		}
		if when, err := http.ParseTime(text); err == nil {
			return max(0, time.Until(when))
		}
	}
	return 0
}
