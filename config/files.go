package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcled"

	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/internal/redact"
)

// Files are source files by the names that ranges carry. They print as their names: a password may stand in one.
type Files map[string][]byte

// Format writes the names for every verb.
func (f Files) Format(state fmt.State, _ rune) {
	fmt.Fprint(state, sortedKeys(f))
}

// snippetLines is how much of a long range a diagnostic shows.
const snippetLines = 4

// Annotate returns the diagnostics with the source lines and the block of their places filled in, for those that carry
// a place and no snippet yet. Literal passwords in those lines are left out.
func (f Files) Annotate(l diag.List) diag.List {
	out := slices.Clone(l)
	parsed := map[string]*hcl.File{}
	for i, d := range out {
		if d.Snippet != nil || d.Subject.Start.Line == 0 {
			continue
		}
		name := d.Subject.Filename
		src, ok := f[name]
		if !ok {
			continue
		}
		if _, ok := parsed[name]; !ok {
			parsed[name], _ = parse(name, src) // what is wrong with it has been reported
		}
		out[i].Snippet = snippet(parsed[name], src, d.Subject)
	}
	return out
}

func snippet(file *hcl.File, src []byte, at diag.Range) *diag.Snippet {
	lines := strings.Split(string(src), "\n")
	first := min(max(at.Start.Line, 1), len(lines))
	last := min(max(at.End.Line, first), first+snippetLines-1, len(lines))
	if last > first && at.End.Column == 1 {
		last-- // the range ends with a line break
	}
	code := lines[first-1 : last]
	shown := make([]string, len(code))
	for i, line := range code {
		shown[i] = hideLiteral(strings.TrimRight(line, "\r"))
	}
	s := &diag.Snippet{Code: strings.Join(shown, "\n"), StartLine: first}
	if file != nil {
		s.Context = hcled.ContextString(file, at.Start.Byte)
	}
	return s
}

// literalSecret finds an argument that holds a secret and whatever follows it on the line. It looks at text because a
// line with a syntax error has no better structure.
var literalSecret = regexp.MustCompile(`(?i)\b(\w*(?:pas+w|secret)\w*)"?\s*[=:]\s*`)

func hideLiteral(line string) string {
	for _, m := range literalSecret.FindAllStringSubmatchIndex(line, -1) {
		name := line[m[2]:m[3]]
		if !strings.HasSuffix(name, "_file") && !strings.HasSuffix(name, "_command") {
			return line[:m[1]] + redact.Placeholder
		}
	}
	return line
}

func plainRange(r hcl.Range) diag.Range {
	return diag.Range{Filename: r.Filename, Start: diag.Pos(r.Start), End: diag.Pos(r.End)}
}
