package config

import (
	"fmt"
	"maps"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/megaplan/megaplan/internal/addr"
)

// body is a block as written: what the schema knows of it, nothing evaluated.
type body struct {
	schema *Block
	label  string
	// declared is the block's header; missing is where an argument would be added.
	declared, missing hcl.Range
	attrs             map[string]*hcl.Attribute
	blocks            map[string][]*body
}

// absent is what a block that was not written reads as.
func absent(schema *Block, parent *body) *body {
	return &body{schema: schema, declared: parent.declared, missing: parent.missing}
}

// child returns the nested block of a type that does not repeat.
func (b *body) child(name string) *body {
	if written := b.blocks[name]; len(written) > 0 {
		return written[0]
	}
	return absent(b.schema.block(name), b)
}

// at is where an argument is written, or the block itself.
func (b *body) at(name string) hcl.Range {
	if a := b.attrs[name]; a != nil {
		return a.Expr.Range()
	}
	return b.declared
}

// name says what the block is in a sentence, as in: an account.
func (b *body) name() string {
	switch {
	case b.schema.Type == "":
		return "a configuration"
	case b.label == "":
		return "the block " + b.schema.Type
	}
	return article(b.schema.Type)
}

// readBody sorts out a body by its schema and reports what does not belong.
func (p *problems) readBody(in hcl.Body, schema *Block, out *body) {
	out.schema = schema
	out.missing = in.MissingItemRange()
	out.attrs = map[string]*hcl.Attribute{}
	out.blocks = map[string][]*body{}
	if schema.Free {
		attrs, diags := in.JustAttributes()
		p.hcl(diags)
		out.attrs = attrs
		return
	}
	content, rest, diags := in.PartialContent(schema.hcl())
	p.hcl(diags)
	maps.Copy(out.attrs, content.Attributes)
	for _, b := range content.Blocks {
		p.readBlock(b, schema, out)
	}
	p.leftOver(in, rest, schema, out)
	for _, a := range schema.Attributes {
		if a.Required && out.attrs[a.Name] == nil && !writtenAsBlock(in, a.Name) {
			p.missingArgument(out, &a)
		}
	}
}

// writtenAsBlock says that an argument is there as a block, which is an error of its own.
func writtenAsBlock(in hcl.Body, name string) bool {
	native, ok := in.(*hclsyntax.Body)
	return ok && slices.ContainsFunc(native.Blocks, func(b *hclsyntax.Block) bool { return b.Type == name })
}

func (p *problems) missingArgument(b *body, a *Attribute) {
	p.add(b.declared, "missing argument", "%s needs the argument %q: %s", upperFirst(b.name()), a.Name, a.Meaning)
}

func (s *Block) hcl() *hcl.BodySchema {
	out := &hcl.BodySchema{}
	for _, a := range s.Attributes {
		out.Attributes = append(out.Attributes, hcl.AttributeSchema{Name: a.Name})
	}
	for _, b := range s.Blocks {
		header := hcl.BlockHeaderSchema{Type: b.Type}
		if b.Label != "" {
			header.LabelNames = []string{b.Label}
		}
		out.Blocks = append(out.Blocks, header)
	}
	return out
}

func (p *problems) readBlock(b *hcl.Block, parent *Block, out *body) {
	schema := parent.block(b.Type)
	child := &body{declared: b.DefRange}
	if len(b.Labels) > 0 {
		child.label = b.Labels[0]
	}
	if schema.Variants != nil {
		variant, ok := schema.Variants[child.label]
		if !ok {
			known := slices.Sorted(maps.Keys(schema.Variants))
			p.add(b.LabelRanges[0], "unsupported "+b.Type, "There is no %s %q; there are %s.%s", b.Type, child.label, quotedList(known), didYouMean(child.label, known))
			return
		}
		schema = &variant
	} else if child.label != "" && !hclsyntax.ValidIdentifier(child.label) {
		p.add(b.LabelRanges[0], "invalid name", "%q cannot name %s: a name starts with a letter or _ and holds letters, digits, _ and -.", child.label, article(b.Type))
		return
	}
	if first := out.blocks[b.Type]; len(first) > 0 && !schema.Repeats {
		p.add(b.DefRange, "repeated block", "%s holds one %s block; the first is at %s.", upperFirst(out.name()), b.Type, plainRange(first[0].declared))
		return
	}
	p.readBody(b.Body, schema, child)
	out.blocks[b.Type] = append(out.blocks[b.Type], child)
}

// leftOver reports arguments and blocks that the schema does not know.
func (p *problems) leftOver(in, rest hcl.Body, schema *Block, out *body) {
	native, ok := in.(*hclsyntax.Body)
	if !ok {
		attrs, _ := rest.JustAttributes() // what it could complain about, PartialContent has already reported
		for _, a := range attrs {
			p.unknownArgument(a.NameRange, a.Name, schema, out)
			p.keepMisspelt(a.Name, a.Expr, schema)
		}
		return
	}
	for _, a := range native.Attributes {
		if schema.attribute(a.Name) == nil {
			p.unknownArgument(a.NameRange, a.Name, schema, out)
			p.keepMisspelt(a.Name, a.Expr, schema)
		}
	}
	for _, b := range native.Blocks {
		if schema.block(b.Type) == nil {
			p.unknownBlock(b, schema, out)
		}
	}
}

func (p *problems) unknownArgument(at hcl.Range, name string, schema *Block, out *body) {
	if schema.block(name) != nil {
		p.add(at, "unsupported argument", "%q is a block: write it as %s { … }, without \"=\".", name, name)
		return
	}
	names := attributeNames(schema)
	if schema.Type == "" { // the top level has blocks only
		p.add(at, "unsupported argument", "%q stands alone, but arguments stand inside blocks: %s.%s", name, listed(blockNames(schema)), didYouMean(name, blockNames(schema)))
		return
	}
	if belongsToSource(name, schema) {
		p.add(at, "unsupported argument", sourceRemedy, name)
		return
	}
	hint := didYouMean(name, slices.Concat(names, blockNames(schema)))
	if hint == "" {
		hint = " " + otherHome(name, schema)
	}
	p.add(at, "unsupported argument", "%s has no argument %q.%s", upperFirst(out.name()), name, hint)
}

// keepMisspelt hides the value of an argument that was probably meant to be a secret.
func (p *problems) keepMisspelt(name string, expr hcl.Expression, schema *Block) {
	meant := schema.attribute(nearest(name, attributeNames(schema)))
	if meant == nil || meant.Kind != KindSecret {
		return
	}
	if v, diags := expr.Value(nil); !diags.HasErrors() {
		p.keepAll(v)
	}
}

const sourceRemedy = "%q belongs to sources: declare source \"NAME\" { … } and write source = source.NAME."

// belongsToSource says that an argument of a backup is one of a source, which is where filters stand.
func belongsToSource(name string, schema *Block) bool {
	return schema.Type == string(addr.Backup) && language.block(string(addr.Source)).attribute(name) != nil
}

// otherHome helps with an argument that is right in another place, or lists what there is.
func otherHome(name string, schema *Block) string {
	for _, b := range schema.Blocks {
		if b.attribute(name) != nil {
			return fmt.Sprintf("It belongs into the block %s { … }.", b.Type)
		}
	}
	if names := attributeNames(schema); len(names) > 0 {
		return fmt.Sprintf("It has %s.", listed(names))
	}
	return "It has no arguments."
}

func (p *problems) unknownBlock(b *hclsyntax.Block, schema *Block, out *body) {
	if schema.attribute(b.Type) != nil {
		if b.Type == string(addr.Source) {
			p.add(b.TypeRange, "unsupported block", "A source block stands by itself, as source \"NAME\" { … }; here write source = source.NAME.")
			return
		}
		p.add(b.TypeRange, "unsupported block", "%q is an argument: write %s = …", b.Type, b.Type)
		return
	}
	if belongsToSource(b.Type, schema) {
		p.add(b.TypeRange, "unsupported block", sourceRemedy, b.Type)
		return
	}
	hint := didYouMean(b.Type, slices.Concat(blockNames(schema), attributeNames(schema)))
	if hint == "" {
		hint = fmt.Sprintf(" There are: %s.", listed(blockNames(schema)))
	}
	p.add(b.TypeRange, "unsupported block", "%s has no block %q.%s", upperFirst(out.name()), b.Type, hint)
}

func attributeNames(s *Block) []string {
	var names []string
	for _, a := range s.Attributes {
		names = append(names, a.Name)
	}
	return names
}

func blockNames(s *Block) []string {
	var names []string
	for _, b := range s.Blocks {
		names = append(names, b.Type)
	}
	return names
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
