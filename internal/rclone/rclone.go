// Package rclone reads rclone's configuration file as far as it leads to MEGA, for people who come from there. It reads
// text and returns values; passwords stay in the file, obscured as they are.
package rclone

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	slashpath "path"
	"slices"
	"strings"
)

// Config is a configuration file.
type Config struct{ remotes []Remote }

// Remote is one section of the file.
type Remote struct {
	Name, Type string
	options    map[string]string
}

// Option returns a setting, "" if there is none.
func (r Remote) Option(name string) string { return r.options[name] }

// ErrEncrypted says that the whole file is encrypted under a password of its own.
var ErrEncrypted = errors.New("it is encrypted: take the encryption off a copy of it (`rclone config encryption remove`) and name that one")

// Parse reads the text of a file.
func Parse(text []byte) (*Config, error) {
	if bytes.Contains(text, []byte("RCLONE_ENCRYPT_V0:")) {
		return nil, ErrEncrypted
	}
	c := &Config{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[':
			name, ok := strings.CutSuffix(line[1:], "]")
			if !ok || name == "" {
				return nil, fmt.Errorf("line %d is no section", n)
			}
			c.remotes = append(c.remotes, Remote{Name: name, options: map[string]string{}})
		case len(c.remotes) == 0:
			return nil, fmt.Errorf("line %d stands before any section", n)
		default:
			name, value, ok := strings.Cut(line, "=")
			if !ok {
				return nil, fmt.Errorf("line %d is no setting", n)
			}
			c.remotes[len(c.remotes)-1].set(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
	return c, lines.Err()
}

func (r *Remote) set(name, value string) {
	if name == "type" {
		r.Type = value
	}
	r.options[name] = value
}

// Remotes lists all remotes in the file's order.
func (c *Config) Remotes() []Remote { return slices.Clone(c.remotes) }

// Remote finds a remote by its name.
func (c *Config) Remote(name string) (Remote, bool) {
	i := slices.IndexFunc(c.remotes, func(r Remote) bool { return r.Name == name })
	if i < 0 {
		return Remote{}, false
	}
	return c.remotes[i], true
}

// Place is a path on a remote of type mega.
type Place struct {
	Remote Remote
	// Path starts with a slash.
	Path string
}

// OnTopError says that a remote is none of MEGA's own but one that another backend of rclone makes.
type OnTopError struct{ Remote Remote }

func (e *OnTopError) Error() string {
	return fmt.Sprintf("%s is of type %s: %s", e.Remote.Name, e.Remote.Type, onTop(e.Remote))
}

// onTop says what it means for megaplan that a backend lies between.
func onTop(r Remote) string {
	switch r.Type {
	case "crypt":
		return "rclone encrypts names and contents once more, and only rclone reads what it wrote. Keep rclone for it, or restore it with rclone and back it up anew"
	case "compress", "chunker":
		return "its files are not stored as they are, and only rclone reads what it wrote. Keep rclone for it, or restore it with rclone and back it up anew"
	case "union", "combine":
		return "it joins several remotes; import each of them: " + strings.Join(r.below(), ", ")
	case "hasher", "cache":
		return "it adds nothing to the files themselves; import what it is on: " + strings.Join(r.below(), ", ")
	}
	return "megaplan knows MEGA only"
}

// below lists the places of other remotes that a remote is made of.
func (r Remote) below() []string {
	if upstreams := r.Option("upstreams"); upstreams != "" {
		list := strings.Fields(upstreams)
		for i, u := range list {
			if _, place, named := strings.Cut(u, "="); named && r.Type == "combine" {
				u = place
			}
			list[i] = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(u, ":ro"), ":nc"), ":writeback")
		}
		return list
	}
	if remote := r.Option("remote"); remote != "" {
		return []string{remote}
	}
	return nil
}

// Resolve finds the place on MEGA that NAME: or NAME:PATH stands for, through aliases.
func (c *Config) Resolve(text string) (Place, error) {
	path := ""
	for range len(c.remotes) + 1 {
		name, rest, ok := strings.Cut(text, ":")
		if !ok {
			return Place{}, fmt.Errorf("%q is no remote: write it as NAME: or NAME:PATH", text)
		}
		path = join(rest, path)
		r, ok := c.Remote(name)
		switch {
		case !ok:
			return Place{}, fmt.Errorf("there is no remote %s; there are: %s", name, strings.Join(c.names(), ", "))
		case r.Type == "mega":
			return Place{r, slashpath.Clean("/" + path)}, nil
		case r.Type != "alias":
			return Place{}, &OnTopError{r}
		}
		if text = r.Option("remote"); !strings.Contains(text, ":") {
			return Place{}, fmt.Errorf("%s is an alias of %q, which is no remote", name, text)
		}
	}
	return Place{}, fmt.Errorf("%s is an alias of itself", text)
}

func (c *Config) names() []string {
	names := make([]string, len(c.remotes))
	for i, r := range c.remotes {
		names[i] = r.Name
	}
	return names
}

// join puts one path of rclone's below another, without slashes at either end.
func join(above, below string) string {
	above, below = strings.Trim(above, "/"), strings.Trim(below, "/")
	if above == "" || below == "" {
		return above + below
	}
	return above + "/" + below
}

// OnMEGA says whether a remote is made of a remote of MEGA's, at any depth.
func (c *Config) OnMEGA(r Remote) bool { return c.onMEGA(r, len(c.remotes)) }

func (c *Config) onMEGA(r Remote, depth int) bool {
	if r.Type == "mega" || depth == 0 {
		return r.Type == "mega"
	}
	return slices.ContainsFunc(r.below(), func(place string) bool {
		name, _, _ := strings.Cut(place, ":")
		next, ok := c.Remote(name)
		return ok && c.onMEGA(next, depth-1)
	})
}
