package cache

import (
	"bufio"
	"fmt"
	"io"
	"slices"
)

// view is a snapshot and what changed since. It is guarded by the cache's lock.
type view struct {
	base *snapshot // nil: nothing was ever fetched
	over *overlay
	sn   SN
}

func newView(base *snapshot) *view {
	v := &view{base: base, over: newOverlay()}
	if base != nil {
		v.sn = base.sn
	}
	return v
}

func (v *view) len() int {
	n := v.over.present
	if v.base != nil {
		n += int(v.base.nodes) - v.over.hidden
	}
	return n
}

// get returns the node h. Nodes of the overlay are shared: they are never changed, only replaced.
func (v *view) get(h Handle) (Node, bool, error) {
	if n, ok := v.over.nodes[h]; ok {
		if n == nil {
			return Node{}, false, nil
		}
		return *n, true, nil
	}
	rec, err := v.baseRecord(h)
	if err != nil || rec == nil {
		return Node{}, false, err
	}
	n, err := v.base.node(rec)
	return n, err == nil, err
}

func (v *view) baseRecord(h Handle) (record, error) {
	if v.base == nil || h == 0 {
		return nil, nil
	}
	return v.base.find(h)
}

// pageLen and pageText bound what one step of an iteration reads.
const (
	pageLen  = 512
	pageText = 256 << 10
)

// noHandle is above every handle.
const noHandle = ^Handle(0)

// page is a run of children: all of them up to the handle last.
type page struct {
	nodes []Node
	last  Handle // noHandle: there are no more
}

// children returns the children of parent that come after the given handle, up to some point.
func (v *view) children(parent, after Handle) (page, error) {
	base, last, err := v.baseChildren(parent, after)
	if err != nil {
		return page{}, err
	}
	over := v.over.children[parent].after(after)
	if len(over) == 0 && (len(base) == 0 || base[len(base)-1].Handle <= last) {
		return page{base, last}, nil
	}
	if len(over) > pageLen {
		last = min(last, over[pageLen-1])
	}
	p := page{last: last}
	for len(base) > 0 || len(over) > 0 {
		switch {
		case len(over) == 0 || len(base) > 0 && base[0].Handle < over[0]:
			if base[0].Handle > last {
				return p, nil
			}
			p.nodes, base = append(p.nodes, base[0]), base[1:]
		case over[0] > last:
			return p, nil
		default:
			p.nodes, over = append(p.nodes, *v.over.nodes[over[0]]), over[1:]
		}
	}
	return p, nil
}

// baseChildren returns children from the snapshot that the overlay does not cover, and up to which handle they are all.
func (v *view) baseChildren(parent, after Handle) ([]Node, Handle, error) {
	if v.base == nil {
		return nil, noHandle, nil
	}
	c, err := v.base.byParent.seek(sortKey{uint64(parent), uint64(after) + 1})
	if err != nil {
		return nil, 0, err
	}
	defer c.release()
	records := c.scratch[:0]
	defer func() { c.scratch = records }()
	last := noHandle
	for from := int64(-1); len(records) < pageLen*rowSize; {
		e, err := c.entry()
		if err != nil {
			return nil, 0, err
		}
		if e == nil || record(e).parent() != parent {
			last = noHandle
			break
		}
		rec := record(e)
		if rec.handle() <= after || last != noHandle && rec.handle() < last {
			return nil, 0, damaged("order of the nodes")
		}
		last = rec.handle()
		if v.over.covers(last) {
			continue
		}
		records = append(records, rec...)
		if from < 0 {
			from = rec.offset()
		}
		if rec.offset()-from > pageText {
			break
		}
	}
	nodes, err := v.base.neighbours(records)
	return nodes, last, err
}

// neighbours reads the texts of records whose texts lie together, with one read.
func (s *snapshot) neighbours(records []byte) ([]Node, error) {
	if len(records) == 0 {
		return nil, nil
	}
	end := record(records[len(records)-rowSize:])
	from, to := record(records).offset(), end.offset()+end.texts()
	texts, err := s.texts(from, to-from)
	if err != nil {
		return nil, err
	}
	nodes := make([]Node, 0, len(records)/rowSize)
	for rec := range slices.Chunk(records, rowSize) {
		r := record(rec)
		at := r.offset() - from
		if at < 0 || at+r.texts() > int64(len(texts)) {
			return nil, damaged("texts of %s", r.handle())
		}
		n, err := r.node(texts[at : at+r.texts() : at+r.texts()])
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// bySize returns the handles of the files of one size, sorted.
func (v *view) bySize(size int64) ([]Handle, error) {
	found := slices.Clone(v.over.sizes[size].after(0))
	if v.base == nil || size < 0 {
		return found, nil
	}
	c, err := v.base.bySize.seek(sortKey{uint64(size), 0})
	if err != nil {
		return nil, err
	}
	defer c.release()
	for {
		e, err := c.entry()
		if err != nil {
			return nil, err
		}
		if e == nil || keyOf(e).hi != uint64(size) {
			break
		}
		rec, err := v.base.record(keyOf(e).lo)
		if err != nil {
			return nil, err
		}
		if h := rec.handle(); !v.over.covers(h) {
			found = append(found, h)
		}
	}
	slices.Sort(found)
	return found, nil
}

// countSize counts the files of one size without reading them.
func (v *view) countSize(size int64) (int, error) {
	n := len(v.over.sizes[size].after(0)) - v.over.hiddenSizes[size]
	if v.base == nil || size < 0 {
		return n, nil
	}
	from, err := v.base.bySize.seek(sortKey{uint64(size), 0})
	if err != nil {
		return 0, err
	}
	defer from.release()
	to, err := v.base.bySize.seek(sortKey{uint64(size) + 1, 0})
	if err != nil {
		return 0, err
	}
	defer to.release()
	return n + to.next - from.next, nil
}

// overlaid returns the overlay's nodes in the snapshot's order.
func (v *view) overlaid() []*Node {
	list := make([]*Node, 0, v.over.present)
	for _, n := range v.over.nodes {
		if n != nil {
			list = append(list, n)
		}
	}
	slices.SortFunc(list, func(a, b *Node) int { return keyOfNode(a).compare(keyOfNode(b)) })
	return list
}

func keyOfNode(n *Node) sortKey { return sortKey{uint64(n.Parent), uint64(n.Handle)} }

// rows hands over every node as a row, in the order of a snapshot.
func (v *view) rows(take func(rec record, texts []byte) error) error {
	over := v.overlaid()
	var row []byte
	flush := func(below sortKey) error {
		for len(over) > 0 && keyOfNode(over[0]).compare(below) < 0 {
			row = appendRow(row[:0], over[0])
			if err := take(row[:rowSize], row[rowSize:]); err != nil {
				return err
			}
			over = over[1:]
		}
		return nil
	}
	if v.base != nil {
		err := v.base.rows(func(rec record, texts []byte) error {
			if v.over.covers(rec.handle()) {
				return nil
			}
			if err := flush(keyOf(rec)); err != nil {
				return err
			}
			return take(rec, texts)
		})
		if err != nil {
			return err
		}
	}
	return flush(sortKey{^uint64(0), ^uint64(0)})
}

// rows hands over every row of the snapshot in order, reading it once from front to back. Records and texts are valid
// during the call and may be changed.
func (s *snapshot) rows(take func(rec record, texts []byte) error) error {
	c := s.byParent.at(0)
	defer c.release()
	blob := bufio.NewReaderSize(io.NewSectionReader(s.f, s.blobAt(), int64(s.blob)), 256<<10)
	rec := make(record, rowSize)
	var texts []byte
	at := int64(0)
	for {
		e, err := c.entry()
		if err != nil || e == nil {
			return err
		}
		copy(rec, e)
		n := rec.texts()
		if rec.offset() != at || n > int64(s.blob)-at {
			return damaged("order of the texts")
		}
		at += n
		texts = slices.Grow(texts[:0], int(n))[:n]
		if _, err := io.ReadFull(blob, texts); err != nil {
			return fmt.Errorf("read cached tree: %w", err)
		}
		if err := take(rec, texts); err != nil {
			return err
		}
	}
}
