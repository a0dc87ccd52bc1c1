package config

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// object is a body whose arguments are values of Go, defaults filled in.
type object struct {
	*body
	values map[string]any
	given  map[string]bool // written and not null
	nested map[string]*object
	broken bool // some argument is unknown because of a mistake reported elsewhere
}

// get returns an argument's value, or the zero value when there is none.
func get[T any](o *object, name string) T {
	v, _ := o.values[name].(T)
	return v
}

// decode evaluates the arguments of a body by its schema.
func (e *evaluator) decode(b *body, s scope) *object {
	o := &object{body: b, values: map[string]any{}, given: map[string]bool{}, nested: map[string]*object{}}
	for i := range b.schema.Attributes {
		a := &b.schema.Attributes[i]
		if !a.static() {
			e.decodeAttribute(o, a, s)
		}
	}
	for _, nested := range b.schema.Blocks {
		if nested.Repeats {
			continue
		}
		child := e.decode(b.child(nested.Type), s)
		o.nested[nested.Type] = child
		o.broken = o.broken || child.broken
	}
	return o
}

func (e *evaluator) decodeAttribute(o *object, a *Attribute, s scope) {
	written := o.attrs[a.Name]
	if written == nil {
		if a.Required {
			o.broken = true // reported when the body was read
			return
		}
		e.setDefault(o, a)
		return
	}
	v := e.value(written.Expr, s)
	if v.IsNull() && a.Kind != KindAny {
		if a.Required {
			e.missingArgument(o.body, a)
			o.broken = true
			return
		}
		e.setDefault(o, a)
		return
	}
	o.given[a.Name] = true
	value, ok := e.convert(a, v, written.Expr)
	if !ok {
		o.broken = true
		return
	}
	o.values[a.Name] = value
}

func (e *evaluator) setDefault(o *object, a *Attribute) {
	if a.Default == "" {
		return
	}
	value, ok := e.defaults[a]
	if !ok {
		value = e.defaultValue(a)
		e.defaults[a] = value
	}
	o.values[a.Name] = value
}

// defaultValue reads a default of the schema; one that does not read is a mistake in the schema, which a test finds.
func (e *evaluator) defaultValue(a *Attribute) any {
	expr, diags := hclsyntax.ParseExpression([]byte(a.Default), "default", hcl.InitialPos)
	if diags.HasErrors() {
		panic(fmt.Sprintf("config: default of %s: %v", a.Name, diags))
	}
	v, diags := expr.Value(nil)
	if diags.HasErrors() {
		panic(fmt.Sprintf("config: default of %s: %v", a.Name, diags))
	}
	c := conversion{attribute: a, value: v, expr: expr, dir: e.dir, home: e.opts.Home}
	value, problem := c.run()
	if problem != "" {
		panic(fmt.Sprintf("config: default of %s: %s", a.Name, problem))
	}
	return value
}

// convert reads a value as its kind says; false means it is wrong, which is reported, or unknown, which was.
func (e *evaluator) convert(a *Attribute, v cty.Value, expr hcl.Expression) (any, bool) {
	if !v.IsWhollyKnown() {
		return nil, false
	}
	if a.Kind == KindAny {
		return v, true
	}
	secret := v.HasMarkDeep(sensitive)
	v, _ = v.UnmarkDeep()
	if secret && a.Kind != KindSecret && a.Kind != KindCommand {
		e.add(expr.Range(), "sensitive value", "%q is shown in plans and messages, so its value must not be sensitive. If it is no secret, write nonsensitive(…) around it.", a.Name)
		return nil, false
	}
	if a.Kind == KindSecret {
		e.keepAll(v)
	}
	c := conversion{attribute: a, value: v, expr: expr, dir: e.dir, home: e.opts.Home}
	value, problem := c.run()
	if problem != "" {
		e.add(expr.Range(), "invalid value", "%s", problem)
		return nil, false
	}
	return value, true
}
