package scan

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/megaplan/megaplan/internal/tree"
)

// assembler builds the tree from the batches of a walk that is over.
type assembler struct {
	*walk
	builder *tree.Builder
	result  *Result
	groups  map[file]int // how many names each hard-linked file has
	devices map[uint64]int
	owners  owners
}

func (w *walk) assemble() *Result {
	a := assembler{walk: w, result: &Result{}, owners: owners{users: map[uint32]string{}, groups: map[uint32]string{}}}
	if w.opt.Filter.HasInclude() {
		w.dropEmpty()
	}
	if w.opt.Preserve.Hardlinks {
		a.countLinks()
	}
	a.build()
	a.result.Tree = a.builder.Build()
	a.result.Problems = w.problems
	slices.SortFunc(a.result.Problems, func(x, y Problem) int {
		return cmp.Or(cmp.Compare(x.Path, y.Path), cmp.Compare(x.Why, y.Why))
	})
	return a.result
}

// dropEmpty leaves out directories in which the include list took nothing (rule 7). Children come after their parents in
// the batches, so it goes backwards.
func (w *walk) dropEmpty() {
	for _, b := range slices.Backward(w.batches) {
		for i := range b.names {
			r := &b.names[i]
			if r.node == tree.Dir && !r.taken && !r.incomplete && !r.gone {
				r.unknown(cmp.Or(r.below, tree.Excluded), "nothing in it matches include")
			}
			switch {
			case r.gone:
			case r.node != tree.Unknown:
				b.parent.taken = true
			case r.why != tree.Excluded:
				b.parent.below = r.why // so that delete_excluded does not reach it
			}
		}
	}
}

func (a *assembler) countLinks() {
	a.groups, a.devices = map[file]int{}, map[uint64]int{a.top.dev: 0}
	for _, b := range a.batches {
		for i := range b.names {
			if r := &b.names[i]; r.node == tree.File && r.links > 1 {
				a.groups[r.file()]++
			}
		}
	}
}

func (a *assembler) build() {
	top := a.node(a.top, "")
	a.builder = tree.NewBuilder(top)
	a.top.id = tree.Root
	a.top.name = ""
	if a.top.incomplete {
		a.builder.SetIncomplete(tree.Root, a.top.why, a.top.reason)
	}
	a.grow()
	for n := range a.batches {
		b := &a.batches[n]
		if b.parent.node == tree.Dir && !b.parent.gone {
			for i := range b.names {
				a.add(b, &b.names[i])
			}
			continue
		}
		for i := range b.names {
			b.names[i].gone = true // what is below is not there either
		}
	}
	a.batches = nil
}

// metaText is about how long the metadata of one name is.
const metaText = 48

// grow makes room for what the walk found.
func (a *assembler) grow() {
	names, text := 0, 0
	for _, b := range a.batches {
		names += len(b.names)
		for i := range b.names {
			text += len(b.names[i].name) + metaText
		}
	}
	a.builder.Grow(names, text)
}

func (a *assembler) add(b *batch, r *record) {
	if r.gone {
		return
	}
	a.result.Totals.count(r)
	if r.node == tree.Unknown {
		a.result.LeftOut++
	}
	r.id = a.builder.Add(b.parent.id, a.node(r, b.path))
}

func (a *assembler) node(r *record, dir string) tree.Node {
	n := tree.Node{
		Name: r.name, LocalName: r.local, Kind: r.node, Incomplete: r.incomplete, Why: r.why, Reason: r.reason,
		MTime: r.mtime, CTime: r.ctime, Dev: r.dev, Inode: r.inode, Links: r.links,
	}
	if r.node != tree.Dir {
		n.Size = r.size
	}
	if r.node == tree.Unknown {
		return n
	}
	var dropped []string
	n.Meta, dropped = a.meta(r).encode()
	for _, what := range dropped {
		err := fmt.Errorf("%s not kept: the metadata would exceed %d bytes", what, MaxMeta)
		a.problems = append(a.problems, Problem{Path: path.Join(dir, r.onDisk()), Err: err})
	}
	return n
}

// meta collects what the options ask to keep of a name. The time of a directory is not kept: it changes whenever something
// in it does.
func (a *assembler) meta(r *record) Meta {
	p := &a.opt.Preserve
	m := Meta{Symlink: p.Symlinks && r.node == tree.Symlink, XAttrs: r.xattrs}
	if p.Mode && r.node != tree.Symlink {
		m.HasMode, m.Mode = true, r.perm
	}
	if p.MTime && r.node != tree.Dir {
		m.HasTime, m.Time = true, r.mtime
	}
	if p.Owner {
		m.Owner = a.owners.of(r.uid, r.gid)
	}
	if n := a.groups[r.file()]; n > 1 && r.node == tree.File {
		m.Link = a.linkGroup(r)
	}
	return m
}

// linkGroup names a hard-linked file by its inode, which outlives a restart; the device's number need not, so devices but
// the root's are counted instead.
func (a *assembler) linkGroup(r *record) string {
	device, ok := a.devices[r.dev]
	if !ok {
		device = len(a.devices)
		a.devices[r.dev] = device
	}
	if device == 0 {
		return fmt.Sprintf("%x", r.inode)
	}
	return fmt.Sprintf("%x.%d", r.inode, device)
}

func (w *walk) readXAttrs(r *record, real, path string) {
	if !w.opt.Preserve.XAttrs {
		return
	}
	attrs, err := xattrs(real)
	r.xattrs = attrs
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.problems = append(w.problems, Problem{Path: path, Err: fmt.Errorf("extended attributes not kept: %w", err)})
	}
}
