package config

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/megaplan/megaplan/internal/addr"
)

// renames reads the blocks that talk about addresses: import, moved and removed (rules 3 and 4).
func (e *evaluator) renames(all *body) {
	for _, b := range all.blocks["import"] {
		e.importBlock(b)
	}
	for _, b := range all.blocks["moved"] {
		e.movedBlock(b, all.blocks["moved"])
	}
	for _, b := range all.blocks["removed"] {
		e.removedBlock(b)
	}
}

// managed are the kinds that have something in the account.
var managed = []addr.Kind{addr.Backup, addr.Folder}

// address reads an argument that names an address, which may not exist (any more).
func (e *evaluator) address(b *body, name string) (addr.Address, bool) {
	a := b.attrs[name]
	if a == nil {
		return addr.Address{}, false // reported when the block was read
	}
	t, diags := hcl.AbsTraversalForExpr(a.Expr)
	if !diags.HasErrors() {
		if address, ok := traversalAddress(t); ok {
			if slices.Contains(managed, address.Kind) {
				return address, true
			}
			e.add(a.Expr.Range(), "invalid address", "%q wants a backup or a folder, not %s: other blocks have nothing in the account.", name, address)
			return addr.Address{}, false
		}
	}
	e.add(a.Expr.Range(), "invalid address", "%q wants an address, as in backup.documents or backup.www[\"web1\"], without quotes around it and without expressions in it.", name)
	return addr.Address{}, false
}

func traversalAddress(t hcl.Traversal) (addr.Address, bool) {
	if len(t) < 2 || len(t) > 3 {
		return addr.Address{}, false
	}
	name, ok := t[1].(hcl.TraverseAttr)
	if !ok {
		return addr.Address{}, false
	}
	a, err := addr.Parse(t.RootName() + "." + name.Name)
	if err != nil || len(t) == 2 {
		return a, err == nil
	}
	index, ok := t[2].(hcl.TraverseIndex)
	if !ok || index.Key.Type() != cty.String {
		return addr.Address{}, false
	}
	return a.Instance(index.Key.AsString()), true
}

// presence says what is known about an address in the configuration.
type presence int

const (
	missing presence = iota
	present
	unknown // a mistake reported elsewhere hides it
)

// find looks an address up; the address of a block with for_each stands for all of its instances.
func (e *evaluator) find(a addr.Address) presence {
	n := e.byName[a.Block().String()]
	switch {
	case n == nil:
		return missing
	case e.badBlocks[a.Block().String()]:
		return unknown
	case n.forEach() && !a.Keyed:
		return present
	}
	same := func(b addr.Address) bool { return b == a }
	if slices.ContainsFunc(e.config.Backups, func(b Backup) bool { return same(b.Address) }) ||
		slices.ContainsFunc(e.config.Folders, func(f Folder) bool { return same(f.Address) }) {
		return present
	}
	return missing
}

func (e *evaluator) addressHint(a addr.Address) string {
	var all []string
	for _, b := range e.config.Backups {
		all = append(all, b.Address.String())
	}
	for _, f := range e.config.Folders {
		all = append(all, f.Address.String())
	}
	for _, n := range e.nodes {
		if slices.Contains(managed, addr.Kind(n.root)) && !n.forEach() && e.badBlocks[n.String()] {
			all = append(all, n.String()) // declared, with a mistake in it
		}
	}
	if best := nearestAddress(a.String(), all); best != "" {
		return " Did you mean " + best + "?"
	}
	return ""
}

func (e *evaluator) importBlock(b *body) {
	o := e.decode(b, scope{})
	to, ok := e.address(b, "to")
	if !ok {
		return
	}
	if e.find(to) == missing {
		e.add(b.at("to"), "unknown reference", "There is no %s to import into.%s", to, e.addressHint(to))
		return
	}
	if n := e.byName[to.Block().String()]; n.forEach() && !to.Keyed {
		e.add(b.at("to"), "invalid address", "%s has for_each: name one instance, as in %s[\"key\"].", to, to)
		return
	}
	for _, other := range e.config.Imports {
		if other.To == to {
			e.add(b.declared, "imported twice", "%s is already imported into at %s.", to, other.Range)
			return
		}
	}
	if !o.broken {
		e.config.Imports = append(e.config.Imports, Import{To: to, Path: get[string](o, "path"), Range: plainRange(b.declared)})
	}
}

func (e *evaluator) movedBlock(b *body, all []*body) {
	from, fromOK := e.address(b, "from")
	to, toOK := e.address(b, "to")
	if !fromOK || !toOK {
		return
	}
	switch {
	case from == to:
		e.add(b.declared, "invalid move", "%s cannot be renamed to itself.", from)
		return
	case from.Kind != to.Kind:
		e.add(b.at("to"), "invalid move", "%s is a %s and cannot become the %s %s.", from, from.Kind, to.Kind, to)
		return
	case e.find(from) == present && (from.Block() != to.Block() || from.Keyed):
		// A block that has got for_each since may become one of its own instances.
		e.add(b.at("from"), "invalid move", "%s is still declared at %s. A moved block names an address that is gone; remove one of the two.", from, plainRange(e.byName[from.Block().String()].declared))
		return
	}
	end, circle := lastName(from, to, all)
	switch {
	case circle != "":
		e.add(b.at("to"), "invalid move", "These are renamed in a circle: %s.", circle)
		return
	case e.find(end) == missing:
		e.add(b.at("to"), "unknown reference", "There is no %s.%s", end, e.addressHint(end))
		return
	}
	for _, other := range e.config.Moved {
		if other.From == from {
			e.add(b.declared, "invalid move", "%s is already renamed at %s.", from, other.Range)
			return
		}
	}
	e.config.Moved = append(e.config.Moved, Moved{From: from, To: to, Range: plainRange(b.declared)})
}

// lastName follows further renames of an address, which need not exist on the way, to the name it has now.
func lastName(from, to addr.Address, all []*body) (end addr.Address, circle string) {
	next := map[addr.Address]addr.Address{}
	for _, b := range all {
		if source, ok := written(b, "from"); ok {
			if target, ok := written(b, "to"); ok && source != target {
				next[source] = target
			}
		}
	}
	circle = from.String()
	seen := map[addr.Address]bool{from: true}
	for {
		circle += " -> " + to.String()
		if seen[to] {
			return to, circle
		}
		seen[to] = true
		further, ok := next[to]
		if !ok {
			return to, ""
		}
		to = further
	}
}

// written reads an address without saying anything about a wrong one.
func written(b *body, name string) (addr.Address, bool) {
	a := b.attrs[name]
	if a == nil {
		return addr.Address{}, false
	}
	t, diags := hcl.AbsTraversalForExpr(a.Expr)
	if diags.HasErrors() {
		return addr.Address{}, false
	}
	return traversalAddress(t)
}

func (e *evaluator) removedBlock(b *body) {
	o := e.decode(b, scope{})
	from, ok := e.address(b, "from")
	if !ok {
		return
	}
	if e.find(from) == present {
		e.add(b.at("from"), "invalid removal", "%s is still declared at %s. A removed block names an address that is gone; remove one of the two.", from, plainRange(e.byName[from.Block().String()].declared))
		return
	}
	if !o.broken {
		e.config.Removed = append(e.config.Removed, Removed{From: from, Destroy: get[bool](o, "destroy"), Range: plainRange(b.declared)})
	}
}
