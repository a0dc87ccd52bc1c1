package planner

import (
	"fmt"

	"github.com/megaplan/megaplan/internal/tree"
)

// locate finds the root of every target that takes part, and notes the folders on the way to declared paths.
func (p *planning) locate() {
	for _, t := range p.targets {
		if t.account == nil {
			p.withoutAccount(t)
			continue
		}
		t.findRoot()
		t.claimRoot()
	}
	for _, t := range p.targets {
		if t.account != nil && t.takesPart() {
			p.checkRoot(t)
		}
	}
	p.checkPassengers()
}

// withoutAccount refuses to take away what lies in an account that is not declared any more.
func (p *planning) withoutAccount(t *target) {
	switch {
	case t.declared() && t.takesPart():
		panic("planner: no account " + t.out.Account.String() + " for " + t.out.Address.String())
	case t.out.Status == Destroyed:
		p.refuse(3, t, "the account is not declared", fmt.Sprintf(
			"%s lies in %s, which the configuration does not have. Declare the account again to take the backup away, or set destroy = false to forget it.",
			t.out.Address, t.out.Account))
	}
}

// takesPart says whether the remote side of a target matters to this plan.
func (t *target) takesPart() bool { return t.out.Status == Active || t.out.Status == Destroyed }

// findRoot walks the declared path as far as it exists. Where a name is doubled, the way that leads to the root state
// knows is taken, then the one that leads furthest, then the lowest handle.
func (t *target) findRoot() {
	var known tree.Handle
	if t.prior != nil {
		known = t.prior.Resource.Root
	}
	w := walker{t: t.remote(), known: known}
	var names []string
	for name := range t.out.Path.Names() {
		names = append(names, name)
	}
	at, depth := w.walk(tree.Root, names)
	found := t.remote().Path(at)
	for _, name := range names[depth:] {
		found = found.Join(name)
	}
	t.out.Path = found
	complete := depth == len(names)
	if complete {
		t.root, t.out.Root = at, Ref{Handle: t.remote().Handle(at)}
		at = t.remote().Parent(at)
	}
	if !t.declared() {
		return
	}
	for ; at != tree.Root; at = t.remote().Parent(at) {
		t.account.passage[at] = true
	}
	t.account.passage[tree.Root] = true
}

// claimRoot makes the folder at the declared path, and the one state knows wherever it was moved, the target's own: to other
// targets neither is unmanaged.
func (t *target) claimRoot() {
	known := tree.Handle(0)
	if t.prior != nil {
		known = t.prior.Resource.Root
	}
	if t.root != tree.None {
		if t.declared() || t.remote().Handle(t.root) == known {
			t.account.roots[t.root] = t
		}
		if t.remote().Handle(t.root) == known {
			return
		}
	}
	if id, ok := t.account.find(known); ok && t.account.roots[id] == nil {
		t.account.roots[id] = t
	}
}

type walker struct {
	t     *tree.Tree
	known tree.Handle
}

// walk returns how far names lead below id, and how many of them that is.
func (w walker) walk(id tree.ID, names []string) (best tree.ID, depth int) {
	best = id
	if len(names) == 0 {
		return best, 0
	}
	for _, c := range w.step(id, names[0]) {
		end, d := w.walk(c, names[1:])
		better := d+1 > depth || d+1 == depth && w.known != 0 && w.t.Handle(end) == w.known
		if better {
			best, depth = end, d+1
		}
	}
	return best, depth
}

// step returns the folders of a name: those that match byte for byte, else those that are NFC-equal (rule 14).
func (w walker) step(dir tree.ID, name string) []tree.ID {
	var exact, equal []tree.ID
	first, end := w.t.Find(dir, name)
	for c := first; c < end; c++ {
		if w.t.Kind(c) == tree.Dir {
			exact = append(exact, c)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	want := nfc(name)
	first, end = w.t.Children(dir)
	for c := first; c < end; c++ {
		if w.t.Kind(c) == tree.Dir && nfc(w.t.Name(c)) == want {
			equal = append(equal, c)
		}
	}
	return equal
}

// whereIs finds a node that is not where it was: in the part of the tree that is here, or by asking.
func (p *planning) whereIs(t *target, h tree.Handle) (Where, bool) {
	if id, ok := t.account.find(h); ok {
		r := t.remote()
		return Where{Found: true, Path: r.Path(id), Parent: r.Handle(r.Parent(id)), Name: r.Name(id)}, true
	}
	a, ok := p.ask(Question{Ask: AskWhere, Account: t.account.in.Address, Handle: h})
	return a.Where, ok
}
