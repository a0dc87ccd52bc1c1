package cache

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// The snapshot's layout; numbers are little-endian.
//
//	header    magic, id, user, counts, offsets, sequence number, checksum
//	records   sorted by (parent, handle)
//	handles   (handle, number of its record), sorted
//	blob      the texts, in the order of the records
//	sizes     (size, number of its record) of files, sorted
//	fences    of the three tables
//
// There is one version. A file of another one counts as no snapshot, and the tree is fetched again.
const (
	snapshotMagic = "mplntre1"
	headerSize    = 256
	pairSize      = 16
	maxSN         = 64
)

// header describes a snapshot.
type header struct {
	id    uint64 // ties a journal to its snapshot
	user  User
	sn    SN
	nodes uint64
	files uint64 // entries of the index by size
	blob  uint64 // length of the blob
	fence uint32 // checksum of the fences
}

func (h header) records() int64 { return headerSize }
func (h header) handles() int64 { return h.records() + padded(h.nodes, rowSize) }
func (h header) blobAt() int64  { return h.handles() + padded(h.nodes, pairSize) }
func (h header) sizes() int64   { return h.blobAt() + int64(h.blob) }
func (h header) fences() int64  { return h.sizes() + padded(h.files, pairSize) }
func (h header) fenceBytes() int64 {
	return fenceSize * int64(blocks(int(h.nodes), rowSize)+blocks(int(h.nodes), pairSize)+blocks(int(h.files), pairSize))
}
func (h header) end() int64 { return h.fences() + h.fenceBytes() }

func padded(count uint64, entry int) int64 { return int64(count) * int64(entry) }

func (h header) encode() []byte {
	b := make([]byte, headerSize)
	copy(b, snapshotMagic)
	for i, v := range []uint64{h.id, uint64(h.user), h.nodes, h.files, h.blob, uint64(h.fence), uint64(len(h.sn))} {
		le.PutUint64(b[8+8*i:], v)
	}
	copy(b[128:128+maxSN], h.sn)
	le.PutUint32(b[headerSize-4:], checksum(b[:headerSize-4]))
	return b
}

func decodeHeader(b []byte) (header, error) {
	if string(b[:8]) != snapshotMagic {
		return header{}, damaged("not a snapshot of this version")
	}
	if checksum(b[:headerSize-4]) != le.Uint32(b[headerSize-4:]) {
		return header{}, damaged("checksum of the header")
	}
	v := func(i int) uint64 { return le.Uint64(b[8+8*i:]) }
	const limit = 1 << 40 // keeps every sum of offsets far from overflow
	if v(2) > limit/rowSize || v(3) > v(2) || v(4) > limit || v(6) > maxSN {
		return header{}, damaged("impossible counts")
	}
	return header{
		id: v(0), user: User(v(1)), nodes: v(2), files: v(3), blob: v(4), fence: uint32(v(5)), sn: SN(b[128 : 128+v(6)]),
	}, nil
}

// snapshot is an open snapshot. It is immutable and safe for concurrent use.
type snapshot struct {
	header
	f                        io.ReaderAt
	byParent, byNode, bySize table
	parents                  parents
}

// openSnapshot reads the header and the fences; size is that of the file.
func openSnapshot(f io.ReaderAt, size int64) (*snapshot, error) {
	b := make([]byte, headerSize)
	if err := readFull(f, b, 0); err != nil {
		return nil, err
	}
	h, err := decodeHeader(b)
	if err != nil {
		return nil, err
	}
	if h.end() != size {
		return nil, damaged("%d bytes where %d should be", size, h.end())
	}
	s := &snapshot{header: h, f: f}
	b = make([]byte, h.fenceBytes())
	if err := readFull(f, b, h.fences()); err != nil {
		return nil, err
	}
	if checksum(b) != h.fence {
		return nil, damaged("checksum of the index")
	}
	s.byParent, b = openTable(f, h.records(), rowSize, h.nodes, b)
	s.byNode, b = openTable(f, h.handles(), pairSize, h.nodes, b)
	s.bySize, _ = openTable(f, h.sizes(), pairSize, h.files, b)
	return s, nil
}

func openTable(f io.ReaderAt, off int64, entry int, count uint64, fences []byte) (table, []byte) {
	t := table{f: f, off: off, entry: entry, count: int(count), fences: make([]fence, blocks(int(count), entry))}
	for i := range t.fences {
		b := fences[i*fenceSize:]
		t.fences[i] = fence{first: keyOf(b), crc: le.Uint32(b[16:])}
	}
	return t, fences[len(t.fences)*fenceSize:]
}

func readFull(f io.ReaderAt, b []byte, off int64) error {
	n, err := f.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return damaged("it ends too early")
	}
	return fmt.Errorf("read cached tree: %w", err)
}

// find returns the record of h, or nil.
func (s *snapshot) find(h Handle) (record, error) {
	c, err := s.byNode.seek(sortKey{uint64(h), 0})
	if err != nil {
		return nil, err
	}
	defer c.release()
	e, err := c.entry()
	if err != nil || e == nil || keyOf(e).hi != uint64(h) {
		return nil, err
	}
	rec, err := s.record(keyOf(e).lo)
	if err == nil && rec.handle() != h {
		return nil, damaged("index of handles")
	}
	return rec, err
}

// record reads a copy of record number i.
func (s *snapshot) record(i uint64) (record, error) {
	if i >= s.nodes {
		return nil, damaged("an index names record %d of %d", i, s.nodes)
	}
	c := s.byParent.at(int(i))
	defer c.release()
	e, err := c.entry()
	return bytes.Clone(e), err
}

// node reads the texts of one record.
func (s *snapshot) node(rec record) (Node, error) {
	text, err := s.texts(rec.offset(), rec.texts())
	if err != nil {
		return Node{}, err
	}
	return rec.node(text)
}

// texts reads a range of the blob into memory of its own.
func (s *snapshot) texts(off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || off > int64(s.blob)-n {
		return nil, damaged("texts outside the blob")
	}
	b := make([]byte, n)
	return b, readFull(s.f, b, s.blobAt()+off)
}
