package emulator

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"slices"
)

// runFetch answers f. The answer is a stream over a snapshot of the tree, so
// that a large account neither holds the lock nor sits in memory twice.
func runFetch(c *call, raw json.RawMessage) result {
	req, ok := parse[struct {
		R loose `json:"r"`
	}](raw)
	if !ok {
		return errorResult(codeArgs)
	}
	c.s.stats.treeFetches.Add(1)
	f := newFetch(c.user)
	// Old clients would take versions for files; they do not ask for them.
	f.versions = c.tagged || req.R.set
	ok0 := `"ok":[]`
	if c.tagged {
		ok0 = `"ok0":[]`
	}
	f.rest = ok0 + `,"s":[],"u":[{"u":"` + c.user.User + `","c":2,"m":` + quote(c.user.Email) + `}]`
	if links := c.linkList(); links != "" {
		f.rest += `,"ph":[` + links + `]`
	}
	seq := c.user.events.seq
	f.rest += `,"sn":"` + formatSN(seq) + `"`
	if c.tagged {
		f.rest += `,"st":"` + tag(seq) + `"`
	}
	return result{stream: f.write}
}

// fetch writes the tree as it was when it was made: it holds the nodes, which
// never change, and a copy of what says which generated ones are left.
type fetch struct {
	nodes    []*node
	gen      *generated
	user     string
	roots    [3]handle
	versions bool
	rest     string // the answer behind the nodes

	kids map[handle][]*node
	w    *bufio.Writer
	err  error
	buf  []byte
	some bool // an element was written to the current list
}

// newFetch is the part that needs the lock.
func newFetch(u *user) *fetch {
	f := &fetch{nodes: make([]*node, 0, len(u.tree.nodes)), user: u.User, roots: u.Roots}
	for _, n := range u.tree.nodes {
		f.nodes = append(f.nodes, n)
	}
	if u.tree.gen != nil {
		gen := *u.tree.gen
		gen.left = slices.Clone(gen.left)
		f.gen = &gen
	}
	return f
}

func (f *fetch) write(w io.Writer) error {
	f.sort()
	f.w = bufio.NewWriterSize(w, 256<<10)
	f.text(`{"f":[`)
	for _, n := range f.kids[0] {
		f.files(n)
	}
	f.text(`],`)
	if f.versions {
		f.text(`"f2":[`)
		f.some = false
		for _, n := range f.nodes {
			if n.Kind == kindFile && !n.version {
				f.older(n)
			}
		}
		f.text(`],`)
	}
	f.text(f.rest)
	f.text("}")
	return errors.Join(f.err, f.w.Flush())
}

// text and put do nothing once writing has failed: the client is gone.
func (f *fetch) text(s string) {
	if f.err == nil {
		_, f.err = f.w.WriteString(s)
	}
}

// sort finds the children of each node, in order of creation.
func (f *fetch) sort() {
	slices.SortFunc(f.nodes, func(a, b *node) int { return cmp.Compare(a.Seq, b.Seq) })
	f.kids = make(map[handle][]*node)
	for _, n := range f.nodes {
		f.kids[n.Parent] = append(f.kids[n.Parent], n)
	}
}

// files writes a node and what is below it, parents first, without versions.
func (f *fetch) files(n *node) {
	f.put(n)
	if n.Kind == kindFile || f.err != nil {
		return
	}
	for _, child := range f.kids[n.Handle] {
		f.files(child)
	}
	for i := range f.gen.children(n.Handle) {
		if f.err != nil {
			return
		}
		f.files(f.gen.node(i))
	}
}

// older writes the versions below a file, newer before older. Generated files
// have none: to get one, a file must have been stored.
func (f *fetch) older(n *node) {
	for _, child := range f.kids[n.Handle] {
		f.put(child)
		f.older(child)
	}
}

func (f *fetch) put(n *node) {
	f.buf = f.buf[:0]
	if f.some {
		f.buf = append(f.buf, ',')
	}
	f.some = true
	f.buf = appendNode(f.buf, n, f.user, -1)
	if f.err == nil {
		_, f.err = f.w.Write(f.buf)
	}
}
