package cache

import (
	"maps"
	"slices"
	"sync/atomic"
)

// overlay is what changed since the snapshot: nodes that came or changed, and nodes that are gone. It is guarded by the
// cache's lock; families sort themselves under a read lock too.
type overlay struct {
	nodes    map[Handle]*Node // nil: gone
	children map[Handle]*family
	sizes    map[int64]*family
	// hidden counts nodes of the snapshot that changed or are gone, hiddenSizes those of each size.
	hidden      int
	hiddenSizes map[int64]int
	present     int
}

func newOverlay() *overlay {
	return &overlay{nodes: map[Handle]*Node{}, children: map[Handle]*family{}, sizes: map[int64]*family{}, hiddenSizes: map[int64]int{}}
}

// family is a set of handles that can be walked in order.
type family struct {
	set    map[Handle]struct{}
	sorted atomic.Pointer[[]Handle]
}

// after returns the members above h, sorted. They must not be changed.
func (f *family) after(h Handle) []Handle {
	if f == nil {
		return nil
	}
	list := f.sorted.Load()
	if list == nil {
		s := slices.Sorted(maps.Keys(f.set))
		list = &s
		f.sorted.Store(list)
	}
	i, found := slices.BinarySearch(*list, h)
	if found {
		i++
	}
	return (*list)[i:]
}

func join[K comparable](families map[K]*family, key K, h Handle) {
	f := families[key]
	if f == nil {
		f = &family{set: map[Handle]struct{}{}}
		families[key] = f
	}
	f.set[h] = struct{}{}
	f.sorted.Store(nil)
}

func leave[K comparable](families map[K]*family, key K, h Handle) {
	f := families[key]
	if f == nil {
		return
	}
	delete(f.set, h)
	f.sorted.Store(nil)
	if len(f.set) == 0 {
		delete(families, key)
	}
}

// change is one step of the overlay as the journal keeps it: what a node has become, and whether that hides a node of the
// snapshot. Replaying changes reads nothing else.
type change struct {
	handle Handle
	node   *Node // nil: gone
	// hides is set the first time a node of the snapshot is covered; size is that node's, or -1.
	hides bool
	size  int64
}

func (o *overlay) apply(c change) {
	if c.hides {
		o.hidden++
		if c.size >= 0 {
			o.hiddenSizes[c.size]++
		}
	}
	if old := o.nodes[c.handle]; old != nil {
		o.present--
		leave(o.children, old.Parent, c.handle)
		if old.hasSize() {
			leave(o.sizes, old.Size, c.handle)
		}
	}
	o.nodes[c.handle] = c.node
	if c.node == nil {
		return
	}
	o.present++
	join(o.children, c.node.Parent, c.handle)
	if c.node.hasSize() {
		join(o.sizes, c.node.Size, c.handle)
	}
}

func (n *Node) hasSize() bool { return n.Type == File && n.Size >= 0 }

// covers says whether the overlay knows better than the snapshot.
func (o *overlay) covers(h Handle) bool {
	_, ok := o.nodes[h]
	return ok
}
