package config

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/megaplan/megaplan/internal/addr"
)

type mark string

// sensitive marks values that must not be shown.
const sensitive = mark("sensitive")

// node is one named thing of the configuration; nodes are evaluated when something refers to them.
type node struct {
	root, name string
	declared   hcl.Range
	expr       hcl.Expression // of a local
	body       *body          // of everything else
	state      nodeState
	value      cty.Value
}

type nodeState int

const (
	notVisited nodeState = iota
	visiting
	visited
)

func (n *node) String() string { return n.root + "." + n.name }

func (n *node) forEach() bool { return n.body != nil && n.body.attrs["for_each"] != nil }

func (n *node) referable() bool {
	return n.root == "var" || n.root == "local" || exported[addr.Kind(n.root)] != nil
}

// each is one element of a for_each.
type each struct {
	key   string
	value cty.Value
}

// scope is what an expression knows besides the named things.
type scope struct {
	each *each
}

// evaluator turns what was read into a Config. It evaluates each node once, when it is first asked for, and reports
// each mistake where it stands: what depends on a mistake is unknown, and nothing is reported about unknown values.
type evaluator struct {
	problems
	opts   Options
	dir    string
	nodes  []*node
	byName map[string]*node
	stack  []*node
	// accountNames are the labels of the account blocks, for what may leave its account out.
	accountNames []string
	functions    map[string]function.Function
	reads        *reads
	defaults     map[*Attribute]any
	variables    map[string]cty.Value
	given        map[string]given
	varFiles     Files
	files        Files // the configuration
	config       *Config
	sources      map[addr.Address]Source
	badBlocks    map[string]bool // block addresses whose instances are not all known
}

// visit evaluates a node; false means that it is part of a cycle, which has been reported.
func (e *evaluator) visit(n *node, from hcl.Range) bool {
	switch n.state {
	case visited:
		return true
	case visiting:
		e.reportCycle(n, from)
		return false
	case notVisited:
	}
	n.state = visiting
	e.stack = append(e.stack, n)
	n.value = e.evaluate(n)
	e.stack = e.stack[:len(e.stack)-1]
	n.state = visited
	return true
}

func (e *evaluator) reportCycle(n *node, from hcl.Range) {
	start := slices.Index(e.stack, n)
	var names []string
	for _, m := range e.stack[start:] {
		names = append(names, m.String())
	}
	if len(names) == 1 {
		e.add(from, "cycle", "%s refers to itself.", n)
		return
	}
	e.add(from, "cycle", "These refer to each other in a circle: %s -> %s.", strings.Join(names, " -> "), n)
}

func (e *evaluator) evaluate(n *node) cty.Value {
	switch n.root {
	case "var":
		return e.evaluateVariable(n)
	case "local":
		return e.value(n.expr, scope{})
	default:
		return e.evaluateBlock(n)
	}
}

// value evaluates an expression; whatever is wrong with it is reported, and the value is then unknown.
func (e *evaluator) value(expr hcl.Expression, s scope) cty.Value {
	ok := true
	var refs []ref
	for _, t := range expr.Variables() {
		r := newRef(t)
		ok = e.resolve(r, s) && ok
		refs = append(refs, r)
	}
	if !ok {
		return cty.DynamicVal
	}
	v, diags := expr.Value(e.context(refs, s))
	e.hcl(diags)
	if diags.HasErrors() {
		return cty.DynamicVal
	}
	return v
}

// context holds what the references need and nothing else.
func (e *evaluator) context(refs []ref, s scope) *hcl.EvalContext {
	roots := map[string]map[string]cty.Value{}
	for _, r := range refs {
		e.addNodes(roots, r)
	}
	variables := map[string]cty.Value{
		"host": cty.StringVal(e.opts.Hostname),
		"path": cty.ObjectVal(map[string]cty.Value{"module": cty.StringVal(".")}),
	}
	if s.each != nil {
		variables["each"] = cty.ObjectVal(map[string]cty.Value{"key": cty.StringVal(s.each.key), "value": s.each.value})
	}
	for root, values := range roots {
		variables[root] = cty.ObjectVal(values)
	}
	return &hcl.EvalContext{Variables: variables, Functions: e.functions}
}

func (e *evaluator) addNodes(roots map[string]map[string]cty.Value, r ref) {
	switch r.root {
	case "each", "path", "host":
		return
	}
	if roots[r.root] == nil {
		roots[r.root] = map[string]cty.Value{}
	}
	if r.name != "" {
		roots[r.root][r.name] = e.byName[r.String()].value
		return
	}
	for _, n := range e.nodes {
		if n.root == r.root {
			roots[r.root][n.name] = n.value
		}
	}
}

// evaluateBlock decodes every instance of a block and returns what a reference to it is: an object, or with for_each
// an object of them by key.
func (e *evaluator) evaluateBlock(n *node) cty.Value {
	address := addr.New(addr.Kind(n.root), n.name)
	if !n.forEach() {
		return e.instance(n, address, scope{})
	}
	elements, ok := e.elements(n.body.attrs["for_each"])
	if !ok {
		e.badBlocks[address.String()] = true
		return cty.DynamicVal
	}
	values := map[string]cty.Value{}
	for _, el := range elements {
		values[el.key] = e.instance(n, address.Instance(el.key), scope{each: &el})
	}
	return cty.ObjectVal(values)
}

// elements are the instances a for_each asks for, in order of key.
func (e *evaluator) elements(a *hcl.Attribute) ([]each, bool) {
	v := e.value(a.Expr, scope{})
	at := a.Expr.Range()
	if v.HasMarkDeep(sensitive) {
		e.add(at, "invalid for_each", "The keys of for_each are part of addresses and are shown, so the value must not be sensitive.")
		return nil, false
	}
	v, _ = v.UnmarkDeep()
	switch {
	case !v.IsKnown():
		return nil, false
	case v.IsNull():
		e.add(at, "invalid for_each", "The value is null. For no instances write an empty set: toset([])")
		return nil, false
	case v.Type().IsSetType():
		return e.setElements(v, at)
	case v.Type().IsMapType() || v.Type().IsObjectType():
		var out []each
		for key, value := range v.AsValueMap() {
			out = append(out, each{key, value})
		}
		slices.SortFunc(out, func(a, b each) int { return strings.Compare(a.key, b.key) })
		return out, true
	case v.Type().IsListType() || v.Type().IsTupleType():
		e.add(at, "invalid for_each", "for_each wants a set of text or a map, not a list, because a list has no keys. Write toset(…) around it.")
	default:
		e.add(at, "invalid for_each", "for_each wants a set of text or a map, not %s.", v.Type().FriendlyName())
	}
	return nil, false
}

func (e *evaluator) setElements(v cty.Value, at hcl.Range) ([]each, bool) {
	var out []each
	for _, el := range v.AsValueSlice() {
		if !el.IsKnown() {
			return nil, false
		}
		if el.IsNull() || el.Type() != cty.String {
			e.add(at, "invalid for_each", "for_each wants a set of text; this set holds %s.", kindOfValue(el))
			return nil, false
		}
		out = append(out, each{el.AsString(), el})
	}
	slices.SortFunc(out, func(a, b each) int { return strings.Compare(a.key, b.key) })
	return out, true
}

func kindOfValue(v cty.Value) string {
	if v.IsNull() {
		return "null"
	}
	return v.Type().FriendlyName()
}
