package planner

import (
	"slices"
	"strings"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// target is one address while it is being planned.
type target struct {
	p       *planning
	out     Target
	backup  *config.Backup // nil for folders and for what left the configuration
	folder  *config.Folder
	account *account
	source  *Source
	proofs  proofIndex
	prior   *Prior
	owned   owned
	policy  policy
	hidden  globs // ignore_drift

	// root is the folder's id in the account's tree, tree.None while it does not exist.
	root tree.ID
	// was is the root's path as long as that is not the declared one, to which the plan moves it (rule 4); "" otherwise.
	was     tree.Path
	refused bool
	// removal is the action that takes the root of a destroyed target away.
	removal ActionID

	// undo is what taking the last run back comes to.
	undo *undo

	rows []row
	// leaves are the nodes that are moved to a row (rule 13), vacated the node that has a row's name until it is moved away.
	leaves  map[tree.ID]int32
	vacated map[int32]tree.ID
	// doubles are the files of rows that have several, merged the folders that are merged into a row's (rule 20); names are those
	// that renamed nodes get, given the same by their place.
	doubles map[int32][]tree.ID
	merged  map[int32][]tree.ID
	names   map[int32]string
	given   map[placeName]bool
	// going are the folders that go beside another one of their name; rowOf are their rows, and those of what is in folders
	// that are merged or merged into.
	going map[tree.ID]bool
	rowOf map[tree.ID]int32
	// settled are the duplicates in a folder block about which something is decided.
	settled map[tree.ID]bool
	// originals are what rows are copied from; overwritten the handles that updates replace, once somebody asked.
	originals   map[int32]original
	revived     map[tree.Handle]bool
	overwritten map[tree.Handle]bool
	// series is set for a backup that keeps snapshots.
	series *series
	// lacking says that a name of the source is not in the backup though it should be.
	lacking bool
	// readErrors counts local names that could not be read; without -delete-despite-errors nothing is deleted then (rule 6).
	readErrors int
	// unlisted says that the scan could not read something, once scanned says that somebody looked.
	scanned, unlisted bool
	spares            int // duplicates that are left alone
	// uncompared are duplicates that were to be compared by downloading, which could not be, and why.
	uncompared []Kept
	caseClash  int
	caseSample tree.Path
	tally      tally
}

// policy is what a target does with what the source lacks.
type policy struct {
	onDelete  config.OnDelete
	unmanaged config.Unmanaged
	versions  bool
	compare   config.Compare
	excluded  bool // delete_excluded
	copyFrom  config.CopyFrom
	files     config.Duplicates
	folders   config.Duplicates
}

// tally counts files for the limits (rule 17).
type tally struct {
	owned     int64 // before the plan
	deleted   int64 // files whose current content leaves the tree
	gone      int64 // of those, owned ones that leave no successor
	outdone   int64 // of those, owned ones that leave their name to another node
	rewritten int64
	created   int64
}

// where is the place in the configuration a diagnostic about the target points at.
func (t *target) where() diag.Range {
	switch {
	case t.backup != nil:
		return t.backup.Range
	case t.folder != nil:
		return t.folder.Range
	}
	return diag.Range{}
}

func (t *target) remote() *tree.Tree { return t.account.in.Tree }
func (t *target) local() *tree.Tree  { return t.source.Tree }

// owned finds the manifest's entries by handle (rule 1).
type owned struct {
	entries state.Manifest
	// byHandle is built when a handle is first looked up.
	byHandle handleIndex
	// next is the entry behind the last one found that was not behind it, above the last one that was: handles are mostly
	// looked up in the order of the entries, each beside that of its folder.
	next, above int
}

// find returns the index of a handle's entry, or -1.
func (o *owned) find(h tree.Handle) int {
	if o.next < len(o.entries) && o.entries[o.next].Handle == h {
		o.next++
		return o.next - 1
	}
	if o.above < len(o.entries) && o.entries[o.above].Handle == h {
		return o.above
	}
	at := o.search(h)
	switch {
	case at >= o.next || at == 0:
		o.next = at + 1
	case at >= 0:
		o.above = at
	}
	return at
}

func (o *owned) search(h tree.Handle) int {
	if o.byHandle.of == nil {
		o.byHandle = indexHandles(len(o.entries), func(row uint32) tree.Handle { return o.entries[row].Handle })
	}
	if row, found := o.byHandle.find(h); found {
		return int(row)
	}
	return -1
}

func (o *owned) has(h tree.Handle) bool { return o.find(h) >= 0 }

// firstAt is the index of the first entry that has a path, or that of where it would be.
func (o *owned) firstAt(p tree.Path) int {
	i, _ := slices.BinarySearchFunc(o.entries, p, func(e state.Entry, p tree.Path) int {
		return strings.Compare(string(e.Path), string(p))
	})
	return i
}

// hasFile says whether any file's entry has this path.
func (o *owned) hasFile(p tree.Path) bool {
	for i := o.firstAt(p); i < len(o.entries) && o.entries[i].Path == p; i++ {
		if !o.entries[i].Dir {
			return true
		}
	}
	return false
}

// account is one account's tree with what planning adds to it.
type account struct {
	in *Account
	// byHandle is built when a handle is first looked up.
	byHandle handleIndex
	// roots are the declared targets' roots; passage the folders on the way to a declared path, which nobody deletes.
	roots   map[tree.ID]*target
	passage map[tree.ID]bool
	// made are the folders this plan creates or moves to declared paths and creates on the way there.
	made map[tree.Path]made
}

// made is a folder that is at its path once an action has succeeded. One that is moved there has its node already.
type made struct {
	ref   Ref
	after ActionID
	node  tree.ID
}

func newAccount(in *Account) *account {
	return &account{in: in, roots: map[tree.ID]*target{}, passage: map[tree.ID]bool{}, made: map[tree.Path]made{}}
}

// key is the same for account blocks that are one MEGA account.
func (a *account) key() string {
	if a.in.User != "" {
		return a.in.User
	}
	return a.in.Address.String()
}

// find returns the node of a handle in the part of the tree that is here.
func (a *account) find(h tree.Handle) (tree.ID, bool) {
	t := a.in.Tree
	if h == 0 {
		return tree.None, false
	}
	if a.byHandle.of == nil {
		a.byHandle = indexHandles(t.Len(), func(row uint32) tree.Handle { return t.Handle(tree.ID(row)) })
	}
	row, found := a.byHandle.find(h)
	if !found {
		return tree.None, false
	}
	return tree.ID(row), true
}

// named says whether a list of addresses from the command line holds a: itself, or its block without a key.
func named(list []addr.Address, a addr.Address) bool {
	return slices.ContainsFunc(list, func(x addr.Address) bool { return x == a || !x.Keyed && x == a.Block() })
}
