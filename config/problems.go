package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/internal/redact"
)

// problems collects everything that is wrong with a configuration, and the secrets that must not be told with it.
type problems struct {
	list    diag.List
	secrets map[string]bool
}

func (p *problems) add(at hcl.Range, summary, format string, args ...any) {
	p.list = append(p.list, diag.Diagnostic{Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: plainRange(at)})
}

// hcl takes over what the HCL library found, in our words' form.
func (p *problems) hcl(found hcl.Diagnostics) {
	for _, d := range found {
		out := diag.Diagnostic{Summary: lowerFirst(d.Summary), Detail: d.Detail + more(d)}
		if d.Severity == hcl.DiagWarning {
			out.Severity = diag.Warning
		}
		if d.Subject != nil {
			out.Subject = plainRange(*d.Subject)
		}
		p.list = append(p.list, out)
	}
}

// more says which keys there are when the one asked for is not.
func more(d *hcl.Diagnostic) string {
	if d.Summary != "Invalid index" {
		return ""
	}
	collection, key := indexed(d)
	if collection == cty.NilVal || collection.IsMarked() || !collection.IsKnown() || collection.IsNull() {
		return ""
	}
	var keys []string
	switch ty := collection.Type(); {
	case ty.IsObjectType():
		keys = slices.Collect(maps.Keys(ty.AttributeTypes()))
	case ty.IsMapType():
		keys = slices.Collect(maps.Keys(collection.AsValueMap()))
	default:
		return ""
	}
	out := " There are: " + quotedList(keys) + "."
	if key.IsMarked() || !key.IsKnown() || key.IsNull() || key.Type() != cty.String {
		return out
	}
	return fmt.Sprintf(" The key is %q.%s%s", key.AsString(), out, didYouMean(key.AsString(), keys))
}

// indexed finds the collection and the key of a failed index; NilVal if it cannot.
func indexed(d *hcl.Diagnostic) (collection, key cty.Value) {
	switch expr := d.Expression.(type) {
	case *hclsyntax.IndexExpr:
		collection, diags := expr.Collection.Value(d.EvalContext)
		key, keyDiags := expr.Key.Value(d.EvalContext)
		if !diags.HasErrors() && !keyDiags.HasErrors() {
			return collection, key
		}
	case *hclsyntax.ScopeTraversalExpr:
		for i, step := range expr.Traversal {
			index, ok := step.(hcl.TraverseIndex)
			if !ok || i == 0 {
				continue
			}
			collection, diags := expr.Traversal[:i].TraverseAbs(d.EvalContext)
			if diags.HasErrors() {
				break
			}
			if _, diags := expr.Traversal[:i+1].TraverseAbs(d.EvalContext); diags.HasErrors() {
				return collection, index.Key
			}
		}
	}
	return cty.NilVal, cty.NilVal
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	next, _ := utf8.DecodeRuneInString(s[n:])
	if unicode.IsUpper(next) { // an abbreviation
		return s
	}
	return string(unicode.ToLower(r)) + s[n:]
}

// shortestSecret is the length below which a secret is not looked for in messages: it would be found everywhere.
const shortestSecret = 3

// keep remembers a secret, so that no message tells it.
func (p *problems) keep(secret string) {
	if p.secrets == nil {
		p.secrets = map[string]bool{}
	}
	for line := range strings.Lines(secret) {
		line = strings.TrimSpace(line)
		if len(line) < shortestSecret {
			continue
		}
		p.secrets[line] = true
		quoted := strconv.Quote(line)
		p.secrets[quoted[1:len(quoted)-1]] = true
	}
}

// keepAll remembers every text inside a value.
func (p *problems) keepAll(v cty.Value) {
	v, _ = v.UnmarkDeep()
	// Transform visits everything and fails only if its function does.
	_, _ = cty.Transform(v, func(_ cty.Path, v cty.Value) (cty.Value, error) {
		if v.IsKnown() && !v.IsNull() && v.Type() == cty.String {
			p.keep(v.AsString())
		}
		return v, nil
	})
}

// finish puts the list in order, adds the source lines and takes the secrets out.
func (p *problems) finish(files Files) diag.List {
	list := files.Annotate(p.list.Sorted())
	for i := range list {
		list[i].Summary = p.hide(list[i].Summary)
		list[i].Detail = p.hide(list[i].Detail)
		if list[i].Snippet != nil {
			list[i].Snippet.Code = p.hide(list[i].Snippet.Code)
		}
	}
	return list
}

func (p *problems) hide(s string) string {
	for secret := range p.secrets {
		s = strings.ReplaceAll(s, secret, redact.Placeholder)
	}
	return s
}
