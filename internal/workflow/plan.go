package workflow

import (
	"context"
	"slices"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/planner"
)

// Planned is a plan with what binds it to the moment it was made (rule 26).
type Planned struct {
	Plan *planner.Plan
	// Now is the server's time of the plan.
	Now time.Time
	// SN is each account's sequence number at the time.
	SN map[addr.Address]string
	// Lineage is the state's.
	Lineage string
}

// Plan reads everything and decides. It takes no lock and writes no state (rule 29).
func (p *Project) Plan(ctx context.Context, o planner.Options) (*Planned, error) {
	in, err := p.gather(ctx, o)
	if err != nil {
		return nil, err
	}
	return p.planFrom(ctx, in)
}

// Drift compares the accounts with the state, for every backup whatever its host (rule 5). Nothing local is read.
func (p *Project) Drift(ctx context.Context, ignore []string) (*Planned, error) {
	in, err := p.gatherRemote(ctx, planner.Options{DriftOnly: true, IgnoreDrift: ignore})
	if err != nil {
		return nil, err
	}
	return p.planFrom(ctx, in)
}

func (p *Project) planFrom(ctx context.Context, in planner.Input) (*Planned, error) {
	plan, err := p.step(ctx, in)
	if err != nil {
		return nil, err
	}
	plan.Warnings = p.Config.Files.Annotate(plan.Warnings)
	for i := range plan.Refusals {
		d := &plan.Refusals[i].Diagnostic
		*d = p.Config.Files.Annotate(diag.List{*d})[0]
	}
	sn := map[addr.Address]string{}
	for a, acct := range p.accounts {
		sn[a] = acct.read.SN
	}
	return &Planned{Plan: plan, Now: in.Now, SN: sn, Lineage: p.lineage}, nil
}

// Refused returns the plan's refusals as an error, nil if there are none.
func (p *Planned) Refused() error {
	if len(p.Plan.Refusals) == 0 {
		return nil
	}
	return &RefusedError{Refusals: p.Plan.Refusals}
}

// ChecksFailed says whether a check of the configuration does not hold.
func (p *Planned) ChecksFailed() bool {
	return slices.ContainsFunc(p.Plan.Checks, func(c planner.CheckResult) bool { return !c.OK })
}

// mend lets checks hold that failed only for want of an apply, for the backups that this one succeeded with.
func (p *Planned) mend(succeeded map[addr.Address]bool) {
	for i := range p.Plan.Checks {
		if c := &p.Plan.Checks[i]; c.Aged && succeeded[c.Backup] {
			c.OK, c.Detail = true, "fine"
		}
	}
}
