package cache

import (
	"bufio"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"
)

// sorter puts rows into the order of their keys with bounded memory: full runs are sorted and written to a scratch file
// behind the caller's back, and merged at the end. Rows with equal keys keep their order. Without a scratch file
// everything stays in memory.
type sorter struct {
	limit   int              // bytes of rows in one run
	head    int              // bytes that tell how long a row is
	length  func([]byte) int // of the row that starts here
	scratch func() (file, error)
	f       file
	cur     *run
	spare   *run
	done    int64 // bytes in f
	spilled []extent
	writer  errgroup.Group // at most one at a time
}

// file is what sorters and snapshots are written to and read from.
type file interface {
	io.ReaderAt
	io.WriterAt
}

type extent struct{ off, n int64 }

// run is a batch of rows and where they start.
type run struct {
	rows []byte
	keys []runKey
}

type runKey struct {
	sortKey
	off int
}

// newPairSorter sorts pairs of numbers.
func newPairSorter(scratch func() (file, error)) *sorter {
	return &sorter{
		limit: 2 << 20, head: pairSize, length: func([]byte) int { return pairSize }, scratch: scratch, cur: &run{}, spare: &run{},
	}
}

// newRowSorter sorts rows by parent and handle; limit is about a third of what it takes at most.
func newRowSorter(limit int, scratch func() (file, error)) *sorter {
	return &sorter{
		limit: limit, head: rowSize, length: func(b []byte) int { return rowSize + int(record(b).texts()) },
		scratch: scratch, cur: &run{}, spare: &run{},
	}
}

// close waits for the writer; the scratch file may be closed afterwards.
func (s *sorter) close() { _ = s.writer.Wait() }

// add takes a row that build appends to the slice it is given.
func (s *sorter) add(build func([]byte) []byte) error {
	if s.scratch != nil && len(s.cur.rows) >= s.limit {
		if err := s.spill(); err != nil {
			return err
		}
	}
	at := len(s.cur.rows)
	s.cur.rows = build(s.cur.rows)
	s.cur.keys = append(s.cur.keys, runKey{keyOf(s.cur.rows[at:]), at})
	return nil
}

// spill hands the full run to the writer and goes on with the other one.
func (s *sorter) spill() error {
	if err := s.writer.Wait(); err != nil {
		return err
	}
	if s.f == nil {
		f, err := s.scratch()
		if err != nil {
			return err
		}
		s.f = f
	}
	full, at := s.cur, s.done
	s.spilled = append(s.spilled, extent{at, int64(len(full.rows))})
	s.done += int64(len(full.rows))
	s.cur, s.spare = s.spare, full
	s.cur.rows, s.cur.keys = s.cur.rows[:0], s.cur.keys[:0]
	s.writer.Go(func() error {
		full.sort()
		w := bufio.NewWriterSize(io.NewOffsetWriter(s.f, at), 1<<20)
		for _, k := range full.keys {
			if _, err := w.Write(full.row(k, s.length)); err != nil {
				return fmt.Errorf("write scratch file: %w", err)
			}
		}
		return w.Flush()
	})
	return nil
}

func (r *run) sort() {
	slices.SortFunc(r.keys, func(a, b runKey) int {
		if c := a.compare(b.sortKey); c != 0 {
			return c
		}
		return a.off - b.off
	})
}

func (r *run) row(k runKey, length func([]byte) int) []byte {
	return r.rows[k.off : k.off+length(r.rows[k.off:])]
}

// each hands over all rows in order, each valid during the call. The sorter is used up.
func (s *sorter) each(take func(row []byte) error) error {
	err := s.writer.Wait()
	s.spare = nil
	if err != nil {
		return err
	}
	s.cur.sort()
	if len(s.spilled) == 0 {
		for _, k := range s.cur.keys {
			if err := take(s.cur.row(k, s.length)); err != nil {
				return err
			}
		}
		return nil
	}
	return s.merge(take)
}

// source is one sorted run being merged.
type source struct {
	key   sortKey
	order int
	row   []byte
	next  func() ([]byte, error) // nil row: no more
}

func (s *source) advance() error {
	row, err := s.next()
	if err == nil && row != nil {
		s.key = keyOf(row)
	}
	s.row = row
	return err
}

// sources is a heap.
type sources []*source

func (h sources) Len() int      { return len(h) }
func (h sources) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h sources) Less(i, j int) bool {
	c := h[i].key.compare(h[j].key)
	return c < 0 || c == 0 && h[i].order < h[j].order
}
func (h *sources) Push(x any) { *h = append(*h, x.(*source)) }
func (h *sources) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

func (s *sorter) merge(take func([]byte) error) error {
	var h sources
	for i, e := range s.spilled {
		h = append(h, &source{order: i, next: s.fromFile(e)})
	}
	h = append(h, &source{order: len(h), next: s.fromMemory()})
	live := h[:0]
	for _, src := range h {
		if err := src.advance(); err != nil {
			return err
		}
		if src.row != nil {
			live = append(live, src)
		}
	}
	h = live
	heap.Init(&h)
	for len(h) > 0 {
		if err := take(h[0].row); err != nil {
			return err
		}
		if err := h[0].advance(); err != nil {
			return err
		}
		if h[0].row == nil {
			heap.Pop(&h)
		} else {
			heap.Fix(&h, 0)
		}
	}
	return nil
}

func (s *sorter) fromMemory() func() ([]byte, error) {
	i := 0
	return func() ([]byte, error) {
		if i == len(s.cur.keys) {
			return nil, nil
		}
		i++
		return s.cur.row(s.cur.keys[i-1], s.length), nil
	}
}

// mergeBuffer is what one spilled run costs while it is merged.
const mergeBuffer = 128 << 10

func (s *sorter) fromFile(e extent) func() ([]byte, error) {
	in := &stream{r: io.NewSectionReader(s.f, e.off, e.n), buf: make([]byte, 0, mergeBuffer), mark: -1}
	return func() ([]byte, error) {
		for {
			rest := in.buf[in.pos:]
			if len(rest) >= s.head {
				if n := s.length(rest); len(rest) >= n {
					in.pos += n
					return rest[:n], nil
				}
			}
			if err := in.fill(); err != nil {
				if len(rest) == 0 && errors.Is(err, errCut) {
					return nil, nil
				}
				return nil, fmt.Errorf("read scratch file: %w", err)
			}
		}
	}
}
