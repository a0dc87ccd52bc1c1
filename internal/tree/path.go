package tree

import (
	"iter"
	"strings"
)

// Path is a path below a tree's root: names joined by slashes, without a leading one; "" is the root. Names are bytes and
// need not be valid UTF-8. No name holds a slash: one that did on MEGA is written encoded.
type Path string

// Join returns the path of name below p.
func (p Path) Join(name string) Path {
	if p == "" {
		return Path(name)
	}
	return p + "/" + Path(name)
}

// Dir returns the path of the parent; the root's is the root.
func (p Path) Dir() Path {
	i := strings.LastIndexByte(string(p), '/')
	if i < 0 {
		return ""
	}
	return p[:i]
}

// Base returns the last name, "" for the root.
func (p Path) Base() string {
	return string(p[strings.LastIndexByte(string(p), '/')+1:])
}

// Names yields the names from the root down.
func (p Path) Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		if p == "" {
			return
		}
		for name := range strings.SplitSeq(string(p), "/") {
			if !yield(name) {
				return
			}
		}
	}
}

// Within says whether p is dir or lies below it.
func (p Path) Within(dir Path) bool {
	return dir == "" || p == dir || strings.HasPrefix(string(p), string(dir)+"/")
}
