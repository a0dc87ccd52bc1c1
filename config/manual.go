package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

//go:generate go test . -run TestManual -update

// Manual returns docs/configuration.md: the language as the schema has it.
func Manual() string {
	var b strings.Builder
	b.WriteString(manualHead)
	for _, block := range Schema() {
		writeBlock(&b, block, "## ", "")
	}
	b.WriteString(manualReferences)
	writeReferences(&b)
	b.WriteString(manualFunctions)
	writeFunctions(&b)
	return b.String()
}

const manualHead = `# Configuration

<!-- Written by the test TestManual of package config from the schema: go generate ./config -->

A configuration is a directory. All files ` + "`*.mega.hcl` and `*.mega.hcl.json`" + ` in it are read together, in no particular order,
and everything may refer to everything as long as it does not go in a circle. ` + "`megaplan validate`" + ` reports all mistakes at once and
needs neither network nor password; ` + "`megaplan fmt`" + ` lays the files out.

Values for variables come, later ones winning, from the environment (` + "`MEGAPLAN_VAR_name`" + `, ignored when there is no such variable),
` + "`megaplan.megavars`, `*.auto.megavars` in order of name, and `-var name=value` and `-var-file file`" + ` in the order given.

| kind | written as |
| --- | --- |
| remote path | starts with a slash; ` + "`..`" + ` is refused |
| local path | ` + "`~`" + ` is your home; relative paths start at the configuration's directory |
| duration | ` + "`\"90min\"`, `\"36h\"`, `\"30d\"`, `\"2w\"`, `\"1mo\"` (30 days), `\"1y\"` (365 days), or a sum such as `\"1d12h\"`; a bare `m` is refused, as nobody knows whether it means minutes or months" + ` |
| keep duration | ` + "`\"90d\"`, `\"1y6m\"`, `\"36h\"`, with `y`, `m` (months, as restic has it), `d` and `h`, by the calendar" + ` |
| size | ` + "`\"4GiB\"`, `\"500MB\"`, or a number of bytes" + ` |
| percentage | ` + "`\"5%\"`" + ` |
| pattern | a line of gitignore's language |
| bandwidth timetable | ` + "`\"10M\"`, `\"off\"`, or `\"08:00,2M Sat-00:00,off\"`; bytes a second, powers of 1024, no letter means KiB" + ` |

`

func writeBlock(b *strings.Builder, block Block, heading, parents string) {
	title := parents + block.Type
	if block.Label != "" {
		title += " " + strings.ToUpper(block.Label)
	}
	fmt.Fprintf(b, "%s%s\n\n%s\n\n", heading, title, block.Meaning)
	if block.Example != "" {
		fmt.Fprintf(b, "```hcl\n%s\n```\n\n", block.Example)
	}
	writeAttributes(b, block.Attributes)
	for _, label := range sortedKeys(block.Variants) {
		v := block.Variants[label]
		fmt.Fprintf(b, "%s `%s \"%s\"`: %s\n\n", strings.Repeat("#", strings.Count(heading, "#")+1), block.Type, label, v.Meaning)
		writeAttributes(b, v.Attributes)
	}
	for _, nested := range block.Blocks {
		writeBlock(b, nested, "#"+heading, parents+block.Type+" / ")
	}
}

func writeAttributes(b *strings.Builder, attributes []Attribute) {
	if len(attributes) == 0 {
		return
	}
	b.WriteString("| argument | type | default | meaning |\n| --- | --- | --- | --- |\n")
	for _, a := range attributes {
		def := "none"
		switch {
		case a.Required:
			def = "required"
		case a.Default != "":
			def = "`" + a.Default + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", a.Name, cell(a.typeText()), cell(def), cell(a.Meaning))
	}
	b.WriteString("\n")
}

// typeText is the type of an argument for people.
func (a *Attribute) typeText() string {
	switch a.Kind {
	case KindChoice, KindChoices:
		return string(a.Kind) + " `" + strings.Join(a.Choices, "` `") + "`"
	case KindReference:
		return string(a.RefersTo)
	case KindAddress:
		return "address of a backup or folder"
	}
	return string(a.Kind)
}

func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

const manualReferences = `## References

` + "`var.name` is a variable, `local.name` a local value, `each.key` and `each.value` the element of `for_each`, `path.module` the\n" +
	"configuration's directory, `host` this machine's name (`MEGAPLAN_HOST` overrides it)." + ` Blocks are referred to by their addresses, one
instance of a block with ` + "`for_each` by its key, as in `backup.www[\"web1\"]`" + `. They have these attributes:

| block | attributes |
| --- | --- |
`

func writeReferences(b *strings.Builder) {
	for _, kind := range slices.Sorted(maps.Keys(exported)) {
		fmt.Fprintf(b, "| `%s.name` | `%s` |\n", kind, strings.Join(exported[kind], "` `"))
	}
	b.WriteString("\n")
}

const manualFunctions = `## Functions

They have Terraform's names and meanings; ` + "`env(\"NAME\", \"otherwise\")`" + ` reads the environment, ` + "`hostname()`" + ` is this machine,
` + "`plantimestamp()`" + ` is when the command started. Files are read relative to the configuration.

`

func writeFunctions(b *strings.Builder) {
	e := newEvaluator(".", Options{})
	fmt.Fprintf(b, "`%s`\n", strings.Join(sortedKeys(e.functions), "` `"))
}
