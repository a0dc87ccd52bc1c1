package workflow

import (
	"context"
	"fmt"

	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

// readBefore finds, for every address that the last run changed, what that run found: what a rollback leads back to. Addresses
// that only earlier runs changed are left out. A run that was cut off before it saved is the last one of its addresses.
func (p *Project) readBefore(ctx context.Context, prior []planner.Prior, o planner.Options) error {
	last := p.lastRun(prior, o)
	for i := range prior {
		r := prior[i].Resource
		var err error
		switch {
		case p.pending[r.Address] && !p.undoing[r.Address]:
			prior[i].Before, err = p.beforeCutOff(ctx, r)
		case p.pending[r.Address] || len(r.History) > 0 && sameRun(r.History[0], last):
			prior[i].Before, err = p.before(ctx, r) // which a rollback that was cut off was leading to
		}
		if err != nil {
			return fmt.Errorf("%s: %w", r.Address, err)
		}
		p.prior[r.Address] = prior[i]
	}
	return nil
}

// beforeCutOff is what a run that was cut off before it saved found, as far as the state knows.
func (p *Project) beforeCutOff(ctx context.Context, r state.Resource) (*planner.Before, error) {
	saved, err := p.store.Manifest(ctx, p.lineage, r)
	saved = planner.ManifestBefore(saved, planner.Target{}, p.cutOff[r.Address])
	return &planner.Before{Manifest: saved, CutOff: true, Time: r.LastApplied}, err
}

// before is what the last run that was saved found; nil if there is none.
func (p *Project) before(ctx context.Context, r state.Resource) (*planner.Before, error) {
	began, found, err := p.store.Began(ctx, p.lineage, r)
	if err != nil || !found {
		return nil, err
	}
	return &planner.Before{Manifest: began, Time: r.History[0].Time, Run: r.History[0].Run}, nil
}

// lastRun is the newest change of a manifest that this plan may take back.
func (p *Project) lastRun(prior []planner.Prior, o planner.Options) (last state.HistoryRef) {
	for i := range prior {
		r := prior[i].Resource
		if len(r.History) > 0 && planner.Selected(o, r.Address) && r.History[0].Time.After(last.Time) && p.lives(r) {
			last = r.History[0]
		}
	}
	return last
}

// lives says whether an address's backup belongs to this host.
func (p *Project) lives(r state.Resource) bool {
	return r.Host == "" || planner.SameHost(r.Host, p.Host)
}

// sameRun says whether two changes were made by one run.
func sameRun(a, b state.HistoryRef) bool {
	return a.Run == b.Run && a.Run != "" || a.Digest == b.Digest
}
