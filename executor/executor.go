package executor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// ErrChanged is wrapped by the error of an action whose precondition no longer held (rule 27): the local file or the remote
// node is not the one the plan saw. Planning again is the remedy.
var ErrChanged = errors.New("changed meanwhile")

// DeclareGrowing is the way out for a file that fails in every run because it is written all the time.
const DeclareGrowing = "if it is only appended to, list it under growing in a source block"

// remote is what the executor asks of an account. *mega.Client has it.
type remote interface {
	CreateFolders(context.Context, []mega.NewFolder) ([]tree.Handle, error)
	Upload(context.Context, mega.Upload) (mega.Uploaded, error)
	SetFingerprint(ctx context.Context, h tree.Handle, crc [16]byte, mtime int64, meta string) error
	SetAttributes(ctx context.Context, h tree.Handle, set map[string]string, remove ...string) error
	Copy(context.Context, mega.Copy) (tree.Handle, error)
	Move(ctx context.Context, h, parent tree.Handle, name string) error
	Trash(context.Context, tree.Handle, mega.TrashMark) error
	TookOut(ctx context.Context, top tree.Handle, out mega.Held) error
	Delete(context.Context, tree.Handle) error
	DeleteVersion(context.Context, tree.Handle) error
	Locate(tree.Handle) (mega.Place, error)
	Children(tree.Handle) ([]tree.Node, error)
	Volume(context.Context, tree.Handle) (files, bytes int64, err error)
	Drain(context.Context) error
}

// Remote is an account the plan changes.
type Remote = remote

// File is an opened local file that was found to be the one the plan saw.
type File struct {
	// Open is the content of a regular file; Target that of a recorded symlink.
	Open   *os.File
	Target []byte
	// Grows says that more may be appended to Open, before and while it is read: what it held as the plan saw it is uploaded.
	Grows bool
}

// Env is everything Run needs besides the plan.
type Env struct {
	// Remote returns the client of an account.
	Remote func(account addr.Address) Remote
	// Open opens the local file of an action below the target's source and checks that size, mtime, ctime and inode are as
	// planned; it returns an error that wraps ErrChanged where they are not. A file that grows has the inode and at least the size.
	Open func(planner.Target, planner.Local) (File, error)
	// Record makes a completed action durable before it counts (rule 28). It is called from many goroutines.
	Record func(context.Context, *planner.Action, planner.Result) error
	// Event is told what happens; it is called from many goroutines and must not block.
	Event func(Event)
	// Now is the server's time and Run this run's name, for trash marks.
	Now func() time.Time
	Run string
	// Parallelism bounds the actions in flight; 0 is a default that keeps the account's connections busy.
	Parallelism int
	// Stop, once closed, lets what is in flight finish and starts nothing more. The upload of a large file is left as far as it
	// came.
	Stop <-chan struct{}
	// Admit is asked before an action starts; one that it refuses is left, with all that waits for it. nil admits all. It is
	// called from one goroutine.
	Admit func(*planner.Action) bool
	// Until is when an action that was admitted is to end: the upload of a large file is left as far as it came by then, as if it
	// had not been admitted. The zero time, or nil, is never.
	Until func(*planner.Action) time.Time
}

// EventKind says what an Event tells.
type EventKind uint8

// The kinds of events.
const (
	Started EventKind = iota
	Progress
	Done
	Failed
	Skipped
	// Withdrawn: the run was stopped before the action began to send, or in the middle of a large file; it is left.
	Withdrawn
)

// Event tells about one action. Bytes is what was sent since the last Progress.
type Event struct {
	Kind   EventKind
	Action *planner.Action
	Bytes  int64
	Err    error
}

// Failure is an action that was not done, and why. For a skipped one Because is the action it waited for.
type Failure struct {
	Action  planner.ActionID
	Because planner.ActionID
	Err     error
}

// Report sums a run up.
type Report struct {
	Done     int
	Uploaded int64     // bytes of the content that was uploaded by what is done
	Failures []Failure // ascending by action
	// Left counts actions not started because the run was stopped, or because they were not admitted; Refused counts those
	// that Admit itself refused.
	Left, Refused int
	// GaveUp is why the run stopped by itself: nothing succeeded for as long as an action was repeated. What was not begun is left.
	GaveUp error
}

// Run carries the plan out and returns when nothing is in flight any more. The error is that of a run that could not go on:
// the context's, or a Record that failed; failures of single actions are in the report.
func Run(ctx context.Context, plan *planner.Plan, env Env) (Report, error) {
	if len(plan.Refusals) > 0 {
		return Report{}, fmt.Errorf("executor: a refused plan must not be applied")
	}
	r := newRun(plan, env)
	return r.loop(ctx)
}

// closeFile closes what Open opened.
func (f File) close() error {
	if f.Open == nil {
		return nil
	}
	return f.Open.Close()
}
