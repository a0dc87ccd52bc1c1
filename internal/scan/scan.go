package scan

import (
	"context"
	"fmt"
	"time"

	"github.com/megaplan/megaplan/internal/filter"
	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/tree"
)

// Symlinks says what becomes of symbolic links; the values are the configuration's.
type Symlinks string

// The ways to treat symbolic links.
const (
	Record Symlinks = "record" // a small file that holds the target; also the meaning of ""
	Follow Symlinks = "follow" // what the link leads to
	Skip   Symlinks = "skip"   // left out
)

// Preserve says which metadata goes into the tree (rule 33). The fields are the configuration's.
type Preserve struct {
	Mode, MTime, Symlinks, Owner, XAttrs, Hardlinks bool
}

// Options tune a scan. The zero value takes everything and keeps no metadata.
type Options struct {
	Filter        *filter.Filter
	Symlinks      Symlinks
	FollowOutside bool
	OneFileSystem bool
	ExcludeCaches bool
	MaxFileSize   int64 // 0: no limit
	Marker        string
	Preserve      Preserve
	// Encode turns a name on disk into the one on MEGA; nil is names.Default.FromDisk.
	Encode func(name string) string
	// Own are the paths of megaplan's own files and directories: always left out, temporary files beside them too, as are
	// all directories called .megaplan.
	Own []string
	// Workers is how many directories are read at once; 0 is two for each processor.
	Workers int
	// Progress is told the totals so far, from one goroutine at a time, after each directory.
	Progress func(Totals)
}

// Totals count what a scan took.
type Totals struct {
	Files, Symlinks, Dirs int64 // Dirs without the root
	Bytes                 int64 // of files and symlinks
}

// Result is what a scan found.
type Result struct {
	Tree *tree.Tree
	// Started is the local clock when the scan began, for rule 11.
	Started time.Time
	Totals  Totals
	// LeftOut counts the Unknown nodes.
	LeftOut int64
	// Problems are sorted by path.
	Problems []Problem
}

// Empty says that nothing was taken (rule 8).
func (r *Result) Empty() bool { return r.Totals.Files == 0 && r.Totals.Symlinks == 0 }

// ReadErrors says whether something could not be read, which stops deletions (rule 6).
func (r *Result) ReadErrors() bool {
	for _, p := range r.Problems {
		if p.Why == tree.Unreadable {
			return true
		}
	}
	return false
}

// Problem is something to report about one path. Unreadable and NameClash make the run end with exit code 3; with no Why
// only some metadata was dropped.
type Problem struct {
	Path string // below the root, as on disk
	Why  tree.Why
	Err  error
}

func (p Problem) Error() string { return fmt.Sprintf("%s: %v", p.Path, p.Err) }

// Unwrap returns the cause.
func (p Problem) Unwrap() error { return p.Err }

// Fault says why a source cannot be scanned at all (rule 8).
type Fault uint8

// The faults of a source.
const (
	Missing Fault = iota + 1
	NotDirectory
	Unreadable
	MarkerAbsent
)

// SourceError is returned by Scan for a source that must not be taken for an empty one.
type SourceError struct {
	Path   string
	Fault  Fault
	Marker string // the marker that is absent
	Err    error  // what the system said, if it said something
}

func (e *SourceError) Error() string {
	switch e.Fault {
	case Missing:
		return fmt.Sprintf("source %s does not exist", e.Path)
	case NotDirectory:
		return fmt.Sprintf("source %s is not a directory", e.Path)
	case Unreadable:
		return fmt.Sprintf("source %s cannot be read: %v", e.Path, e.Err)
	case MarkerAbsent:
		return fmt.Sprintf("source %s has no %s, so it counts as not mounted", e.Path, e.Marker)
	}
	panic(fmt.Sprintf("scan: fault %d", e.Fault))
}

// Unwrap returns what the system said.
func (e *SourceError) Unwrap() error { return e.Err }

// Scan walks the directory at root. It returns a *SourceError if there is none to walk; all lesser trouble is in the
// result's problems. It stops early when ctx ends.
func Scan(ctx context.Context, root string, opt Options) (*Result, error) {
	started := time.Now()
	w, err := newWalk(root, opt)
	if err != nil {
		return nil, err
	}
	if err := w.run(ctx); err != nil {
		return nil, fmt.Errorf("scan %s: %w", root, err)
	}
	r := w.assemble()
	r.Started = started
	return r, nil
}

func (o *Options) encode(name string) string {
	if o.Encode != nil {
		return o.Encode(name)
	}
	return names.Default.FromDisk(name)
}
