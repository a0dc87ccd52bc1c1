package http

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/megaplan/megaplan/internal/redact"
	"github.com/megaplan/megaplan/internal/retry"
	"github.com/megaplan/megaplan/state"
)

// Options say where the server is. Address is needed; the rest has Terraform's defaults.
type Options struct {
	// Address is where the state is, UpdateMethod how it is replaced ("": POST).
	Address, UpdateMethod string
	// LockAddress is where it is locked; "": it is not. LockMethod "" is LOCK.
	LockAddress, LockMethod string
	// UnlockAddress "" is LockAddress, UnlockMethod "" is UNLOCK.
	UnlockAddress, UnlockMethod string
	Username                    string
	Password                    redact.Secret
	// SkipCertVerification takes any certificate for the server's.
	SkipCertVerification bool
	UserAgent            string
	Retry                retry.Policy // zero: two minutes
	// OnWait is told about each pause before a request is repeated, Warn what a person should know; nil: nobody is.
	OnWait func(retry.Wait)
	Warn   func(string)
	// Transport carries the requests; nil: one of our own.
	Transport http.RoundTripper
}

// warnSize is how large a state may be before that is worth a warning: every save sends all of it.
const warnSize = 10 << 20

// Backend is a state.Backend on a server.
type Backend struct {
	client               *client
	address              *url.URL
	locking, unlocking   *url.URL // nil without a lock
	update, lock, unlock string   // methods
	version              string   // for lock infos
	warn                 func(string)
	unlocked, large      sync.Once // what was warned of

	mu     sync.Mutex
	held   string        // id of the lock we have
	seen   *state.Bundle // what was last read or written
	under  *kept         // what is there since we have the lock; nil if it was not looked at
	staged map[string]state.BundledObject
}

// kept is what the server keeps: nil and empty for nothing.
type kept struct {
	bundle *state.Bundle
	text   []byte
}

func (k kept) revision() string {
	if k.bundle == nil {
		return ""
	}
	return state.Digest(k.text)
}

var _ state.Backend = (*Backend)(nil)

// New returns the backend at an address. Nothing is asked of it yet.
func New(o Options) (*Backend, error) {
	b := &Backend{
		client: newClient(&o), update: cmp.Or(o.UpdateMethod, http.MethodPost), lock: cmp.Or(o.LockMethod, "LOCK"), unlock: cmp.Or(o.UnlockMethod, "UNLOCK"),
		version: o.UserAgent, warn: o.Warn, staged: map[string]state.BundledObject{},
	}
	if b.warn == nil {
		b.warn = func(string) {}
	}
	var err error
	if b.address, err = url.Parse(o.Address); err != nil {
		return nil, fmt.Errorf("address of the state: %w", err)
	}
	if o.LockAddress == "" {
		return b, nil
	}
	if b.locking, err = url.Parse(o.LockAddress); err != nil {
		return nil, fmt.Errorf("lock_address of the state: %w", err)
	}
	if b.unlocking, err = url.Parse(cmp.Or(o.UnlockAddress, o.LockAddress)); err != nil {
		return nil, fmt.Errorf("unlock_address of the state: %w", err)
	}
	return b, nil
}

// String returns the address.
func (b *Backend) String() string { return where(b.address) }

// Read implements state.Backend. A revision is the digest of the whole text.
func (b *Backend) Read(ctx context.Context) (data []byte, revision string, err error) {
	k, err := b.fetch(ctx)
	if err != nil || k.bundle == nil {
		return nil, "", err
	}
	return k.bundle.Document, k.revision(), nil
}

// fetch reads what the server keeps.
func (b *Backend) fetch(ctx context.Context) (k kept, err error) {
	err = b.client.repeat(ctx, func(ctx context.Context) (err error) {
		k, err = b.fetchOnce(ctx)
		return err
	})
	return k, err
}

func (b *Backend) fetchOnce(ctx context.Context) (kept, error) {
	b.mu.Lock()
	since := b.held
	b.mu.Unlock()
	a, err := b.client.send(ctx, http.MethodGet, b.address, nil)
	if err != nil {
		return kept{}, err
	}
	k, err := b.read(a)
	if err != nil {
		return kept{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = k.bundle
	if since != "" && since == b.held {
		b.under = &k
	}
	return k, nil
}

// read reads an answer to GET.
func (b *Backend) read(a answer) (k kept, err error) {
	// GitLab says 404 of a project that is not there, or that the user may not see, as well.
	hidden := a.status == http.StatusNotFound && strings.Contains(b.client.said(a.body), "Project Not Found")
	switch {
	case a.status == http.StatusNoContent || a.status == http.StatusNotFound && !hidden || a.status == http.StatusOK && len(a.body) == 0:
		return kept{}, nil
	case a.status != http.StatusOK:
		return kept{}, b.client.refused("read", http.MethodGet, b.address, a)
	}
	k.text = a.body
	k.bundle, err = state.DecodeBundle(a.body)
	return k, err
}

// Write implements state.Backend. All objects that were put go with the document.
func (b *Backend) Write(ctx context.Context, data []byte, revision string, _ bool) error {
	return b.replace(ctx, func(old *state.Bundle, current string) (*state.Bundle, error) {
		if current != revision {
			return nil, state.ErrConflict
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		objects := maps.Clone(old.Objects)
		if objects == nil {
			objects = map[string]state.BundledObject{}
		}
		maps.Copy(objects, b.staged)
		return &state.Bundle{Document: bytes.Clone(data), Objects: objects}, nil
	})
}

// Delete implements state.Backend.
func (b *Backend) Delete(ctx context.Context, digests ...string) error {
	b.mu.Lock()
	for _, d := range digests {
		delete(b.staged, d)
	}
	b.mu.Unlock()
	return b.replace(ctx, func(old *state.Bundle, _ string) (*state.Bundle, error) {
		kept := maps.Clone(old.Objects)
		maps.DeleteFunc(kept, func(d string, _ state.BundledObject) bool { return slices.Contains(digests, d) })
		if len(kept) == len(old.Objects) {
			return nil, nil //nolint:nilnil // nothing to replace it by
		}
		return &state.Bundle{Document: old.Document, Objects: kept}, nil
	})
}

// replace writes what change makes of what is there; nil leaves it. Old is empty, and current too, if there is nothing. What was
// read under the lock is what is there; without, and after an attempt whose answer was lost, it is read again: a server that has
// the text already is not sent it twice.
func (b *Backend) replace(ctx context.Context, change func(old *state.Bundle, current string) (*state.Bundle, error)) error {
	to, there, err := b.lockedAddress()
	if err != nil {
		return err
	}
	var sent []byte
	return b.client.repeat(ctx, func(ctx context.Context) error {
		if there == nil {
			k, err := b.fetchOnce(ctx)
			if err != nil {
				return err
			}
			if sent != nil && bytes.Equal(k.text, sent) {
				b.stored(k)
				return nil
			}
			there = &k
		}
		k := *there
		there = nil
		old := cmp.Or(k.bundle, &state.Bundle{})
		next, err := change(old, k.revision())
		if err != nil || next == nil {
			return err
		}
		next.Serial = old.Serial + 1
		if sent, err = next.Encode(); err != nil {
			return err
		}
		return b.post(ctx, to, kept{next, sent})
	})
}

func (b *Backend) post(ctx context.Context, to *url.URL, next kept) error {
	if len(next.text) > warnSize {
		b.large.Do(func() {
			b.warn(fmt.Sprintf("The state in %s has %d MiB with its manifests, and each save sends all of it. The backends local and mega keep manifests apart.", b, len(next.text)>>20))
		})
	}
	b.mu.Lock()
	b.under = nil // until the answer says what is there
	b.mu.Unlock()
	a, err := b.client.send(ctx, b.update, to, next.text)
	if err != nil {
		return err
	}
	switch a.status {
	case http.StatusOK, http.StatusCreated, http.StatusNoContent:
		b.stored(next)
		return nil
	case http.StatusConflict, http.StatusLocked:
		return &Error{Method: b.update, Where: where(to), Status: a.status, Reason: "the lock is no longer ours, somebody has force-unlocked the state; it was not written"}
	}
	return b.client.refused("write", b.update, to, a)
}

// stored notes what the server keeps now.
func (b *Backend) stored(k kept) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = k.bundle
	if b.held != "" {
		b.under = &k
	}
	maps.DeleteFunc(b.staged, func(digest string, o state.BundledObject) bool { return o.Time.Equal(k.bundle.Objects[digest].Time) })
}

// Earlier implements state.Backend: the protocol has no way to ask for them.
func (b *Backend) Earlier(context.Context) ([][]byte, error) { return nil, nil }

// Put implements state.Backend.
func (b *Backend) Put(_ context.Context, digest string, data []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.staged[digest] = state.BundledObject{Time: time.Now().UTC(), Data: bytes.Clone(data)}
	return nil
}

// Get implements state.Backend. An object's bytes never change, so those that came with the document are not asked for again.
func (b *Backend) Get(ctx context.Context, digest string) ([]byte, error) {
	if o, ok := b.known(digest); ok {
		return o.Data, nil
	}
	if _, err := b.fetch(ctx); err != nil {
		return nil, err
	}
	if o, ok := b.known(digest); ok {
		return o.Data, nil
	}
	return nil, state.ErrNoObject
}

func (b *Backend) known(digest string) (state.BundledObject, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, ok := b.staged[digest]
	if !ok && b.seen != nil {
		o, ok = b.seen.Objects[digest]
	}
	return state.BundledObject{Time: o.Time, Data: bytes.Clone(o.Data)}, ok
}

// List implements state.Backend.
func (b *Backend) List(ctx context.Context) ([]state.Object, error) {
	if _, err := b.fetch(ctx); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	all := maps.Clone(b.staged)
	if b.seen != nil {
		maps.Copy(all, b.seen.Objects)
	}
	var out []state.Object
	for digest, o := range all {
		out = append(out, state.Object{Digest: digest, Time: o.Time})
	}
	return out, nil
}
