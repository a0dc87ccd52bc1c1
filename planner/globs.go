package planner

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/megaplan/megaplan/internal/tree"
)

// globs are the patterns of ignore_drift. One without a slash matches a name at any depth, one with a slash a path from the
// root; either hides everything below a folder it matches.
type globs struct{ names, paths []string }

func newGlobs(lists ...[]string) globs {
	var g globs
	for _, list := range lists {
		for _, pattern := range list {
			pattern = strings.TrimSuffix(pattern, "/")
			if strings.Contains(pattern, "/") {
				g.paths = append(g.paths, strings.TrimPrefix(pattern, "/"))
			} else {
				g.names = append(g.names, pattern)
			}
		}
	}
	return g
}

func (g globs) empty() bool { return len(g.names)+len(g.paths) == 0 }

func (g globs) match(p tree.Path) bool {
	if g.empty() {
		return false
	}
	for ; p != ""; p = p.Dir() {
		for _, pattern := range g.names {
			if ok, err := doublestar.Match(pattern, p.Base()); ok && err == nil {
				return true
			}
		}
		for _, pattern := range g.paths {
			if ok, err := doublestar.Match(pattern, string(p)); ok && err == nil {
				return true
			}
		}
	}
	return false
}
