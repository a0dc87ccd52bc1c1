package treediff

import (
	"slices"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/tree"
)

// moves finds what was removed in one place and added in another with the same content: files by their keys or, where those say
// nothing, by size, date and checksum, which make files of one path equal, too; first those that kept their name. Then folders
// of which everything moved together.
func (c *comparison) moves() {
	from, to := c.candidates()
	for _, of := range []func(tree.Node, crypt.FileKey) identity{byKeyAndName, byKey, byPrintAndName, byPrint} {
		c.unambiguous(from, to, of)
	}
	c.movedFolders()
}

// identity is what makes a removed and an added file one; the zero identity is none.
type identity struct {
	key  crypt.FileKey
	crc  [16]byte
	date int64
	size int64
	name string
}

func byKey(_ tree.Node, key crypt.FileKey) identity { return identity{key: key} }

func byPrint(n tree.Node, _ crypt.FileKey) identity {
	if !n.HasFingerprint {
		return identity{}
	}
	return identity{crc: n.CRC, date: n.MTime, size: n.Size}
}

func byKeyAndName(n tree.Node, key crypt.FileKey) identity { return named(byKey(n, key), n) }

func byPrintAndName(n tree.Node, key crypt.FileKey) identity { return named(byPrint(n, key), n) }

func named(i identity, n tree.Node) identity {
	if i != (identity{}) {
		i.name = n.Name
	}
	return i
}

// keyed are files by node; one whose key cannot be read has the zero key.
type keyed map[tree.ID]crypt.FileKey

// candidates are the removed and the added files of sizes that both sides have. Empty files are all alike, so none is.
func (c *comparison) candidates() (from, to keyed) {
	type where struct{ a, b bool }
	both := where{true, true}
	sizes := map[int64]where{}
	for _, f := range c.found {
		switch {
		case f.Kind == Removed && c.a.Tree.Kind(f.A).HasContent() && c.a.Tree.Size(f.A) > 0:
			sizes[c.a.Tree.Size(f.A)] = where{true, sizes[c.a.Tree.Size(f.A)].b}
		case f.Kind == Added && c.b.Tree.Kind(f.B).HasContent():
			sizes[c.b.Tree.Size(f.B)] = where{sizes[c.b.Tree.Size(f.B)].a, true}
		}
	}
	from, to = keyed{}, keyed{}
	for _, f := range c.found {
		switch {
		case f.Kind == Removed && sizes[c.a.Tree.Size(f.A)] == both:
			from.read(c.a, f.A)
		case f.Kind == Added && sizes[c.b.Tree.Size(f.B)] == both:
			to.read(c.b, f.B)
		}
	}
	return from, to
}

func (k keyed) read(s Side, id tree.ID) {
	if !s.Tree.Kind(id).HasContent() {
		return
	}
	key, err := s.Key(s.Tree.Handle(id))
	if err != nil {
		key = crypt.FileKey{} // its fingerprint may still tell
	}
	k[id] = key
}

// unambiguous pairs the candidates whose identity only one of each side has.
func (c *comparison) unambiguous(from, to keyed, of func(tree.Node, crypt.FileKey) identity) {
	type seen struct {
		a, b   tree.ID
		na, nb int
	}
	all := map[identity]seen{}
	for id, key := range from {
		i := of(c.a.Tree.Node(id), key)
		s := all[i]
		s.a, s.na = id, s.na+1
		all[i] = s
	}
	for id, key := range to {
		i := of(c.b.Tree.Node(id), key)
		if s, ok := all[i]; ok {
			s.b, s.nb = id, s.nb+1
			all[i] = s
		}
	}
	for i, s := range all {
		if s.na == 1 && s.nb == 1 && i != (identity{}) {
			c.moved(s.a, s.b)
			delete(from, s.a)
			delete(to, s.b)
		}
	}
}

func (c *comparison) moved(a, b tree.ID) { c.movedTo[a], c.movedFrom[b] = b, a }

// movedFolders finds the removed folders of which every child moved, under its name, into one added folder that holds nothing
// else. What is in a folder comes behind it, so the list is read backwards.
func (c *comparison) movedFolders() {
	for _, f := range slices.Backward(c.found) {
		if f.Kind != Removed || !folder(c.a.Tree, f.A) {
			continue
		}
		if b, ok := c.whereAllWent(f.A); ok && c.came[b] {
			if _, taken := c.movedFrom[b]; !taken {
				c.moved(f.A, b)
			}
		}
	}
}

func (c *comparison) whereAllWent(a tree.ID) (to tree.ID, ok bool) {
	first, end := c.a.Tree.Children(a)
	for id := first; id < end; id++ {
		b, moved := c.movedTo[id]
		if !moved || c.b.Tree.Name(b) != c.a.Tree.Name(id) || id > first && c.b.Tree.Parent(b) != to {
			return 0, false
		}
		to = c.b.Tree.Parent(b)
	}
	bFirst, bEnd := c.b.Tree.Children(to)
	return to, end > first && bEnd-bFirst == end-first
}

// result brings what was found into its final form and sums it up.
func (c *comparison) result() Result {
	r := Result{Totals: Totals{Equal: c.equal}}
	for _, f := range c.found {
		switch f.Kind {
		case Removed:
			if _, moved := c.movedTo[f.A]; moved {
				continue // it is told where it is now
			}
			f.Within = c.goneWith(f.A)
		case Added:
			if a, moved := c.movedFrom[f.B]; moved {
				f = c.move(a, f.B)
			} else {
				f.Within = c.cameWith(f.B)
			}
		}
		r.Changes = append(r.Changes, f)
		r.Totals.count(c, f)
	}
	return r
}

// move is the change of a node that moved.
func (c *comparison) move(a, b tree.ID) Change {
	f := Change{Kind: Moved, A: a, B: b, Aspects: attributes(c.a.Tree.Node(a), c.b.Tree.Node(b))}
	if folder(c.a.Tree, a) {
		f.Aspects &^= Date
	}
	to, moved := c.movedTo[c.a.Tree.Parent(a)]
	f.Within = moved && to == c.b.Tree.Parent(b)
	return f
}

// goneWith says whether the folder above a removed node was removed with it, and cameWith the same of an added one.
func (c *comparison) goneWith(a tree.ID) bool {
	up := c.a.Tree.Parent(a)
	_, moved := c.movedTo[up]
	return a != c.a.Root && c.gone[up] && !moved
}

func (c *comparison) cameWith(b tree.ID) bool {
	up := c.b.Tree.Parent(b)
	_, moved := c.movedFrom[up]
	return b != c.b.Root && c.came[up] && !moved
}

// count adds a change to the totals.
func (t *Totals) count(c *comparison, f Change) {
	of, id := c.b.Tree, f.B
	if f.Kind == Removed {
		of, id = c.a.Tree, f.A
	}
	if folder(of, id) {
		switch f.Kind {
		case Added:
			t.AddedFolders++
		case Removed:
			t.RemovedFolders++
		}
		return
	}
	size := of.Size(id)
	switch {
	case f.Kind == Added:
		t.Added.add(size)
	case f.Kind == Removed:
		t.Removed.add(size)
	case f.Kind == Moved:
		t.Moved.add(size)
	case f.Aspects.Has(Content):
		t.Changed.add(size)
	case f.Aspects.Has(Unsure):
		t.Unsure.add(size)
	default:
		t.Touched.add(size)
	}
}
