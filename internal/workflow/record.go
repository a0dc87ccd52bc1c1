package workflow

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/megaplan/megaplan/executor"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/scan"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

// recorder makes completed actions durable and remembers them for the state (rule 28). It is safe for concurrent use.
type recorder struct {
	p       *Project
	planned *Planned
	journal *state.Journal
	prover  *prover

	mu      sync.Mutex
	records map[addr.Address][]planner.Record
}

func (r *Run) newRecorder(planned *Planned) *recorder {
	return &recorder{p: r.p, planned: planned, journal: r.hold.Journal(), prover: r.p.newProver(), records: map[addr.Address][]planner.Record{}}
}

func (r *recorder) close() { r.prover.close() }

// recordSize is about how large a record in the journal becomes; the journal takes some more.
const recordSize = 256 << 10

// record is the executor's Record: first the journal, then what the state will be made of, then the proof.
func (r *recorder) record(ctx context.Context, a *planner.Action, result planner.Result) error {
	if a.Kind == planner.ExpireTrash {
		return nil // the state knows nothing of what is in a bin
	}
	effect := planner.Effect(r.planned.Plan, a, result)
	for _, part := range effect.Split(recordSize) {
		data, err := json.Marshal(part)
		if err != nil {
			return fmt.Errorf("record %s: %w", a.Path, err)
		}
		if err := r.journal.Append(ctx, state.JournalRecord{Address: a.Address, Data: data}); err != nil {
			return fmt.Errorf("record %s: %w", a.Path, err)
		}
	}
	r.mu.Lock()
	r.records[a.Address] = append(r.records[a.Address], effect)
	r.mu.Unlock()
	r.prover.add(a, result)
	return nil
}

// changes turns plan and records into what the state becomes, for every address that took part.
func (r *recorder) changes(now time.Time, report *executor.Report) []state.Change {
	succeeded := r.succeeded(report)
	unfinished := r.planned.Plan.Rollback && (report == nil || report.Left > 0 || len(report.Failures) > 0)
	r.mu.Lock()
	defer r.mu.Unlock()
	var changes []state.Change
	for i := range r.planned.Plan.Targets {
		t := &r.planned.Plan.Targets[i]
		if c, ok := r.change(t, now); ok {
			if succeeded[t.Address] {
				c.Resource.LastSuccess = now
			}
			if unfinished && c.SetManifest { // the next rollback goes on, and does not take this one back
				before := r.p.prior[t.Prior].Before
				c.SetBegan, c.Began, c.Run = true, before.Manifest, before.Run
			}
			changes = append(changes, c)
		}
	}
	return changes
}

// change is what one address becomes, false where it stays out of it.
func (r *recorder) change(t *planner.Target, now time.Time) (state.Change, bool) {
	records := r.records[t.Address]
	gone := slices.ContainsFunc(records, func(r planner.Record) bool { return r.Forget })
	switch {
	case gone:
		return state.Change{Resource: state.Resource{Address: t.Address}, Forget: true}, true
	case t.Status != planner.Active && len(records) == 0, r.planned.Plan.Rollback && t.Undoes == "", r.planned.Plan.Refresh && !r.news(t):
		return state.Change{}, false
	}
	from := t.Address
	if !t.Prior.IsZero() {
		from = t.Prior
	}
	c := state.Change{Resource: r.resource(t, records)}
	if from != t.Address {
		c.From = from
	}
	if len(records) > 0 || len(t.Adopt) > 0 || len(t.Drop) > 0 || r.p.pending[from] || t.Resource.LastApplied.IsZero() {
		old := r.p.prior[from].Manifest
		c.SetManifest, c.Acted, c.Manifest = true, len(records) > 0, planner.ManifestAfter(old, *t, records)
		if (len(t.Adopt) > 0 || len(t.Drop) > 0 || len(t.Found) > 0) && !r.p.undoing[from] { // a rollback that goes on found what the one before it did
			c.SetBegan, c.Began = true, planner.ManifestBefore(old, *t, records)
		}
		c.Resource.LastApplied = now
	}
	return c, true
}

// news says whether a refresh has something to tell the state about an address, which it must know already.
func (r *recorder) news(t *planner.Target) bool {
	return !t.Prior.IsZero() && (len(t.Adopt) > 0 || len(t.Drop) > 0 || r.p.pending[t.Prior] ||
		t.Root.Handle != t.Resource.Root || !reflect.DeepEqual(t.Snapshots, t.Resource.Snapshots))
}

// resource is the address's entry in the document after the run. What the configuration says about it is put there by an apply
// alone: before that, its path and its protection are still those of the last one.
func (r *recorder) resource(t *planner.Target, records []planner.Record) state.Resource {
	out := t.Resource
	out.Address = t.Address
	if r.planned.Plan.FromSource() {
		out = r.p.declaredResource(t)
	}
	out.Root = t.Root.Handle
	out.Snapshots = planner.SnapshotsAfter(t.Snapshots, records)
	for _, rec := range records {
		if rec.Root != 0 {
			out.Root = rec.Root
		}
	}
	return out
}

// declaredResource is the state's entry for an address as configuration and plan have it.
func (p *Project) declaredResource(t *planner.Target) state.Resource {
	out := t.Resource
	out.Address, out.Account = t.Address, t.Account
	if acct := p.accounts[t.Account]; acct != nil {
		out.AccountUser = acct.client.User()
	}
	if t.Status != planner.Active {
		return out
	}
	out.PreventDestroy = t.Lifecycle.PreventDestroy
	if t.Address.Kind == addr.Folder {
		f := p.folder(t.Address)
		out.Path, out.OnDelete = f.Path, string(f.OnDelete)
		return out
	}
	b := p.backup(t.Address)
	out.Path, out.OnDelete, out.Source, out.Host = b.Path, string(b.OnDelete), b.Source.Written, p.Host
	return out
}

// succeeded says for which addresses nothing failed and nothing is left; none without the report of a whole run.
func (r *recorder) succeeded(report *executor.Report) map[addr.Address]bool {
	if report == nil || report.Left > 0 || !r.planned.Plan.FromSource() {
		return nil
	}
	out := map[addr.Address]bool{}
	for i := range r.planned.Plan.Targets {
		t := &r.planned.Plan.Targets[i]
		out[t.Address] = t.Status == planner.Active
	}
	for _, f := range report.Failures {
		out[r.planned.Plan.Actions[f.Action-1].Address] = false
	}
	return out
}

func identityOf(l planner.Local) scan.Identity {
	return scan.Identity{Size: l.Size, MTime: l.MTime, CTime: l.CTime, Dev: l.Dev, Inode: l.Inode}
}
