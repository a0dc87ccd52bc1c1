package filter

import (
	"fmt"
	"strings"
)

// Config is what a source says about filters.
type Config struct {
	Include, Exclude []Pattern
	// IgnoreFiles are the names of files that hold further exclude patterns for the directory they are in.
	IgnoreFiles []string
}

// Filter judges the names of one source. A nil Filter takes everything.
type Filter struct {
	include, exclude *List
	ignoreFiles      []string
}

// New compiles a configuration.
func New(c Config) *Filter {
	return &Filter{NewList("include", c.Include), NewList("exclude", c.Exclude), c.IgnoreFiles}
}

// IgnoreFiles returns the names of ignore files to look for in every directory.
func (f *Filter) IgnoreFiles() []string {
	if f == nil {
		return nil
	}
	return f.ignoreFiles
}

// HasInclude says whether an include list is set; then directories are taken only for what is in them.
func (f *Filter) HasInclude() bool { return f != nil && len(f.include.rules) > 0 }

// Root returns the standing of the source's root directory.
func (f *Filter) Root() Dir { return Dir{filter: f, included: -1} }

// Dir is a directory that is taken, with everything its parents settled. It is a value: entering or adding an ignore file
// returns a new one.
type Dir struct {
	filter   *Filter
	path     string // with a final slash, except the root's ""
	ignores  *layer
	included int // the last include rule that matched the directory or one above, or -1
}

// layer is one ignore file; the nearest comes first.
type layer struct {
	list *List
	base int // length of its directory's path
	up   *layer
}

// WithIgnoreFile adds the ignore file of this name, which the directory holds.
func (d Dir) WithIgnoreFile(name string, content []byte) Dir {
	if list := NewList("ignore file", ParseIgnoreFile(d.path+name, content)); len(list.rules) > 0 {
		d.ignores = &layer{list, len(d.path), d.ignores}
	}
	return d
}

// ParseIgnoreFile splits an ignore file into patterns that know their line.
func ParseIgnoreFile(path string, content []byte) []Pattern {
	var out []Pattern
	text := strings.TrimPrefix(string(content), "\ufeff")
	number := 0
	for line := range strings.SplitSeq(text, "\n") {
		number++
		line = strings.TrimSuffix(line, "\r")
		if line != "" && line[0] != '#' {
			out = append(out, Pattern{Text: line, Where: fmt.Sprintf("%s:%d", path, number)})
		}
	}
	return out
}

// Verdict says whether a name is taken, and why.
type Verdict struct {
	// Out says that the name is left out.
	Out bool
	// Pattern decided; it is zero when no pattern matched. For a name that is taken it may be a negated one.
	Pattern Pattern
	// Reason is a phrase such as "exclude, documents.mega.hcl:14", empty when nothing was decided.
	Reason string

	included int
}

// Judge judges one name of the directory. Under an include list a directory is never out for matching nothing: what is in
// it may match.
func (d Dir) Judge(name string, dir bool) Verdict {
	if d.filter == nil {
		return Verdict{included: -1}
	}
	path := d.pathOf(name)
	v := Verdict{included: d.included}
	if v.weigh(d.filter.exclude, path, name, dir) {
		return v
	}
	for l := d.ignores; l != nil; l = l.up {
		below := path
		if l.list.paths {
			below = path[l.base:]
		}
		if v.weigh(l.list, below, name, dir) {
			return v
		}
	}
	if d.filter.HasInclude() {
		v.include(d.filter.include, path, name, dir)
	}
	return v
}

// pathOf spares the concatenation when no list asks for it.
func (d Dir) pathOf(name string) string {
	if d.path == "" {
		return name
	}
	need := d.filter.include.paths || d.filter.exclude.paths
	for l := d.ignores; l != nil && !need; l = l.up {
		need = l.list.paths
	}
	if !need {
		return name
	}
	return d.path + name
}

// weigh asks one excluding list. A negated match keeps the name in this list only: no list takes back what another one
// left out.
func (v *Verdict) weigh(l *List, path, name string, dir bool) bool {
	i := l.last(path, name, dir)
	if i < 0 {
		return false
	}
	r := &l.rules[i]
	v.Pattern, v.Reason, v.Out = r.Pattern, r.reason, !r.negated
	return v.Out
}

// include asks the include list. A pattern that matches a directory matches all that is below, and the last one of the
// list that matches the name or a directory above it wins.
func (v *Verdict) include(l *List, path, name string, dir bool) {
	v.included = max(v.included, l.last(path, name, dir))
	if v.included < 0 {
		if !dir {
			v.Out, v.Pattern, v.Reason = true, Pattern{}, "matches no include pattern"
		}
		return
	}
	r := &l.rules[v.included]
	v.Pattern, v.Reason, v.Out = r.Pattern, r.reason, r.negated && !dir
}

// Enter returns the standing of a directory that Judge took.
func (d Dir) Enter(name string, v Verdict) Dir {
	if d.filter == nil {
		return d
	}
	d.path += name + "/"
	d.included = v.included
	return d
}
