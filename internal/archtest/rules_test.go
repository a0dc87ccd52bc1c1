package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// rule is one thing that holds for every package; it returns what breaks it.
type rule func(p pkg) []string

// rules are all of them; the module's test and the rules' own tests run the
// same list.
var rules = []rule{hasPlace, hasDoc, importsDown, staysBeside, keepsLibraries, staysPure}

func violations(all []pkg) []string {
	var out []string
	for _, p := range all {
		for _, r := range rules {
			out = append(out, r(p)...)
		}
	}
	return out
}

// matches reports whether name is the package that pattern means.
func matches(pattern, name string) bool {
	if below, ok := strings.CutSuffix(pattern, "/*"); ok {
		return strings.HasPrefix(name, below+"/")
	}
	return pattern == name
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, name) })
}

// level is the line a package stands on, or -1 for those beside the stack and
// those without a place.
func level(name string) int {
	if _, ok := besideRow(name); ok {
		return -1
	}
	return slices.IndexFunc(table, func(l line) bool { return matchesAny(l.packages, name) })
}

// besideRow finds what a package beside the stack may import; an exact name
// wins over a pattern.
func besideRow(name string) ([]string, bool) {
	if may, ok := beside[name]; ok {
		return may, true
	}
	for pattern, may := range beside {
		if matches(pattern, name) {
			return may, true
		}
	}
	return nil, false
}

// ours cuts the module from an import path.
func ours(imported string) (string, bool) {
	return strings.CutPrefix(imported, module+"/")
}

func hasPlace(p pkg) []string {
	if _, ok := besideRow(p.path); ok || level(p.path) >= 0 {
		return nil
	}
	return []string{p.path + " has no place in the table of internal/archtest: add it to a line"}
}

func hasDoc(p pkg) []string {
	kind := "Package " + path.Base(p.path)
	if strings.HasPrefix(p.path, "cmd/") || p.path == "internal/bench" { // programs
		kind = "Command " + path.Base(p.path)
	}
	if strings.HasPrefix(p.doc, kind+" ") {
		return nil
	}
	return []string{fmt.Sprintf("%s has no doc comment that starts with %q", p.path, kind)}
}

// importsDown holds the stack: only lines above one's own, counted from the
// leaves, and of what stands beside it only what is shipped.
func importsDown(p pkg) []string {
	own := level(p.path)
	if own < 0 {
		return nil
	}
	var out []string
	for _, imported := range p.imports {
		to, ok := ours(imported)
		if !ok || to == p.path {
			continue
		}
		if _, ok := also[edge{p.path, to}]; ok || matchesAny(shipped[to], p.path) {
			continue
		}
		if l := level(to); l < 0 || l >= own {
			out = append(out, fmt.Sprintf("%s (%s) imports %s, which is not on a line above it", p.path, table[own].name, to))
		}
	}
	return out
}

// staysBeside holds the packages outside the stack to their own lists. The
// emulator's tests count too: two halves that share code agree on the same
// mistake.
func staysBeside(p pkg) []string {
	may, ok := besideRow(p.path)
	if !ok || may == nil {
		return nil
	}
	var out []string
	for _, imported := range slices.Concat(p.imports, p.xtest) {
		if to, ok := ours(imported); ok && to != p.path && !matchesAny(may, to) {
			out = append(out, fmt.Sprintf("%s stands beside the stack and may not import %s", p.path, to))
		}
	}
	return out
}

func below(roots []string, name string) bool {
	return slices.ContainsFunc(roots, func(root string) bool { return name == root || strings.HasPrefix(name, root+"/") })
}

func keepsLibraries(p pkg) []string {
	var out []string
	for library, users := range libraries {
		used := slices.ContainsFunc(p.imports, func(i string) bool { return i == library || strings.HasPrefix(i, library+"/") })
		if used && !below(users, p.path) {
			out = append(out, fmt.Sprintf("%s imports %s, which only %s may", p.path, library, strings.Join(users, ", ")))
		}
	}
	return out
}

func staysPure(p pkg) []string {
	if !below(pure, p.path) {
		return nil
	}
	var out []string
	for _, imported := range p.imports {
		if below(impure, imported) {
			out = append(out, fmt.Sprintf("%s is pure and may not import %s", p.path, imported))
		}
	}
	for _, call := range p.clock {
		out = append(out, fmt.Sprintf("%s is pure and may not read the clock: %s", p.path, call))
	}
	return out
}
