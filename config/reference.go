package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/megaplan/megaplan/internal/addr"
)

// exported are the attributes that expressions may read of a block, besides whole blocks as references.
var exported = map[addr.Kind][]string{
	addr.Account: {"address", "email", "endpoint", "name"},
	addr.Source:  {"address", "host", "key", "name", "path"},
	addr.Backup:  {"account", "address", "key", "mode", "name", "path", "source"},
	addr.Folder:  {"account", "address", "key", "name", "path"},
}

// ref is one mention of something by name.
type ref struct {
	root, name string // name is "" for a whole root, as in keys(local)
	at         hcl.Range
	rest       hcl.Traversal // what follows root and name
}

func newRef(t hcl.Traversal) ref {
	r := ref{root: t.RootName(), at: t.SourceRange()}
	if len(t) > 1 {
		r.name = stepName(t[1])
		r.rest = t[2:]
	}
	return r
}

// stepName is the name a step of a traversal goes to; .x and ["x"] are the same.
func stepName(step hcl.Traverser) string {
	switch s := step.(type) {
	case hcl.TraverseAttr:
		return s.Name
	case hcl.TraverseIndex:
		if s.Key.Type() == cty.String && s.Key.IsKnown() && !s.Key.IsNull() {
			return s.Key.AsString()
		}
	}
	return ""
}

func (r ref) String() string {
	if r.name == "" {
		return r.root
	}
	return r.root + "." + r.name
}

// resolve evaluates what a reference names; false means it names nothing that is known, which has been reported.
func (e *evaluator) resolve(r ref, s scope) bool {
	switch r.root {
	case "each":
		return e.resolveEach(r, s)
	case "path":
		if r.name != "module" && r.name != "" {
			e.add(r.at, "unknown reference", "There is no %s; there is path.module, the directory of the configuration.", r)
			return false
		}
		return true
	case "host":
		return true
	case "var", "local", string(addr.Account), string(addr.Source), string(addr.Backup), string(addr.Folder):
		return e.resolveNode(r)
	case string(addr.Output), string(addr.Check):
		e.add(r.at, "unknown reference", "Nothing can refer to %s.", article(r.root))
		return false
	}
	e.unknownReference(r)
	return false
}

func (e *evaluator) resolveEach(r ref, s scope) bool {
	if s.each == nil {
		e.add(r.at, "unknown reference", "%s is known only in a block with for_each, and not in the for_each itself.", r)
		return false
	}
	if r.name != "key" && r.name != "value" && r.name != "" {
		e.add(r.at, "unknown reference", "There is no %s; there are each.key and each.value.", r)
		return false
	}
	return true
}

func (e *evaluator) resolveNode(r ref) bool {
	if r.name == "" {
		ok := true
		for _, n := range e.nodes {
			if n.root == r.root {
				ok = e.visit(n, r.at) && ok
			}
		}
		return ok
	}
	n := e.byName[r.String()]
	if n == nil {
		e.unknownReference(r)
		return false
	}
	return e.checkShape(r, n) && e.visit(n, r.at)
}

// checkShape reports attributes that a block does not have, and keys where there is no for_each.
func (e *evaluator) checkShape(r ref, n *node) bool {
	names, isBlock := exported[addr.Kind(n.root)]
	if !isBlock || len(r.rest) == 0 {
		return true
	}
	rest := r.rest
	_, keyed := rest[0].(hcl.TraverseIndex)
	switch {
	case n.forEach() && !keyed:
		e.add(r.at, "unknown reference", "%s has for_each: name one of its instances, as in %s[\"key\"].%s", n, n, stepName(rest[0]))
		return false
	case n.forEach():
		rest = rest[1:]
	case keyed:
		e.add(r.at, "unknown reference", "%s has no for_each, so it has no keys: write %s", n, n)
		return false
	}
	if len(rest) == 0 {
		return true
	}
	if name := stepName(rest[0]); !slices.Contains(names, name) {
		e.add(r.at, "unknown reference", "%s has no attribute %q.%s", n, name, attributeHint(n, name, names))
		return false
	}
	return true
}

func attributeHint(n *node, name string, names []string) string {
	if best := nearest(name, names); best != "" {
		if n.forEach() {
			return fmt.Sprintf(" Did you mean %s[…].%s?", n, best)
		}
		return fmt.Sprintf(" Did you mean %s.%s?", n, best)
	}
	return fmt.Sprintf(" It has %s.", listed(names))
}

func (e *evaluator) unknownReference(r ref) {
	var all []string
	for _, n := range e.nodes {
		if n.referable() {
			all = append(all, n.String())
		}
	}
	slices.Sort(all)
	var hint string
	switch best := nearestAddress(r.String(), append(all, "path.module", "host", "each.key", "each.value")); {
	case best != "":
		hint = fmt.Sprintf(" Did you mean %s?", best)
	case r.root == "var":
		hint = fmt.Sprintf(" Declare it with: variable %q {}", r.name)
	default:
		hint = e.sameKind(r.root, all)
	}
	e.add(r.at, "unknown reference", "There is no %s.%s", r, hint)
}

// sameKind lists what there is of a kind.
func (e *evaluator) sameKind(root string, all []string) string {
	var same []string
	for _, a := range all {
		if strings.HasPrefix(a, root+".") {
			same = append(same, a)
		}
	}
	if len(same) == 0 {
		return ""
	}
	return fmt.Sprintf(" There are: %s.", listed(same))
}
