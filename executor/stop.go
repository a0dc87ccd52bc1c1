package executor

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/retry"
	"github.com/megaplan/megaplan/planner"
)

// errWithdrawn ends an upload that had not sent a byte when the run was told to stop, or one of a large file, which the next run
// goes on with: it is left, not failed.
var errWithdrawn = errors.New("withdrawn")

// withdrawable returns a context for an upload that ends when the run stops before the upload has begun. Most of what is in
// flight only waits for an address or a connection; without this a first Ctrl-C would wait for hundreds of files. What it
// returns besides are to be called when the first byte is sent, and at the end.
func (r *run) withdrawable(ctx context.Context) (_ context.Context, begun, end func()) {
	ctx, withdraw := context.WithCancelCause(ctx)
	var sending atomic.Bool
	forget := context.AfterFunc(r.stopping, func() {
		if !sending.Load() {
			withdraw(errWithdrawn)
		}
	})
	return ctx, func() { sending.Store(true) }, func() {
		forget()
		withdraw(nil)
	}
}

// pausing returns a context that ends when the upload of a large file is to be left as far as it came.
func (r *run) pausing(a *planner.Action) (context.Context, context.CancelFunc) {
	if r.env.Until == nil || r.env.Until(a).IsZero() {
		return r.stopping, func() {}
	}
	return context.WithDeadline(r.stopping, r.env.Until(a))
}

// withdrawn turns the error of an upload that was withdrawn into errWithdrawn.
func withdrawn(ctx context.Context, err error) error {
	if errors.Is(err, mega.ErrPaused) || err != nil && errors.Is(context.Cause(ctx), errWithdrawn) {
		return errWithdrawn
	}
	return err
}

// hopeless says that going on makes no sense: an action used up all its patience, minutes of it, and in all that time no
// other action succeeded. Each further one would only wait as long again.
func (r *run) hopeless(o outcome) bool {
	var spent *retry.Error
	return errors.As(o.err, &spent) && r.report.Done == o.doneBefore
}
