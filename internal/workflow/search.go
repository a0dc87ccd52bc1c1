package workflow

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/tree"
)

// Find returns what a pattern matches in the tree, among older versions and in the trash, of all accounts or below a place.
// A pattern with a slash is matched against whole paths, one without against names; one without wildcards finds the names
// that contain it. Case and the spelling of accents do not matter.
func (p *Project) Find(ctx context.Context, pattern, place string) ([]Entry, error) {
	match, err := matcher(pattern)
	if err != nil {
		return nil, err
	}
	var spots []Spot
	if place != "" {
		spots, err = p.Places(ctx, place)
	} else {
		spots, err = p.tops(ctx)
	}
	if err != nil {
		return nil, err
	}
	var found []Entry
	for i := range spots {
		f := finder{spot: &spots[i], match: match, where: InDrive}
		for _, n := range spots[i].nodes {
			if n.Kind != tree.Dir {
				err = f.take(spots[i].path, n)
			} else {
				err = f.below(ctx, n.Handle, spots[i].path)
			}
			if err != nil {
				return nil, err
			}
		}
		if bin := spots[i].account.client.TrashHandle(); place == "" && bin != 0 {
			f.where = InTrash
			if err := f.below(ctx, bin, ""); err != nil {
				return nil, err
			}
		}
		found = append(found, f.found...)
	}
	return found, nil
}

// tops are the whole drives of all accounts.
func (p *Project) tops(ctx context.Context) ([]Spot, error) {
	all, err := p.declared(ctx)
	if err != nil {
		return nil, err
	}
	var spots []Spot
	for i := range p.Config.Accounts {
		acct, err := p.look(ctx, p.Config.Accounts[i].Address)
		if err != nil {
			return nil, err
		}
		s := Spot{account: acct, declared: all}
		if s.nodes, err = acct.at(""); err != nil {
			return nil, err
		}
		spots = append(spots, s)
	}
	return spots, nil
}

// matcher makes the test that a pattern stands for.
func matcher(pattern string) (func(at tree.Path, name string) bool, error) {
	folded := names.Fold(pattern)
	if !doublestar.ValidatePattern(folded) {
		return nil, fmt.Errorf("%q is no pattern: there are *, **, ?, [a-z] and {one,other}", pattern)
	}
	switch {
	case !strings.ContainsAny(folded, "*?[{\\/"):
		return func(_ tree.Path, name string) bool { return strings.Contains(names.Fold(name), folded) }, nil
	case strings.Contains(folded, "/"):
		folded = strings.TrimPrefix(folded, "/")
		return func(at tree.Path, name string) bool {
			return doublestar.MatchUnvalidated(folded, names.Fold(path.Join(string(at.Dir()), name)))
		}, nil
	}
	return func(_ tree.Path, name string) bool { return doublestar.MatchUnvalidated(folded, names.Fold(name)) }, nil
}

type finder struct {
	spot  *Spot
	match func(tree.Path, string) bool
	where string
	found []Entry
}

func (f *finder) below(ctx context.Context, h tree.Handle, at tree.Path) error {
	return f.spot.each(ctx, h, at, func(at tree.Path, n tree.Node) (bool, error) { return true, f.take(at, n) })
}

// take keeps a node that matches, and its older versions that do: their names may be others.
func (f *finder) take(at tree.Path, n tree.Node) error {
	if f.match(at, n.Name) {
		f.keep(at, n, f.where)
	}
	if n.Versions == 0 {
		return nil
	}
	older, err := f.spot.account.client.Versions(n.Handle)
	if err != nil {
		return err
	}
	for _, v := range older {
		if f.match(at, v.Name) {
			f.keep(at, v, AsVersion)
		}
	}
	return nil
}

func (f *finder) keep(at tree.Path, n tree.Node, where string) {
	e := f.spot.entry(at, n)
	e.Where = where
	if f.where == InTrash {
		e.Trashed = true
		e.Owner = addr.Address{} // nothing is declared in the bin
	}
	f.found = append(f.found, e)
}
