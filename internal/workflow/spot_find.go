package workflow

import (
	"fmt"
	"strings"

	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/tree"
)

// find looks a target up: first as written, then as stored, then in a snapshot.
func (p *Project) find(s *Spot, t target) error {
	base, below, err := p.findPlain(s, t)
	if err != nil || len(s.nodes) > 0 {
		return err
	}
	return p.findElse(s, base, below)
}

// findEach is find, but of a path below an address that keeps snapshots it finds what each of them has.
func (p *Project) findEach(s *Spot, t target) error {
	base, below, err := p.findPlain(s, t)
	if err != nil || len(s.nodes) > 0 {
		return err
	}
	s.path = joined(base, below)
	if s.dated, err = s.inEach(base, below); err != nil || len(s.dated) > 0 {
		return err
	}
	return p.findElse(s, base, below)
}

func (p *Project) findElse(s *Spot, base, below tree.Path) error {
	if found, err := p.findInSnapshot(s, base, below); err != nil || found {
		return err
	}
	s.path = joined(base, below)
	return s.missing(base, below)
}

// findPlain finds what lies at the path itself; base is where the address begins that it is below, below what follows, as stored.
func (p *Project) findPlain(s *Spot, t target) (base, below tree.Path, err error) {
	if below, err = p.encodePath(t.account, t.written); err != nil {
		return "", "", err
	}
	raw := tree.Path(strings.Trim(t.written, "/"))
	s.under, s.atRoot = t.under, below == ""
	if t.under != nil {
		if base, err = p.base(s, t.under); err != nil {
			return "", "", err
		}
	}
	for _, path := range []tree.Path{below, raw} {
		s.path = joined(base, path)
		if s.nodes, err = s.account.at(s.path); err != nil || len(s.nodes) > 0 {
			return base, below, err
		}
	}
	if d := s.declared.above(t.account, below); t.under == nil && d != nil && below.Within(d.path) {
		s.under = d
		return d.path, tree.Path(strings.Trim(string(below[len(d.path):]), "/")), nil
	}
	return base, below, nil
}

// base is where an address lies: at its declared path, or where another client moved it.
func (p *Project) base(s *Spot, d *declared) (tree.Path, error) {
	nodes, err := s.account.at(d.path)
	if err != nil || len(nodes) > 0 || d.root == 0 {
		return d.path, err
	}
	place, err := s.account.client.Locate(d.root)
	if err != nil || !place.Found || place.InTrash {
		return d.path, err
	}
	p.Observer.Say(fmt.Sprintf("%s is no longer at /%s: it was moved to %q.", d.address, d.path, "/"+string(place.Path)))
	return place.Path, nil
}

func joined(base, below tree.Path) tree.Path {
	for name := range below.Names() {
		base = base.Join(name)
	}
	return base
}

// at returns the nodes of a path. It leads through every folder of a name; where none has exactly that name, through those
// that differ in the spelling of accents only (rule 14).
func (a *account) at(path tree.Path) ([]tree.Node, error) {
	top, err := a.client.Locate(a.client.RootHandle())
	if err != nil || !top.Found {
		return nil, err
	}
	nodes := []tree.Node{top.Node}
	for name := range path.Names() {
		var next []tree.Node
		for _, n := range nodes {
			if n.Kind != tree.Dir {
				continue
			}
			children, err := a.client.Children(n.Handle)
			if err != nil {
				return nil, err
			}
			next = append(next, children...)
		}
		nodes = named(next, name)
	}
	return nodes, nil
}

func named(all []tree.Node, name string) []tree.Node {
	var exact, alike []tree.Node
	for _, n := range all {
		switch {
		case n.Name == name:
			exact = append(exact, n)
		case names.NFC(n.Name) == names.NFC(name):
			alike = append(alike, n)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return alike
}
