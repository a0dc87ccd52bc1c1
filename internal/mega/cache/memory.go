package cache

import (
	"io"
	"slices"
)

// memFile is a file in memory. It is written by one goroutine at a time.
type memFile struct{ b []byte }

func (m *memFile) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(m.b)) {
		return 0, io.EOF
	}
	n := copy(p, m.b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (m *memFile) WriteAt(p []byte, off int64) (int, error) {
	if end := int(off) + len(p); end > len(m.b) {
		old := len(m.b)
		m.b = slices.Grow(m.b, end-old)[:end]
		clear(m.b[old:max(old, int(off))])
	}
	return copy(m.b[off:], p), nil
}
