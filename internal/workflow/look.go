package workflow

import (
	"context"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
)

// Where a node lies.
const (
	InDrive = "drive"
	InTrash = "trash"
	// AsVersion marks an older version of the file at the path.
	AsVersion = "version"
)

// Entry is one remote node as the looking commands show it.
type Entry struct {
	Account addr.Address
	// Path is from the cloud drive, or from the bin, in names as stored.
	Path  tree.Path
	Where string
	// Trashed says that it is in the bin: as a node, or as an older version of one.
	Trashed bool
	// Owner is the address whose declared path the node lies below: the deepest one (rule 2). Zero is none.
	Owner addr.Address
	Node  tree.Node
}

// Listing is one place that List found.
type Listing struct {
	Account addr.Address
	Path    tree.Path
	// Owner is the address whose declared path is the place or above it.
	Owner addr.Address
	// Of is how many listings there are.
	Of int
}

// lister takes what List finds, as it is found: a listing, then its entries.
type lister interface {
	Listing(l Listing) error
	Entry(e Entry) error
}

// List lists the folder at a place, which is written as in [Project.Places]; recursive goes on below it. Of a file it lists
// the file.
func (p *Project) List(ctx context.Context, place string, recursive bool, to lister) error {
	spots, err := p.Places(ctx, place)
	if err != nil {
		return err
	}
	for _, s := range spots {
		err := to.Listing(Listing{Account: s.account.decl.Address, Path: s.path, Owner: s.entry(s.path, tree.Node{}).Owner, Of: len(spots)})
		if err != nil {
			return err
		}
		for _, n := range s.nodes {
			if n.Kind != tree.Dir {
				err = to.Entry(s.entry(s.path, n))
			} else {
				err = s.each(ctx, n.Handle, s.path, func(at tree.Path, n tree.Node) (bool, error) {
					return recursive, to.Entry(s.entry(at, n))
				})
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Spot) entry(at tree.Path, n tree.Node) Entry {
	return Entry{Account: s.account.decl.Address, Path: at, Where: InDrive, Owner: s.declared.owner(s.account.decl.Address, at), Node: n}
}

// each calls visit for what is below a folder, parents first, siblings by name. Where visit returns true for a folder it
// goes on below that one.
func (s *Spot) each(ctx context.Context, h tree.Handle, at tree.Path, visit func(tree.Path, tree.Node) (bool, error)) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	children, err := s.account.client.Children(h)
	if err != nil {
		return err
	}
	for _, n := range children {
		below := at.Join(n.Name)
		descend, err := visit(below, n)
		if err != nil {
			return err
		}
		if descend && n.Kind == tree.Dir {
			if err := s.each(ctx, n.Handle, below, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

// stored writes when a node came to MEGA, for messages.
func stored(n tree.Node) string { return time.Unix(n.Created, 0).Local().Format(time.DateTime) }
