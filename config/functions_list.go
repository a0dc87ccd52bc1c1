package config

import (
	"errors"
	"slices"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// lengthFunc counts elements, or the characters of a text as a person sees them.
var lengthFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowDynamicType: true}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		v := args[0]
		switch t := v.Type(); {
		case t == cty.String:
			return stdlib.Strlen(v)
		case t.IsObjectType():
			return cty.NumberIntVal(int64(len(t.AttributeTypes()))), nil
		case v.CanIterateElements():
			return v.Length(), nil
		}
		return cty.UnknownVal(cty.Number), function.NewArgErrorf(0, "wants a text, a list, a set, a map or an object")
	},
})

func boolsFunc(start bool, step func(all, next bool) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "list", Type: cty.List(cty.Bool)}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			all := start
			for _, v := range args[0].AsValueSlice() {
				if !v.IsKnown() {
					return cty.UnknownVal(cty.Bool), nil
				}
				all = step(all, !v.IsNull() && v.True())
			}
			return cty.BoolVal(all), nil
		},
	})
}

var (
	allTrueFunc = boolsFunc(true, func(all, next bool) bool { return all && next })
	anyTrueFunc = boolsFunc(false, func(all, next bool) bool { return all || next })
)

// coalesceFunc returns the first argument that is neither null nor an empty text.
var coalesceFunc = function.New(&function.Spec{
	VarParam: &function.Parameter{Name: "values", Type: cty.DynamicPseudoType, AllowUnknown: true, AllowDynamicType: true, AllowNull: true},
	Type: func(args []cty.Value) (cty.Type, error) {
		types := make([]cty.Type, len(args))
		for i, a := range args {
			types[i] = a.Type()
		}
		if len(types) == 0 {
			return cty.NilType, errors.New("wants at least one argument")
		}
		t, _ := convert.UnifyUnsafe(types)
		if t == cty.NilType {
			return cty.NilType, errors.New("all arguments must have the same type")
		}
		return t, nil
	},
	Impl: func(args []cty.Value, t cty.Type) (cty.Value, error) {
		for i, a := range args {
			v, err := convert.Convert(a, t)
			switch {
			case err != nil:
				return cty.UnknownVal(t), function.NewArgError(i, err)
			case !v.IsKnown():
				return cty.UnknownVal(t), nil
			case v.IsNull() || t == cty.String && v.AsString() == "":
			default:
				return v, nil
			}
		}
		return cty.UnknownVal(t), errors.New("every argument is null or an empty text")
	},
})

// listLike is a parameter that takes a list, a tuple or a set.
func listLike(name string) function.Parameter {
	return function.Parameter{Name: name, Type: cty.DynamicPseudoType}
}

func elementsOf(v cty.Value, i int) ([]cty.Value, error) {
	t := v.Type()
	if !t.IsListType() && !t.IsTupleType() && !t.IsSetType() {
		return nil, function.NewArgErrorf(i, "wants a list, a tuple or a set")
	}
	return v.AsValueSlice(), nil
}

// indexFunc returns the place of a value in a list.
var indexFunc = function.New(&function.Spec{
	Params: []function.Parameter{listLike("list"), {Name: "value", Type: cty.DynamicPseudoType}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if args[0].Type().IsSetType() {
			return cty.UnknownVal(cty.Number), function.NewArgErrorf(0, "a set has no order")
		}
		elements, err := elementsOf(args[0], 0)
		if err != nil {
			return cty.UnknownVal(cty.Number), err
		}
		for i, el := range elements {
			if !el.IsWhollyKnown() {
				return cty.UnknownVal(cty.Number), nil
			}
			if el.RawEquals(args[1]) {
				return cty.NumberIntVal(int64(i)), nil
			}
		}
		return cty.UnknownVal(cty.Number), errors.New("the list does not hold the value")
	},
})

// oneFunc returns the only element, or null for none.
var oneFunc = function.New(&function.Spec{
	Params: []function.Parameter{listLike("list")},
	Type:   function.StaticReturnType(cty.DynamicPseudoType),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		elements, err := elementsOf(args[0], 0)
		if err != nil {
			return cty.DynamicVal, err
		}
		switch len(elements) {
		case 0:
			return cty.NullVal(cty.DynamicPseudoType), nil
		case 1:
			return elements[0], nil
		}
		return cty.DynamicVal, function.NewArgErrorf(0, "wants at most one element and got %d", len(elements))
	},
})

var sumFunc = function.New(&function.Spec{
	Params: []function.Parameter{listLike("numbers")},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		elements, err := elementsOf(args[0], 0)
		if err != nil {
			return cty.UnknownVal(cty.Number), err
		}
		total := cty.Zero
		for _, el := range elements {
			n, err := convert.Convert(el, cty.Number)
			if err != nil || n.IsNull() {
				return cty.UnknownVal(cty.Number), function.NewArgErrorf(0, "holds something that is no number")
			}
			total, err = stdlib.Add(total, n)
			if err != nil {
				return cty.UnknownVal(cty.Number), err
			}
		}
		return total, nil
	},
})

// matchKeysFunc keeps the values whose key, at the same place of another list, is wanted.
var matchKeysFunc = function.New(&function.Spec{
	Params: []function.Parameter{
		{Name: "values", Type: cty.List(cty.DynamicPseudoType)},
		{Name: "keys", Type: cty.List(cty.DynamicPseudoType)},
		{Name: "wanted", Type: cty.List(cty.DynamicPseudoType)},
	},
	Type: sameType,
	Impl: func(args []cty.Value, t cty.Type) (cty.Value, error) {
		for _, a := range args {
			if !a.IsWhollyKnown() {
				return cty.UnknownVal(t), nil
			}
		}
		values, keys, wanted := args[0].AsValueSlice(), args[1].AsValueSlice(), args[2].AsValueSlice()
		if len(values) != len(keys) {
			return cty.UnknownVal(t), errors.New("values and keys must be of the same length")
		}
		var out []cty.Value
		for i, k := range keys {
			if slices.ContainsFunc(wanted, k.RawEquals) {
				out = append(out, values[i])
			}
		}
		if len(out) == 0 {
			return cty.ListValEmpty(t.ElementType()), nil
		}
		return cty.ListVal(out), nil
	},
})

// transposeFunc turns a map of lists around.
var transposeFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "map", Type: cty.Map(cty.List(cty.String))}},
	Type:   function.StaticReturnType(cty.Map(cty.List(cty.String))),
	Impl: func(args []cty.Value, t cty.Type) (cty.Value, error) {
		if !args[0].IsWhollyKnown() {
			return cty.UnknownVal(t), nil
		}
		turned := map[string][]cty.Value{}
		for it := args[0].ElementIterator(); it.Next(); {
			key, list := it.Element()
			if list.IsNull() {
				return cty.UnknownVal(t), errors.New("a list is null")
			}
			for _, el := range list.AsValueSlice() {
				if el.IsNull() {
					return cty.UnknownVal(t), errors.New("an element is null")
				}
				turned[el.AsString()] = append(turned[el.AsString()], key)
			}
		}
		out := map[string]cty.Value{}
		for key, list := range turned {
			out[key] = cty.ListVal(list)
		}
		if len(out) == 0 {
			return cty.MapValEmpty(cty.List(cty.String)), nil
		}
		return cty.MapVal(out), nil
	},
})
