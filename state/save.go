package state

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/internal/addr"
)

// Change is what a run leaves behind for one of its addresses.
type Change struct {
	// Resource is the new one; its Address says which. Serial, Manifest, History and Run are filled in.
	Resource Resource
	// From is the address that the resource had in the state until now, if that is another one (rule 4).
	From addr.Address
	// SetManifest says that Manifest is the address's new one; else it keeps what it has.
	SetManifest bool
	Manifest    Manifest
	// Began is what the run found when it began, where that is not what the state said (SetBegan): Manifest without what the run
	// itself did.
	SetBegan bool
	Began    Manifest
	// Acted says that the run did something, which is a step of the history even where the manifest is as it was. Run is the run
	// that it goes on with; "" for the lease's own.
	Acted bool
	Run   string
	// Forget takes the address out of the state; only Resource.Address counts then.
	Forget bool
}

// Save puts changes of the lease's own addresses into the document as it is now; others' stay as they are (rule 29).
// Outputs are replaced unless nil. Manifests are written first. Save returns a *LeaseLostError if the lease was freed.
//
// Every record the journal took for an address before Save was called belongs into its manifest. What comes meanwhile is
// kept by the journal.
func (h *Hold) Save(ctx context.Context, changes []Change, outputs map[string]Output) error {
	return h.save(ctx, changes, outputs, false)
}

// SaveLast is Save, and gives the addresses back with the same document. Release is left to do the rest.
func (h *Hold) SaveLast(ctx context.Context, changes []Change, outputs map[string]Output) error {
	h.given.Store(true) // before the heartbeat can miss the lease
	err := h.save(ctx, changes, outputs, true)
	if err != nil {
		h.given.Store(false)
	}
	return err
}

func (h *Hold) save(ctx context.Context, changes []Change, outputs map[string]Output, last bool) error {
	for _, c := range changes {
		if !h.owns(c.Resource.Address) || !c.From.IsZero() && !h.owns(c.From) {
			return fmt.Errorf("save %s: the lease does not cover it", c.Resource.Address)
		}
	}
	h.saving.Lock()
	defer h.saving.Unlock()
	d, err := h.store.Read(ctx)
	if err != nil {
		return err
	}
	ready, err := h.prepareAll(ctx, d, changes)
	if err != nil {
		return err
	}
	return h.edit(ctx, func(d *Document, i int) error {
		if d.Leases[i].Heartbeat = time.Now().UTC(); last {
			d.Leases = slices.Delete(d.Leases, i, i+1)
		}
		for k := range changes {
			d.replace(&changes[k], ready[k])
		}
		if outputs != nil {
			d.Outputs = outputs
		}
		return nil
	})
}

func (h *Hold) owns(a addr.Address) bool { return slices.Contains(h.lease.Addresses, a) }

// prepareAtOnce is how many addresses' objects are written beside each other: a remote backend sends small ones together.
const prepareAtOnce = 8

func (h *Hold) prepareAll(ctx context.Context, d *Document, changes []Change) ([]Resource, error) {
	ready := make([]Resource, len(changes))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(prepareAtOnce)
	for i := range changes {
		g.Go(func() (err error) {
			if ready[i], err = h.prepare(ctx, d, &changes[i]); err != nil {
				err = fmt.Errorf("save %s: %w", changes[i].Resource.Address, err)
			}
			return err
		})
	}
	return ready, g.Wait()
}

// prepare writes the objects of a change, which takes long, and returns the resource with everything filled in. Nobody else
// changes an address that is leased, so the document may be read before it is locked.
func (h *Hold) prepare(ctx context.Context, d *Document, c *Change) (Resource, error) {
	r := c.Resource
	if c.Forget {
		return r, nil
	}
	from := r.Address
	if !c.From.IsZero() {
		from = c.From
	}
	old, _ := d.Resource(from)
	r.Serial, r.Manifest, r.History, r.Run = old.Serial, old.Manifest, old.History, h.lease.ID
	if !c.SetManifest {
		return r, nil
	}
	b, err := h.base(ctx, d.Lineage, r.Address, &old)
	if err != nil {
		return r, err
	}
	r.Manifest, r.History, err = h.step(ctx, ownerOf(d.Lineage, &r), b, c)
	return r, err
}

// base returns what an address was when the run first saved it; old is what it is now.
func (h *Hold) base(ctx context.Context, lineage string, a addr.Address, old *Resource) (base, error) {
	h.basing.Lock()
	b, ok := h.bases[a]
	h.basing.Unlock()
	if ok {
		return b, nil
	}
	manifest, digest, err := h.store.manifest(ctx, lineage, old)
	if err != nil {
		return b, err
	}
	b = base{manifest, digest, old.Manifest, old.History}
	h.basing.Lock()
	defer h.basing.Unlock()
	h.bases[a] = b
	return b, nil
}

// step writes a manifest and the ways back from it, all at once: to the one before it, and to what the run began with.
func (h *Hold) step(ctx context.Context, o owner, b base, c *Change) (ManifestRef, []HistoryRef, error) {
	s, m, began := h.store, c.Manifest.sorted(), b.manifest
	if c.SetBegan {
		began = c.Began.sorted()
	}
	if !c.Acted && slices.Equal(m, b.manifest) && slices.Equal(m, began) {
		return b.ref, b.history, nil
	}
	data, err := m.Encode()
	if err != nil {
		return ManifestRef{}, nil, err
	}
	ref := ManifestRef{}
	ref.Files, ref.Bytes = m.Totals()
	digest := Digest(data)
	last := HistoryRef{Time: time.Now().UTC(), Run: cmp.Or(c.Run, h.lease.ID)}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		ref.Digest, err = s.put(ctx, o, data)
		return err
	})
	g.Go(func() (err error) {
		last.Digest, err = s.putDelta(ctx, o, m, b.manifest, digest, b.digest)
		return err
	})
	if c.SetBegan && !slices.Equal(began, b.manifest) {
		g.Go(func() (err error) {
			last.Began, err = s.putDelta(ctx, o, m, began, digest, "")
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return ref, nil, err
	}
	history := append([]HistoryRef{last}, b.history...)
	return ref, history[:min(len(history), c.historyLimit())], nil
}

// historyLimit is how many manifest changes are remembered. What a backup with snapshots held is in its snapshots; of a manifest
// that is another one each time only the way back from the last run is of use.
func (c *Change) historyLimit() int {
	if len(c.Resource.Snapshots) > 0 {
		return 1
	}
	return HistoryLimit
}

func (s *Store) putDelta(ctx context.Context, o owner, after, before Manifest, afterDigest, beforeDigest string) (string, error) {
	delta, err := EncodeDelta(after, before, afterDigest, beforeDigest)
	if err != nil {
		return "", err
	}
	return s.put(ctx, o, delta)
}

// Began returns what an address's last run found when it began, as far as the address owned it then. Not found means that the
// state remembers no run that changed anything.
func (s *Store) Began(ctx context.Context, lineage string, r Resource) (m Manifest, found bool, err error) {
	if len(r.History) == 0 {
		return nil, false, nil
	}
	now, nowDigest, err := s.manifest(ctx, lineage, &r)
	if err != nil {
		return nil, false, err
	}
	digest := r.History[0].Began
	if digest == "" {
		digest = r.History[0].Digest
	}
	delta, err := s.object(ctx, ownerOf(lineage, &r), digest)
	if err != nil {
		return nil, false, err
	}
	m, _, err = ApplyDelta(delta, now, nowDigest)
	return m, err == nil, err
}

// replace puts a prepared change into the document.
func (d *Document) replace(c *Change, r Resource) {
	d.Resources = slices.DeleteFunc(d.Resources, func(old Resource) bool {
		if old.Address != r.Address && (c.From.IsZero() || old.Address != c.From) {
			return false
		}
		r.Verified = old.Verified // a verification takes no lease, so it may have ended during the run
		return true
	})
	if !c.Forget {
		d.Resources = append(d.Resources, r)
	}
}

// ManifestAt returns the newest manifest that is known not to be after t, and since when it held. Not found means that the
// state does not reach back so far (rule 32).
func (s *Store) ManifestAt(ctx context.Context, lineage string, r Resource, t time.Time) (m Manifest, since time.Time, found bool, err error) {
	steps := slices.IndexFunc(r.History, func(h HistoryRef) bool { return !h.Time.After(t) })
	if steps < 0 {
		return nil, time.Time{}, false, nil
	}
	m, digest, err := s.manifest(ctx, lineage, &r)
	if err != nil {
		return nil, time.Time{}, false, err
	}
	for _, h := range r.History[:steps] {
		delta, err := s.object(ctx, ownerOf(lineage, &r), h.Digest)
		if err != nil {
			return nil, time.Time{}, false, err
		}
		if m, digest, err = ApplyDelta(delta, m, digest); err != nil {
			return nil, time.Time{}, false, err
		}
	}
	return m, r.History[steps].Time, true, nil
}

// cleanJournals removes journals of runs that are over and of which nothing is left to save.
func (s *Store) cleanJournals(ctx context.Context) error {
	if s.opt.JournalDir == "" {
		return nil
	}
	files, err := readJournals(s.opt.JournalDir)
	if err != nil || len(files) == 0 {
		return err
	}
	d, err := s.Read(ctx)
	if err != nil {
		return err
	}
	for i := range files {
		f := &files[i]
		run := strings.TrimSuffix(filepath.Base(f.path), journalSuffix)
		running := slices.ContainsFunc(d.Leases, func(l Lease) bool { return l.ID == run })
		live := slices.ContainsFunc(f.records, func(r JournalRecord) bool { return f.live(d, r.Address) })
		if running || live || f.head.Lineage != d.Lineage && len(f.records) > 0 {
			continue
		}
		if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove journal: %w", err)
		}
	}
	return nil
}
