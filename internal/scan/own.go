package scan

import (
	"path/filepath"
	"slices"
	"strings"
)

// ownFiles are megaplan's own, by place and by what they are: another link to the state file is the state file too.
type ownFiles struct {
	names map[string][]string // by real directory
	files map[file]bool
}

// ownDir is the name of the directory megaplan keeps beside a configuration.
const ownDir = ".megaplan"

// tempMark stands in the names of temporary files that become the file before the mark; see package atomicfile.
const tempMark = ".tmp-"

// restoring begins the names of files that a restore is writing; see package restore. A killed one leaves them behind.
const restoring = ".megaplan-restore-"

func findOwn(paths []string) ownFiles {
	o := ownFiles{map[string][]string{}, map[file]bool{}}
	for _, path := range paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			continue // there is no working directory, so a relative path names nothing
		}
		dir, name := filepath.Dir(abs), filepath.Base(abs)
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			dir = real
		}
		o.names[dir] = append(o.names[dir], name)
		if f, err := lstatPath(abs); err == nil && f.inode != 0 {
			o.files[f.file()] = true
		}
	}
	return o
}

// in returns the names of own files in a directory.
func (o *ownFiles) in(dir string) []string { return o.names[dir] }

func (o *ownFiles) is(names []string, name string, r *record) bool {
	if r.kind == isDir && name == ownDir || strings.HasPrefix(name, restoring) {
		return true
	}
	if slices.ContainsFunc(names, func(own string) bool { return name == own || strings.HasPrefix(name, own+tempMark) }) {
		return true
	}
	return len(o.files) > 0 && o.files[r.file()]
}
