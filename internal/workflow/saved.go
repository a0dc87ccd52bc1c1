package workflow

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/atomicfile"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/planfile"
	"github.com/megaplan/megaplan/planner"
)

// Save writes a plan to a file with everything it is bound to (rule 26).
func (p *Project) Save(planned *Planned, path string) error {
	saved := planfile.Saved{
		Created: time.Now(), MegaplanVersion: p.Version, Host: p.Host, ConfigDigest: p.Config.Digest,
		Lineage: planned.Lineage, Serials: p.serials(planned.Plan), Plan: planned.Plan,
	}
	for a, acct := range p.accounts {
		saved.Accounts = append(saved.Accounts, planfile.AccountPoint{Account: a, User: acct.client.User(), Sequence: planned.SN[a]})
	}
	if err := planfile.Write(path, saved); err != nil {
		return err
	}
	return p.rememberPlan(path)
}

// plansFile lists the plan files that were written, a path a line: a plan saved inside a source is not part of its backup (rule 7).
func (p *Project) plansFile() string { return filepath.Join(p.Config.Dir, ".megaplan", "plans") }

// savedPlans are the plan files that are known; one that is gone does no harm in the list.
func (p *Project) savedPlans() []string {
	text, err := os.ReadFile(p.plansFile())
	if err != nil {
		return nil // none was saved yet
	}
	return strings.Split(strings.TrimRight(string(text), "\n"), "\n")
}

func (p *Project) rememberPlan(path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	known := p.savedPlans()
	if slices.Contains(known, abs) {
		return nil
	}
	known = slices.DeleteFunc(known, func(path string) bool {
		_, err := os.Lstat(path)
		return errors.Is(err, fs.ErrNotExist)
	})
	if err := atomicfile.MkdirAll(filepath.Dir(p.plansFile())); err != nil {
		return err
	}
	text := strings.Join(append(known, abs), "\n") + "\n"
	return atomicfile.Write(p.plansFile(), []byte(text), atomicfile.Options{})
}

// serials are those of the plan's addresses in the state as it was read last, 0 for those it does not have.
func (p *Project) serials(plan *planner.Plan) map[addr.Address]uint64 {
	serials := map[addr.Address]uint64{}
	for i := range plan.Targets {
		a := plan.Targets[i].Address
		serials[a] = p.prior[a].Resource.Serial
	}
	return serials
}

// ReadPlan reads a saved plan to look at it; it may be stale.
func ReadPlan(path string) (*Planned, error) {
	saved, err := planfile.Read(path)
	if err != nil {
		return nil, err
	}
	return plannedOf(saved), nil
}

func plannedOf(saved planfile.Saved) *Planned {
	planned := &Planned{Plan: saved.Plan, Now: saved.Created, Lineage: saved.Lineage, SN: map[addr.Address]string{}}
	for _, point := range saved.Accounts {
		planned.SN[point.Account] = point.Sequence
	}
	return planned
}

// Load reads a saved plan to carry it out. It is refused when configuration, variables, host or state are not those it was
// made with, when events since then touched a node it names, or when a node or path it names is not as it was (rule 26). The
// latter is checked on the tree as of now, also where the events are still to be had.
func (r *Run) Load(ctx context.Context, path string) (*Planned, error) {
	p := r.p
	saved, err := planfile.Read(path)
	if err != nil {
		return nil, err
	}
	if err := saved.CheckHost(p.Host); err != nil {
		return nil, err
	}
	var in planner.Input
	if err := p.readState(ctx, &in); err != nil {
		return nil, err
	}
	now := planfile.Bindings{ConfigDigest: p.Config.Digest, Lineage: p.lineage, Serials: p.serials(saved.Plan), Users: map[addr.Address]string{}}
	if err := planfile.Check(saved.Unbound(now)); err != nil {
		return nil, err
	}
	destroys := slices.ContainsFunc(saved.Plan.Targets, func(t planner.Target) bool { return t.Status == planner.Destroyed })
	wanted, _, err := p.wantedPaths(in.Prior, destroys)
	if err != nil {
		return nil, err
	}
	accounts, err := p.readAccounts(ctx, wanted)
	if err != nil {
		return nil, err
	}
	var reasons []string
	for _, a := range accounts {
		now.Users[a.Address] = a.User
		touched, err := p.touched(ctx, saved, a.Address)
		if err != nil {
			return nil, p.accountError(a.Address, err)
		}
		reasons = append(reasons, saved.Stale(a.Address, touched)...)
		reasons = append(reasons, saved.StaleNow(a.Address, a.Tree)...)
	}
	if err := planfile.Check(saved.Unbound(now), reasons); err != nil {
		return nil, err
	}
	for i := range saved.Plan.Actions {
		if a := &saved.Plan.Actions[i]; !planner.Selected(r.options, a.Address) {
			return nil, fmt.Errorf("a saved plan is carried out as it is: -target and -exclude belong to the plan command")
		}
	}
	return plannedOf(saved), nil
}

// touched lists what events since the plan are about, nothing if they are no longer to be had. Folders are left out: an event
// also names the folder it happened in, and what matters about a folder, its place and what it holds, is seen in the tree.
func (p *Project) touched(ctx context.Context, saved planfile.Saved, account addr.Address) ([]planfile.Touched, error) {
	i := slices.IndexFunc(saved.Accounts, func(point planfile.AccountPoint) bool { return point.Account == account })
	if i < 0 || saved.Accounts[i].Sequence == "" {
		return nil, nil
	}
	client := p.accounts[account].client
	handles, err := client.TouchedSince(ctx, saved.Accounts[i].Sequence)
	if errors.Is(err, mega.ErrTooOld) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var touched []planfile.Touched
	for h := range handles {
		place, err := client.Locate(h)
		if err != nil {
			return nil, err
		}
		if !place.Found || place.Node.Kind.HasContent() {
			touched = append(touched, planfile.Touched{Handle: h, Parent: place.Parent, Name: place.Node.Name})
		}
	}
	return touched, nil
}
