package state_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
	"github.com/megaplan/megaplan/state/statetest"
)

// opening is a store on this machine that can open what is sealed for this key.
func opening(k state.Key) func(*state.Options) {
	return func(o *state.Options) {
		o.Key = func(context.Context, addr.Address, string) (state.Key, error) { return k, nil }
	}
}

// move pushes all of one state into another backend.
func move(t *testing.T, from, to *state.Store) {
	t.Helper()
	b, err := from.Export(t.Context())
	must(t, err)
	text, err := b.Encode()
	must(t, err)
	whole, err := state.DecodeWhole(text)
	must(t, err)
	d, err := to.Import(t.Context(), whole)
	must(t, err)
	must(t, to.Edit(t.Context(), "state push", func(now *state.Document) error {
		*now = *d
		return nil
	}))
}

// TestStatesMoveBetweenBackends: a manifest and its history are the same on every machine, plain here and sealed elsewhere.
func TestStatesMoveBetweenBackends(t *testing.T) {
	var file, server, server2, back statetest.Memory
	s := host(&file, "one")
	for _, names := range [][]string{{"a"}, {"a", "b"}, {"b", "c"}} {
		h := lease(t, s, photos)
		c := ofAccount(home, alice.User, photos)
		for i, name := range names {
			c.Manifest = append(c.Manifest, owning(photos, tree.Path(name)).Manifest[0])
			c.Manifest[i].Handle = tree.Handle(name[0])
		}
		save(t, h, c)
		release(t, h)
	}
	want := resource(t, s, photos)
	stores := []*state.Store{
		s, host(&server, "one", sealedFor(alice)), host(&server2, "one", sealedFor(alice)), host(&back, "one", opening(alice)),
	}
	for i, to := range stores[1:] {
		move(t, stores[i], to)
		r, lineage := resource(t, to, photos), read(t, to).Lineage
		m, err := to.Manifest(t.Context(), lineage, r)
		must(t, err)
		if got := paths(m); !slices.Equal(got, []string{"b", "c"}) {
			t.Errorf("move %d: manifest %q", i, got)
		}
		m, _, found, err := to.ManifestAt(t.Context(), lineage, r, want.History[1].Time)
		must(t, err)
		if got := paths(m); !found || !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("move %d: before the last change %q, %v", i, got, found)
		}
	}
	got := resource(t, stores[3], photos)
	got.Serial = want.Serial
	if diff := cmp.Diff(want, got, cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Errorf("back again (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(objectsOf(t, &server), objectsOf(t, &server2)); diff != "" {
		t.Errorf("from one server to another (-want +got):\n%s", diff)
	}
}

func TestOnlyWholeStatesMove(t *testing.T) {
	var file, server statetest.Memory
	s := host(&file, "one")
	h := lease(t, s, photos)
	save(t, h, ofAccount(home, alice.User, photos, "a"))
	release(t, h)
	bundle := func() *state.Bundle {
		b, err := s.Export(t.Context())
		must(t, err)
		return b
	}
	to := host(&server, "one", sealedFor(alice))

	alone := bundle()
	alone.Objects = nil
	var missing *state.MissingError
	if _, err := to.Import(t.Context(), alone); !errors.As(err, &missing) || missing.Resource.Address != photos {
		t.Errorf("a document alone: %v", err)
	}
	if _, err := s.Import(t.Context(), alone); err != nil {
		t.Errorf("a document alone, where its manifests are: %v", err)
	}
	damaged := bundle()
	digest := resource(t, s, photos).Manifest.Digest
	damaged.Objects[digest] = state.BundledObject{Data: []byte("other")}
	var corrupt *state.CorruptError
	if _, err := to.Import(t.Context(), damaged); !errors.As(err, &corrupt) {
		t.Errorf("a changed manifest: %v", err)
	}

	move(t, s, to)
	sealed, err := to.Export(t.Context())
	must(t, err)
	var other *state.SealedError
	if _, err := host(&statetest.Memory{}, "two", opening(bob)).Import(t.Context(), sealed); !errors.As(err, &other) {
		t.Errorf("into a file, as another account: %v", err)
	}
}
