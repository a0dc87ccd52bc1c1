package store

import (
	"fmt"
	"io"
	"sync"
)

const pageSize = 256 << 10

// Memory returns a store that lives as long as the process. Its log is not
// kept, because nobody can replay it.
func Memory() Store {
	return &memory{blobs: make(map[uint64]*memoryBlob)}
}

type memory struct {
	mu    sync.Mutex
	blobs map[uint64]*memoryBlob
}

// memoryBlob holds fixed pages so that pieces may arrive in any order without
// the whole size being set aside first.
type memoryBlob struct {
	mu    sync.RWMutex
	pages [][]byte
	size  int64
}

func (m *memory) Replay(func([]byte) error) error                          { return nil }
func (m *memory) Append([]byte) error                                      { return nil }
func (m *memory) Grown() int64                                             { return 0 }
func (m *memory) Compact(func(emit func(record []byte) error) error) error { return nil }
func (m *memory) Close() error                                             { return nil }

func (m *memory) WriteBlob(id uint64, off int64, r io.Reader) (int64, error) {
	m.mu.Lock()
	b := m.blobs[id]
	if b == nil {
		b = &memoryBlob{}
		m.blobs[id] = b
	}
	m.mu.Unlock()
	buf := borrowBuffer()
	defer returnBuffer(buf)
	b.write(off, nil)
	var done int64
	for {
		n, err := r.Read(*buf)
		b.write(off+done, (*buf)[:n])
		done += int64(n)
		if err == io.EOF {
			return done, nil
		}
		if err != nil {
			return done, fmt.Errorf("write blob %d: %w", id, err)
		}
	}
}

func (b *memoryBlob) write(off int64, p []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	end := off + int64(len(p))
	b.size = max(b.size, end)
	for int64(len(b.pages))*pageSize < b.size {
		b.pages = append(b.pages, nil)
	}
	for len(p) > 0 {
		page, at := off/pageSize, off%pageSize
		if int64(len(b.pages[page])) < pageSize {
			b.pages[page] = grown(b.pages[page], min(pageSize, at+int64(len(p))))
		}
		n := copy(b.pages[page][at:], p)
		p, off = p[n:], off+int64(n)
	}
}

// grown returns page with at least the wanted length. Small files get small
// pages; a page that grows twice gets its full size at once.
func grown(page []byte, want int64) []byte {
	if int64(len(page)) >= want {
		return page
	}
	if len(page) > 0 {
		want = pageSize
	}
	bigger := make([]byte, want)
	copy(bigger, page)
	return bigger
}

func (m *memory) ReadBlob(id uint64, off, n int64) (io.ReadCloser, error) {
	m.mu.Lock()
	b := m.blobs[id]
	m.mu.Unlock()
	if b == nil {
		return nil, fmt.Errorf("read blob %d: %w", id, ErrNoBlob)
	}
	b.mu.RLock()
	size := b.size
	b.mu.RUnlock()
	if off < 0 || n < 0 || off+n > size {
		return nil, fmt.Errorf("read blob %d: %w", id, ErrNoBlob)
	}
	return io.NopCloser(io.NewSectionReader(b, off, n)), nil
}

// ReadAt reads the blob; parts never written are zeros.
func (b *memoryBlob) ReadAt(p []byte, off int64) (int, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	done := 0
	for done < len(p) && off < b.size {
		page, at := off/pageSize, off%pageSize
		n := int(min(int64(len(p)-done), pageSize-at, b.size-off))
		part := p[done : done+n]
		clear(part)
		if at < int64(len(b.pages[page])) {
			copy(part, b.pages[page][at:])
		}
		done, off = done+n, off+int64(n)
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

func (m *memory) DeleteBlob(id uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.blobs, id)
	return nil
}

func (m *memory) Blobs() ([]uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := make([]uint64, 0, len(m.blobs))
	for id := range m.blobs {
		ids = append(ids, id)
	}
	return ids, nil
}
