package restore

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

// dirs opens directories below the target, one step at a time and through no link, and keeps those open that are in use.
type dirs struct {
	root *os.Root

	mu   sync.Mutex
	used map[string]*openDir
}

type openDir struct {
	*os.Root
	path string
	refs int
}

func newDirs(root *os.Root) *dirs { return &dirs{root: root, used: map[string]*openDir{}} }

func (d *dirs) close() error { return d.root.Close() }

// open returns the directory at a path; done gives it back.
func (d *dirs) open(path string) (*openDir, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.openLocked(path)
}

func (d *dirs) openLocked(path string) (*openDir, error) {
	if path == "" {
		return &openDir{Root: d.root}, nil
	}
	if o := d.used[path]; o != nil {
		o.refs++
		return o, nil
	}
	up, err := d.openLocked(parentOf(path))
	if err != nil {
		return nil, err
	}
	defer d.doneLocked(up)
	sub, err := openReal(up.Root, baseOf(path))
	if err != nil {
		return nil, fmt.Errorf("open the directory %s: %w", path, reason(err))
	}
	o := &openDir{Root: sub, path: path, refs: 1}
	d.used[path] = o
	return o, nil
}

func (d *dirs) done(o *openDir) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.doneLocked(o)
}

func (d *dirs) doneLocked(o *openDir) {
	if o.path == "" {
		return
	}
	if o.refs--; o.refs == 0 {
		delete(d.used, o.path)
		_ = o.Close() // nothing was written through it
	}
}

func parentOf(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i]
	}
	return ""
}

func baseOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
