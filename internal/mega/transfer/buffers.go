package transfer

import (
	"context"
	"sync"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// buffers are what bodies are read into: one size for small bodies, one for spans of up to a mebibyte, one
// for whole spans. The two larger sizes together never take more than the budget, idle ones included.
type buffers struct {
	small sync.Pool

	mu     sync.Mutex
	medium freeList
	large  freeList
	made   int64 // bytes in buffers of the two larger sizes
}

// freeList holds idle buffers of one size.
type freeList struct{ idle [][]byte }

func (l *freeList) take() []byte {
	last := len(l.idle) - 1
	if last < 0 {
		return nil
	}
	buf := l.idle[last]
	l.idle[last], l.idle = nil, l.idle[:last]
	return buf
}

// smallBuffer returns a buffer of SmallBody bytes and the function that gives it back.
func (m *Manager) smallBuffer() (buf []byte, free func()) {
	p, ok := m.buffers.small.Get().(*[SmallBody]byte)
	if !ok {
		p = new([SmallBody]byte)
	}
	return p[:], func() { m.buffers.small.Put(p) }
}

// spanBuffer waits until the memory for a span is free.
func (m *Manager) spanBuffer(ctx context.Context, span crypt.Span) (buf []byte, free func(), err error) {
	b, size := &m.buffers, m.options.Span
	list, other := &b.large, &b.medium
	if span.Len() <= crypt.MaxChunk && size > crypt.MaxChunk {
		size = crypt.MaxChunk
		list, other = other, list
	}
	if err := m.memory.Acquire(ctx, size); err != nil {
		return nil, nil, err
	}
	buf = b.get(list, other, size, m.options.Memory())
	return buf[:span.Len()], func() {
		b.put(list, buf)
		m.memory.Release(size)
	}, nil
}

// get returns an idle buffer or makes one, for which idle buffers of the other size make room.
func (b *buffers) get(list, other *freeList, size, budget int64) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	if buf := list.take(); buf != nil {
		return buf
	}
	for b.made+size > budget {
		buf := other.take()
		if buf == nil {
			break
		}
		b.made -= int64(len(buf))
	}
	b.made += size
	return make([]byte, size)
}

func (b *buffers) put(list *freeList, buf []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	list.idle = append(list.idle, buf)
}
