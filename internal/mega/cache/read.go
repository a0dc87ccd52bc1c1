package cache

import (
	"iter"
	"maps"
	"slices"
)

// Get returns the node h; false if the tree has none.
func (c *Cache) Get(h Handle) (Node, bool, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n, ok, err := c.v.get(h)
	return n, ok, c.notedLocked(err)
}

// Children walks over the nodes directly below parent by handle: a folder's content, or the one next older version of a
// file. Changes made meanwhile may be seen or not. The texts share memory with those of their neighbours: Clone a node
// that is kept for long. The walk ends after the first error.
func (c *Cache) Children(parent Handle) iter.Seq2[Node, error] {
	return func(yield func(Node, error) bool) {
		for after := Handle(0); after != noHandle; {
			c.mu.RLock()
			p, err := c.v.children(parent, after)
			err = c.notedLocked(err)
			c.mu.RUnlock()
			if err != nil {
				yield(Node{}, err)
				return
			}
			for _, n := range p.nodes {
				if !yield(n, nil) {
					return
				}
			}
			after = p.last
		}
	}
}

// Roots returns the cloud drive, the vault and the bin, as far as they are there.
func (c *Cache) Roots() ([]Node, error) {
	var roots []Node
	for n, err := range c.Children(0) {
		if err != nil {
			return nil, err
		}
		if n.Type == Root || n.Type == Vault || n.Type == Bin {
			roots = append(roots, n)
		}
	}
	slices.SortFunc(roots, func(a, b Node) int { return int(a.Type) - int(b.Type) })
	return roots, nil
}

// Versions walks over the older versions of a file, newest first. The walk ends after the first error.
func (c *Cache) Versions(file Handle) iter.Seq2[Node, error] {
	return func(yield func(Node, error) bool) {
		c.mu.RLock()
		some, err := c.v.hasChildren(file)
		err = c.notedLocked(err)
		c.mu.RUnlock()
		if err != nil {
			yield(Node{}, err)
		}
		if err != nil || !some {
			return // as with most files
		}
		seen := map[Handle]bool{file: true}
		for waiting := []Handle{file}; len(waiting) > 0; {
			var next []Node
			for n, err := range c.Children(waiting[0]) {
				if err != nil {
					yield(Node{}, err)
					return
				}
				next = append(next, n)
			}
			waiting = waiting[1:]
			slices.SortStableFunc(next, func(a, b Node) int { return int(b.Time - a.Time) })
			for _, n := range next {
				if n.Type != File || seen[n.Handle] {
					continue
				}
				seen[n.Handle] = true
				if !yield(n, nil) {
					return
				}
				waiting = append(waiting, n.Handle)
			}
		}
	}
}

// CountSize counts the files of one size, old versions included, in constant time.
func (c *Cache) CountSize(size int64) (int, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n, err := c.v.countSize(size)
	return n, c.notedLocked(err)
}

// BySize walks over the files of one size by handle, old versions included: those are files whose parent is a file. Ask
// CountSize first; a size may have many. The walk ends after the first error.
func (c *Cache) BySize(size int64) iter.Seq2[Node, error] {
	return func(yield func(Node, error) bool) {
		c.mu.RLock()
		handles, err := c.v.bySize(size)
		err = c.notedLocked(err)
		c.mu.RUnlock()
		if err != nil {
			yield(Node{}, err)
			return
		}
		for _, h := range handles {
			n, ok, err := c.Get(h)
			if err != nil {
				yield(Node{}, err)
				return
			}
			if ok && n.hasSize() && n.Size == size && !yield(n, nil) {
				return
			}
		}
	}
}

// All walks over every node in no particular order, as of when the walk began. Texts share memory as in Children.
func (c *Cache) All() iter.Seq2[Node, error] {
	return func(yield func(Node, error) bool) {
		c.mu.RLock()
		base, over := c.v.base, maps.Clone(c.v.over.nodes)
		c.mu.RUnlock()
		if base != nil {
			more, err := base.uncovered(over, func(n Node) bool { return yield(n, nil) })
			if err != nil {
				yield(Node{}, err)
			}
			if err != nil || !more {
				return
			}
		}
		for _, n := range over {
			if n != nil && !yield(*n, nil) {
				return
			}
		}
	}
}

// uncovered hands over the snapshot's nodes that over does not name, until take says to stop.
func (s *snapshot) uncovered(over map[Handle]*Node, take func(Node) bool) (bool, error) {
	c := s.byParent.at(0)
	defer c.release()
	var records []byte
	for {
		e, err := c.entry()
		if err != nil {
			return false, err
		}
		if e != nil {
			if _, covered := over[record(e).handle()]; !covered {
				records = append(records, e...)
			}
		}
		full := len(records) > 0 && (e == nil || len(records) == pageLen*rowSize ||
			record(e).offset()-record(records).offset() > pageText)
		if full {
			nodes, err := s.neighbours(records)
			if err != nil {
				return false, err
			}
			for _, n := range nodes {
				if !take(n) {
					return false, nil
				}
			}
			records = records[:0]
		}
		if e == nil {
			return true, nil
		}
	}
}
