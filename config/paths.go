package config

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/megaplan/megaplan/internal/addr"
)

// localPath is a path on this machine, absolute, and as it was written.
type localPath struct {
	abs, written string
}

// remotePath reads an absolute path in the account. HCL normalises text to NFC, so equal paths are equal text here.
func (c *conversion) remotePath() (any, string) {
	s, problem := c.plain()
	if problem != "" {
		return nil, problem
	}
	name := c.attribute.Name
	switch {
	case s == "":
		return nil, fmt.Sprintf("%q must not be empty; a path in the account starts with a slash.", name)
	case !strings.HasPrefix(s, "/"):
		return nil, fmt.Sprintf("%q is a path in the account and starts with a slash: %q.", name, "/"+s)
	case strings.ContainsRune(s, 0):
		return nil, fmt.Sprintf("%q holds a NUL character, which no name can.", name)
	}
	for part := range strings.SplitSeq(s, "/") {
		if part == ".." {
			return nil, fmt.Sprintf("%q must not contain \"..\"; write the path that is meant.", name)
		}
	}
	return path.Clean(s), ""
}

func (c *conversion) localPath() (any, string) {
	s, problem := c.plain()
	if problem != "" {
		return nil, problem
	}
	p, err := expand(s, c.dir, c.home)
	if err != nil {
		return nil, fmt.Sprintf("%q: %v.", c.attribute.Name, err)
	}
	return p, ""
}

// expand makes a path absolute: ~ is the home directory, anything relative starts at the configuration.
func expand(s, dir, home string) (localPath, error) {
	abs, err := expandHome(s, home)
	switch {
	case err != nil:
		return localPath{}, err
	case s == "":
		return localPath{}, fmt.Errorf("an empty text is no path")
	case strings.ContainsRune(s, 0):
		return localPath{}, fmt.Errorf("a path cannot hold a NUL character")
	}
	if !filepath.IsAbs(abs) {
		abs = filepath.Join(dir, abs)
	}
	return localPath{filepath.Clean(abs), s}, nil
}

func expandHome(s, home string) (string, error) {
	if !strings.HasPrefix(s, "~") {
		return s, nil
	}
	rest := s[1:]
	if rest != "" && rest[0] != '/' && rest[0] != filepath.Separator {
		return "", fmt.Errorf("%q: only ~ alone is known, not the home of another user; write the whole path, or ./%s for a file of that name", s, s)
	}
	if home == "" {
		return "", fmt.Errorf("%q: the home directory is not known; set HOME or write the whole path", s)
	}
	return filepath.Join(home, rest), nil
}

// source reads a path, or a source block.
func (c *conversion) source() (any, string) {
	if c.value.Type() == cty.String {
		return c.localPath()
	}
	return c.reference()
}

// reference reads a block of the kind that is asked for.
func (c *conversion) reference() (any, string) {
	kind := c.attribute.RefersTo
	a, err := addr.Parse(addressOf(c.value))
	if err == nil && a.Kind == kind {
		return a, ""
	}
	return nil, c.wants(article(string(kind))+", as in "+string(kind)+".name") + c.referenceHint()
}

func (c *conversion) referenceHint() string {
	kind := string(c.attribute.RefersTo)
	t := c.value.Type()
	switch {
	case t == cty.String && !strings.ContainsAny(c.value.AsString(), " /\\"):
		return fmt.Sprintf(" Write %s.%s, without quotes.", kind, strings.TrimPrefix(c.value.AsString(), kind+"."))
	case t.IsObjectType() && addressOf(c.value) == "":
		for it := c.value.ElementIterator(); it.Next(); {
			_, instance := it.Element()
			if a := addressOf(instance); a != "" {
				return fmt.Sprintf(" It has for_each: name one instance, as in %s.", a)
			}
		}
	}
	return ""
}

// addressOf is the address of the block that a value stands for, or "".
func addressOf(v cty.Value) string {
	if v.IsNull() || !v.IsKnown() || !v.Type().IsObjectType() || !v.Type().HasAttribute("address") {
		return ""
	}
	a := v.GetAttr("address")
	if a.Type() != cty.String || a.IsNull() || !a.IsKnown() {
		return ""
	}
	return a.AsString()
}
