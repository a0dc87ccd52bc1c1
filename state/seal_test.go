package state_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/redact"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
	"github.com/megaplan/megaplan/state/statetest"
)

var (
	alice = state.Key{User: "alice456789", Secret: redact.New("the first of two secrets, 32 bytes")}
	bob   = state.Key{User: "bob45678901", Secret: redact.New("the second of two secrets, 32 byte")}

	home = addr.New(addr.Account, "home")
	work = addr.New(addr.Account, "work")
)

// sealedFor lets every account of a store have this key.
func sealedFor(k state.Key) func(*state.Options) {
	return func(o *state.Options) {
		o.Sealed, o.Key = true, func(context.Context, addr.Address, string) (state.Key, error) { return k, nil }
	}
}

// ofAccount is a change that gives a backup of this account some files.
func ofAccount(account addr.Address, user string, a addr.Address, paths ...tree.Path) state.Change {
	c := owning(a, paths...)
	c.Resource.Account, c.Resource.AccountUser = account, user
	return c
}

// objectsOf returns all objects of a backend by digest.
func objectsOf(t *testing.T, b state.Backend) map[string][]byte {
	t.Helper()
	list, err := b.List(t.Context())
	must(t, err)
	out := map[string][]byte{}
	for _, o := range list {
		out[o.Digest], err = b.Get(t.Context(), o.Digest)
		must(t, err)
	}
	return out
}

func TestRemoteBackendsSeeNoNames(t *testing.T) {
	var b statetest.Memory
	s := host(&b, "one", sealedFor(alice))
	h := lease(t, s, photos)
	save(t, h, ofAccount(home, alice.User, photos, "a-very-secret-name"))
	save(t, h, ofAccount(home, alice.User, photos, "a-very-secret-name", "another-secret-name"))
	release(t, h)
	objects := objectsOf(t, &b)
	if len(objects) < 2 {
		t.Fatalf("%d objects, want a manifest and a delta", len(objects))
	}
	for digest, data := range objects {
		if state.Digest(data) != digest {
			t.Errorf("object %s has another digest", digest)
		}
		for _, told := range []string{"secret", "manifest", "delta"} {
			if bytes.Contains(data, []byte(told)) {
				t.Errorf("object %s tells %q", digest, told)
			}
		}
	}
	m, err := s.Manifest(t.Context(), read(t, s).Lineage, resource(t, s, photos))
	must(t, err)
	if got := paths(m); !slices.Equal(got, []string{"a-very-secret-name", "another-secret-name"}) {
		t.Errorf("manifest: %q", got)
	}
}

// TestEqualManifestsAreSealedEqual: a run that finds everything as it was writes no object and no document.
func TestEqualManifestsAreSealedEqual(t *testing.T) {
	var b statetest.Memory
	for range 2 {
		s := host(&b, "one", sealedFor(alice))
		h := lease(t, s, photos, docs)
		c := ofAccount(home, alice.User, photos, "a")
		c.Acted = true // writes it again
		save(t, h, c, ofAccount(work, alice.User, docs, "b"))
		release(t, h)
	}
	s := host(&b, "one", sealedFor(alice))
	if got := resource(t, s, photos).Serial; got != 1 {
		t.Errorf("serial %d after the same manifest twice", got)
	}
	if got := objectsOf(t, &b); len(got) != 5 { // two manifests, the deltas to them, and the one that says that nothing changed
		t.Errorf("%d objects", len(got))
	}
}

func TestEachAccountHasItsOwnKey(t *testing.T) {
	var b statetest.Memory
	keys := map[addr.Address]state.Key{home: alice, work: bob}
	s := host(&b, "one", func(o *state.Options) {
		o.Sealed, o.Key = true, func(_ context.Context, a addr.Address, _ string) (state.Key, error) { return keys[a], nil }
	})
	h := lease(t, s, photos, docs)
	save(t, h, ofAccount(home, alice.User, photos, "same"), ofAccount(work, bob.User, docs, "same"))
	release(t, h)
	lineage, mine, theirs := read(t, s).Lineage, resource(t, s, photos), resource(t, s, docs)
	if mine.Manifest.Digest == theirs.Manifest.Digest {
		t.Error("both accounts have one object")
	}
	for _, r := range []state.Resource{mine, theirs} {
		m, err := s.Manifest(t.Context(), lineage, r)
		must(t, err)
		if len(m) != 1 {
			t.Errorf("%s: %v", r.Address, m)
		}
	}
	keys[home] = bob
	wantSealed(t, s, lineage, mine, state.SealedError{Account: home, User: alice.User, SignedIn: bob.User})
	keys[home] = state.Key{User: alice.User, Secret: bob.Secret} // the account was reset
	wantSealed(t, s, lineage, mine, state.SealedError{Account: home, User: alice.User, SignedIn: alice.User})
	delete(keys, home)
	wantSealed(t, s, lineage, mine, state.SealedError{Account: home, User: alice.User})
	h = lease(t, s, photos)
	if err := h.Save(t.Context(), []state.Change{ofAccount(home, alice.User, photos, "new")}, nil); err == nil {
		t.Error("saved without a key")
	}
}

func wantSealed(t *testing.T, s *state.Store, lineage string, r state.Resource, want state.SealedError) {
	t.Helper()
	_, err := s.Manifest(t.Context(), lineage, r)
	var got *state.SealedError
	if !errors.As(err, &got) || *got != want {
		t.Errorf("got %v, want %v", err, &want)
	}
}

// TestSealedObjectsCannotBeSwapped: what a server may try that knows no key.
func TestSealedObjectsCannotBeSwapped(t *testing.T) {
	var b, other statetest.Memory
	s, s2 := host(&b, "one", sealedFor(alice)), host(&other, "one", sealedFor(alice))
	for _, s := range []*state.Store{s, s2} {
		h := lease(t, s, photos)
		save(t, h, ofAccount(home, alice.User, photos, "a"))
		release(t, h)
	}
	lineage, r := read(t, s).Lineage, resource(t, s, photos)
	foreign := objectsOf(t, &other)[resource(t, s2, photos).Manifest.Digest]
	plain, err := owning(photos, "a").Manifest.Encode()
	must(t, err)
	good := objectsOf(t, &b)[r.Manifest.Digest]
	tries := map[string][]byte{"another state's": foreign, "never sealed": plain, "empty": nil, "longer": append(bytes.Clone(good), 0)}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		tries["byte "+string(rune('a'+i))] = bad
		tries["cut at "+string(rune('a'+i))] = good[:i]
	}
	for name, data := range tries {
		r.Manifest.Digest = state.Digest(data) // the document is the server's too
		must(t, b.Put(t.Context(), r.Manifest.Digest, data))
		if m, err := s.Manifest(t.Context(), lineage, r); err == nil {
			t.Errorf("%s: read %v all the same", name, m)
		}
	}
}
