package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/megaplan/megaplan/executor"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

// Run is an apply or destroy in progress: it holds the lease of its addresses from before they are read until End.
type Run struct {
	p       *Project
	options planner.Options
	hold    *state.Hold
	// alive ends the heartbeat; lost is what ended it early.
	alive context.CancelFunc
	lost  chan error
	saved bool
}

// Begin leases the addresses that the options select (rule 29). Another run that holds one of them is a *state.LockedError.
func (p *Project) Begin(ctx context.Context, operation string, o planner.Options) (*Run, error) {
	doc, err := p.store.Read(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.checkNamed(o, doc); err != nil {
		return nil, err
	}
	addresses := p.selected(doc, o)
	hold, err := p.store.Lease(ctx, addresses, operation)
	if err != nil {
		return nil, err
	}
	p.leased = addresses
	for _, l := range hold.Freed {
		p.sayFreed("lease", l.Operation, l.PID, l.Since)
	}
	r := &Run{p: p, options: o, hold: hold, lost: make(chan error, 1)}
	ctx, r.alive = context.WithCancel(context.WithoutCancel(ctx))
	go func() { r.lost <- hold.KeepAlive(ctx) }()
	return r, nil
}

// selected lists the declared and the remembered addresses that a run may change.
func (p *Project) selected(doc *state.Document, o planner.Options) []addr.Address {
	var all []addr.Address
	for i := range p.Config.Backups {
		all = append(all, p.Config.Backups[i].Address)
	}
	for i := range p.Config.Folders {
		all = append(all, p.Config.Folders[i].Address)
	}
	for _, r := range doc.Resources {
		all = append(all, r.Address)
	}
	all = slices.DeleteFunc(all, func(a addr.Address) bool { return !planner.Selected(o, a) })
	slices.SortFunc(all, addr.Address.Compare)
	return slices.Compact(all)
}

// newcomers are addresses that another run has put into the state since this one leased its own, while it waited for them say. They
// are not this run's to change or to forget.
func (p *Project) newcomers(doc *state.Document) []addr.Address {
	if p.leased == nil {
		return nil
	}
	var out []addr.Address
	for _, r := range doc.Resources {
		if !slices.Contains(p.leased, r.Address) {
			out = append(out, r.Address)
		}
	}
	return out
}

// End gives the lease back.
func (r *Run) End() error {
	r.p.leased = nil
	r.alive()
	return errors.Join(<-r.lost, r.hold.Release(context.Background(), r.saved))
}

// Plan plans under the lease.
func (r *Run) Plan(ctx context.Context) (*Planned, error) { return r.p.Plan(ctx, r.options) }

// Execution is how a plan is carried out.
type Execution struct {
	// Stop, once closed, lets what is in flight finish.
	Stop    <-chan struct{}
	Event   func(executor.Event)
	Waiting func(mega.Wait)
	// Say is told why something is left for another apply; nil: nobody is.
	Say func(string)
}

// Execute carries the plan out, records each action, and saves the state, also when it is interrupted or fails. Failures of
// single actions are in the report; the error is what ended the run as a whole.
func (r *Run) Execute(ctx context.Context, planned *Planned, e Execution) (executor.Report, error) {
	if e.Waiting != nil {
		r.p.onWait.Store(&e.Waiting)
		defer r.p.onWait.Store(nil)
	}
	rec := r.newRecorder(planned)
	limits := r.p.newLimits(planned.Plan, e.Say)
	stopSaving := r.saveNowAndThen(ctx, rec)
	report, runErr := executor.Run(ctx, planned.Plan, executor.Env{
		Remote: func(a addr.Address) executor.Remote { return r.p.accounts[a].client },
		Run:    r.hold.ID(),
		Open:   r.p.openLocal, Record: rec.record, Event: e.Event, Now: func() time.Time { return r.p.now(planned) },
		Parallelism: r.p.Parallelism, Stop: e.Stop, Admit: limits.admit, Until: limits.until,
	})
	stopSaving()
	saveErr := r.save(context.WithoutCancel(ctx), rec, &report)
	if report.GaveUp != nil && runErr == nil {
		runErr = &GaveUpError{Left: report.Left, Err: report.GaveUp}
	}
	if report.Left > 0 && (report.Refused == 0 || closed(e.Stop)) && runErr == nil || errors.Is(runErr, context.Canceled) {
		runErr = ErrInterrupted
	}
	r.p.catchUp(context.WithoutCancel(ctx))
	r.saved = saveErr == nil
	planned.mend(rec.succeeded(&report))
	rec.close()
	return report, errors.Join(runErr, saveErr)
}

func closed(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// catchUp reads the events of this run's own changes, so that the next one is not told of them as news. Without it nothing is
// lost.
func (p *Project) catchUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for a, acct := range p.accounts {
		if err := acct.client.Drain(ctx); err != nil {
			p.Log.Debug("catch up", "account", a.String(), "err", err)
		}
	}
}

// now is the server's time.
func (p *Project) now(planned *Planned) time.Time {
	for _, a := range p.accounts {
		if now, known := a.client.ServerTime(); known {
			return now
		}
	}
	return planned.Now
}

// openLocal opens an action's file and compares it with what the plan saw (rule 27).
func (p *Project) openLocal(t planner.Target, l planner.Local) (executor.File, error) {
	body, err := p.openContent(t.Address, l.Path, l.Symlink, identityOf(l))
	switch {
	case errors.Is(err, errGrew):
		return executor.File{}, fmt.Errorf("%w: %w; %s", executor.ErrChanged, err, executor.DeclareGrowing)
	case errors.Is(err, errChanged):
		return executor.File{}, fmt.Errorf("%w: %w", executor.ErrChanged, err)
	case err != nil:
		return executor.File{}, err
	case body.file != nil:
		return executor.File{Open: body.file, Grows: body.growth != nil}, nil
	}
	target := make([]byte, l.Size)
	_, err = body.ReadAt(target, 0)
	return executor.File{Target: target}, err
}

// saveEvery bounds how long the journal alone holds what was done (rule 28).
const saveEvery = 10 * time.Minute

// saveNowAndThen saves the state while a long apply runs. What it returns stops that and waits for it.
func (r *Run) saveNowAndThen(ctx context.Context, rec *recorder) func() {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(saveEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if err := r.save(ctx, rec, nil); err != nil {
				r.p.Log.Warn("save the state during the run", "err", err)
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// save writes what the recorder knows. With the report of a finished run it also says which addresses succeeded, and gives them back.
func (r *Run) save(ctx context.Context, rec *recorder, report *executor.Report) error {
	now := r.p.now(rec.planned)
	changes := rec.changes(now, report)
	switch {
	case report == nil:
		return r.hold.Save(ctx, changes, nil)
	case !rec.planned.Plan.FromSource():
		return r.hold.SaveLast(ctx, changes, nil)
	}
	return r.hold.SaveLast(ctx, changes, r.p.outputs())
}

// outputs are the configuration's outputs as the state keeps them.
func (p *Project) outputs() map[string]state.Output {
	out := map[string]state.Output{}
	for _, o := range p.Config.Outputs {
		out[o.Name] = state.Output{Value: o.JSON, Sensitive: o.Sensitive}
	}
	return out
}
