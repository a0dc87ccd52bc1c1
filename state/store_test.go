package state_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
	"github.com/megaplan/megaplan/state/statetest"
)

var (
	photos = addr.New(addr.Backup, "photos")
	docs   = addr.New(addr.Backup, "docs")
)

// host returns a store as a process of some host would open it.
func host(b state.Backend, name string, tune ...func(*state.Options)) *state.Store {
	o := state.Options{Host: name, MegaplanVersion: "1.2.3", PID: 7, Machine: name, Dead: func(state.Lease) bool { return false }}
	for _, f := range tune {
		f(&o)
	}
	return state.NewStore(b, o)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func lease(t *testing.T, s *state.Store, addresses ...addr.Address) *state.Hold {
	t.Helper()
	h, err := s.Lease(t.Context(), addresses, "apply")
	must(t, err)
	return h
}

func read(t *testing.T, s *state.Store) *state.Document {
	t.Helper()
	d, err := s.Read(t.Context())
	must(t, err)
	return d
}

func resource(t *testing.T, s *state.Store, a addr.Address) state.Resource {
	t.Helper()
	r, ok := read(t, s).Resource(a)
	if !ok {
		t.Fatalf("no %s in the state", a)
	}
	return r
}

// owning is a change that gives the address these files.
func owning(a addr.Address, paths ...tree.Path) state.Change {
	c := state.Change{Resource: state.Resource{Address: a, Path: "/" + a.Name}, SetManifest: true}
	for i, p := range paths {
		c.Manifest = append(c.Manifest, state.Entry{Path: p, Handle: tree.Handle(i + 1), Size: 10})
	}
	return c
}

func save(t *testing.T, h *state.Hold, changes ...state.Change) {
	t.Helper()
	must(t, h.Save(t.Context(), changes, nil))
}

func release(t *testing.T, h *state.Hold) {
	t.Helper()
	must(t, h.Release(t.Context(), true))
}

func paths(m state.Manifest) (out []string) {
	for _, e := range m {
		out = append(out, string(e.Path))
	}
	return out
}

func TestRule29_RunsSaveTheirOwnAddressesOnly(t *testing.T) {
	var b statetest.Memory
	one, two := host(&b, "one"), host(&b, "two")
	h1, h2 := lease(t, one, photos), lease(t, two, docs)
	save(t, h1, owning(photos, "a", "b"))
	save(t, h2, owning(docs, "x"))
	save(t, h1, owning(photos, "a", "b", "c"))
	if err := h1.Save(t.Context(), []state.Change{owning(docs, "y")}, nil); err == nil {
		t.Error("saved an address it has not leased")
	}
	d := read(t, one)
	if diff := cmp.Diff([]addr.Address{docs, photos}, []addr.Address{d.Resources[0].Address, d.Resources[1].Address}); diff != "" || len(d.Leases) != 2 {
		t.Errorf("document: %+v", d)
	}
	m, err := one.Manifest(t.Context(), d.Lineage, resource(t, one, photos))
	must(t, err)
	if diff := cmp.Diff([]string{"a", "b", "c"}, paths(m)); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
	if got := resource(t, one, photos).Manifest; got.Files != 3 || got.Bytes != 30 {
		t.Errorf("totals: %+v", got)
	}
	release(t, h1)
	release(t, h2)
	if d := read(t, one); len(d.Leases) != 0 || d.Lineage == "" || d.MegaplanVersion != "1.2.3" {
		t.Errorf("document: %+v", d)
	}
}

func TestRule29_OneRunHasAnAddress(t *testing.T) {
	var b statetest.Memory
	one, two := host(&b, "one"), host(&b, "two")
	h := lease(t, one, photos)
	_, err := two.Lease(t.Context(), []addr.Address{docs, photos}, "apply")
	var locked *state.LockedError
	if !errors.As(err, &locked) || locked.Address != photos || locked.Holder.ID != h.ID() || locked.Holder.Host != "one" || locked.Stale {
		t.Fatalf("leased twice: %v", err)
	}
	release(t, h)
	release(t, lease(t, two, docs, photos))
}

func TestRule29_WaitsUntilLockTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b statetest.Memory
		h := lease(t, host(&b, "one"), photos)
		patient := host(&b, "two", func(o *state.Options) { o.LockTimeout = time.Minute })
		go func() {
			time.Sleep(10 * time.Second)
			if err := h.Release(context.Background(), true); err != nil {
				t.Error(err)
			}
		}()
		began := time.Now()
		h2 := lease(t, patient, photos)
		if waited := time.Since(began); waited < 10*time.Second || waited > 12*time.Second {
			t.Errorf("waited %v", waited)
		}
		began = time.Now()
		_, err := patient.Lease(t.Context(), []addr.Address{photos}, "apply")
		if waited := time.Since(began); err == nil || waited < time.Minute {
			t.Errorf("gave up after %v: %v", waited, err)
		}
		release(t, h2)
	})
}

func TestRule29_SilentLeasesAreReportedAndFreedByForce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b statetest.Memory
		one, two := host(&b, "one"), host(&b, "two")
		h := lease(t, one, photos)
		ctx, cancel := context.WithCancel(t.Context())
		alive := make(chan error, 1)
		go func() { alive <- h.KeepAlive(ctx) }()
		time.Sleep(time.Hour)
		var locked *state.LockedError
		if _, err := two.Lease(t.Context(), []addr.Address{photos}, "apply"); !errors.As(err, &locked) || locked.Stale {
			t.Errorf("with a heartbeat: %v", err)
		}
		cancel()
		must(t, <-alive)
		time.Sleep(state.StaleAfter + 2*time.Minute)
		if _, err := two.Lease(t.Context(), []addr.Address{photos}, "apply"); !errors.As(err, &locked) || !locked.Stale {
			t.Errorf("silent: %v", err)
		}
		if _, err := two.ForceUnlock(t.Context(), "nobody"); !errors.Is(err, state.ErrNotLocked) {
			t.Errorf("freed nobody: %v", err)
		}
		freed, err := two.ForceUnlock(t.Context(), h.ID())
		must(t, err)
		if freed.ID != h.ID() {
			t.Errorf("freed %+v", freed)
		}
		h2 := lease(t, two, photos)
		var lost *state.LeaseLostError
		if err := h.Save(t.Context(), []state.Change{owning(photos, "late")}, nil); !errors.As(err, &lost) {
			t.Errorf("saved without a lease: %v", err)
		}
		if err := h.KeepAlive(t.Context()); !errors.As(err, &lost) {
			t.Errorf("kept alive: %v", err)
		}
		must(t, h.Release(t.Context(), false))
		release(t, h2)
	})
}

// TestRule29_LocksOfDeadProcessesHereAreFreed: not every backend knows that a process is dead.
func TestRule29_LocksOfDeadProcessesHereAreFreed(t *testing.T) {
	var b statetest.Memory
	for _, machine := range []string{"one", "two"} {
		must(t, b.Lock(t.Context(), state.LockInfo{ID: "left behind", Machine: machine, PID: 3}))
		var freed []state.LockInfo
		s := host(&b, "one", func(o *state.Options) {
			o.Dead = func(l state.Lease) bool { return l.Machine == "one" && l.PID == 3 }
			o.Freed = func(i state.LockInfo) { freed = append(freed, i) }
		})
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		err := s.Edit(ctx, "state rm", func(*state.Document) error { return nil })
		if machine == "one" && (err != nil || len(freed) != 1 || freed[0].ID != "left behind") {
			t.Errorf("dead here: %v, freed %+v", err, freed)
		}
		if machine == "two" && (!errors.Is(err, context.DeadlineExceeded) || len(freed) > 0) {
			t.Errorf("of another machine: %v, freed %+v", err, freed)
		}
	}
}

// Where each sign of life costs a lot, fewer are given: still enough that nobody takes the run for dead.
func TestRule29_HeartbeatsCanBeRarer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b statetest.Memory
		s := host(&b, "one", func(o *state.Options) { o.Heartbeat = 5 * time.Minute })
		h := lease(t, s, photos)
		ctx, cancel := context.WithCancel(t.Context())
		alive := make(chan error, 1)
		go func() { alive <- h.KeepAlive(ctx) }()
		var beats []time.Time
		for range 240 {
			time.Sleep(time.Minute)
			synctest.Wait()
			beat := read(t, s).Leases[0]
			if beat.Stale(time.Now()) {
				t.Fatalf("stale at %s", time.Now())
			}
			beats = append(beats, beat.Heartbeat)
		}
		cancel()
		must(t, <-alive)
		if n := len(slices.Compact(beats)); n < 45 || n > 50 {
			t.Errorf("%d signs of life in four hours", n)
		}
		release(t, h)
	})
}

func TestRule29_LeasesOfDeadProcessesHereAreFreed(t *testing.T) {
	var b statetest.Memory
	h := lease(t, host(&b, "one"), photos)
	again := lease(t, host(&b, "one", func(o *state.Options) {
		o.Dead = func(l state.Lease) bool { return l.Machine == "one" }
	}), photos)
	if len(again.Freed) != 1 || again.Freed[0].ID != h.ID() {
		t.Errorf("freed %+v", again.Freed)
	}
}

func TestRule28_SerialsCountChangesOnly(t *testing.T) {
	var b statetest.Memory
	s := host(&b, "one")
	serials := func() [2]uint64 { return [2]uint64{read(t, s).Serial, resource(t, s, photos).Serial} }
	h := lease(t, s, photos, docs)
	save(t, h, owning(photos, "a"))
	first := serials()
	release(t, h)

	h = lease(t, s, photos, docs)
	c := owning(photos, "a")
	c.Resource.LastSuccess = time.Now()
	save(t, h, c)
	if got := serials(); got != first {
		t.Errorf("a run without changes: serials %v, were %v", got, first)
	}
	if resource(t, s, photos).LastSuccess.IsZero() {
		t.Error("last_success is not recorded")
	}
	save(t, h, owning(photos, "a", "b"))
	if got := serials(); got != [2]uint64{first[0] + 1, first[1] + 1} {
		t.Errorf("after a change: serials %v, were %v", got, first)
	}
	must(t, h.Save(t.Context(), nil, map[string]state.Output{"root": {Value: []byte(`{"a": 1}`)}}))
	must(t, h.Save(t.Context(), nil, map[string]state.Output{"root": {Value: []byte(`{"a":1}`)}}))
	if got := serials(); got != [2]uint64{first[0] + 2, first[1] + 1} {
		t.Errorf("after a new output: serials %v, were %v", got, first)
	}
	save(t, h, state.Change{Resource: state.Resource{Address: photos}, Forget: true})
	if _, ok := read(t, s).Resource(photos); ok || read(t, s).Serial != first[0]+3 {
		t.Error("not forgotten")
	}
	release(t, h)
}

func TestRule4_AMovedAddressKeepsItsStateAndHistory(t *testing.T) {
	var b statetest.Memory
	s := host(&b, "one")
	h := lease(t, s, photos)
	save(t, h, owning(photos, "a"))
	release(t, h)
	was := resource(t, s, photos)
	h = lease(t, s, photos, docs)
	save(t, h, state.Change{Resource: state.Resource{Address: docs, Path: "/photos"}, From: photos})
	release(t, h)
	now := resource(t, s, docs)
	if diff := cmp.Diff(was.Manifest, now.Manifest); diff != "" || len(now.History) != 1 || now.Serial <= was.Serial {
		t.Errorf("moved: %+v, was %+v", now, was)
	}
	if _, ok := read(t, s).Resource(photos); ok {
		t.Error("the old address is still there")
	}
}

// A backup's snapshots are its history: of its manifests only the way back from the last run is kept.
func TestRule32_SnapshotsAreTheirOwnHistory(t *testing.T) {
	var b statetest.Memory
	s := host(&b, "one")
	for n := range 4 {
		h := lease(t, s, photos)
		c := owning(photos, tree.Path(fmt.Sprintf("2026-03-0%dT02-30-00Z/a", n+1)))
		c.Resource.Snapshots = []state.Snapshot{{Name: fmt.Sprintf("2026-03-0%dT02-30-00Z", n+1), Files: 1}}
		save(t, h, c)
		release(t, h)
	}
	r := resource(t, s, photos)
	before, found, err := s.Began(t.Context(), read(t, s).Lineage, r)
	must(t, err)
	if len(r.History) != 1 || !found || len(before) != 1 || before[0].Path != "2026-03-03T02-30-00Z/a" {
		t.Errorf("history %+v leads back to %+v", r.History, before)
	}
}

func TestRule32_HistoryLeadsBackThirtyChanges(t *testing.T) {
	plain := func(*state.Options) {}
	for name, tune := range map[string]func(*state.Options){"plain": plain, "sealed": sealedFor(alice)} {
		t.Run(name, func(t *testing.T) { historyLeadsBack(t, tune) })
	}
}

func historyLeadsBack(t *testing.T, tune func(*state.Options)) {
	synctest.Test(t, func(t *testing.T) {
		var b statetest.Memory
		s := host(&b, "one", tune)
		var files []tree.Path
		times := []time.Time{time.Now()}
		for n := range 35 {
			time.Sleep(time.Hour)
			h := lease(t, s, photos)
			files = append(files, tree.Path(fmt.Sprintf("f%02d", n)))
			save(t, h, owning(photos, files[:n]...)) // an interim save is no step of its own
			time.Sleep(time.Minute)
			save(t, h, owning(photos, files...))
			release(t, h)
			times = append(times, time.Now())
		}
		r := resource(t, s, photos)
		if len(r.History) != state.HistoryLimit {
			t.Fatalf("%d steps of history", len(r.History))
		}
		for n, at := range times {
			m, since, found, err := s.ManifestAt(t.Context(), read(t, s).Lineage, r, at)
			must(t, err)
			if found != (n > 35-state.HistoryLimit) {
				t.Errorf("change %d: found %v", n, found)
			}
			if found && (len(m) != n || since.After(at)) {
				t.Errorf("at change %d there were %d files since %v", n, len(m), since)
			}
		}
		must(t, s.Collect(t.Context()))
		objects, err := b.List(t.Context())
		must(t, err)
		if len(objects) > 2*state.HistoryLimit {
			t.Errorf("%d objects are left", len(objects))
		}
		if _, _, _, err := s.ManifestAt(t.Context(), read(t, s).Lineage, r, times[20]); err != nil {
			t.Errorf("after collecting: %v", err)
		}
	})
}

// TestBeganIsWhatTheLastRunFound: what others did before a run is not what the run did.
func TestBeganIsWhatTheLastRunFound(t *testing.T) {
	s := host(&statetest.Memory{}, "laptop")
	began := func(want ...tree.Path) {
		t.Helper()
		m, found, err := s.Began(t.Context(), read(t, s).Lineage, resource(t, s, docs))
		must(t, err)
		var got []tree.Path
		for _, e := range m {
			got = append(got, e.Path)
		}
		if !found || !slices.Equal(got, want) {
			t.Errorf("it began with %q, %v; want %q", got, found, want)
		}
	}
	run := func(c state.Change) {
		t.Helper()
		h := lease(t, s, docs)
		save(t, h, c)
		release(t, h)
	}
	run(owning(docs))
	if _, found, err := s.Began(t.Context(), read(t, s).Lineage, resource(t, s, docs)); found || err != nil {
		t.Errorf("nothing was changed yet: %v, %v", found, err)
	}
	run(owning(docs, "a", "b"))
	began()
	run(owning(docs, "a", "b", "c"))
	began("a", "b")
	c := owning(docs, "a", "b", "c", "d")
	c.SetBegan, c.Began = true, owning(docs, "a", "b", "theirs").Manifest
	run(c)
	began("a", "b", "theirs")
	c = owning(docs, "a", "b", "c", "d") // the run put right what others did, and the manifest is as it was
	c.SetBegan, c.Began = true, owning(docs, "a").Manifest
	run(c)
	began("a")
	run(owning(docs, "a", "b", "c", "d")) // nothing to do
	began("a")
	c = owning(docs, "a", "b", "c", "d") // it did something to what the address does not own
	c.Acted, c.Run = true, "another run"
	run(c)
	began("a", "b", "c", "d")
	if r := resource(t, s, docs); r.History[0].Run != "another run" || r.History[1].Run == "" {
		t.Errorf("%+v", r.History)
	}
	if n := len(resource(t, s, docs).History); n != 5 {
		t.Errorf("%d changes are remembered, want 5", n)
	}
}

func TestObjectsInUseOrNewAreNotCollected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b statetest.Memory
		s := host(&b, "one")
		h := lease(t, s, photos)
		save(t, h, owning(photos, "a"))
		release(t, h)
		orphan := []byte("written by a run that has not saved yet")
		must(t, b.Put(t.Context(), state.Digest(orphan), orphan))
		count := func() int {
			must(t, s.Collect(t.Context()))
			list, err := b.List(t.Context())
			must(t, err)
			return len(list)
		}
		if got := count(); got != 3 {
			t.Errorf("%d objects, want manifest, delta and orphan", got)
		}
		time.Sleep(2 * time.Hour)
		if got := count(); got != 2 {
			t.Errorf("%d objects, want manifest and delta", got)
		}
	})
}

func TestMissingAndChangedObjectsAreDamage(t *testing.T) {
	var b statetest.Memory
	s := host(&b, "one")
	h := lease(t, s, photos)
	save(t, h, owning(photos, "a"))
	lineage, r := read(t, s).Lineage, resource(t, s, photos)
	var damaged *state.CorruptError
	must(t, b.Put(t.Context(), r.Manifest.Digest, []byte("other")))
	if _, err := s.Manifest(t.Context(), lineage, r); !errors.As(err, &damaged) {
		t.Errorf("changed: %v", err)
	}
	must(t, b.Delete(t.Context(), r.Manifest.Digest))
	if _, err := s.Manifest(t.Context(), lineage, r); !errors.As(err, &damaged) {
		t.Errorf("missing: %v", err)
	}
}

// journaled returns a store with a journal directory.
func journaled(b state.Backend, dir string) *state.Store {
	return host(b, "one", func(o *state.Options) {
		o.JournalDir = dir
		o.Dead = func(state.Lease) bool { return true }
	})
}

func pending(t *testing.T, s *state.Store) (out []string) {
	t.Helper()
	records, err := s.Pending(read(t, s))
	must(t, err)
	for _, r := range records {
		out = append(out, r.Address.Name+" "+string(r.Data))
	}
	return out
}

func record(t *testing.T, h *state.Hold, a addr.Address, data string) {
	t.Helper()
	must(t, h.Journal().Append(t.Context(), state.JournalRecord{Address: a, Data: []byte(data)}))
}

func TestRule28_WhatAKilledRunDidIsOverlaidUntilItIsSaved(t *testing.T) {
	var b statetest.Memory
	dir := filepath.Join(t.TempDir(), "journal")
	s := journaled(&b, dir)
	h := lease(t, s, photos, docs)
	record(t, h, photos, "1")
	record(t, h, docs, "2")
	save(t, h, owning(docs, "two"))
	record(t, h, photos, "3")
	record(t, h, docs, "4")
	want := []string{"photos 1", "docs 2", "photos 3", "docs 4"}
	if diff := cmp.Diff(want, pending(t, s)); diff != "" {
		t.Errorf("after a crash (-want +got):\n%s", diff)
	}
	next := lease(t, s, photos, docs) // the first run is dead
	record(t, next, photos, "5")
	if diff := cmp.Diff(append(want, "photos 5"), pending(t, s)); diff != "" {
		t.Errorf("second run (-want +got):\n%s", diff)
	}
	save(t, next, owning(photos, "all"))
	if diff := cmp.Diff([]string{"docs 2", "docs 4", "photos 5"}, pending(t, s)); diff != "" {
		t.Errorf("photos saved (-want +got):\n%s", diff)
	}
	save(t, next, owning(docs, "two", "four"))
	release(t, next)
	if got := pending(t, s); got != nil {
		t.Errorf("all saved, still pending: %q", got)
	}
	files, err := os.ReadDir(dir)
	must(t, err)
	if len(files) != 0 {
		t.Errorf("journals left: %v", files)
	}
}

func TestRule28_JournalsOfAnotherStateDoNotCount(t *testing.T) {
	var b, other statetest.Memory
	dir := filepath.Join(t.TempDir(), "journal")
	s := journaled(&b, dir)
	record(t, lease(t, s, photos), photos, "1")
	s2 := journaled(&other, dir)
	h := lease(t, s2, photos)
	if got := pending(t, s2); got != nil {
		t.Errorf("pending: %q", got)
	}
	save(t, h, owning(photos, "a"))
	release(t, h)
	if got := pending(t, s); !slices.Equal(got, []string{"photos 1"}) {
		t.Errorf("the other state's journal was cleaned away: %q", got)
	}
}

func TestForceUnlockFreesTheDocumentLock(t *testing.T) {
	var b statetest.Memory
	must(t, b.Lock(t.Context(), state.LockInfo{ID: "stuck", Host: "far", Operation: "apply"}))
	synctest.Test(t, func(t *testing.T) {
		_, err := host(&b, "one").Lease(t.Context(), []addr.Address{photos}, "apply")
		var locked *state.LockedError
		if !errors.As(err, &locked) || locked.Holder.ID != "stuck" || !locked.Address.IsZero() {
			t.Errorf("err = %v", err)
		}
	})
	_, err := host(&b, "one").ForceUnlock(t.Context(), "stuck")
	must(t, err)
	release(t, lease(t, host(&b, "one"), photos))
}

func TestEditRaisesSerials(t *testing.T) {
	var b statetest.Memory
	s := host(&b, "one")
	h := lease(t, s, photos, docs)
	save(t, h, owning(photos, "a"), owning(docs, "b"))
	before := read(t, s)
	must(t, s.Edit(t.Context(), "state mv", func(d *state.Document) error {
		d.Resources[0].Path = "/elsewhere"
		return nil
	}))
	after := read(t, s)
	if after.Serial != before.Serial+1 || after.Resources[0].Serial != before.Resources[0].Serial+1 || after.Resources[1].Serial != before.Resources[1].Serial {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
	refused := errors.New("refused")
	if err := s.Edit(t.Context(), "x", func(d *state.Document) error { d.Serial = 99; return refused }); !errors.Is(err, refused) {
		t.Errorf("err = %v", err)
	}
	if diff := cmp.Diff(after, read(t, s)); diff != "" {
		t.Errorf("a refused edit (-before +after):\n%s", diff)
	}
}

// TestRule29_TheLastSaveGivesBack: what was done and that the addresses are free again is one document.
func TestRule29_TheLastSaveGivesBack(t *testing.T) {
	var b statetest.Memory
	h := lease(t, host(&b, "one"), photos)
	must(t, h.SaveLast(t.Context(), []state.Change{{Resource: state.Resource{Address: photos, Path: "/p"}}}, nil))
	if d := read(t, host(&b, "one")); len(d.Leases) != 0 || len(d.Resources) != 1 {
		t.Errorf("leases %+v, resources %+v", d.Leases, d.Resources)
	}
	other := lease(t, host(&b, "two"), photos)
	must(t, h.Release(t.Context(), true))
	if d := read(t, host(&b, "one")); len(d.Leases) != 1 || d.Leases[0].ID != other.ID() {
		t.Errorf("releasing took a lease away: %+v", d.Leases)
	}
	var lost *state.LeaseLostError
	if err := h.SaveLast(t.Context(), nil, nil); !errors.As(err, &lost) {
		t.Errorf("saved without a lease: %v", err)
	}
	// The lease of a last save that failed is still given back.
	_, err := host(&b, "three").ForceUnlock(t.Context(), other.ID())
	must(t, err)
	h = lease(t, host(&b, "one"), photos)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.SaveLast(ctx, nil, nil); err == nil {
		t.Fatal("saved nowhere")
	}
	must(t, h.Release(t.Context(), false))
	if d := read(t, host(&b, "one")); len(d.Leases) != 0 {
		t.Errorf("leases %+v", d.Leases)
	}
}
