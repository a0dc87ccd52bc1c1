package scan

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/internal/filter"
	"github.com/megaplan/megaplan/internal/tree"
)

// walk is one scan under way.
type walk struct {
	opt  Options
	root string // real path, without links
	dev  uint64
	own  ownFiles
	top  *record

	mu       sync.Mutex
	changed  sync.Cond // jobs or idle changed
	jobs     []job     // a stack, so that memory stays near the depth of the tree
	busy     int
	stopped  bool
	batches  []batch
	problems []Problem
	totals   Totals
}

// job is one directory to read.
type job struct {
	record  *record
	index   int // of the record in its batch, until the batch is complete
	dir     filter.Dir
	path    string // below the root, as on disk
	base    string // real path from which rel holds no links: the root, or what a followed link leads to
	rel     string
	lineage *lineage
}

func (j *job) real() string { return filepath.Join(j.base, j.rel) }

// lineage is the chain of directories above, for links that lead back.
type lineage struct {
	file
	up *lineage
}

func (l *lineage) holds(f file) bool {
	for ; l != nil; l = l.up {
		if l.file == f {
			return true
		}
	}
	return false
}

// newWalk looks at the source itself.
func newWalk(root string, opt Options) (*walk, error) {
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, sourceError(root, err)
	}
	if real, err = filepath.Abs(real); err != nil {
		return nil, sourceError(root, err)
	}
	h, f, err := openDir(real, "", facts{})
	if err != nil {
		if info, statErr := os.Stat(real); statErr == nil && !info.IsDir() {
			return nil, &SourceError{Path: root, Fault: NotDirectory}
		}
		return nil, sourceError(root, err)
	}
	h.close()
	if opt.Marker != "" {
		if _, err := os.Stat(filepath.Join(real, opt.Marker)); errors.Is(err, fs.ErrNotExist) {
			return nil, &SourceError{Path: root, Fault: MarkerAbsent, Marker: opt.Marker}
		} else if err != nil {
			return nil, sourceError(root, err)
		}
	}
	w := &walk{opt: opt, root: real, dev: f.dev, own: findOwn(opt.Own), top: &record{facts: f, node: tree.Dir}}
	w.changed.L = &w.mu
	w.readXAttrs(w.top, real, "")
	w.jobs = []job{{record: w.top, dir: opt.Filter.Root(), base: real, lineage: &lineage{file: f.file()}}}
	return w, nil
}

func sourceError(root string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &SourceError{Path: root, Fault: Missing, Err: err}
	}
	return &SourceError{Path: root, Fault: Unreadable, Err: err}
}

// run reads directories until none is left.
func (w *walk) run(ctx context.Context) error {
	workers := w.opt.Workers
	if workers <= 0 {
		workers = 2 * runtime.GOMAXPROCS(0)
	}
	defer context.AfterFunc(ctx, w.stop)()
	var g errgroup.Group
	for range workers {
		g.Go(func() error {
			for {
				j, ok := w.next()
				if !ok {
					return ctx.Err()
				}
				w.done(w.read(&j))
			}
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if root := w.top; root.incomplete && len(w.batches) == 0 {
		return &SourceError{Path: w.root, Fault: Unreadable, Err: errors.New(root.reason)}
	}
	return nil
}

func (w *walk) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.changed.Broadcast()
}

// next waits for a directory to read; not ok means that the walk is over.
func (w *walk) next() (job, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.jobs) == 0 && w.busy > 0 && !w.stopped {
		w.changed.Wait()
	}
	if len(w.jobs) == 0 || w.stopped {
		return job{}, false
	}
	last := len(w.jobs) - 1
	j := w.jobs[last]
	w.jobs[last] = job{}
	w.jobs = w.jobs[:last]
	w.busy++
	return j, true
}

// done takes in what one directory held. A parent's batch comes before its children's, since only now their jobs start.
func (w *walk) done(b batch, jobs []job, problems []Problem) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy--
	w.jobs = append(w.jobs, jobs...)
	w.problems = append(w.problems, problems...)
	if len(b.names) > 0 {
		w.batches = append(w.batches, b)
	}
	for i := range b.names {
		w.totals.count(&b.names[i])
	}
	if w.opt.Progress != nil {
		w.opt.Progress(w.totals)
	}
	w.changed.Broadcast()
}

func (t *Totals) count(r *record) {
	switch r.node {
	case tree.Dir:
		t.Dirs++
	case tree.File:
		t.Files++
		t.Bytes += r.size
	case tree.Symlink:
		t.Symlinks++
		t.Bytes += r.size
	}
}
