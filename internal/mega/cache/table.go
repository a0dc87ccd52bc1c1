package cache

import (
	"errors"
	"io"
	"sort"
	"sync"
)

// blockSize is what is read and checked at once.
const blockSize = 4096

// fenceSize is a fence on disk: key and checksum.
const fenceSize = 20

// sortKey orders entries; every entry on disk starts with its two numbers.
type sortKey struct{ hi, lo uint64 }

func keyOf(entry []byte) sortKey { return sortKey{le.Uint64(entry), le.Uint64(entry[8:])} }

func (k sortKey) compare(o sortKey) int {
	switch {
	case k.hi < o.hi, k.hi == o.hi && k.lo < o.lo:
		return -1
	case k == o:
		return 0
	}
	return 1
}

// fence stands for one block of a table: the key of its first entry and the checksum of all.
type fence struct {
	first sortKey
	crc   uint32
}

// table is a sorted run of entries of one size inside a file. Its fences are in memory, so that finding an entry costs
// one read; every block is checked when it is read.
type table struct {
	f      io.ReaderAt
	off    int64
	entry  int
	count  int
	fences []fence
}

func blocks(count, entry int) int {
	per := blockSize / entry
	return (count + per - 1) / per
}

// block reads block i into buf, which has room for one.
func (t *table) block(i int, buf []byte) ([]byte, error) {
	per := blockSize / t.entry
	size := min(per, t.count-i*per) * t.entry
	b := buf[:size]
	if n, err := t.f.ReadAt(b, t.off+int64(i)*blockSize); n < size {
		if errors.Is(err, io.EOF) {
			return nil, damaged("block %d is missing", i)
		}
		return nil, err
	}
	if checksum(b) != t.fences[i].crc {
		return nil, damaged("checksum of block %d", i)
	}
	return b, nil
}

// cursor walks over a table's entries. It comes from seek and goes back with release.
type cursor struct {
	t    *table
	next int // number of the next entry
	have int // block in b; -1: none
	b    []byte
	buf  [blockSize]byte

	scratch []byte // for who holds the cursor
}

var cursors = sync.Pool{New: func() any { return new(cursor) }}

// at returns a cursor on entry number i.
func (t *table) at(i int) *cursor {
	c := cursors.Get().(*cursor)
	c.t, c.next, c.have = t, i, -1
	return c
}

func (c *cursor) release() {
	c.t = nil
	cursors.Put(c)
}

// seek returns a cursor on the first entry whose key is not below k.
func (t *table) seek(k sortKey) (*cursor, error) {
	c := t.at(0)
	i := sort.Search(len(t.fences), func(i int) bool { return t.fences[i].first.compare(k) > 0 }) - 1
	if i < 0 {
		return c, nil
	}
	if err := c.load(i); err != nil {
		c.release()
		return nil, err
	}
	in := sort.Search(len(c.b)/t.entry, func(j int) bool { return keyOf(c.b[j*t.entry:]).compare(k) >= 0 })
	c.next = i*(blockSize/t.entry) + in
	return c, nil
}

func (c *cursor) load(i int) (err error) {
	if c.have == i {
		return nil
	}
	if c.b, err = c.t.block(i, c.buf[:]); err != nil {
		c.have = -1
		return err
	}
	c.have = i
	return nil
}

// entry returns the next entry, valid until the call after; nil at the end.
func (c *cursor) entry() ([]byte, error) {
	if c.next >= c.t.count {
		return nil, nil
	}
	per := blockSize / c.t.entry
	if err := c.load(c.next / per); err != nil {
		return nil, err
	}
	at := c.next % per * c.t.entry
	c.next++
	return c.b[at : at+c.t.entry : at+c.t.entry], nil
}
