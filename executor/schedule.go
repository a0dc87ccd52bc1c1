package executor

import (
	"context"
	"errors"
	"slices"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/planner"
)

// largeFile is the size from which a file occupies the large posts for a while; fewer of those are open at a time.
const largeFile = 128 << 10

// Defaults for Env.Parallelism: enough small actions in flight that full requests and all connections are kept busy.
const (
	defaultSmall = 384
	defaultLarge = 8
	// Copies send no bytes: what bounds them is that two requests' worth of nodes is under way, one being answered and one
	// that waits.
	defaultCopies = 2000
)

// run is one Run: the graph of the plan and what became of each action. Only loop's goroutine touches it.
type run struct {
	plan    *planner.Plan
	env     Env
	targets map[addr.Address]*planner.Target
	made    *made
	// returned is what was taken out of folders in the bin.
	returned returned

	waiting    []int32 // needs not yet done, by action; below zero once a folder went along with its parents
	dependents [][]planner.ActionID
	gates      map[addr.Address]*gate
	failed     map[planner.ActionID]Failure

	folders, small, large, copies []planner.ActionID // ready
	inSmall, inLarge, inCopies    int
	results                       chan []outcome
	report                        Report
	fatal                         error
	// stopping ends when nothing more is to begin.
	stopping context.Context
	stop     context.CancelFunc
}

// outcome is what became of one action in flight.
type outcome struct {
	id    planner.ActionID
	err   error
	fatal error
	// in counts the actions in flight of its kind.
	in *int
	// doneBefore is how many actions had succeeded when this one began.
	doneBefore int
}

func newRun(plan *planner.Plan, env Env) *run {
	if env.Event == nil {
		env.Event = func(Event) {}
	}
	n := len(plan.Actions) + 1
	r := &run{
		plan: plan, env: env, targets: map[addr.Address]*planner.Target{}, made: newMade(n),
		waiting: make([]int32, n), dependents: make([][]planner.ActionID, n), failed: map[planner.ActionID]Failure{},
		results: make(chan []outcome), gates: newGates(plan),
	}
	r.stopping, r.stop = context.WithCancel(context.Background())
	for i := range plan.Targets {
		r.targets[plan.Targets[i].Address] = &plan.Targets[i]
	}
	for i := range plan.Actions {
		a := &plan.Actions[i]
		r.waiting[a.ID] = int32(len(a.Needs))
		for _, need := range a.Needs {
			r.dependents[need] = append(r.dependents[need], a.ID)
		}
		if r.hold(a) {
			r.waiting[a.ID]++
		}
		if r.waiting[a.ID] == 0 {
			r.enqueue(a.ID)
		}
	}
	return r
}

func (r *run) action(id planner.ActionID) *planner.Action { return &r.plan.Actions[id-1] }

func (r *run) enqueue(id planner.ActionID) {
	switch a := r.action(id); {
	case a.Kind == planner.CreateFolder:
		r.folders = append(r.folders, id)
	case isLarge(a):
		r.large = append(r.large, id)
	case a.Kind == planner.Copy:
		r.copies = append(r.copies, id)
	default:
		r.small = append(r.small, id)
	}
}

func isLarge(a *planner.Action) bool {
	return a.Sends() && a.Local.Size > largeFile
}

func (r *run) loop(ctx context.Context) (Report, error) {
	stop := r.env.Stop
	defer r.stop()
	for {
		if r.stopping.Err() == nil && r.fatal == nil && ctx.Err() == nil {
			r.start(ctx)
		}
		if r.inSmall+r.inLarge+r.inCopies == 0 {
			break
		}
		select {
		case outcomes := <-r.results:
			for _, o := range outcomes {
				r.settle(o)
			}
		case <-stop:
			stop = nil
			r.stop()
		}
	}
	return r.finish(ctx)
}

func (r *run) finish(ctx context.Context) (Report, error) {
	if ctx.Err() == nil {
		r.returned.tell(ctx)
	}
	for _, f := range r.failed {
		r.report.Failures = append(r.report.Failures, f)
	}
	slices.SortFunc(r.report.Failures, func(a, b Failure) int { return int(a.Action) - int(b.Action) })
	r.report.Left = len(r.plan.Actions) - r.report.Done - len(r.report.Failures)
	if r.fatal != nil {
		return r.report, r.fatal
	}
	return r.report, ctx.Err()
}

// start puts everything that is ready and has room in flight.
func (r *run) start(ctx context.Context) {
	small, large, copies := r.env.Parallelism, r.env.Parallelism, r.env.Parallelism
	if small <= 0 {
		small, large, copies = defaultSmall, defaultLarge, defaultCopies
	}
	r.folders = slices.DeleteFunc(r.folders, func(id planner.ActionID) bool { return !r.admit(id) })
	for len(r.folders) > 0 && r.inSmall < small {
		r.startFolders(ctx)
	}
	r.startSome(ctx, &r.large, &r.inLarge, large)
	r.startSome(ctx, &r.copies, &r.inCopies, copies)
	r.startSome(ctx, &r.small, &r.inSmall, small)
}

// startSome starts actions that are ready while fewer than most of their kind are in flight.
func (r *run) startSome(ctx context.Context, ready *[]planner.ActionID, in *int, most int) {
	for len(*ready) > 0 && *in < most {
		id := (*ready)[0]
		if *ready = (*ready)[1:]; r.admit(id) {
			*in++
			r.launch(ctx, id, in)
		}
	}
}

// admit asks whether an action may start. What waits for a refused one never becomes ready.
func (r *run) admit(id planner.ActionID) bool {
	if r.env.Admit == nil || r.env.Admit(r.action(id)) {
		return true
	}
	r.report.Refused++
	return false
}

// launch performs one action in a goroutine that ends by handing its outcome to loop.
func (r *run) launch(ctx context.Context, id planner.ActionID, in *int) {
	a := r.action(id)
	r.env.Event(Event{Kind: Started, Action: a})
	doneBefore := r.report.Done
	go func() {
		result, err := r.perform(ctx, a)
		o := outcome{id: id, err: err, in: in, doneBefore: doneBefore}
		if err == nil {
			o.fatal = r.record(ctx, a, result)
		}
		r.results <- []outcome{o}
	}()
}

// record makes the action count. What was done at MEGA is recorded even when the run is being cancelled.
func (r *run) record(ctx context.Context, a *planner.Action, result planner.Result) error {
	if result.Source == (planner.Local{}) || result.Source == a.Local { // nothing else may be copied as what the plan saw
		r.made.set(a.ID, result.Handle)
	}
	return r.env.Record(context.WithoutCancel(ctx), a, result)
}

func (r *run) settle(o outcome) {
	*o.in--
	a := r.action(o.id)
	if _, skipped := r.failed[o.id]; skipped {
		return // a folder whose parent in the same request was refused
	}
	switch {
	case errors.Is(o.err, errWithdrawn):
		if r.stopping.Err() == nil { // its time is up
			_ = r.admit(o.id) // says so
		}
		r.env.Event(Event{Kind: Withdrawn, Action: a})
	case o.err != nil:
		if r.hopeless(o) {
			r.report.GaveUp = o.err
			r.stop()
		}
		r.fail(Failure{Action: o.id, Err: o.err})
		r.env.Event(Event{Kind: Failed, Action: a, Err: o.err})
	case o.fatal != nil:
		r.fatal = errors.Join(r.fatal, o.fatal)
		r.fail(Failure{Action: o.id, Err: o.fatal})
	default:
		r.report.Done++
		if a.Sends() {
			r.report.Uploaded += a.Bytes
		}
		r.env.Event(Event{Kind: Done, Action: a})
		if a.Kind == planner.PublishSnapshot && r.missed(a).Files > 0 {
			r.skip(r.dependents[o.id], Failure{Action: o.id, Err: errLacking})
			break
		}
		r.release(r.dependents[o.id])
		r.release(r.pass(a))
	}
}

// release counts one thing less to wait for, and enqueues what waits for nothing more.
func (r *run) release(ids []planner.ActionID) {
	for _, id := range ids {
		if r.waiting[id]--; r.waiting[id] == 0 {
			r.enqueue(id)
		}
	}
}

// fail marks the action and, since they can never become ready, all that wait for it.
func (r *run) fail(f Failure) {
	r.failed[f.Action] = f
	r.skip(append(slices.Clone(r.dependents[f.Action]), r.stopped(f.Action, f)...), f)
}

// skip marks actions that wait for one that failed, and all that wait for them.
func (r *run) skip(pending []planner.ActionID, f Failure) {
	pending = slices.Clone(pending)
	for len(pending) > 0 {
		id := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if _, seen := r.failed[id]; seen {
			continue
		}
		r.failed[id] = Failure{Action: id, Because: f.Action, Err: f.Err}
		r.env.Event(Event{Kind: Skipped, Action: r.action(id), Err: f.Err})
		pending = append(append(pending, r.dependents[id]...), r.stopped(id, f)...)
	}
}

// stopped returns what an action that was not done holds at the gate for ever: nothing where that is forgiven, and not what only
// waited for an update to be tried.
func (r *run) stopped(id planner.ActionID, f Failure) []planner.ActionID {
	if r.forgives(f) {
		r.release(r.miss(id))
		return nil
	}
	never, free := r.block(id)
	r.release(free)
	return never
}
