package http_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/redact"
	"github.com/megaplan/megaplan/internal/retry"
	"github.com/megaplan/megaplan/state"
	httpstate "github.com/megaplan/megaplan/state/http"
	"github.com/megaplan/megaplan/state/statetest"
)

const path = "/state/nightly"

// serve starts a server and returns options that lead there; patience is short, as nothing heals by itself.
func serve(t *testing.T, s *statetest.Server) httpstate.Options {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	o := httpstate.Options{
		Address: server.URL + path, LockAddress: server.URL + path + "/lock",
		Username: s.Username, Password: redact.New(s.Password),
		Retry: retry.Policy{Budget: 5 * time.Second, Initial: time.Millisecond, Max: time.Millisecond},
	}
	if s.GitLab {
		o.LockMethod, o.UnlockMethod = http.MethodPost, http.MethodDelete
	}
	return o
}

func open(t *testing.T, o httpstate.Options) *httpstate.Backend {
	t.Helper()
	b, err := httpstate.New(o)
	must(t, err)
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func info(id string) state.LockInfo {
	return state.LockInfo{ID: id, Host: "laptop", PID: 42, Operation: "apply", Since: time.Unix(1_700_000_000, 0).UTC()}
}

// locked runs f under a lock.
func locked(t *testing.T, b state.Backend, f func() error) error {
	t.Helper()
	must(t, b.Lock(t.Context(), info("writer")))
	err := f()
	must(t, b.Unlock(t.Context(), "writer"))
	return err
}

func write(t *testing.T, b state.Backend, text, revision string) error {
	t.Helper()
	return locked(t, b, func() error { return b.Write(t.Context(), []byte(text), revision, true) })
}

func TestHTTPKeepsTheContract(t *testing.T) {
	for name, gitlab := range map[string]bool{"reference": false, "GitLab": true} {
		t.Run(name, func(t *testing.T) {
			statetest.Test(t, func(t *testing.T) func() state.Backend {
				o := serve(t, &statetest.Server{GitLab: gitlab, Username: "me", Password: "secret"})
				return func() state.Backend { return open(t, o) }
			})
		})
	}
}

// TestGitLabNamesTheWrongHolder: GitLab answers a refused lock with what was just sent to it, but for the id.
func TestGitLabNamesTheWrongHolder(t *testing.T) {
	o := serve(t, &statetest.Server{GitLab: true})
	must(t, open(t, o).Lock(t.Context(), info("theirs")))
	mine := info("mine")
	mine.Host = "desktop"
	var held *state.HeldError
	if err := open(t, o).Lock(t.Context(), mine); !errors.As(err, &held) {
		t.Fatal(err)
	}
	if got := held.Holder; got.ID != "theirs" || got.Host != "gitlab-user" || got.PID != 0 || got.Operation != "" {
		t.Errorf("holder %+v", got)
	}
}

// TestWhatTheServerSees pins the requests and the text, as Terraform makes them.
func TestWhatTheServerSees(t *testing.T) {
	s := &statetest.Server{}
	b := open(t, serve(t, s))
	must(t, b.Put(t.Context(), state.Digest([]byte("sealed")), []byte("sealed")))
	must(t, write(t, b, `{"version":1,"serial":7,"lineage":"abc","megaplan_version":"1.2.3"}`, ""))
	want := []string{"LOCK " + path + "/lock", "GET " + path, "POST " + path + "?ID=writer", "UNLOCK " + path + "/lock"}
	if got := s.Requests(); !slices.Equal(got, want) {
		t.Errorf("requests %q, want %q", got, want)
	}
	var seen map[string]any
	must(t, json.Unmarshal(s.Text(path), &seen))
	if seen["serial"] != 1.0 || seen["lineage"] != "abc" || seen["version"] != 4.0 || seen["terraform_version"] != "megaplan-1.2.3" {
		t.Errorf("text: %s", s.Text(path))
	}
	_, revision, err := b.Read(t.Context())
	must(t, err)
	must(t, write(t, b, `{"version":1,"serial":7,"lineage":"abc"}`, revision)) // the document's serial need not grow
	must(t, json.Unmarshal(s.Text(path), &seen))
	if seen["serial"] != 2.0 || !bytes.Contains(s.Text(path), []byte("c2VhbGVk")) {
		t.Errorf("the second text: %s", s.Text(path))
	}
}

// TestWhatWasReadUnderTheLockIsNotReadAgain: a text may be large.
func TestWhatWasReadUnderTheLockIsNotReadAgain(t *testing.T) {
	s := &statetest.Server{}
	o := serve(t, s)
	b := open(t, o)
	must(t, write(t, open(t, o), "1", ""))
	_, _, err := b.Read(t.Context()) // before the lock: worth nothing
	must(t, err)
	_, revision, err := open(t, o).Read(t.Context())
	must(t, err)
	must(t, write(t, open(t, o), "2", revision))
	before := len(s.Requests())
	must(t, locked(t, b, func() error {
		text, revision, err := b.Read(t.Context())
		must(t, err)
		if string(text) != "2" {
			t.Errorf("read %q", text)
		}
		return b.Write(t.Context(), []byte("3"), revision, false)
	}))
	want := []string{"LOCK " + path + "/lock", "GET " + path, "POST " + path + "?ID=writer", "UNLOCK " + path + "/lock"}
	if got := s.Requests()[before:]; !slices.Equal(got, want) {
		t.Errorf("requests %q, want %q", got, want)
	}
}

// TestLostAnswers breaks each request once, before and after it took effect.
func TestLostAnswers(t *testing.T) {
	for name, gitlab := range map[string]bool{"reference": false, "GitLab": true} {
		for _, fault := range []statetest.Fault{{Lose: true}, {Status: http.StatusBadGateway}, {Status: http.StatusTooManyRequests}} {
			for broken := range 4 {
				s := &statetest.Server{GitLab: gitlab}
				var at atomic.Int32
				s.Break = func(*http.Request) statetest.Fault {
					if at.Add(1) == int32(broken+1) {
						return fault
					}
					return statetest.Fault{}
				}
				o := serve(t, s)
				b := open(t, o)
				must(t, b.Put(t.Context(), state.Digest([]byte("one")), []byte("one")))
				if err := write(t, b, "1", ""); err != nil {
					t.Errorf("%s, request %d, %+v: %v", name, broken, fault, err)
					continue
				}
				other := open(t, o)
				if text, _, err := other.Read(t.Context()); err != nil || string(text) != "1" {
					t.Errorf("%s, request %d, %+v: read %q, %v", name, broken, fault, text, err)
				}
				if _, err := other.Get(t.Context(), state.Digest([]byte("one"))); err != nil {
					t.Errorf("%s, request %d, %+v: %v", name, broken, fault, err)
				}
				if err := other.Lock(t.Context(), info("next")); err != nil {
					t.Errorf("%s, request %d, %+v: still locked: %v", name, broken, fault, err)
				}
			}
		}
	}
}

// TestALostWriteIsNotRepeatedOverAnothers: the server took it, somebody else (without a lock) wrote after it.
func TestALostWriteIsNotRepeatedOverAnothers(t *testing.T) {
	s := &statetest.Server{}
	o := serve(t, s)
	o.LockAddress = ""
	b, other := open(t, o), open(t, o)
	var lost, overtaken atomic.Bool
	s.Break = func(r *http.Request) statetest.Fault {
		switch {
		case r.Method == http.MethodPost && lost.CompareAndSwap(false, true):
			return statetest.Fault{Lose: true}
		case r.Method == http.MethodGet && lost.Load() && overtaken.CompareAndSwap(false, true):
			_, revision, err := other.Read(t.Context())
			if err = errors.Join(err, other.Write(t.Context(), []byte("2"), revision, false)); err != nil {
				t.Error(err)
			}
		}
		return statetest.Fault{}
	}
	if err := b.Write(t.Context(), []byte("1"), "", false); !errors.Is(err, state.ErrConflict) {
		t.Errorf("wrote: %v", err)
	}
	if text, _, err := b.Read(t.Context()); err != nil || string(text) != "2" {
		t.Errorf("read %q, %v", text, err)
	}
}

// TestALockWithoutAnswerIsGivenBack: Ctrl-C while the server's answer is on its way must not leave a lock.
func TestALockWithoutAnswerIsGivenBack(t *testing.T) {
	s := &statetest.Server{}
	ctx, cancel := context.WithCancel(t.Context())
	var once atomic.Bool
	s.Break = func(r *http.Request) statetest.Fault {
		if r.Method != "LOCK" || !once.CompareAndSwap(false, true) {
			return statetest.Fault{}
		}
		cancel()
		return statetest.Fault{Lose: true}
	}
	o := serve(t, s)
	if err := open(t, o).Lock(ctx, info("mine")); err == nil {
		t.Errorf("locked: %v", err)
	}
	must(t, open(t, o).Lock(t.Context(), info("next")))
}

func TestWithoutALockAddress(t *testing.T) {
	s := &statetest.Server{}
	var warned []string
	o := serve(t, s)
	o.LockAddress, o.Warn = "", func(text string) { warned = append(warned, text) }
	b := open(t, o)
	must(t, write(t, b, "1", ""))
	if err := write(t, b, "2", ""); !errors.Is(err, state.ErrConflict) {
		t.Errorf("replaced what it had not read: %v", err)
	}
	if err := b.ForceUnlock(t.Context(), "x"); !errors.Is(err, state.ErrNotLocked) {
		t.Errorf("unlocked: %v", err)
	}
	if len(warned) != 1 || !strings.Contains(warned[0], "has no lock") {
		t.Errorf("warned %q", warned)
	}
	for _, r := range s.Requests() {
		if strings.Contains(r, "ID=") || strings.Contains(r, "LOCK") {
			t.Errorf("request %s", r)
		}
	}
}

func TestLargeStatesAreWarnedOf(t *testing.T) {
	var warned []string
	o := serve(t, &statetest.Server{})
	o.Warn = func(text string) { warned = append(warned, text) }
	b := open(t, o)
	large := bytes.Repeat([]byte("x"), 8<<20) // 10.7 MiB in base64
	must(t, b.Put(t.Context(), state.Digest(large), large))
	must(t, write(t, b, "1", ""))
	_, revision, err := b.Read(t.Context())
	must(t, err)
	must(t, write(t, b, "2", revision))
	if len(warned) != 1 || !strings.Contains(warned[0], "10 MiB") {
		t.Errorf("warned %q", warned)
	}
}

// TestForceUnlockAsksWhoFirst: not every server looks at the id.
func TestForceUnlockAsksWhoFirst(t *testing.T) {
	s := &statetest.Server{}
	b := open(t, serve(t, s))
	s.Lock(path, "theirs")
	if err := b.ForceUnlock(t.Context(), "lease"); !errors.Is(err, state.ErrNotLocked) {
		t.Errorf("freed another's lock: %v", err)
	}
	for _, r := range s.Requests() {
		if strings.HasPrefix(r, "UNLOCK") {
			t.Errorf("asked to %s", r)
		}
	}
	must(t, b.ForceUnlock(t.Context(), "theirs"))
	must(t, b.Lock(t.Context(), info("mine")))
}
