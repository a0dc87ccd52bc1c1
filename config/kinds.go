package config

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/megaplan/megaplan/internal/redact"
)

// conversion reads one value as its argument's kind says.
type conversion struct {
	attribute *Attribute
	value     cty.Value // known, not null, without marks
	expr      hcl.Expression
	dir, home string
}

// converters read a value; the text they return is what is wrong with it, a full sentence.
var converters = map[Kind]func(*conversion) (any, string){
	KindText:         (*conversion).text,
	KindSecret:       (*conversion).secret,
	KindBool:         (*conversion).boolean,
	KindInteger:      (*conversion).integer,
	KindChoice:       (*conversion).choice,
	KindChoices:      (*conversion).choices,
	KindTexts:        (*conversion).textList,
	KindCommand:      (*conversion).command,
	KindPatterns:     (*conversion).patterns,
	KindTags:         (*conversion).tags,
	KindRemotePath:   (*conversion).remotePath,
	KindLocalPath:    (*conversion).localPath,
	KindSource:       (*conversion).source,
	KindReference:    (*conversion).reference,
	KindDuration:     parsed(ParseDuration),
	KindKeepDuration: parsed(keepDuration),
	KindSize:         (*conversion).size,
	KindPercent:      parsed(parsePercent),
	KindCountLimit:   (*conversion).countLimit,
	KindSizeLimit:    (*conversion).sizeLimit,
	KindTimetable:    parsed(checkedTimetable),
	KindTimezone:     parsed(timezone),
	KindEncoding:     parsed(encoding),
	KindEndpoint:     parsed(endpoint),
	KindURL:          parsed(httpAddress),
	KindVersion:      parsed(versionConstraint),
}

func (c *conversion) run() (any, string) {
	convert, ok := converters[c.attribute.Kind]
	if !ok {
		panic(fmt.Sprintf("config: no converter for kind %q", c.attribute.Kind))
	}
	return convert(c)
}

// wants says that the type is wrong.
func (c *conversion) wants(what string) string {
	return fmt.Sprintf("%q wants %s, not %s.", c.attribute.Name, what, describe(c.value))
}

func describe(v cty.Value) string {
	switch {
	case v.IsNull():
		return "null"
	case v.Type() == cty.String:
		return "text"
	case v.Type() == cty.Number:
		return "a number"
	case v.Type() == cty.Bool:
		return "true or false"
	case v.Type().IsObjectType() || v.Type().IsMapType():
		if a := addressOf(v); a != "" {
			return a
		}
		return "an object"
	case v.CanIterateElements():
		return "a list"
	}
	return v.Type().FriendlyName()
}

// plain reads text, and numbers and truth values as the text they print as.
func (c *conversion) plain() (string, string) {
	v, err := convert.Convert(c.value, cty.String)
	if err != nil || v.IsNull() {
		return "", c.wants("text")
	}
	return v.AsString(), ""
}

func (c *conversion) text() (any, string) {
	s, problem := c.plain()
	if problem == "" && strings.TrimSpace(s) == "" && c.attribute.Required {
		return nil, fmt.Sprintf("%q must not be empty.", c.attribute.Name)
	}
	return s, problem
}

func (c *conversion) secret() (any, string) {
	s, problem := c.plain()
	return redact.New(s), problem
}

func (c *conversion) boolean() (any, string) {
	v, err := convert.Convert(c.value, cty.Bool)
	if err != nil {
		return nil, c.wants("true or false")
	}
	return v.True(), ""
}

func (c *conversion) integer() (any, string) {
	v, err := convert.Convert(c.value, cty.Number)
	if err != nil {
		return nil, c.wants("a whole number")
	}
	n, accuracy := v.AsBigFloat().Int64()
	if accuracy != big.Exact {
		return nil, c.wants("a whole number")
	}
	if n < c.attribute.Min {
		return nil, fmt.Sprintf("%q is at least %d.", c.attribute.Name, c.attribute.Min)
	}
	return n, ""
}

func (c *conversion) choice() (any, string) {
	if c.value.Type() != cty.String {
		return nil, c.wants("one of " + choiceList(c.attribute.Choices))
	}
	word := c.value.AsString()
	if slices.Contains(c.attribute.Choices, word) {
		return word, ""
	}
	return nil, fmt.Sprintf("%q cannot be %q; it is one of %s.%s", c.attribute.Name, word, choiceList(c.attribute.Choices), didYouMean(word, c.attribute.Choices))
}

func (c *conversion) choices() (any, string) {
	words, problem := c.texts()
	if problem != "" {
		return nil, problem
	}
	for _, w := range words {
		if !slices.Contains(c.attribute.Choices, w) {
			return nil, fmt.Sprintf("%q cannot hold %q; it holds any of %s.%s", c.attribute.Name, w, choiceList(c.attribute.Choices), didYouMean(w, c.attribute.Choices))
		}
	}
	return words, ""
}

// elements returns the elements of a list, set or tuple.
func (c *conversion) elements() ([]cty.Value, bool) {
	t := c.value.Type()
	if !t.IsListType() && !t.IsSetType() && !t.IsTupleType() {
		return nil, false
	}
	return c.value.AsValueSlice(), true
}

func (c *conversion) texts() ([]string, string) {
	elements, ok := c.elements()
	if !ok {
		hint := ""
		if c.value.Type() == cty.String {
			hint = " Write [ ] around it."
		}
		return nil, c.wants("a list of text") + hint
	}
	out := make([]string, 0, len(elements))
	for _, el := range elements {
		s, err := convert.Convert(el, cty.String)
		if err != nil || s.IsNull() {
			return nil, fmt.Sprintf("%q wants a list of text; it holds %s.", c.attribute.Name, describe(el))
		}
		out = append(out, s.AsString())
	}
	return out, ""
}

func (c *conversion) textList() (any, string) { return twoResults(c.texts()) }

func twoResults[T any](v T, problem string) (any, string) { return v, problem }

func (c *conversion) command() (any, string) {
	words, problem := c.texts()
	if problem == "" && (len(words) == 0 || words[0] == "") {
		return nil, fmt.Sprintf("%q must name a program; its first element is the program, the others are its arguments.", c.attribute.Name)
	}
	return words, problem
}

func (c *conversion) patterns() (any, string) {
	words, problem := c.texts()
	if problem != "" {
		return nil, problem
	}
	ranges := elementRanges(c.expr, len(words))
	out := make([]Pattern, len(words))
	for i, w := range words {
		out[i] = Pattern{Text: w, Range: plainRange(ranges[i])}
	}
	return out, ""
}

// elementRanges is where each element of a list is written, or the whole expression where that cannot be told.
func elementRanges(expr hcl.Expression, n int) []hcl.Range {
	out := make([]hcl.Range, n)
	written, diags := hcl.ExprList(expr)
	for i := range out {
		out[i] = expr.Range()
		if !diags.HasErrors() && len(written) == n {
			out[i] = written[i].Range()
		}
	}
	return out
}

func (c *conversion) tags() (any, string) {
	elements, ok := c.elements()
	if !ok {
		return nil, c.wants("a list of tags")
	}
	out := make([][]string, 0, len(elements))
	for _, el := range elements {
		inner := conversion{attribute: c.attribute, value: el}
		if el.Type() == cty.String && !el.IsNull() {
			inner.value = cty.TupleVal([]cty.Value{el})
		}
		all, problem := inner.texts()
		if problem != "" {
			return nil, problem
		}
		out = append(out, all)
	}
	return out, ""
}

// parsed makes a converter of a function that reads text.
func parsed[T any](parse func(string) (T, error)) func(*conversion) (any, string) {
	return func(c *conversion) (any, string) {
		s, problem := c.plain()
		if problem != "" {
			return nil, problem
		}
		v, err := parse(s)
		if err != nil {
			return nil, fmt.Sprintf("%q: %v.", c.attribute.Name, err)
		}
		return v, ""
	}
}
