package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/megaplan/megaplan/internal/diag"
)

// Console evaluates expressions in a configuration, one by one.
type Console struct{ e *evaluator }

// OpenConsole loads a configuration to ask about. Like [Load] it needs no network; the console is nil if there is an error.
func OpenConsole(dir string, opts Options) (*Console, diag.List) {
	e, _, list := load(dir, opts)
	if list.HasErrors() {
		return nil, list
	}
	return &Console{e}, list
}

// Evaluate returns an expression's value as HCL writes it. Sensitive values are not told.
func (c *Console) Evaluate(text string) (string, diag.List) {
	const name = "console"
	c.e.list = nil
	expr, diags := hclsyntax.ParseExpression([]byte(text), name, hcl.InitialPos)
	c.e.hcl(diags)
	var value cty.Value
	if !diags.HasErrors() {
		value = c.e.value(expr, scope{})
	}
	if list := c.e.finish(Files{name: []byte(text)}); list.HasErrors() {
		return "", list
	}
	var out strings.Builder
	writeValue(&out, value, "")
	return out.String(), nil
}

// writeValue writes a value as an expression that gives it again: what a plain list or object would lose of the type is
// said by a call.
func writeValue(out *strings.Builder, v cty.Value, indent string) {
	ty := v.Type()
	switch {
	case v.IsMarked():
		out.WriteString("(sensitive value)")
	case !v.IsKnown():
		out.WriteString("(unknown)")
	case v.IsNull():
		out.WriteString("null")
	case ty.IsPrimitiveType():
		out.Write(hclwrite.TokensForValue(v).Bytes())
	case ty.IsListType() || ty.IsSetType() || ty.IsTupleType():
		writeList(out, v, indent)
	case ty.IsMapType() || ty.IsObjectType():
		writeObject(out, v, indent)
	default:
		fmt.Fprintf(out, "(%s)", ty.FriendlyName())
	}
}

// maker is the call that makes another collection of one that can be written down.
func maker(ty cty.Type) (before, after string) {
	switch {
	case ty.IsListType():
		return "tolist(", ")"
	case ty.IsSetType():
		return "toset(", ")"
	case ty.IsMapType():
		return "tomap(", ")"
	}
	return "", ""
}

func writeList(out *strings.Builder, v cty.Value, indent string) {
	before, after := maker(v.Type())
	out.WriteString(before + "[")
	for _, el := range v.AsValueSlice() {
		out.WriteString("\n" + indent + "  ")
		writeValue(out, el, indent+"  ")
		out.WriteString(",")
	}
	if v.LengthInt() > 0 {
		out.WriteString("\n" + indent)
	}
	out.WriteString("]" + after)
}

func writeObject(out *strings.Builder, v cty.Value, indent string) {
	before, after := maker(v.Type())
	out.WriteString(before + "{")
	values := v.AsValueMap()
	for _, name := range sortedKeys(values) {
		key := name
		if !hclsyntax.ValidIdentifier(name) {
			key = string(hclwrite.TokensForValue(cty.StringVal(name)).Bytes())
		}
		out.WriteString("\n" + indent + "  " + key + " = ")
		writeValue(out, values[name], indent+"  ")
	}
	if len(values) > 0 {
		out.WriteString("\n" + indent)
	}
	out.WriteString("}" + after)
}
