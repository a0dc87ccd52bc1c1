package cache

import (
	"slices"
	"sync"
)

// parents answers which handles have something below them. A single question is one look at the records; somebody who asks
// about every file of an account gets all answers out of one pass over them.
type parents struct {
	mu    sync.Mutex
	asked int
	known []Handle // sorted; nil: not known yet
}

// parentShare says when one pass is cheaper: a look takes about as long as passing over so many records.
const parentShare = 256

// isParent says whether the snapshot has a node directly below h.
func (s *snapshot) isParent(h Handle) (bool, error) {
	known, err := s.parents.list(s)
	if err != nil {
		return false, err
	}
	if known != nil {
		_, found := slices.BinarySearch(known, h)
		return found, nil
	}
	c, err := s.byParent.seek(sortKey{uint64(h), 0})
	if err != nil {
		return false, err
	}
	defer c.release()
	e, err := c.entry()
	return e != nil && record(e).parent() == h, err
}

// list counts a question and returns all parents once that pays.
func (p *parents) list(s *snapshot) ([]Handle, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked++; p.known != nil || p.asked <= s.byParent.count/parentShare {
		return p.known, nil
	}
	c := s.byParent.at(0)
	defer c.release()
	known := []Handle{}
	for {
		e, err := c.entry()
		if err != nil {
			return nil, err
		}
		if e == nil {
			p.known = known
			return known, nil
		}
		if h := record(e).parent(); len(known) == 0 || h != known[len(known)-1] {
			known = append(known, h)
		}
	}
}

// hasChildren says whether something may hang below h; it is sure about no.
func (v *view) hasChildren(h Handle) (bool, error) {
	if len(v.over.children[h].after(0)) > 0 {
		return true, nil
	}
	if v.base == nil {
		return false, nil
	}
	return v.base.isParent(h)
}
