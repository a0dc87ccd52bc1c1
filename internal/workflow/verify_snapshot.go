package workflow

import (
	"context"
	"errors"
	"fmt"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// onlyBackup is the backup that a list of addresses stands for, nil if it is not one.
func (p *Project) onlyBackup(addresses []addr.Address) *config.Backup {
	if len(addresses) != 1 {
		return nil
	}
	return p.configured(addresses[0])
}

// verifySnapshot reads the snapshot that is to be proven, and no other: the one that is named, else the newest complete one.
func (p *Project) verifySnapshot(ctx context.Context, b *config.Backup, v *Verified, name string) (at verifyAt, ok bool, err error) {
	spots, err := p.Places(ctx, b.Address.String())
	if errors.As(err, new(*missingError)) {
		return at, false, nil
	}
	if err != nil {
		return at, false, err
	}
	on, err := spots[0].shelf()
	if err != nil {
		return at, false, err
	}
	newest, err := snapshot.Pick(on.published, snapshot.Latest)
	if name == "" && err != nil {
		return at, false, nil //nolint:nilerr // there is none yet
	}
	v.Snapshot = newest
	if name != "" {
		if v.Snapshot, err = snapshot.Pick(on.published, name); err != nil {
			return at, false, fmt.Errorf("%s: %w", b.Address, err)
		}
		v.Outdated = v.Snapshot.Handle != newest.Handle
	}
	at.tree, err = spots[0].account.client.Below(ctx, v.Snapshot.Handle)
	return at, err == nil, p.accountError(b.Account, err)
}

// ofSnapshot is a manifest of everything in a snapshot, all of which is the backup's, and of what the state knows of it besides.
func ofSnapshot(in *tree.Tree, name string, known state.Manifest) state.Manifest {
	var m state.Manifest
	for id := range in.Walk(tree.Root) {
		m = append(m, state.Entry{Path: in.Path(id), Dir: in.Kind(id) == tree.Dir, Handle: in.Handle(id)})
	}
	for _, e := range known {
		if e.Path != tree.Path(name) && e.Path.Within(tree.Path(name)) {
			e.Path = e.Path[len(name)+1:]
			m = append(m, e)
		}
	}
	return m
}
