package tree

import (
	"cmp"
	"slices"
	"strings"
)

// Builder collects nodes and builds a Tree. It is not safe for concurrent use.
type Builder struct {
	text  strings.Builder
	nodes []record
	local []localFacts
	far   []remoteFacts
	odd   map[ID]oddFacts
}

// NewBuilder returns a builder that holds the root, whose facts are root's; its name is ignored.
func NewBuilder(root Node) *Builder {
	b := &Builder{odd: map[ID]oddFacts{}}
	root.Name, root.LocalName = "", ""
	b.Add(Root, root)
	return b
}

// Grow makes room for more nodes, whose names and metadata have about so many bytes together.
func (b *Builder) Grow(nodes, text int) {
	b.text.Grow(text)
	b.nodes = slices.Grow(b.nodes, nodes)
	if b.local != nil {
		b.local = slices.Grow(b.local, nodes)
	}
	if b.far != nil {
		b.far = slices.Grow(b.far, nodes)
	}
}

// Add adds a node below parent, which an earlier Add returned (or is Root), and returns its provisional id. Build gives
// the node another one.
func (b *Builder) Add(parent ID, n Node) ID {
	id := ID(len(b.nodes))
	r := record{
		name: b.span(n.Name), meta: b.span(n.Meta), parent: parent, kind: n.Kind, incomplete: n.Incomplete, why: n.Why,
		size: n.Size, mtime: n.MTime,
	}
	if o := (oddFacts{n.LocalName, n.Reason, n.TrashedBy, n.TrashedAt, n.Snapshot, n.Own}); o != (oddFacts{}) {
		r.hasOdd = true
		b.odd[id] = o
	}
	b.nodes = append(b.nodes, r)
	b.addFacts(id, n)
	return id
}

// addFacts keeps the columns of one side only: a local tree carries no remote facts and the reverse.
func (b *Builder) addFacts(id ID, n Node) {
	l := localFacts{n.CTime, n.Dev, n.Inode, n.Links}
	if l != (localFacts{}) && b.local == nil {
		b.local = make([]localFacts, id, cap(b.nodes))
	}
	if b.local != nil {
		b.local = append(b.local, l)
	}
	f := remoteFacts{n.Handle, n.Created, n.CRC, n.HasFingerprint, n.Versions, n.VersionBytes}
	if f != (remoteFacts{}) && b.far == nil {
		b.far = make([]remoteFacts, id, cap(b.nodes))
	}
	if b.far != nil {
		b.far = append(b.far, f)
	}
}

func (b *Builder) span(s string) span {
	if s == "" {
		return span{}
	}
	sp := span{uint32(b.text.Len()), uint32(len(s))}
	b.text.WriteString(s)
	return sp
}

// SetIncomplete marks an added directory as not completely listed.
func (b *Builder) SetIncomplete(id ID, why Why, reason string) {
	b.nodes[id].incomplete, b.nodes[id].why, b.nodes[id].hasOdd = true, why, true
	o := b.odd[id]
	o.reason = reason
	b.odd[id] = o
}

// Build returns the tree. The builder must not be used afterwards.
func (b *Builder) Build() *Tree {
	text := b.text.String()
	name := func(id ID) string { s := b.nodes[id].name; return text[s.off : s.off+s.len] }
	handle := func(id ID) Handle {
		if b.far == nil {
			return 0
		}
		return b.far[id].handle
	}
	order, first := b.grouped()
	for parent := range b.nodes {
		slices.SortFunc(order[first[parent]:first[parent+1]], func(x, y ID) int {
			return cmp.Or(strings.Compare(name(x), name(y)), cmp.Compare(handle(x), handle(y)), cmp.Compare(x, y))
		})
	}
	t := &Tree{text: text, nodes: make([]record, 0, len(b.nodes)), odd: map[ID]oddFacts{}}
	b.renumber(t, order, first)
	return t
}

// grouped returns all ids but the root's, those of one parent together, and where each parent's group starts.
func (b *Builder) grouped() (order []ID, first []uint32) {
	first = make([]uint32, len(b.nodes)+1)
	for id := 1; id < len(b.nodes); id++ {
		first[b.nodes[id].parent+1]++
	}
	for i := 1; i < len(first); i++ {
		first[i] += first[i-1]
	}
	order = make([]ID, len(b.nodes)-1)
	next := slices.Clone(first)
	for id := 1; id < len(b.nodes); id++ {
		p := b.nodes[id].parent
		order[next[p]] = ID(id)
		next[p]++
	}
	return order, first
}

// renumber lays the nodes out level by level, so that the children of every node are one run of ids.
func (b *Builder) renumber(t *Tree, order []ID, first []uint32) {
	olds := make([]ID, 1, len(b.nodes)) // olds[new] = provisional id
	for id := 0; id < len(olds); id++ {
		old := olds[id]
		r := b.nodes[old]
		children := order[first[old]:first[old+1]]
		r.first, r.children = uint32(len(olds)), uint32(len(children))
		olds = append(olds, children...)
		t.nodes = append(t.nodes, r)
		if r.hasOdd {
			t.odd[ID(id)] = b.odd[old]
		}
	}
	for id := range t.nodes {
		for c := t.nodes[id].first; c < t.nodes[id].first+t.nodes[id].children; c++ {
			t.nodes[c].parent = ID(id)
		}
	}
	t.nodes[Root].parent = Root
	t.local = pick(b.local, olds)
	t.far = pick(b.far, olds)
}

func pick[T any](column []T, olds []ID) []T {
	if column == nil {
		return nil
	}
	out := make([]T, len(olds))
	for id, old := range olds {
		out[id] = column[old]
	}
	return out
}
