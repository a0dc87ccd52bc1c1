package transfer

import (
	"context"
	"sync"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// buffers are the pools that bodies are read into: one size for small bodies, one for spans of a single
// mebibyte, one for whole spans.
type buffers struct{ small, medium, large sync.Pool }

// smallBuffer returns a buffer of SmallBody bytes and the function that gives it back.
func (m *Manager) smallBuffer() (buf []byte, free func()) {
	return fromPool(&m.buffers.small, SmallBody)
}

// spanBuffer waits until the memory for a span is free. The buffer is at least as long as the span.
func (m *Manager) spanBuffer(ctx context.Context, span crypt.Span) (buf []byte, free func(), err error) {
	pool, size := &m.buffers.large, m.options.Span
	if span.Len() <= crypt.MaxChunk {
		pool, size = &m.buffers.medium, crypt.MaxChunk
	}
	if err := m.memory.Acquire(ctx, size); err != nil {
		return nil, nil, err
	}
	buf, put := fromPool(pool, int(size))
	return buf[:span.Len()], func() {
		put()
		m.memory.Release(size)
	}, nil
}

func fromPool(pool *sync.Pool, size int) (buf []byte, put func()) {
	p, ok := pool.Get().(*[]byte)
	if !ok {
		b := make([]byte, size)
		p = &b
	}
	return *p, func() { pool.Put(p) }
}
