package workflow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// Snapshots is what a backup has of snapshots.
type Snapshots struct {
	Account addr.Address
	// Path is where they are, in names as stored; Owner is the address that declares it.
	Path  tree.Path
	Owner addr.Address
	// Zone is where days begin and end for the retention.
	Zone *time.Location
	// Judged says that Fates are what the owner's retention comes to today; else everything is kept because nobody judges.
	Judged bool
	Fates  []planner.Fate
	// Holds is what each of them holds by now, by its handle: less than its mark says if somebody took something away.
	Holds      map[tree.Handle]planner.Volume
	Unfinished []Unfinished
}

// Unfinished is a snapshot that is not published: it is being built, or its run was cut off.
type Unfinished struct {
	Node tree.Node
	planner.Volume
}

// Snapshots lists the snapshots at places, written as in [Project.Places]; without one, of every backup that keeps them. A
// backup that was never applied has none.
func (p *Project) Snapshots(ctx context.Context, places []string) ([]Snapshots, error) {
	if len(places) == 0 {
		for i := range p.Config.Backups {
			if b := &p.Config.Backups[i]; b.Mode == config.ModeSnapshots {
				places = append(places, b.Address.String())
			}
		}
	}
	var all []Snapshots
	for _, place := range places {
		spots, err := p.Places(ctx, place)
		if b := p.namedBackup(place); b != nil && errors.As(err, new(*missingError)) {
			none, err := p.noSnapshots(b)
			if err != nil {
				return nil, err
			}
			all = append(all, none)
			continue
		}
		if err != nil {
			return nil, err
		}
		for i := range spots {
			found, err := p.snapshotsAt(ctx, &spots[i])
			if err != nil {
				return nil, err
			}
			all = append(all, found)
		}
	}
	return all, nil
}

// namedBackup is the declared backup whose address a text is, nil if it is none.
func (p *Project) namedBackup(text string) *config.Backup {
	a, err := addr.Parse(text)
	if err != nil {
		return nil
	}
	return p.configured(a)
}

func (p *Project) noSnapshots(b *config.Backup) (Snapshots, error) {
	path, err := p.encodePath(b.Account, b.Path)
	if err != nil {
		return Snapshots{}, err
	}
	zone, err := b.Retention.Location()
	return Snapshots{Account: b.Account, Path: path, Owner: b.Address, Zone: zone, Judged: b.Mode == config.ModeSnapshots}, err
}

func (p *Project) snapshotsAt(ctx context.Context, s *Spot) (Snapshots, error) {
	found := Snapshots{Account: s.account.decl.Address, Path: s.path, Owner: s.owner(), Zone: time.UTC}
	on, err := s.shelf()
	if err != nil {
		return found, err
	}
	if b := p.configured(found.Owner); b != nil && b.Mode == config.ModeSnapshots && s.isRoot(found.Owner) {
		found.Judged = true
		if found.Zone, err = b.Retention.Location(); err == nil {
			found.Fates, err = planner.SnapshotFates(b.Retention, on.published, serverNow(s.account.client))
		}
		if err != nil {
			return found, fmt.Errorf("retention of %s: %w", b.Address, err)
		}
	} else {
		for _, one := range on.published {
			found.Fates = append(found.Fates, planner.Fate{Snapshot: one, Keep: true})
		}
	}
	found.Holds = map[tree.Handle]planner.Volume{}
	for _, one := range on.published {
		if found.Holds[one.Handle], err = s.volume(ctx, one.Handle); err != nil {
			return found, err
		}
	}
	for _, n := range on.unfinished {
		v, err := s.volume(ctx, n.Handle)
		if err != nil {
			return found, err
		}
		found.Unfinished = append(found.Unfinished, Unfinished{n, v})
	}
	return found, nil
}

func (s *Spot) volume(ctx context.Context, h tree.Handle) (planner.Volume, error) {
	files, bytes, err := s.account.client.Volume(ctx, h)
	return planner.Volume{Files: files, Bytes: bytes}, err
}

// owner is the address whose declared path is the place or above it, or the one that was named.
func (s *Spot) owner() addr.Address {
	if s.under != nil {
		return s.under.address
	}
	return s.entry(s.path, tree.Node{}).Owner
}

// isRoot says whether the place is all of an address, not a part of it.
func (s *Spot) isRoot(a addr.Address) bool {
	if s.under != nil {
		return s.atRoot
	}
	for i := range s.declared {
		if d := &s.declared[i]; d.address == a && d.account == s.account.decl.Address {
			return d.path == s.path
		}
	}
	return false
}

// serverNow is the server's time as far as it is known, else this computer's.
func serverNow(client *mega.Client) time.Time {
	if now, known := client.ServerTime(); known {
		return now
	}
	return time.Now()
}
