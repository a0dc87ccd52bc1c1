package treediff

import (
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/tree"
)

// Side is one of the two trees that are compared.
type Side struct {
	Tree *tree.Tree
	Root tree.ID
	// Key returns the key of a file's content. An error means that it is not known.
	Key func(tree.Handle) (crypt.FileKey, error)
}

// Kind is what became of a node from A to B.
type Kind uint8

// The kinds of changes.
const (
	Added Kind = iota
	Removed
	// Changed: other content, or other attributes, as Aspects say.
	Changed
	// Moved: the same content under another path, which could not be taken for another one.
	Moved
)

// Aspects say in what a node changed.
type Aspects uint8

// The aspects.
const (
	// Content: other bytes.
	Content Aspects = 1 << iota
	// Unsure: of one size, and nothing proves the content equal or different.
	Unsure
	// Date, Mode: other ones. Attributes: owner, extended attributes, or a link that became a file.
	Date
	Mode
	Attributes
)

// Has says whether all of some aspects are among these.
func (a Aspects) Has(some Aspects) bool { return a&some == some }

// Change is one node that is not in B as it is in A. Where a whole folder was added, removed or moved, the folder comes first
// and then everything below it.
type Change struct {
	Kind    Kind
	Aspects Aspects
	// Within says that the folder above was added, removed or moved with it.
	Within bool
	// A and B are the nodes, tree.None where there is none.
	A, B tree.ID
}

// Count is a number of files and their bytes.
type Count struct{ Files, Bytes int64 }

func (c *Count) add(bytes int64) {
	c.Files++
	c.Bytes += bytes
}

// Totals sums changes up. A file that moved and changed in attributes counts as moved.
type Totals struct {
	Equal, Added, Removed, Moved Count
	// Changed have other content, Unsure perhaps, Touched other attributes only. Bytes are those in B.
	Changed, Unsure, Touched Count
	// AddedFolders and RemovedFolders do not count what moved.
	AddedFolders, RemovedFolders int64
}

// Result is what differs, in the order of paths: siblings by name, folders before what is in them.
type Result struct {
	Changes []Change
	Totals  Totals
}

// Differs says whether anything does.
func (r *Result) Differs() bool { return len(r.Changes) > 0 }

// Compare compares what is below two roots; the roots' own names do not matter. Two files are compared as what they are.
func Compare(a, b Side) Result {
	c := comparison{
		a: a, b: b, gone: make([]bool, a.Tree.Len()), came: make([]bool, b.Tree.Len()),
		movedTo: map[tree.ID]tree.ID{}, movedFrom: map[tree.ID]tree.ID{},
	}
	c.pair(a.Root, b.Root)
	c.moves()
	return c.result()
}

// comparison is one Compare at work.
type comparison struct {
	a, b  Side
	found []Change // moves not told apart yet
	equal Count
	// gone are the nodes of A that have no counterpart of their path, came those of B.
	gone, came []bool
	// movedTo maps nodes of A to where they are in B, movedFrom the other way round.
	movedTo, movedFrom map[tree.ID]tree.ID
}

// pair compares two nodes that are the same thing by their path.
func (c *comparison) pair(a, b tree.ID) {
	switch {
	case folder(c.a.Tree, a) && folder(c.b.Tree, b):
		if aspects := attributes(c.a.Tree.Node(a), c.b.Tree.Node(b)) &^ Date; aspects != 0 { // a folder's date says what its content says
			c.found = append(c.found, Change{Kind: Changed, Aspects: aspects, A: a, B: b})
		}
		c.level(a, b)
	case folder(c.a.Tree, a) || folder(c.b.Tree, b):
		c.all(Removed, c.a.Tree, a)
		c.all(Added, c.b.Tree, b)
	default:
		if aspects := c.file(a, b); aspects != 0 {
			c.found = append(c.found, Change{Kind: Changed, Aspects: aspects, A: a, B: b})
		} else {
			c.equal.add(c.b.Tree.Size(b))
		}
	}
}

func folder(t *tree.Tree, id tree.ID) bool { return t.Kind(id) == tree.Dir }

// all records a node and everything below it.
func (c *comparison) all(kind Kind, t *tree.Tree, id tree.ID) {
	for below := range t.Walk(id) {
		if kind == Added {
			c.came[below] = true
			c.found = append(c.found, Change{Kind: Added, A: tree.None, B: below})
		} else {
			c.gone[below] = true
			c.found = append(c.found, Change{Kind: Removed, A: below, B: tree.None})
		}
	}
}

// level pairs what is in two folders by name.
func (c *comparison) level(a, b tree.ID) {
	a, aEnd := c.a.Tree.Children(a)
	b, bEnd := c.b.Tree.Children(b)
	for a < aEnd || b < bEnd {
		name := ""
		if b < bEnd {
			name = c.b.Tree.Name(b)
		}
		if b == bEnd || a < aEnd && c.a.Tree.Name(a) < name {
			name = c.a.Tree.Name(a)
		}
		aNext, bNext := run(c.a.Tree, a, aEnd, name), run(c.b.Tree, b, bEnd, name)
		c.sameName(a, aNext, b, bNext)
		a, b = aNext, bNext
	}
}

// run returns the end of the siblings of a name: MEGA allows several.
func run(t *tree.Tree, first, end tree.ID, name string) tree.ID {
	for first < end && t.Name(first) == name {
		first++
	}
	return first
}

// sameName pairs the nodes of one name: several of a name first with those they are equal to, then in order.
func (c *comparison) sameName(a, aEnd, b, bEnd tree.ID) {
	var left []tree.ID // of B
	for ; b < bEnd; b++ {
		left = append(left, b)
	}
	take := func(a tree.ID, fits func(b tree.ID) bool) bool {
		for i, b := range left {
			if folder(c.a.Tree, a) == folder(c.b.Tree, b) && fits(b) {
				left = append(left[:i], left[i+1:]...)
				c.pair(a, b)
				return true
			}
		}
		return false
	}
	var rest []tree.ID // of A
	several := aEnd-a > 1 || len(left) > 1
	for ; a < aEnd; a++ {
		if !several || !take(a, func(b tree.ID) bool { return c.alike(a, b) }) {
			rest = append(rest, a)
		}
	}
	for _, a := range rest {
		if !take(a, func(tree.ID) bool { return true }) {
			c.all(Removed, c.a.Tree, a)
		}
	}
	for _, b := range left {
		c.all(Added, c.b.Tree, b)
	}
}

// alike says whether two nodes of one name and of several are surely the same one.
func (c *comparison) alike(a, b tree.ID) bool {
	if folder(c.a.Tree, a) {
		return c.a.Tree.Handle(a) == c.b.Tree.Handle(b)
	}
	return c.file(a, b)&(Content|Unsure) == 0
}
