package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// maxSkew is how far the local clock may be off before expiry is withheld (rule 22).
const maxSkew = 10 * time.Minute

// gather reads all a plan depends on: accounts, sources and manifests at the same time, the state's document before them.
func (p *Project) gather(ctx context.Context, o planner.Options) (planner.Input, error) {
	in := planner.Input{Config: p.Config, Host: p.Host, Options: o}
	p.needsQuota = true
	manifests, err := p.readDocument(ctx, &in)
	if err != nil {
		return in, err
	}
	wanted, paths, err := p.wantedPaths(in.Prior, o.Destroy)
	if err != nil {
		return in, err
	}
	in.Paths = paths
	if in.Imports, _, err = p.importPaths(in.Prior); err != nil {
		return in, err
	}
	needed := planner.SourcesNeeded(in)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := manifests(gctx); err != nil || !o.Rollback {
			return err
		}
		return p.readBefore(gctx, in.Prior, in.Options)
	})
	var accounts []planner.Account
	g.Go(func() (err error) {
		accounts, err = p.readAccounts(gctx, wanted)
		return err
	})
	var sources []planner.Source
	g.Go(func() (err error) {
		sources, err = p.scanSources(gctx, needed)
		return err
	})
	var proofs map[addr.Address][]planner.Proof
	g.Go(func() (err error) {
		proofs, err = p.readProofs(gctx, needed)
		return err
	})
	if err := g.Wait(); err != nil {
		return in, err
	}
	for i := range sources {
		sources[i].Proofs = proofs[sources[i].Backup]
	}
	in.Accounts, in.Sources = accounts, sources
	p.clock(&in)
	return in, p.readBins(ctx, &in)
}

// gatherRemote reads what needs no source.
func (p *Project) gatherRemote(ctx context.Context, o planner.Options) (planner.Input, error) {
	in := planner.Input{Config: p.Config, Host: p.Host, Options: o}
	p.needsQuota = true
	if err := p.readState(ctx, &in); err != nil {
		return in, err
	}
	wanted, paths, err := p.wantedPaths(in.Prior, o.Destroy)
	if err != nil {
		return in, err
	}
	accounts, err := p.readAccounts(ctx, wanted)
	if err != nil {
		return in, err
	}
	in.Paths = paths
	in.Accounts = accounts
	p.clock(&in)
	return in, nil
}

// readAccounts connects to every account that a declared or remembered address needs, all at once.
func (p *Project) readAccounts(ctx context.Context, wanted map[addr.Address]*wanted) ([]planner.Account, error) {
	addresses := make([]addr.Address, 0, len(wanted))
	for a := range wanted {
		addresses = append(addresses, a)
	}
	slices.SortFunc(addresses, addr.Address.Compare)
	accounts := make([]planner.Account, len(addresses))
	g, ctx := errgroup.WithContext(ctx)
	for i, a := range addresses {
		g.Go(func() (err error) {
			accounts[i], err = p.readAccount(ctx, a, wanted[a])
			return err
		})
	}
	return accounts, g.Wait()
}

// wanted is the part of an account that a plan looks at.
type wanted struct {
	mega.Part
}

// wantedPaths collects, by account, every declared path and every root that state remembers. It also returns the declared
// paths in names as stored. Where a backup keeps snapshots only the newest is wanted, unless backups are taken away.
func (p *Project) wantedPaths(prior []planner.Prior, destroy bool) (map[addr.Address]*wanted, map[addr.Address]tree.Path, error) {
	all, declared := map[addr.Address]*wanted{}, map[addr.Address]tree.Path{}
	snapshots := p.keepSnapshots(destroy)
	add := func(a, account addr.Address, written string) (tree.Path, error) {
		path, err := p.encodePath(account, written)
		if all[account] == nil {
			all[account] = &wanted{}
		}
		if w := all[account]; snapshots[a] {
			w.SnapshotPaths = append(w.SnapshotPaths, path)
		} else {
			w.Paths = append(w.Paths, path)
		}
		return path, err
	}
	var err error
	for i := range p.Config.Backups {
		b := &p.Config.Backups[i]
		if declared[b.Address], err = add(b.Address, b.Account, b.Path); err != nil {
			return nil, nil, err
		}
	}
	for i := range p.Config.Folders {
		f := &p.Config.Folders[i]
		if declared[f.Address], err = add(f.Address, f.Account, f.Path); err != nil {
			return nil, nil, err
		}
	}
	imports, accounts, err := p.importPaths(prior)
	if err != nil {
		return nil, nil, err
	}
	for a, path := range imports {
		w := all[accounts[a]]
		w.Paths = append(w.Paths, path)
	}
	for _, r := range prior {
		if p.account(r.Resource.Account) == nil {
			continue // the planner says what becomes of it
		}
		if _, err := add(r.Resource.Address, r.Resource.Account, r.Resource.Path); err != nil {
			return nil, nil, err
		}
		if r.Resource.Root != 0 {
			if w := all[r.Resource.Account]; snapshots[r.Resource.Address] {
				w.SnapshotRoots = append(w.SnapshotRoots, r.Resource.Root)
			} else {
				w.Roots = append(w.Roots, r.Resource.Root)
			}
		}
	}
	return all, declared, nil
}

// keepSnapshots are the backups that keep snapshots; none where all of a backup is looked at because it is taken away.
func (p *Project) keepSnapshots(destroy bool) map[addr.Address]bool {
	out := map[addr.Address]bool{}
	for i := range p.Config.Backups {
		b := &p.Config.Backups[i]
		out[b.Address] = b.Mode == config.ModeSnapshots && !destroy
	}
	return out
}

// account returns the declaration of an account, nil if there is none.
func (p *Project) account(a addr.Address) *config.Account {
	for i := range p.Config.Accounts {
		if p.Config.Accounts[i].Address == a {
			return &p.Config.Accounts[i]
		}
	}
	return nil
}

func (p *Project) readAccount(ctx context.Context, a addr.Address, w *wanted) (planner.Account, error) {
	acct, err := p.connect(ctx, a)
	if err != nil {
		return planner.Account{}, err
	}
	quota, err := p.refreshWithQuota(ctx, acct)
	if err != nil {
		return planner.Account{}, p.accountError(a, err)
	}
	p.Observer.AccountRead(a, acct.read)
	out := planner.Account{Address: a, User: acct.client.User(), Quota: planner.Quota{Used: quota.Used, Total: quota.Total}}
	if out.Encoding, err = p.encoding(a); err != nil {
		return out, fmt.Errorf("%s: %w", a, err)
	}
	if out.Tree, err = acct.client.TreeOf(ctx, w.Part); err == nil {
		out.Veiled, err = veiled(ctx, acct.client, out.Tree)
	}
	if err == nil {
		out.Own, err = p.ownNodes(a, acct.client, out.Tree)
	}
	return out, p.accountError(a, err)
}

// refreshWithQuota asks for the quota while the tree is brought up to date: a round trip less.
func (p *Project) refreshWithQuota(ctx context.Context, acct *account) (quota mega.Quota, err error) {
	if acct.ahead && acct.quota != nil {
		quota, acct.quota = *acct.quota, nil
		return quota, p.bringUp(ctx, acct)
	}
	asking, cancel := context.WithCancel(ctx)
	defer cancel()
	client, failed := acct.client, error(nil)
	acct.beside.Go(func() { quota, failed = client.Quota(asking) })
	if err := p.bringUp(ctx, acct); err != nil {
		cancel()
		acct.beside.Wait()
		return quota, err
	}
	acct.beside.Wait()
	if errors.Is(failed, api.ErrSessionDead) {
		return acct.client.Quota(ctx) // of the session that the tree was read with
	}
	return quota, failed
}

// scanSources walks the sources of the backups that are here, one after the other: each walk uses all processors itself.
func (p *Project) scanSources(ctx context.Context, needed []addr.Address) (sources []planner.Source, err error) {
	for _, a := range needed {
		source, err := p.scanSource(ctx, p.backup(a))
		if err != nil {
			return nil, err
		}
		sources = append(sources, source)
	}
	return sources, nil
}

// clock takes the server's time from the accounts; without one the local clock has to do.
func (p *Project) clock(in *planner.Input) {
	in.Now = time.Now()
	for _, a := range p.accounts {
		if now, known := a.client.ServerTime(); known {
			in.Now = now
			in.ClockOff = in.ClockOff || a.client.ClockSkew().Abs() > maxSkew
		}
	}
}
