package emulator

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

// tree holds the nodes of one account. Older versions of a file hang below the
// next newer one. Nodes that were generated and never touched are not in the
// maps: they are answered by gen.
type tree struct {
	nodes map[handle]*node
	kids  map[handle]map[handle]struct{}
	gen   *generated // nil when the account has none
	seq   uint64
	total usage
}

// usage counts what a set of nodes holds. Versions are counted apart.
type usage struct {
	Files, Folders, Bytes      int64
	VersionFiles, VersionBytes int64
}

func (u usage) allBytes() int64 { return u.Bytes + u.VersionBytes }

func (u *usage) add(n *node, sign int64) {
	switch {
	case n.Kind == kindFolder:
		u.Folders += sign
	case n.Kind == kindFile && n.version:
		u.VersionFiles += sign
		u.VersionBytes += sign * n.Size
	case n.Kind == kindFile:
		u.Files += sign
		u.Bytes += sign * n.Size
	}
}

func newTree() *tree {
	return &tree{nodes: make(map[handle]*node), kids: make(map[handle]map[handle]struct{})}
}

// get returns nil when there is no such node.
func (t *tree) get(h handle) *node {
	if n := t.nodes[h]; n != nil {
		return n
	}
	if i, ok := t.gen.index(h); ok {
		return t.gen.node(i)
	}
	return nil
}

// bare is get without the encrypted parts, which are costly to derive.
func (t *tree) bare(h handle) *node {
	if n := t.nodes[h]; n != nil {
		return n
	}
	if i, ok := t.gen.index(h); ok {
		return t.gen.bare(i)
	}
	return nil
}

// put adds the node or replaces the one with its handle. The tree owns it.
func (t *tree) put(n *node) {
	if old := t.bare(n.Handle); old != nil {
		t.total.add(old, -1)
		t.detach(old)
		n.Seq = cmp.Or(n.Seq, old.Seq)
	}
	if n.Seq == 0 {
		t.seq++
		n.Seq = t.seq
	}
	t.seq = max(t.seq, n.Seq)
	parent := t.bare(n.Parent)
	n.version = parent != nil && parent.Kind == kindFile
	t.nodes[n.Handle] = n
	if t.kids[n.Parent] == nil {
		t.kids[n.Parent] = make(map[handle]struct{})
	}
	t.kids[n.Parent][n.Handle] = struct{}{}
	t.total.add(n, 1)
}

// detach takes the node out of its parent's children.
func (t *tree) detach(n *node) {
	if i, ok := t.gen.index(n.Handle); ok {
		t.gen.leave(i)
		return
	}
	siblings := t.kids[n.Parent]
	delete(siblings, n.Handle)
	if len(siblings) == 0 {
		delete(t.kids, n.Parent)
	}
}

// drop removes the node and everything below it and hands out each.
func (t *tree) drop(h handle, removed func(*node)) {
	n := t.bare(h)
	if n == nil {
		return
	}
	for child := range t.childHandles(h) {
		t.drop(child, removed)
	}
	t.total.add(n, -1)
	t.detach(n)
	delete(t.nodes, h)
	removed(n)
}

// childHandles lists the children, stored ones in order of creation.
func (t *tree) childHandles(h handle) iter.Seq[handle] {
	return func(yield func(handle) bool) {
		for _, child := range t.storedChildren(h) {
			if !yield(child) {
				return
			}
		}
		for i := range t.gen.children(h) {
			if !yield(generatedHandle(i)) {
				return
			}
		}
	}
}

func (t *tree) storedChildren(h handle) []handle {
	return slices.SortedFunc(maps.Keys(t.kids[h]), func(a, b handle) int {
		return cmp.Compare(t.nodes[a].Seq, t.nodes[b].Seq)
	})
}

// subtree lists the node and everything below it, parents first, without the
// encrypted parts of generated nodes.
func (t *tree) subtree(h handle) iter.Seq[*node] {
	return func(yield func(*node) bool) { t.walk(h, yield) }
}

func (t *tree) walk(h handle, yield func(*node) bool) bool {
	n := t.bare(h)
	if n == nil {
		return true
	}
	if !yield(n) {
		return false
	}
	for child := range t.childHandles(h) {
		if !t.walk(child, yield) {
			return false
		}
	}
	return true
}

// usage sums up the node and what is below it.
func (t *tree) usage(h handle) usage {
	var u usage
	for n := range t.subtree(h) {
		u.add(n, 1)
	}
	return u
}

// below says whether h is top or lies below it.
func (t *tree) below(h, top handle) bool {
	for n := t.bare(h); n != nil; n = t.bare(n.Parent) {
		if n.Handle == top {
			return true
		}
	}
	return false
}
