package crypt

import (
	"context"
	"fmt"
	"io"
	"sync"
)

// Verdict is what the meta-MAC of a node key says about a file's content.
type Verdict int

const (
	// Different means the content is not the one the node key was made for.
	Different Verdict = iota
	// Equal means it is.
	Equal
	// CannotTell means the node key carries the fault [MatchesWithGaps] describes.
	CannotTell
)

// String names the verdict.
func (v Verdict) String() string {
	switch v {
	case Different:
		return "different"
	case Equal:
		return "equal"
	case CannotTell:
		return "cannot tell"
	}
	panic(fmt.Sprintf("crypt: verdict %d", int(v)))
}

// Verify compares the MACs of a file's chunks with the meta-MAC of the key.
func (f FileKey) Verify(macs []MAC) Verdict {
	key, want := f.AES(), f.MetaMAC()
	switch {
	case MetaMAC(key, macs) == want:
		return Equal
	case MatchesWithGaps(key, macs, want):
		return CannotTell
	}
	return Different
}

// Check reads size bytes of r once and says for each node key whether it was made for this content.
// That r did not change meanwhile is the caller's to find out. The buffer is half a mebibyte whatever the
// size. A file that is too short is [io.ErrUnexpectedEOF]; cancelling ctx ends the reading.
func Check(ctx context.Context, r io.ReaderAt, size int64, keys ...FileKey) ([]Verdict, error) {
	macs, err := ChunkMACs(ctx, r, size, keys...)
	if err != nil {
		return nil, err
	}
	verdicts := make([]Verdict, len(keys))
	for i, k := range keys {
		verdicts[i] = k.Verify(macs[i])
	}
	return verdicts, nil
}

// ChunkMACs reads size bytes of r once and returns the MACs of its chunks under each key.
func ChunkMACs(ctx context.Context, r io.ReaderAt, size int64, keys ...FileKey) ([][]MAC, error) {
	ciphers := make([]*FileCipher, len(keys))
	macs := make([][]MAC, len(keys))
	for i, k := range keys {
		ciphers[i] = k.Cipher()
		macs[i] = make([]MAC, ChunkCount(size))
	}
	buf := checkBuffers.Get().(*checkBuffer)
	defer checkBuffers.Put(buf)
	m := checker{r: r, size: size, ciphers: ciphers, macs: macs, buf: buf}
	for first := 0; first < ChunkCount(size); first += laneCount {
		if err := m.group(ctx, first); err != nil {
			return nil, err
		}
	}
	return macs, nil
}

// checkSlice is how much of each chunk is read at a time.
const checkSlice = 64 << 10

type checkBuffer [laneCount][checkSlice]byte

var checkBuffers = sync.Pool{New: func() any { return new(checkBuffer) }}

type checker struct {
	r       io.ReaderAt
	size    int64
	ciphers []*FileCipher
	macs    [][]MAC
	buf     *checkBuffer
	lanes   []Lane
}

// group takes up to eight chunks side by side, a slice of each at a time, so that the lanes are full
// while the buffer stays small.
func (m *checker) group(ctx context.Context, first int) error {
	last := min(first+laneCount, ChunkCount(m.size))
	for i := first; i < last; i++ {
		for k, c := range m.ciphers {
			m.macs[k][i] = c.iv()
		}
	}
	for done := int64(0); done < MaxChunk; done += checkSlice {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := m.slices(first, last, done); err != nil {
			return err
		}
		if len(m.lanes) == 0 {
			return nil
		}
		SumLanes(m.lanes)
		m.collect(first, last, done)
	}
	return nil
}

// slices reads the slice at offset done of every chunk that is that long, and makes its lanes.
func (m *checker) slices(first, last int, done int64) error {
	m.lanes = m.lanes[:0]
	for i := first; i < last; i++ {
		start, end := ChunkRange(i, m.size)
		if start += done; start >= end {
			continue
		}
		data := m.buf[i-first][:min(checkSlice, end-start)]
		if err := readFull(m.r, data, start); err != nil {
			return err
		}
		for k, c := range m.ciphers {
			m.lanes = append(m.lanes, Lane{Key: c.schedule, Sum: m.macs[k][i], Data: data})
		}
	}
	return nil
}

// collect puts the running MACs back, in the order slices made the lanes.
func (m *checker) collect(first, last int, done int64) {
	lane := 0
	for i := first; i < last; i++ {
		if start, end := ChunkRange(i, m.size); start+done >= end {
			continue
		}
		for k := range m.ciphers {
			m.macs[k][i] = m.lanes[lane].Sum
			lane++
		}
	}
}
