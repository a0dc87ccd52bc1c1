package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// variable is what a variable block says about its values.
type variable struct {
	*node
	constraint          cty.Type
	defaults            *typeexpr.Defaults
	sensitive, nullable bool
}

// evaluateVariable takes the value that was given last, or the default.
func (e *evaluator) evaluateVariable(n *node) cty.Value {
	v, ok := e.declaredVariable(n)
	if !ok {
		return cty.DynamicVal
	}
	value, ok := e.variableValue(v)
	if !ok {
		return cty.DynamicVal
	}
	if v.sensitive {
		e.keepAll(value)
		value = value.Mark(sensitive)
	}
	e.variables[n.name] = value
	return value
}

func (e *evaluator) declaredVariable(n *node) (variable, bool) {
	v := variable{node: n, constraint: cty.DynamicPseudoType}
	ok := true
	if a := n.body.attrs["type"]; a != nil {
		var diags hcl.Diagnostics
		v.constraint, v.defaults, diags = typeexpr.TypeConstraintWithDefaults(a.Expr)
		e.hcl(diags)
		ok = !diags.HasErrors()
	}
	v.sensitive = e.flag(n, "sensitive", false)
	if a := n.body.attrs["default"]; a != nil && v.sensitive {
		e.keepExpression(a.Expr)
	}
	for _, name := range []string{"default", "sensitive", "nullable", "description"} {
		ok = e.constant(n, name) && ok
	}
	if !ok {
		return v, false
	}
	v.nullable = e.flag(n, "nullable", true)
	return v, true
}

// constant refuses references where a value must be known before anything else.
func (e *evaluator) constant(n *node, name string) bool {
	a := n.body.attrs[name]
	if a == nil {
		return true
	}
	for _, t := range a.Expr.Variables() {
		e.add(t.SourceRange(), "reference in a variable", "%q of a variable is a constant: it cannot refer to %s. A value made of others is a local.", name, newRef(t))
		return false
	}
	return true
}

func (e *evaluator) flag(n *node, name string, otherwise bool) bool {
	a := n.body.attrs[name]
	if a == nil {
		return otherwise
	}
	v, ok := e.convert(n.body.schema.attribute(name), e.value(a.Expr, scope{}), a.Expr)
	if b, isBool := v.(bool); ok && isBool {
		return b
	}
	return otherwise
}

// variableValue converts the given value or the default; false means there is none that fits, which is reported.
func (e *evaluator) variableValue(v variable) (cty.Value, bool) {
	g, isGiven := e.given[v.name]
	if isGiven {
		if v.sensitive {
			e.keepGiven(g)
		}
		value, ok := e.givenValue(v, g)
		if !ok {
			return cty.NilVal, false
		}
		if !value.IsNull() || v.nullable {
			return e.fit(v, value, g.at, g.from)
		}
	}
	a := v.body.attrs["default"]
	if a == nil {
		if isGiven {
			e.add(g.at, "missing value", "The variable %q has nullable = false, so null from %s is no value, and it has no default.", v.name, g.from)
			return cty.NilVal, false
		}
		e.add(v.declared, "missing value", "The variable %q has no value and no default. Give it one with -var %s=VALUE, a line %s = VALUE in a file *.auto.megavars, or the environment variable MEGAPLAN_VAR_%s.", v.name, v.name, v.name, v.name)
		return cty.NilVal, false
	}
	value := e.value(a.Expr, scope{})
	if !value.IsWhollyKnown() {
		return cty.NilVal, false
	}
	return e.fit(v, value, a.Expr.Range(), "the default")
}

// fit converts a value to the variable's type.
func (e *evaluator) fit(v variable, value cty.Value, at hcl.Range, from string) (cty.Value, bool) {
	value, _ = value.UnmarkDeep()
	if v.defaults != nil && !value.IsNull() {
		value = v.defaults.Apply(value)
	}
	out, err := convert.Convert(value, v.constraint)
	if err != nil {
		e.add(at, "invalid value", "The variable %q is %s; %s does not fit: %s.", v.name, typeexpr.TypeString(v.constraint), from, reason(err))
		return cty.NilVal, false
	}
	return out, true
}

// reason names the place inside a value that does not convert.
func reason(err error) string {
	if path, ok := errors.AsType[cty.PathError](err); ok && len(path.Path) > 0 {
		return fmt.Sprintf("at %s, %v", pathString(path.Path), err)
	}
	return err.Error()
}

func pathString(path cty.Path) string {
	out := ""
	for _, step := range path {
		switch s := step.(type) {
		case cty.GetAttrStep:
			out += "." + s.Name
		case cty.IndexStep:
			if s.Key.Type() == cty.String {
				out += fmt.Sprintf("[%q]", s.Key.AsString())
			} else {
				out += "[" + s.Key.AsBigFloat().String() + "]"
			}
		}
	}
	return out
}

// givenValue evaluates what was given: an expression of a file, or text that is HCL when the type is not a simple one.
func (e *evaluator) givenValue(v variable, g given) (cty.Value, bool) {
	expr := g.expr
	if expr == nil {
		if v.constraint == cty.String || v.constraint == cty.Number || v.constraint == cty.Bool || v.constraint == cty.DynamicPseudoType {
			return cty.StringVal(g.text), true
		}
		var diags hcl.Diagnostics
		expr, diags = hclsyntax.ParseExpression([]byte(g.text), g.from, hcl.InitialPos)
		if diags.HasErrors() {
			e.add(v.declared, "invalid value", "The value of %q from %s is not written in HCL: %s It is %s.", v.name, g.from, diags[0].Detail, typeexpr.TypeString(v.constraint))
			return cty.NilVal, false
		}
	}
	value, diags := expr.Value(nil)
	if !diags.HasErrors() {
		return value, true
	}
	if len(expr.Variables()) > 0 && g.expr == nil {
		e.add(v.declared, "invalid value", "The value of %q from %s is a constant and cannot refer to anything; text stands in quotes.", v.name, g.from)
	} else if g.expr == nil {
		e.add(v.declared, "invalid value", "The value of %q from %s: %s", v.name, g.from, diags[0].Detail)
	} else if len(expr.Variables()) > 0 {
		e.add(g.at, "invalid value", "Values in %s are constants and cannot refer to anything; text stands in quotes.", g.from)
	} else {
		e.hcl(diags)
	}
	return cty.NilVal, false
}

// keepGiven hides a sensitive value before anything is said about it.
func (e *evaluator) keepGiven(g given) {
	e.keep(g.text)
	if g.expr == nil {
		return
	}
	e.keepExpression(g.expr)
}

// keepExpression hides what a constant says, and its text when it does not evaluate.
func (e *evaluator) keepExpression(expr hcl.Expression) {
	v, diags := expr.Value(nil)
	if !diags.HasErrors() {
		e.keepAll(v)
		return
	}
	at := expr.Range()
	for _, files := range []Files{e.files, e.varFiles} {
		if src, ok := files[at.Filename]; ok && at.CanSliceBytes(src) {
			e.keep(string(at.SliceBytes(src)))
		}
	}
}

// validate checks the conditions that a variable's values must meet.
func (e *evaluator) validate(n *node) {
	if _, known := e.variables[n.name]; !known {
		return
	}
	for _, b := range n.body.blocks["validation"] {
		condition, message := b.attrs["condition"], b.attrs["error_message"]
		if condition == nil || message == nil {
			continue // reported when the block was read
		}
		met := e.value(condition.Expr, scope{})
		text := e.value(message.Expr, scope{})
		met, _ = met.Unmark()
		if !met.IsKnown() || !text.IsWhollyKnown() {
			continue
		}
		met, err := convert.Convert(met, cty.Bool)
		if err != nil || met.IsNull() {
			e.add(condition.Expr.Range(), "invalid condition", "A condition is true or false; this is neither.")
			continue
		}
		if met.False() {
			e.add(e.valueRange(n), "invalid value for variable", "var.%s: %s (the rule is at %s)", n.name, messageText(text), plainRange(condition.Expr.Range()))
		}
	}
}

func messageText(v cty.Value) string {
	v, marks := v.Unmark()
	if len(marks) > 0 {
		return "its condition is not met; the message is sensitive"
	}
	text, err := convert.Convert(v, cty.String)
	if err != nil || text.IsNull() {
		return "its condition is not met"
	}
	return text.AsString()
}

// valueRange is where a variable got its value, or where it is declared.
func (e *evaluator) valueRange(n *node) hcl.Range {
	if g, ok := e.given[n.name]; ok && g.expr != nil {
		return g.at
	}
	return n.declared
}

func (e *evaluator) variableNames() []string {
	var names []string
	for _, n := range e.nodes {
		if n.root == "var" {
			names = append(names, n.name)
		}
	}
	slices.Sort(names)
	return names
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
