package state

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/megaplan/megaplan/internal/addr"
)

// Options tune a Store. The zero value works, without a journal.
type Options struct {
	// Host is the name this host goes by (rule 5), for leases.
	Host string
	// MegaplanVersion goes into every document that is written.
	MegaplanVersion string
	// JournalDir is the local directory of run journals.
	JournalDir string
	// LockTimeout is how long to wait for addresses that another run has. The document lock is waited for a little longer.
	LockTimeout time.Duration
	// Sealed says that the backend is not on this machine: it gets manifests sealed. Key finds the keys for that, and for what a
	// bundle from such a backend brings.
	Sealed bool
	Key    KeyFunc
	// Heartbeat is how often a run shows that it is alive; 0: every minute.
	Heartbeat time.Duration
	// PID and Machine say who we are; 0 and "" ask the system.
	PID     int
	Machine string
	// Freed is told of a document lock that a dead process of this machine had left behind; nil: nobody is.
	Freed func(LockInfo)
	// Dead says whether the process of a lease is known to be dead; nil asks the system.
	Dead func(Lease) bool
}

// Store is the state in a backend. It is safe for concurrent use.
type Store struct {
	backend Backend
	opt     Options
}

// NewStore returns the state that the backend keeps.
func NewStore(b Backend, opt Options) *Store {
	if opt.PID == 0 {
		opt.PID = os.Getpid()
	}
	if opt.Machine == "" {
		opt.Machine = thisMachine()
	}
	if opt.Dead == nil {
		machine := opt.Machine
		opt.Dead = func(l Lease) bool { return deadHere(l, machine) }
	}
	return &Store{b, opt}
}

// Paths returns the local files and directories that belong to the state; no scan takes them (rule 7).
func (s *Store) Paths() []string {
	var out []string
	if b, ok := s.backend.(interface{ Paths() []string }); ok {
		out = b.Paths()
	}
	if s.opt.JournalDir != "" {
		out = append(out, s.opt.JournalDir)
	}
	return out
}

// Read returns the document. If there is none, it returns an empty one, which has no lineage. It takes no lock.
func (s *Store) Read(ctx context.Context) (*Document, error) {
	d, _, err := s.read(ctx)
	return d, err
}

func (s *Store) read(ctx context.Context) (*Document, string, error) {
	data, revision, err := s.backend.Read(ctx)
	if err != nil {
		return nil, "", fmt.Errorf("read state from %s: %w", s.backend, err)
	}
	if revision == "" {
		return &Document{Version: 1}, "", nil
	}
	d, err := Decode(data)
	if err != nil {
		return nil, "", fmt.Errorf("read state from %s: %w", s.backend, err)
	}
	return d, revision, nil
}

// Pending returns what run journals of this host know and the document does not: the records of runs that were killed, and
// of those that are still at work, in the order they were made (rule 28).
func (s *Store) Pending(d *Document) ([]JournalRecord, error) {
	if s.opt.JournalDir == "" {
		return nil, nil
	}
	files, err := readJournals(s.opt.JournalDir)
	if err != nil {
		return nil, err
	}
	var out []JournalRecord
	for i := range files {
		for _, r := range files[i].records {
			if files[i].live(d, r.Address) {
				out = append(out, r)
			}
		}
	}
	return out, nil
}

// Manifest reads the manifest of a resource of the document with that lineage.
func (s *Store) Manifest(ctx context.Context, lineage string, r Resource) (Manifest, error) {
	m, _, err := s.manifest(ctx, lineage, &r)
	return m, err
}

// manifest also returns the manifest's own digest, which deltas go by. It is the object's, unless that is sealed.
func (s *Store) manifest(ctx context.Context, lineage string, r *Resource) (m Manifest, digest string, err error) {
	if r.Manifest.Digest == "" {
		return nil, "", nil
	}
	data, err := s.object(ctx, ownerOf(lineage, r), r.Manifest.Digest)
	if err != nil {
		return nil, "", err
	}
	m, err = DecodeManifest(data)
	return m, Digest(data), err
}

func (s *Store) object(ctx context.Context, o owner, digest string) ([]byte, error) {
	data, err := s.raw(ctx, digest)
	if err != nil {
		return nil, err
	}
	return s.open(ctx, o, data)
}

// raw reads an object as the backend keeps it.
func (s *Store) raw(ctx context.Context, digest string) ([]byte, error) {
	data, err := s.backend.Get(ctx, digest)
	if errors.Is(err, ErrNoObject) {
		return nil, corrupt("state in "+s.backend.String(), fmt.Errorf("object %s is missing", digest))
	}
	if err != nil {
		return nil, fmt.Errorf("read state object %s: %w", digest, err)
	}
	if Digest(data) != digest {
		return nil, corrupt("state object "+digest, errors.New("its bytes are others"))
	}
	return data, nil
}

func (s *Store) put(ctx context.Context, o owner, data []byte) (string, error) {
	data, err := s.seal(ctx, o, data)
	if err != nil {
		return "", err
	}
	return s.putRaw(ctx, data)
}

func (s *Store) putRaw(ctx context.Context, data []byte) (string, error) {
	digest := Digest(data)
	if err := s.backend.Put(ctx, digest, data); err != nil {
		return "", fmt.Errorf("write state object: %w", err)
	}
	return digest, nil
}

// Edit changes the document under its lock, for what needs no lease: operation says what for. Serials are raised here where
// something changed. An error of change leaves everything as it was.
func (s *Store) Edit(ctx context.Context, operation string, change func(*Document) error) error {
	return s.locked(ctx, operation, func(before *Document, revision string) error {
		after := before.clone()
		if err := change(after); err != nil {
			return err
		}
		return s.write(ctx, before, after, revision)
	})
}

// Overwrite is Edit where a document that is damaged counts as none: the one that change makes takes its place.
func (s *Store) Overwrite(ctx context.Context, operation string, change func(*Document) error) error {
	return s.underLock(ctx, operation, func() error {
		before, revision, err := s.read(ctx)
		ruin := errors.As(err, new(*CorruptError))
		if ruin {
			before = &Document{Version: 1}
			_, revision, err = s.backend.Read(ctx)
		}
		if err != nil {
			return err
		}
		after := before.clone()
		if err := change(after); err != nil {
			return err
		}
		if ruin {
			before.Serial = after.Serial // the serial of what was there is lost
		}
		return s.write(ctx, before, after, revision)
	})
}

// write raises serials and replaces the document, unless it is the same.
func (s *Store) write(ctx context.Context, before, after *Document, revision string) error {
	if after.Lineage == "" {
		after.Lineage = uuid.NewString()
	}
	if err := compactOutputs(after.Outputs); err != nil {
		return err
	}
	changed := !maps.EqualFunc(before.Outputs, after.Outputs, Output.equal) || len(before.Resources) != len(after.Resources)
	for i := range after.Resources {
		r := &after.Resources[i]
		old, known := before.Resource(r.Address)
		if !known || !sameButTimes(*r, old) {
			changed = true
			r.Serial = max(r.Serial, old.Serial) + 1
		} else {
			r.Serial = old.Serial
		}
	}
	after.Serial = before.Serial
	if changed {
		after.Serial++
	} else if reflect.DeepEqual(before, after) {
		return nil
	}
	after.MegaplanVersion = s.opt.MegaplanVersion
	data, err := after.Encode()
	if err != nil {
		return err
	}
	if err := s.backend.Write(ctx, data, revision, changed && before.Lineage != ""); err != nil {
		return fmt.Errorf("write state to %s: %w", s.backend, err)
	}
	return nil
}

// sameButTimes compares what a serial counts: everything but when, and by which run, it was last found so (rule 28).
func sameButTimes(a, b Resource) bool {
	for _, r := range []*Resource{&a, &b} {
		r.Serial, r.LastApplied, r.LastSuccess, r.Run = 0, time.Time{}, time.Time{}, ""
		r.History = nil // follows the manifest
		r.Verified = Verification{}
	}
	return reflect.DeepEqual(a, b)
}

// locked runs f under the document lock, with the document as it is then.
func (s *Store) locked(ctx context.Context, operation string, f func(d *Document, revision string) error) error {
	return s.underLock(ctx, operation, func() error {
		d, revision, err := s.read(ctx)
		if err != nil {
			return err
		}
		return f(d, revision)
	})
}

// underLock runs f under the document lock.
func (s *Store) underLock(ctx context.Context, operation string, f func() error) (err error) {
	info := LockInfo{ID: uuid.NewString(), Host: s.opt.Host, PID: s.opt.PID, Operation: operation, Since: time.Now().UTC(), Machine: s.opt.Machine}
	if err := s.lock(ctx, info); err != nil {
		return err
	}
	defer func() {
		// The lock must go even when ctx has ended.
		unlockErr := s.backend.Unlock(context.WithoutCancel(ctx), info.ID)
		if unlockErr != nil && err == nil {
			err = fmt.Errorf("unlock state in %s: %w", s.backend, unlockErr)
		}
	}()
	return f()
}

// Locked returns who has the document lock, as far as the backend can tell; nobody is the zero value.
func (s *Store) Locked(ctx context.Context) (LockInfo, error) {
	b, ok := s.backend.(interface {
		Holder(ctx context.Context) (LockInfo, error)
	})
	if !ok {
		return LockInfo{}, nil
	}
	return b.Holder(ctx)
}

// documentWait is how long the document lock is waited for at least: it is held for moments only.
const documentWait = 20 * time.Second

func (s *Store) lock(ctx context.Context, info LockInfo) error {
	deadline := time.Now().Add(max(documentWait, s.opt.LockTimeout))
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := s.backend.Lock(ctx, info)
		var held *HeldError
		switch {
		case err == nil:
			return nil
		case !errors.As(err, &held):
			return fmt.Errorf("lock state in %s: %w", s.backend, err)
		case time.Now().After(deadline):
			return &LockedError{Holder: held.Holder.lease()}
		case s.opt.Dead(held.Holder.lease()):
			if err := s.freeDead(ctx, held.Holder); err != nil {
				return err
			}
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// freeDead takes the document lock away from a process that is known to be dead (rule 29).
func (s *Store) freeDead(ctx context.Context, holder LockInfo) error {
	err := s.backend.ForceUnlock(ctx, holder.ID)
	if errors.Is(err, ErrNotLocked) {
		return nil // somebody else was faster
	}
	if err != nil {
		return fmt.Errorf("free the lock of a dead process in %s: %w", s.backend, err)
	}
	if s.opt.Freed != nil {
		s.opt.Freed(holder)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// ForceUnlock frees the lease, or the document lock, that has this id. It returns the lease it freed, if it was one, and
// ErrNotLocked if nothing has the id.
func (s *Store) ForceUnlock(ctx context.Context, id string) (Lease, error) {
	err := s.backend.ForceUnlock(ctx, id)
	if err == nil || !errors.Is(err, ErrNotLocked) {
		return Lease{}, err
	}
	var freed Lease
	err = s.Edit(ctx, "force-unlock", func(d *Document) error {
		i := slices.IndexFunc(d.Leases, func(l Lease) bool { return l.ID == id })
		if i < 0 {
			return fmt.Errorf("force-unlock %s: %w", id, ErrNotLocked)
		}
		freed = d.Leases[i]
		d.Leases = slices.Delete(d.Leases, i, i+1)
		return nil
	})
	return freed, err
}

// keepObjects is how long an object that nothing refers to is kept: a run writes objects before the document.
const keepObjects = time.Hour

// Collect deletes objects that neither the document nor an earlier one refers to.
func (s *Store) Collect(ctx context.Context) error {
	return s.locked(ctx, "collect", func(d *Document, _ string) error {
		used := map[string]bool{}
		d.mark(used)
		earlier, err := s.backend.Earlier(ctx)
		if err != nil {
			return fmt.Errorf("collect state objects: %w", err)
		}
		for _, data := range earlier {
			if old, err := Decode(data); err == nil { // one that cannot be read refers to nothing
				old.mark(used)
			}
		}
		objects, err := s.backend.List(ctx)
		if err != nil {
			return fmt.Errorf("collect state objects: %w", err)
		}
		var gone []string
		for _, o := range objects {
			if !used[o.Digest] && time.Since(o.Time) > keepObjects {
				gone = append(gone, o.Digest)
			}
		}
		return s.backend.Delete(ctx, gone...)
	})
}

func (d *Document) mark(used map[string]bool) {
	for i := range d.Resources {
		r := &d.Resources[i]
		used[r.Manifest.Digest] = true
		for _, h := range r.History {
			used[h.Digest], used[h.Began] = true, true
		}
	}
}

// leased returns the lease that has one of the addresses.
func (d *Document) leased(addresses []addr.Address) (Lease, addr.Address, bool) {
	for _, l := range d.Leases {
		for _, a := range l.Addresses {
			if slices.Contains(addresses, a) {
				return l, a, true
			}
		}
	}
	return Lease{}, addr.Address{}, false
}
