package http_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/redact"
	"github.com/megaplan/megaplan/internal/retry"
	"github.com/megaplan/megaplan/state"
	httpstate "github.com/megaplan/megaplan/state/http"
	"github.com/megaplan/megaplan/state/statetest"
)

var photos = addr.New(addr.Backup, "photos")

func store(t *testing.T, o httpstate.Options, host string) *state.Store {
	t.Helper()
	key := state.Key{User: "abcdefghijk", Secret: redact.New("0123456789abcdef0123456789abcdef")}
	return state.NewStore(open(t, o), state.Options{
		Host: host, MegaplanVersion: "1.2.3", Machine: host, PID: 7, Dead: func(state.Lease) bool { return false },
		Sealed: true, Key: func(context.Context, addr.Address, string) (state.Key, error) { return key, nil },
	})
}

// run is a whole apply, as far as the state sees of it.
func run(t *testing.T, s *state.Store, files ...state.Entry) error {
	t.Helper()
	h, err := s.Lease(t.Context(), []addr.Address{photos}, "apply")
	if err != nil {
		return err
	}
	change := state.Change{Resource: state.Resource{Address: photos, Path: "/photos"}, SetManifest: true, Manifest: files}
	return errors.Join(h.Save(t.Context(), []state.Change{change}, nil), h.Release(t.Context(), true))
}

func owned(t *testing.T, s *state.Store) []state.Entry {
	t.Helper()
	d, err := s.Read(t.Context())
	must(t, err)
	r, _ := d.Resource(photos)
	m, err := s.Manifest(t.Context(), d.Lineage, r)
	must(t, err)
	if len(d.Leases) > 0 {
		t.Errorf("leases are left: %+v", d.Leases)
	}
	return m
}

// TestEachRequestOfARunMayBreakOnce: the run notices nothing, and neither does the next.
func TestEachRequestOfARunMayBreakOnce(t *testing.T) {
	for name, fault := range map[string]statetest.Fault{"lost": {Lose: true}, "refused": {Status: http.StatusServiceUnavailable}} {
		for broken := int32(1); ; broken++ {
			s := &statetest.Server{GitLab: true}
			var at atomic.Int32
			s.Break = func(*http.Request) statetest.Fault {
				if at.Add(1) == broken {
					return fault
				}
				return statetest.Fault{}
			}
			o := serve(t, s)
			if err := run(t, store(t, o, "one"), state.Entry{Path: "a", Handle: 1}); err != nil {
				t.Errorf("request %d %s: %v", broken, name, err)
			}
			if at.Load() < broken {
				break // there are no more
			}
			must(t, run(t, store(t, o, "two"), state.Entry{Path: "a", Handle: 1}, state.Entry{Path: "b", Handle: 2}))
			if got := owned(t, store(t, o, "two")); len(got) != 2 {
				t.Errorf("request %d %s: the state owns %+v", broken, name, got)
			}
		}
	}
}

// TestRule29_ARunMayDieAtEachRequest: what it leaves is freed by its ids, and the next run finds a state that is whole.
func TestRule29_ARunMayDieAtEachRequest(t *testing.T) {
	for _, fault := range []statetest.Fault{{Lose: true}, {Status: http.StatusServiceUnavailable}} {
		for died := int32(1); ; died++ {
			s := &statetest.Server{GitLab: true}
			var at atomic.Int32
			var dead atomic.Bool
			s.Break = func(*http.Request) statetest.Fault {
				switch n := at.Add(1); {
				case dead.Load() && n > died:
					return statetest.Fault{Status: http.StatusServiceUnavailable} // what a dead process asks nobody hears
				case n == died:
					dead.Store(true)
					return fault
				}
				return statetest.Fault{}
			}
			o := serve(t, s)
			o.Retry = retry.Policy{Budget: time.Millisecond, Initial: time.Millisecond}
			if err := run(t, store(t, o, "one"), state.Entry{Path: "a", Handle: 1}); err == nil {
				t.Logf("a run has %d requests", died-1)
				break // it died no more
			}
			at.Store(-1 << 30)
			dead.Store(false)
			o.Retry = retry.Policy{Budget: 5 * time.Second, Initial: time.Millisecond}
			free(t, o)
			must(t, run(t, store(t, o, "two"), state.Entry{Path: "b", Handle: 2}))
			if got := owned(t, store(t, o, "two")); len(got) != 1 || got[0].Path != "b" {
				t.Errorf("died at request %d: the state owns %+v", died, got)
			}
		}
	}
}

// free frees the lock and the leases that a run left, as a person would.
func free(t *testing.T, o httpstate.Options) {
	t.Helper()
	b := open(t, o)
	var held *state.HeldError
	switch err := b.Lock(t.Context(), info("probe")); {
	case errors.As(err, &held):
		must(t, b.ForceUnlock(t.Context(), held.Holder.ID))
	case err != nil:
		t.Fatal(err)
	default:
		must(t, b.Unlock(t.Context(), "probe"))
	}
	s := store(t, o, "two")
	d, err := s.Read(t.Context())
	must(t, err)
	for _, l := range d.Leases {
		_, err := s.ForceUnlock(t.Context(), l.ID)
		must(t, err)
	}
}
