package config

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/megaplan/megaplan/internal/addr"
)

// Draft is a block that is to be written for a person, who goes on from there.
type Draft struct {
	// Comment stands above the block, a line each.
	Comment []string
	// Label is empty for blocks without one.
	Type, Label string
	Arguments   []DraftArgument
}

// DraftArgument is an argument of a Draft.
type DraftArgument struct {
	Name  string
	Value any
}

// Set adds an argument: a string, a bool, a []string, or an addr.Address for a reference.
func (d *Draft) Set(name string, value any) {
	d.Arguments = append(d.Arguments, DraftArgument{name, value})
}

// Write returns the text of blocks as Format leaves it.
func Write(drafts []Draft) []byte {
	file := hclwrite.NewEmptyFile()
	for i, d := range drafts {
		if i > 0 {
			file.Body().AppendNewline()
		}
		for _, line := range d.Comment {
			line = strings.Map(printable, line)
			file.Body().AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenComment, Bytes: []byte("# " + line + "\n")}})
		}
		var labels []string
		if d.Label != "" {
			labels = []string{d.Label}
		}
		body := file.Body().AppendNewBlock(d.Type, labels).Body()
		for _, a := range d.Arguments {
			a.write(body)
		}
	}
	return hclwrite.Format(file.Bytes())
}

// printable keeps a name from another client from ending a comment.
func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return '?'
}

func (a DraftArgument) write(body *hclwrite.Body) {
	switch v := a.Value.(type) {
	case string:
		body.SetAttributeValue(a.Name, cty.StringVal(v))
	case bool:
		body.SetAttributeValue(a.Name, cty.BoolVal(v))
	case []string:
		list := make([]cty.Value, len(v))
		for i, s := range v {
			list[i] = cty.StringVal(s)
		}
		body.SetAttributeValue(a.Name, cty.TupleVal(list))
	case addr.Address:
		body.SetAttributeTraversal(a.Name, traversal(v))
	default:
		panic(fmt.Sprintf("config: a draft's argument %s holds a %T", a.Name, v))
	}
}

func traversal(a addr.Address) hcl.Traversal {
	t := hcl.Traversal{hcl.TraverseRoot{Name: string(a.Kind)}, hcl.TraverseAttr{Name: a.Name}}
	if a.Keyed {
		t = append(t, hcl.TraverseIndex{Key: cty.StringVal(a.Key)})
	}
	return t
}

// Label makes a name for a block out of any text: what cannot stand in one becomes a hyphen, and a number tells it from the
// names that taken reports.
func Label(text string, taken func(string) bool) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		if r < unicode.MaxASCII && (r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)) {
			b.WriteRune(r)
		} else if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
			b.WriteByte('-')
		}
	}
	label := strings.Trim(b.String(), "-")
	if label == "" || unicode.IsDigit(rune(label[0])) {
		label = strings.TrimSuffix("_"+label, "-")
	}
	for n, base := 2, label; taken(label); n++ {
		label = fmt.Sprintf("%s-%d", base, n)
	}
	return label
}
