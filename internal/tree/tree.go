package tree

import (
	"iter"
	"slices"
	"sort"
	"strings"
)

// ID is a node's place in one Tree. Ids mean nothing in another tree.
type ID uint32

// Root is the id of every tree's root directory.
const Root ID = 0

// None is an id that no node has.
const None ID = 1<<32 - 1

// Tree is an immutable tree. The zero value is not usable; even an empty tree has a root.
type Tree struct {
	text  string // all names, reasons and metas, referred to by span
	nodes []record
	local []localFacts // nil where the builder saw none
	far   []remoteFacts
	odd   map[ID]oddFacts // rare facts
}

type span struct{ off, len uint32 }

type record struct {
	name            span
	meta            span
	parent          ID
	first, children uint32 // run of child ids
	kind            Kind
	incomplete      bool
	why             Why
	hasOdd          bool
	size, mtime     int64
}

type localFacts struct {
	ctime      int64
	dev, inode uint64
	links      uint32
}

type remoteFacts struct {
	handle       Handle
	created      int64
	crc          [16]byte
	hasPrint     bool
	versions     uint32
	versionBytes int64
}

type oddFacts struct {
	localName, reason, trashedBy string
	trashedAt                    int64
	snapshot                     string
	own                          bool
}

func (t *Tree) str(s span) string { return t.text[s.off : s.off+s.len] }

// Len returns the number of nodes, the root included.
func (t *Tree) Len() int { return len(t.nodes) }

// Name returns the node's name.
func (t *Tree) Name(id ID) string { return t.str(t.nodes[id].name) }

// LocalName returns the node's name on disk.
func (t *Tree) LocalName(id ID) string {
	if t.nodes[id].hasOdd {
		if local := t.odd[id].localName; local != "" {
			return local
		}
	}
	return t.Name(id)
}

// Kind returns what the node is.
func (t *Tree) Kind(id ID) Kind { return t.nodes[id].kind }

// Size returns the node's content size in bytes.
func (t *Tree) Size(id ID) int64 { return t.nodes[id].size }

// Parent returns the node's parent; the root is its own.
func (t *Tree) Parent(id ID) ID { return t.nodes[id].parent }

// Handle returns the remote node's handle, zero in a local tree.
func (t *Tree) Handle(id ID) Handle {
	if t.far == nil {
		return 0
	}
	return t.far[id].handle
}

// Node returns all facts of one node.
func (t *Tree) Node(id ID) Node {
	r := &t.nodes[id]
	n := Node{
		Name: t.str(r.name), Meta: t.str(r.meta), Kind: r.kind, Incomplete: r.incomplete, Why: r.why,
		Size: r.size, MTime: r.mtime,
	}
	if t.local != nil {
		l := &t.local[id]
		n.CTime, n.Dev, n.Inode, n.Links = l.ctime, l.dev, l.inode, l.links
	}
	if t.far != nil {
		f := &t.far[id]
		n.Handle, n.Created, n.CRC, n.HasFingerprint = f.handle, f.created, f.crc, f.hasPrint
		n.Versions, n.VersionBytes = f.versions, f.versionBytes
	}
	if r.hasOdd {
		o := t.odd[id]
		n.LocalName, n.Reason, n.TrashedBy, n.TrashedAt, n.Snapshot, n.Own = o.localName, o.reason, o.trashedBy, o.trashedAt, o.snapshot, o.own
	}
	return n
}

// Children returns the ids of the node's children, sorted by name bytes and then by handle, as a half-open run.
func (t *Tree) Children(id ID) (first, end ID) {
	r := &t.nodes[id]
	return ID(r.first), ID(r.first + r.children)
}

// Find returns the run of children of dir that have exactly this name; it is empty if there are none.
func (t *Tree) Find(dir ID, name string) (first, end ID) {
	lo, hi := t.Children(dir)
	n := int(hi - lo)
	i := sort.Search(n, func(i int) bool { return t.Name(lo+ID(i)) >= name })
	j := i
	for j < n && t.Name(lo+ID(j)) == name {
		j++
	}
	return lo + ID(i), lo + ID(j)
}

// Lookup walks a path from the root and returns the first node of that name at each step.
func (t *Tree) Lookup(p Path) (ID, bool) {
	id := Root
	for name := range p.Names() {
		first, end := t.Find(id, name)
		if first == end {
			return None, false
		}
		id = first
	}
	return id, true
}

// Path returns the node's path below the root.
func (t *Tree) Path(id ID) Path {
	return t.joined(id, t.Name)
}

// LocalPath returns the node's path below the root in names as they are on disk.
func (t *Tree) LocalPath(id ID) string {
	return string(t.joined(id, t.LocalName))
}

func (t *Tree) joined(id ID, name func(ID) string) Path {
	var names []string
	for ; id != Root; id = t.nodes[id].parent {
		names = append(names, name(id))
	}
	slices.Reverse(names)
	return Path(strings.Join(names, "/"))
}

// Walk yields the node and everything below it, parents before children, siblings in order.
func (t *Tree) Walk(id ID) iter.Seq[ID] {
	return func(yield func(ID) bool) { t.walk(id, yield) }
}

func (t *Tree) walk(id ID, yield func(ID) bool) bool {
	if !yield(id) {
		return false
	}
	first, end := t.Children(id)
	for c := first; c < end; c++ {
		if !t.walk(c, yield) {
			return false
		}
	}
	return true
}

// Own returns the nodes that are marked as megaplan's own, in order.
func (t *Tree) Own() []ID {
	var ids []ID
	for id, o := range t.odd {
		if o.own {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
