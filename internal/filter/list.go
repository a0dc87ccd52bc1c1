package filter

import "strings"

// Pattern is one line of a list and the place it was written, such as "documents.mega.hcl:14".
type Pattern struct {
	Text, Where string
}

// List is an ordered list of patterns, of which the last that matches wins.
type List struct {
	rules []rule
	paths bool // some rule looks at more than the last name
}

type rule struct {
	Pattern
	reason   string
	negated  bool
	dirOnly  bool
	basename bool
	glob     glob
}

// NewList compiles a list; name is what a verdict calls it. Blank lines and comments are skipped. A malformed pattern
// matches nothing, as in git.
func NewList(name string, patterns []Pattern) *List {
	l := &List{}
	for _, p := range patterns {
		r, ok := parse(p)
		if !ok {
			continue
		}
		r.reason = name
		if p.Where != "" {
			r.reason += ", " + p.Where
		}
		l.paths = l.paths || !r.basename
		l.rules = append(l.rules, r)
	}
	return l
}

func parse(p Pattern) (rule, bool) {
	r := rule{Pattern: p}
	text, _, _ := strings.Cut(p.Text, "\x00")
	if strings.HasPrefix(text, "#") {
		return r, false
	}
	text = trimSpaces(text)
	if text == "" {
		return r, false
	}
	text, r.negated = strings.CutPrefix(text, "!")
	text, r.dirOnly = strings.CutSuffix(text, "/")
	r.basename = !strings.Contains(text, "/")
	if !r.basename {
		text = strings.TrimPrefix(text, "/")
	}
	r.glob = compile(text, r.basename)
	return r, true
}

// Malformed says that a pattern matches nothing whatever there is, because it cannot be read.
func Malformed(pattern string) bool {
	r, ok := parse(Pattern{Text: pattern})
	return ok && r.glob.never
}

// trimSpaces removes trailing spaces that no backslash protects; tabs stay.
func trimSpaces(s string) string {
	end := len(strings.TrimRight(s, " "))
	slashes := end - len(strings.TrimRight(s[:end], `\`))
	if slashes%2 == 1 && end < len(s) {
		end++
	}
	return s[:end]
}

// last returns the index of the last rule that matches, or -1. The path is relative to where the list applies, and name is
// its last element.
func (l *List) last(path, name string, dir bool) int {
	for i := len(l.rules) - 1; i >= 0; i-- {
		r := &l.rules[i]
		if r.dirOnly && !dir {
			continue
		}
		text := path
		if r.basename {
			text = name
		}
		if r.glob.match(text) {
			return i
		}
	}
	return -1
}

// Takes says whether the list takes a file, whose path is below where the list applies. The last pattern counts that matches it
// or a directory above it.
func (l *List) Takes(path string) bool {
	if l == nil || len(l.rules) == 0 {
		return false
	}
	last := -1
	for start := 0; start < len(path); {
		end, dir := len(path), false
		if i := strings.IndexByte(path[start:], '/'); i >= 0 {
			end, dir = start+i, true
		}
		last = max(last, l.last(path[:end], path[start:end], dir))
		start = end + 1
	}
	return last >= 0 && !l.rules[last].negated
}
