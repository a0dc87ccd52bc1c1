package workflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/internal/verify"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

// VerifyOptions say what to prove.
type VerifyOptions struct {
	// Addresses are the backups; none means all.
	Addresses []addr.Address
	Sample    verify.Sample
	// Snapshot names the snapshot to prove, of the one address that is given; empty: the newest complete one.
	Snapshot string
	// Download also proves the bytes on the server, of every backup whatever its host (rule 5).
	Download bool
	// Progress is told the bytes read here and those fetched, from any goroutine.
	Progress func(read, fetched int64)
}

// Verified is what became of one backup.
type Verified struct {
	Address addr.Address
	Source  string
	// NotHere is the host that has the source, where it is another one.
	NotHere string
	// NotThere says that the backup was never applied.
	NotThere bool
	// Failure says why the source could not be read.
	Failure string
	// Snapshot is the one that was proven, where the backup keeps them; Outdated says that there is a newer one.
	Snapshot snapshot.Snapshot
	Outdated bool
	// Local says that the source was compared.
	Local  bool
	Result verify.Result
	Took   time.Duration
}

// Partial says that not everything could be looked at (exit code 3).
func (v *Verified) Partial() bool { return v.Failure != "" || v.Result.Unread() > 0 }

// Verify proves backups. Nothing is downloaded unless that is asked for, and no lease is taken (rule 29).
func (p *Project) Verify(ctx context.Context, o VerifyOptions) ([]Verified, error) {
	if o.Progress == nil {
		o.Progress = func(int64, int64) {}
	}
	for _, a := range o.Addresses {
		if !p.isBackup(a) {
			return nil, fmt.Errorf("there is no %s in the configuration", a)
		}
	}
	if o.Snapshot != "" {
		if b := p.onlyBackup(o.Addresses); b == nil || b.Mode != config.ModeSnapshots {
			return nil, errors.New("-snapshot names a snapshot of one backup: give the address of one that keeps them")
		}
	}
	in, err := p.gatherRemote(ctx, planner.Options{Target: o.Addresses})
	if err != nil {
		return nil, err
	}
	here := map[addr.Address]bool{}
	for _, a := range planner.SourcesNeeded(in) {
		here[a] = true
	}
	var all []Verified
	for i := range p.Config.Backups {
		b := &p.Config.Backups[i]
		if !planner.Selected(in.Options, b.Address) {
			continue
		}
		one, err := p.verifyBackup(ctx, in, b, here[b.Address], o)
		if err != nil {
			return all, err
		}
		all = append(all, one)
	}
	return all, p.keepVerified(ctx, all, o)
}

// keepVerified writes what was found into the state, under its short lock (rule 29). A backup that the state does not know
// has nowhere to keep it.
func (p *Project) keepVerified(ctx context.Context, all []Verified, o VerifyOptions) error {
	now := time.Now()
	for _, acct := range p.accounts {
		if server, known := acct.client.ServerTime(); known {
			now = server
		}
	}
	found := map[addr.Address]state.Verification{}
	for i := range all {
		v := &all[i]
		if _, known := p.prior[v.Address]; !known || !v.Local || v.Outdated {
			continue
		}
		found[v.Address] = state.Verification{
			Time: now.UTC().Truncate(time.Second), Percent: cmp.Or(o.Sample.Percent, 100), Files: v.Result.Files,
			Equal: v.Result.Counts[verify.Equal] + v.Result.Counts[verify.Grown], Differences: v.Result.Differences(), Downloaded: o.Download,
		}
	}
	if len(found) == 0 {
		return nil
	}
	return p.store.Edit(ctx, "verify", func(d *state.Document) error {
		for i := range d.Resources {
			if v, ok := found[d.Resources[i].Address]; ok {
				d.Resources[i].Verified = v
			}
		}
		return nil
	})
}

func (p *Project) isBackup(a addr.Address) bool {
	for i := range p.Config.Backups {
		if p.Config.Backups[i].Address == a {
			return true
		}
	}
	return false
}

func (p *Project) verifyBackup(ctx context.Context, in planner.Input, b *config.Backup, here bool, o VerifyOptions) (Verified, error) {
	began := time.Now()
	v := Verified{Address: b.Address, Source: b.Source.Written}
	at, ok, err := p.verifyRoot(ctx, in, b, &v, o.Snapshot)
	if err != nil {
		return v, err
	}
	if prior, known := p.prior[b.Address]; !ok && known && hadContent(b, prior) {
		// It was applied and is gone: everything the source has of it is missing there.
		at, ok = verifyAt{tree.NewBuilder(tree.Node{}).Build(), tree.Root}, true
	}
	switch {
	case !ok:
		v.NotThere = true
		return v, nil
	case here:
		if err := p.verifyHere(ctx, &v, b, at, o); err != nil {
			return v, err
		}
	default:
		v.NotHere = b.Source.Host
		if prior, ok := p.prior[b.Address]; ok && v.NotHere == "" {
			v.NotHere = prior.Resource.Host
		}
	}
	if o.Download && v.Failure == "" {
		files, left := verify.Choose(at.tree, at.root, o.Sample)
		v.Result.Unfetched = left
		if !here {
			v.Result.Unsampled = left
		}
		client := p.accounts[b.Account].client
		err := verify.Fetch(ctx, files, client, func(n int64) { o.Progress(0, n) }, &v.Result)
		if err != nil {
			return v, p.accountError(b.Account, err)
		}
	}
	v.Took = time.Since(began)
	return v, nil
}

// hadContent says whether a backup was ever applied as it is configured now, with something in it.
func hadContent(b *config.Backup, prior planner.Prior) bool {
	if b.Mode == config.ModeSnapshots {
		return len(prior.Resource.Snapshots) > 0
	}
	return len(prior.Manifest) > 0
}

// verifyAt is the remote side of a verification.
type verifyAt struct {
	tree *tree.Tree
	root tree.ID
}

// verifyRoot finds a backup's folder, or one of its snapshots.
func (p *Project) verifyRoot(ctx context.Context, in planner.Input, b *config.Backup, v *Verified, name string) (at verifyAt, ok bool, err error) {
	if b.Mode == config.ModeSnapshots {
		return p.verifySnapshot(ctx, b, v, name)
	}
	for i := range in.Accounts {
		if in.Accounts[i].Address == b.Account {
			at.tree = in.Accounts[i].Tree
			at.root, ok = at.tree.Lookup(in.Paths[b.Address])
		}
	}
	return at, ok, nil
}

// verifyHere compares the source with the backup.
func (p *Project) verifyHere(ctx context.Context, v *Verified, b *config.Backup, at verifyAt, o VerifyOptions) error {
	source, err := p.scanSource(ctx, b)
	if err != nil {
		return err
	}
	if source.Failure != planner.SourceOK {
		v.Failure = fmt.Sprintf("the source is %s: %s", source.Failure, source.Detail)
		return nil
	}
	all, err := p.readProofs(ctx, []addr.Address{b.Address})
	if err != nil {
		return err
	}
	proofs := make(map[tree.Handle]planner.Proof, len(all[b.Address]))
	for _, proof := range all[b.Address] {
		proofs[proof.Handle] = proof
	}
	encoding, err := p.encoding(b.Account)
	if err != nil {
		return err
	}
	prior, known := p.prior[b.Address]
	input := verify.Input{
		Remote: at.tree, Root: at.root, Local: source.Tree, Encoding: encoding, Manifest: prior.Manifest, HasState: known, Proofs: proofs,
		KeepsGone: b.Mode == config.ModeArchive || b.OnDelete == config.DeleteKeep, Sample: o.Sample, Grows: p.growing(b.Address).Takes,
	}
	if one := v.Snapshot; one.Name != "" {
		input.Dated, input.Made = true, verify.Held{Files: one.Files, Bytes: one.Bytes}
		input.Manifest, input.HasState = ofSnapshot(at.tree, one.Name, prior.Manifest), true
	}
	v.Local = true
	v.Result, err = verify.Run(ctx, verify.Compare(input), verify.Env{
		Open: func(c *verify.Check) (verify.File, error) { return p.openCheck(b, c) },
		Keys: p.accounts[b.Account].client.ContentKey, Progress: func(n int64) { o.Progress(n, 0) },
	})
	return err
}

// openCheck opens a file that is to be proven.
func (p *Project) openCheck(b *config.Backup, c *verify.Check) (verify.File, error) {
	body, err := p.openContent(b.Address, c.Path, c.Symlink, c.Identity)
	if errors.Is(err, errChanged) {
		err = fmt.Errorf("%w: %w", verify.ErrChanged, err)
	}
	if err != nil {
		return nil, err
	}
	return checked{body}, nil
}

// checked is an open file that can be asked whether it is still the same.
type checked struct{ *content }

// Unchanged implements verify.File.
func (c checked) Unchanged() error {
	err := c.unchanged()
	if errors.Is(err, errChanged) {
		err = verify.ErrChanged
	}
	return err
}
