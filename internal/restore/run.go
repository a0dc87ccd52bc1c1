package restore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/mega/transfer"
	"github.com/megaplan/megaplan/internal/tree"
)

// remote is what a restore needs of an account.
type remote interface {
	// DownloadPart fetches a file's content, or what a former run lacks of it, and proves all of it before it returns.
	DownloadPart(ctx context.Context, h tree.Handle, to *os.File, part transfer.Part, progress func(int64)) error
	// ContentKey proves content that is here already.
	ContentKey(h tree.Handle) (crypt.FileKey, error)
}

// Env is what Run works with.
type Env struct {
	Remote remote
	// Target is the directory everything lands in; it is made if it is missing.
	Target string
	// Owner says that owners can be set: the process is root's.
	Owner bool
	// Parallelism is how many files are under way at once; 0 is 128.
	Parallelism int
	// Event is told what goes on, from any goroutine; nil: nobody is.
	Event func(Event)
	// Stop, once closed, lets what is under way finish and starts nothing more. A large file is left as far as it came: the next
	// run goes on with it.
	Stop <-chan struct{}
}

// defaultParallelism keeps all small connections busy while as many files wait for their addresses; half of it was a third
// slower at 20 ms.
const defaultParallelism = 128

// largeFile fills connections by itself; no more than largeFiles of them are under way, so that a run that is cut off leaves
// little unfinished.
const (
	largeFile  = 8 << 20
	largeFiles = 4
)

// EventKind says what an Event tells.
type EventKind uint8

// The kinds of events.
const (
	Started EventKind = iota
	Progress
	Done
	Failed
)

// Event is something that happened to an entry.
type Event struct {
	Kind  EventKind
	Entry *Entry
	Bytes int64 // Progress: since the last one; negative when bytes must be fetched again
	Err   error
}

// Failure is an entry that was not restored, or not with all it should have.
type Failure struct {
	Entry *Entry
	Err   error
	// Lost lists attributes that could not be set on an entry that is there otherwise.
	Lost bool
}

// Report is what a run did.
type Report struct {
	Done, Equal int64
	Bytes       int64 // of files written
	Failures    []Failure
	Left        int64 // not started, because the run was stopped or because of Full
	// Full says that the target's disk had no room for some of it.
	Full bool
}

// Partial says that something is missing (exit code 3).
func (r Report) Partial() bool { return len(r.Failures) > 0 || r.Left > 0 }

// Run carries a plan out. Failures of single entries are in the report; the error is about the target as a whole, or the
// end of ctx. It waits for everything it started.
func Run(ctx context.Context, p *Plan, env Env) (Report, error) {
	if err := os.MkdirAll(env.Target, 0o777); err != nil {
		return Report{}, fmt.Errorf("restore: %w", err)
	}
	root, err := os.OpenRoot(env.Target)
	if err != nil {
		return Report{}, fmt.Errorf("restore: %w", err)
	}
	r := &run{plan: p, env: env, dirs: newDirs(root), failed: map[string]bool{}}
	r.sweep()
	r.makeDirs(ctx)
	r.each(ctx, func(e *Entry) bool { return e.Kind == File || e.Kind == Symlink }, r.content)
	r.each(ctx, func(e *Entry) bool { return e.Kind == Hardlink }, r.hardlink)
	r.finishDirs()
	slices.SortStableFunc(r.report.Failures, byPlace)
	return r.report, errors.Join(context.Cause(ctx), r.dirs.close())
}

func byPlace(a, b Failure) int { return cmp.Compare(a.Entry.Path, b.Entry.Path) }

type run struct {
	plan *Plan
	env  Env
	dirs *dirs

	mu     sync.Mutex
	report Report
	failed map[string]bool // paths that are not as planned
	full   int64           // the smallest file the disk had no room for
}

// sweep removes what a killed restore left and this one does not go on with. A file that another restore is writing is locked, and stays.
func (r *run) sweep() {
	for _, p := range r.plan.Leftovers {
		dir, err := r.dirs.open(parentOf(p))
		if err != nil {
			continue
		}
		removeStale(dir.Root, baseOf(p))
		r.dirs.done(dir)
	}
}

// removeStale removes a temporary file that nobody writes any more. What cannot be removed does no harm.
func removeStale(dir *os.Root, name string) {
	info, err := dir.Lstat(name)
	if err != nil || info.IsDir() {
		return
	}
	if info.Mode().IsRegular() {
		f, err := dir.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			return
		}
		defer f.Close()
		if !lock(f) {
			return
		}
	}
	_ = dir.Remove(name)
}

// each runs do for the entries that pick takes, large and small ones beside each other, until the run is stopped.
func (r *run) each(ctx context.Context, pick func(*Entry) bool, do func(context.Context, *Entry) error) {
	parallel := cmp.Or(max(0, r.env.Parallelism), defaultParallelism)
	var both sync.WaitGroup
	both.Go(func() {
		r.several(ctx, min(largeFiles, parallel), func(e *Entry) bool { return pick(e) && e.Size >= largeFile }, do)
	})
	r.several(ctx, parallel, func(e *Entry) bool { return pick(e) && e.Size < largeFile }, do)
	both.Wait()
}

// several runs do for the entries that pick takes, so many at a time.
func (r *run) several(ctx context.Context, parallel int, pick func(*Entry) bool, do func(context.Context, *Entry) error) {
	var g errgroup.Group
	g.SetLimit(parallel)
	for i := range r.plan.Entries {
		e := &r.plan.Entries[i]
		switch {
		case !pick(e):
		case e.Op == Equal:
			r.note(func() { r.report.Equal++ })
		case r.stopped(ctx):
			r.note(func() { r.report.Left++ })
		default:
			g.Go(func() error {
				r.try(ctx, e, do)
				return nil
			})
		}
	}
	_ = g.Wait() // failures are in the report
}

func (r *run) stopped(ctx context.Context) bool {
	select {
	case <-r.env.Stop:
		return true
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

// try restores an entry unless it is known by now that it cannot be.
func (r *run) try(ctx context.Context, e *Entry, do func(context.Context, *Entry) error) {
	switch {
	case r.tooLarge(e):
		r.note(func() { r.report.Left++ })
	case r.below(e):
		r.one(ctx, e, func(context.Context, *Entry) error { return ErrAbove })
	default:
		r.one(ctx, e, do)
	}
}

// tooLarge says that the disk had no room for a file that is no larger: fetching this one would be for nothing.
func (r *run) tooLarge(e *Entry) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.report.Full && e.Size >= r.full
}

// below says that a directory above an entry could not be made.
func (r *run) below(e *Entry) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed[parentOf(e.Path)]
}

func (r *run) note(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

func (r *run) tell(e Event) {
	if r.env.Event != nil {
		r.env.Event(e)
	}
}

// one restores an entry and reports what became of it.
func (r *run) one(ctx context.Context, e *Entry, do func(context.Context, *Entry) error) {
	r.tell(Event{Kind: Started, Entry: e})
	err := do(ctx, e)
	switch {
	case err == nil, errors.As(err, new(*lostError)):
		r.note(func() {
			r.report.Done++
			if e.Kind != Hardlink {
				r.report.Bytes += e.Size
			}
		})
		r.tell(Event{Kind: Done, Entry: e})
	case errors.Is(err, errThere):
		err = nil
		r.note(func() { r.report.Equal++ })
		r.tell(Event{Kind: Done, Entry: e})
	case ctx.Err() != nil, errors.Is(err, transfer.ErrPaused):
		r.note(func() { r.report.Left++ })
		r.tell(Event{Kind: Failed, Entry: e, Err: err})
		return
	default:
		r.note(func() {
			r.failed[e.Path] = true
			if isFull(err) && (!r.report.Full || e.Size < r.full) {
				r.report.Full, r.full = true, e.Size
			}
		})
		r.tell(Event{Kind: Failed, Entry: e, Err: err})
	}
	if err != nil {
		r.fail(e, err)
	}
}

func (r *run) fail(e *Entry, err error) {
	r.note(func() {
		r.report.Failures = append(r.report.Failures, Failure{Entry: e, Err: err, Lost: errors.As(err, new(*lostError))})
	})
}

// lostError says that an entry was restored without some of its attributes.
type lostError struct{ errs []error }

func (e *lostError) Error() string { return "restored without: " + errors.Join(e.errs...).Error() }

func lost(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	return &lostError{errs}
}
