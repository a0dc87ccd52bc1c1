package state

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/megaplan/megaplan/internal/addr"
)

// defaultHeartbeat is how often a run shows that it is alive.
const defaultHeartbeat = time.Minute

// pollEvery is how often a run that waits for addresses looks again.
const pollEvery = time.Second

// Hold is a run's lease on some addresses (rule 29). Only they can be saved through it. Release it in the end.
type Hold struct {
	store   *Store
	lease   Lease
	journal *Journal
	// Freed are leases of dead processes of this host that were in the way and are gone now, to be reported.
	Freed []Lease

	// given says that the last save gave the addresses back.
	given atomic.Bool

	saving sync.Mutex

	basing sync.Mutex
	bases  map[addr.Address]base
}

// base is what an address was when the run first saved it: all of a run's saves are one step of its history.
type base struct {
	manifest Manifest
	digest   string // the manifest's own
	ref      ManifestRef
	history  []HistoryRef
}

// Lease takes the addresses for a run. If another run has one of them, it waits up to Options.LockTimeout and then returns a
// *LockedError. A stale lease is in the way like any other, and the error says that it is stale.
func (s *Store) Lease(ctx context.Context, addresses []addr.Address, operation string) (*Hold, error) {
	deadline := time.Now().Add(s.opt.LockTimeout)
	for {
		h, err := s.tryLease(ctx, addresses, operation)
		var held *LockedError
		if !errors.As(err, &held) || held.Address.IsZero() || !time.Now().Before(deadline) {
			return h, err
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return nil, err
		}
	}
}

func (s *Store) tryLease(ctx context.Context, addresses []addr.Address, operation string) (*Hold, error) {
	now := time.Now().UTC()
	h := &Hold{store: s, bases: map[addr.Address]base{}, lease: Lease{
		ID: uuid.NewString(), Host: s.opt.Host, PID: s.opt.PID, Machine: s.opt.Machine, Operation: operation,
		Addresses: slices.Clone(addresses), Since: now, Heartbeat: now,
	}}
	head := journalHead{Run: h.lease.ID, Host: s.opt.Host, Started: now, Serials: map[string]uint64{}}
	err := s.locked(ctx, operation, func(d *Document, revision string) error {
		after := d.clone()
		after.Leases = slices.DeleteFunc(after.Leases, func(l Lease) bool {
			dead := s.opt.Dead(l)
			if dead {
				h.Freed = append(h.Freed, l)
			}
			return dead
		})
		if l, a, taken := after.leased(addresses); taken {
			return &LockedError{Holder: l, Address: a, Stale: l.Stale(now)}
		}
		after.Leases = append(after.Leases, h.lease)
		for _, a := range addresses {
			r, _ := d.Resource(a)
			head.Serials[a.String()] = r.Serial
		}
		err := s.write(ctx, d, after, revision)
		head.Lineage = after.Lineage
		return err
	})
	if err != nil {
		return nil, err
	}
	if s.opt.JournalDir != "" {
		h.journal = newJournal(s.opt.JournalDir, head)
	}
	return h, nil
}

// ID is the lease's id.
func (h *Hold) ID() string { return h.lease.ID }

// Journal returns the run's journal, nil if the store has no journal directory.
func (h *Hold) Journal() *Journal { return h.journal }

// KeepAlive shows every so often that the run is alive. It returns when ctx ends, without an error, or when the lease is lost,
// with a *LeaseLostError. That the state cannot be reached for a while is borne.
func (h *Hold) KeepAlive(ctx context.Context) error {
	for sleep(ctx, cmp.Or(h.store.opt.Heartbeat, defaultHeartbeat)) == nil {
		err := h.edit(ctx, func(d *Document, i int) error {
			d.Leases[i].Heartbeat = time.Now().UTC()
			return nil
		})
		var lost *LeaseLostError
		if errors.As(err, &lost) && !h.given.Load() {
			return err
		}
	}
	return nil
}

// edit changes the document while the lease is in it, at index i.
func (h *Hold) edit(ctx context.Context, change func(d *Document, i int) error) error {
	return h.store.Edit(ctx, h.lease.Operation, func(d *Document) error {
		i := slices.IndexFunc(d.Leases, func(l Lease) bool { return l.ID == h.lease.ID })
		if i < 0 {
			return &LeaseLostError{h.lease.ID}
		}
		return change(d, i)
	})
}

// Release gives the addresses back. With saved, everything the journal holds is in the state, and the journal goes too. A run
// that wrote manifests also collects the objects that nothing refers to any more.
func (h *Hold) Release(ctx context.Context, saved bool) error {
	var err error
	if !h.given.Load() {
		err = h.edit(ctx, func(d *Document, i int) error {
			d.Leases = slices.Delete(d.Leases, i, i+1)
			return nil
		})
	}
	var lost *LeaseLostError
	if errors.As(err, &lost) {
		err = nil // it is given back already
	}
	if h.journal != nil {
		err = errors.Join(err, h.journal.close(saved))
	}
	if err == nil && saved {
		err = h.store.cleanJournals(ctx)
	}
	if err == nil && len(h.bases) > 0 {
		err = h.store.Collect(ctx)
	}
	if err != nil {
		return fmt.Errorf("release lease: %w", err)
	}
	return nil
}
