package statetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/megaplan/megaplan/state"
)

// Test runs the contract. For each part, fresh makes an empty storage and returns a function that opens it; what is opened
// first and second share it as two processes would.
func Test(t *testing.T, fresh func(t *testing.T) (open func() state.Backend)) {
	for name, part := range map[string]func(*testing.T, state.Backend, state.Backend){
		"empty": empty, "documents": documents, "conflicts": conflicts, "earlier documents": earlier,
		"lock": lock, "forced lock": forced, "race for the lock": race, "objects": objects,
	} {
		t.Run(name, func(t *testing.T) {
			open := fresh(t)
			part(t, open(), open())
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

func info(id string) state.LockInfo {
	return state.LockInfo{ID: id, Host: "host", PID: 42, Operation: "apply", Since: time.Unix(1_700_000_000, 0).UTC()}
}

// write replaces the document under a lock.
func write(t *testing.T, b state.Backend, text, revision string, keep bool) error {
	t.Helper()
	must(t, b.Lock(t.Context(), info("writer")))
	err := b.Write(t.Context(), []byte(text), revision, keep)
	must(t, b.Unlock(t.Context(), "writer"))
	return err
}

func read(t *testing.T, b state.Backend) (text, revision string) {
	t.Helper()
	data, revision, err := b.Read(t.Context())
	must(t, err)
	return string(data), revision
}

func empty(t *testing.T, a, _ state.Backend) {
	if text, revision := read(t, a); text != "" || revision != "" {
		t.Errorf("an empty storage holds %q, revision %q", text, revision)
	}
	old, err := a.Earlier(t.Context())
	must(t, err)
	list, err := a.List(t.Context())
	must(t, err)
	if len(old) > 0 || len(list) > 0 {
		t.Errorf("an empty storage has %d earlier documents and %d objects", len(old), len(list))
	}
	if a.String() == "" {
		t.Error("it has no name")
	}
}

func documents(t *testing.T, a, b state.Backend) {
	must(t, write(t, a, `{"n":1}`, "", false))
	text, first := read(t, b)
	if text != `{"n":1}` || first == "" {
		t.Fatalf("read %q, revision %q", text, first)
	}
	must(t, write(t, b, `{"n":2}`, first, true))
	text, second := read(t, a)
	if text != `{"n":2}` || second == first {
		t.Errorf("read %q, revision %q after %q", text, second, first)
	}
	must(t, write(t, a, `"`+strings.Repeat("<long>", 1<<20)+`"`, second, true))
	if text, _ = read(t, b); len(text) != 6<<20+2 {
		t.Errorf("read %d bytes", len(text))
	}
}

func conflicts(t *testing.T, a, b state.Backend) {
	must(t, write(t, a, "1", "", false))
	is(t, write(t, b, "11", "", false), state.ErrConflict)
	_, first := read(t, a)
	must(t, write(t, b, "2", first, false))
	is(t, write(t, a, "3", first, true), state.ErrConflict)
	if text, _ := read(t, a); text != "2" {
		t.Errorf("the document is %q", text)
	}
}

func earlier(t *testing.T, a, b state.Backend) {
	want := []string{"5", "3", "2"} // 4 was replaced without keep
	for n := range 7 {
		_, revision := read(t, a)
		must(t, write(t, a, fmt.Sprint(n), revision, n != 5 && n != 2 && n != 1))
	}
	read(t, b)
	old, err := b.Earlier(t.Context())
	must(t, err)
	var got []string
	for _, data := range old {
		got = append(got, string(data))
	}
	if len(got) > len(want) {
		t.Errorf("earlier documents: %q", got)
		return
	}
	if diff := cmp.Diff(want[:len(got)], got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("earlier documents (-want +got):\n%s", diff)
	}
}

func lock(t *testing.T, a, b state.Backend) {
	is(t, a.Unlock(t.Context(), "mine"), state.ErrNotLocked)
	must(t, a.Lock(t.Context(), info("mine")))
	for _, other := range []state.Backend{a, b} {
		err := other.Lock(t.Context(), info("other"))
		var held *state.HeldError
		if !errors.As(err, &held) {
			t.Fatalf("locked twice: %v", err)
		}
		if held.Holder.ID != "mine" {
			t.Errorf("the holder is %+v", held.Holder)
		}
		// A backend that knows the holder's process knows all of it; one that does not must not name another.
		if diff := cmp.Diff(info("mine"), held.Holder); diff != "" && held.Holder.PID != 0 {
			t.Errorf("holder (-want +got):\n%s", diff)
		}
	}
	is(t, b.Unlock(t.Context(), "other"), state.ErrNotLocked)
	must(t, a.Unlock(t.Context(), "mine"))
	is(t, a.Unlock(t.Context(), "mine"), state.ErrNotLocked)
	must(t, b.Lock(t.Context(), info("other")))
	must(t, b.Unlock(t.Context(), "other"))
}

func forced(t *testing.T, a, b state.Backend) {
	is(t, a.ForceUnlock(t.Context(), "mine"), state.ErrNotLocked)
	must(t, a.Lock(t.Context(), info("mine")))
	is(t, b.ForceUnlock(t.Context(), "other"), state.ErrNotLocked)
	must(t, b.ForceUnlock(t.Context(), "mine"))
	if err := a.Write(t.Context(), []byte("1"), "", false); err == nil {
		t.Error("wrote after the lock was taken away")
	}
	must(t, b.Lock(t.Context(), info("other")))
	is(t, a.Unlock(t.Context(), "mine"), state.ErrNotLocked)
	must(t, b.Write(t.Context(), []byte("1"), "", false))
	must(t, b.Unlock(t.Context(), "other"))
}

// race lets many count up in the document, each under the lock.
func race(t *testing.T, a, b state.Backend) {
	const runs, rounds = 4, 5
	var wg sync.WaitGroup
	var inside atomic.Int32
	for run := range runs {
		wg.Go(func() {
			backend := []state.Backend{a, b}[run%2]
			for range rounds {
				id := fmt.Sprint(run)
				for {
					err := backend.Lock(t.Context(), info(id))
					if err == nil {
						break
					}
					var held *state.HeldError
					if !errors.As(err, &held) {
						t.Error(err)
						return
					}
					time.Sleep(time.Millisecond) // between tries; nothing depends on how long
				}
				if inside.Add(1) != 1 {
					t.Error("two are inside the lock")
				}
				data, revision, err := backend.Read(t.Context())
				if err == nil {
					err = backend.Write(t.Context(), append(data, '1'), revision, false)
				}
				inside.Add(-1)
				if err := errors.Join(err, backend.Unlock(t.Context(), id)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if text, _ := read(t, a); len(text) != runs*rounds {
		t.Errorf("counted to %d of %d", len(text), runs*rounds)
	}
}

func objects(t *testing.T, a, b state.Backend) {
	began := time.Now().Add(-time.Minute) // clocks of servers differ a little
	one, two := []byte("one"), []byte(strings.Repeat("two\x00\xff", 1<<18))
	for _, data := range [][]byte{one, two, one} {
		must(t, a.Put(t.Context(), state.Digest(data), data))
	}
	got, err := a.Get(t.Context(), state.Digest(one))
	must(t, err)
	if string(got) != "one" {
		t.Errorf("before a document was written: %q", got)
	}
	must(t, write(t, a, "1", "", false))
	for _, data := range [][]byte{one, two} {
		got, err := b.Get(t.Context(), state.Digest(data))
		must(t, err)
		if string(got) != string(data) {
			t.Errorf("got %d bytes of %d", len(got), len(data))
		}
	}
	_, err = b.Get(t.Context(), state.Digest([]byte("three")))
	is(t, err, state.ErrNoObject)
	_, err = b.Get(t.Context(), "../lock")
	is(t, err, state.ErrNoObject)
	list, err := b.List(t.Context())
	must(t, err)
	if len(list) != 2 {
		t.Errorf("listed %v", list)
	}
	for _, o := range list {
		if o.Time.Before(began) {
			t.Errorf("object %s is of %v", o.Digest, o.Time)
		}
	}
	must(t, b.Lock(t.Context(), info("other")))
	must(t, b.Delete(t.Context(), state.Digest(one), state.Digest([]byte("three"))))
	must(t, b.Delete(t.Context()))
	must(t, b.Unlock(t.Context(), "other"))
	_, err = b.Get(t.Context(), state.Digest(one))
	is(t, err, state.ErrNoObject)
	read(t, a) // what came with a document may be remembered until the next
	_, err = a.Get(t.Context(), state.Digest(one))
	is(t, err, state.ErrNoObject)
	if _, err = a.Get(t.Context(), state.Digest(two)); err != nil {
		t.Errorf("the other object went too: %v", err)
	}
}
