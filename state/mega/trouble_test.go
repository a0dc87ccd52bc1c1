package mega_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/emulator"
	client "github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/state"
	"github.com/megaplan/megaplan/state/mega"
)

var digest = state.Digest([]byte("object"))

// day is what a state goes through: it is written, replaced, its objects come and go.
func day(ctx context.Context, b *mega.Backend) error {
	revision := ""
	for i, keep := range []bool{false, true, false} {
		id := fmt.Sprint("lock ", i)
		if err := b.Lock(ctx, state.LockInfo{ID: id, Operation: "apply"}); err != nil {
			return fmt.Errorf("lock %d: %w", i, err)
		}
		err := b.Put(ctx, digest, []byte("object"))
		if err == nil {
			err = b.Put(ctx, state.Digest([]byte("other")), []byte("other"))
		}
		if err == nil {
			_, revision, err = b.Read(ctx)
		}
		if err == nil {
			err = b.Write(ctx, document(i), revision, keep)
		}
		if err == nil {
			err = b.Delete(ctx, state.Digest([]byte("other")))
		}
		if err := errors.Join(err, b.Unlock(ctx, id)); err != nil {
			return fmt.Errorf("round %d: %w", i, err)
		}
	}
	return nil
}

// put writes the document under the lock.
func put(ctx context.Context, b *mega.Backend, serial int, id string) error {
	if err := b.Lock(ctx, state.LockInfo{ID: id}); err != nil {
		return err
	}
	_, revision, err := b.Read(ctx)
	if err == nil {
		err = b.Write(ctx, document(serial), revision, true)
	}
	return errors.Join(err, b.Unlock(ctx, id))
}

func document(i int) []byte { return fmt.Appendf(nil, `{"serial":%d}`, i) }

// same looks at the account with a client that knows nothing.
func same(t *testing.T, h *house) {
	t.Helper()
	b := h.backend(t, nil)
	data, _, err := b.Read(t.Context())
	if err != nil || string(data) != string(document(2)) {
		t.Errorf("the document is %s, %v", data, err)
	}
	earlier, err := b.Earlier(t.Context())
	if diff := cmp.Diff([][]byte{document(0)}, earlier); err != nil || diff != "" {
		t.Errorf("earlier documents: %v\n%s", err, diff)
	}
	objects, err := b.List(t.Context())
	if err != nil || len(objects) != 1 || objects[0].Digest != digest {
		t.Errorf("objects: %v, %v", objects, err)
	}
	if got, err := b.Get(t.Context(), digest); err != nil || string(got) != "object" {
		t.Errorf("object: %q, %v", got, err)
	}
	if err := b.Lock(t.Context(), state.LockInfo{ID: "after"}); err != nil {
		t.Errorf("the lock was left behind: %v", err)
	}
	nodes, err := h.Nodes(oldAccount.Email)
	// Three roots, the folders safe, .megaplan and objects, the document with one version, one object.
	if err != nil || len(nodes) != 3+3+2+1 {
		t.Errorf("%d nodes, %v", len(nodes), err)
	}
}

// TestEveryRequestBrokenOnce breaks each kind of request, before and after it took effect.
func TestEveryRequestBrokenOnce(t *testing.T) {
	type fault struct{ place, command string }
	for _, f := range []fault{{"cs", "uga"}, {"cs", "upv"}, {"cs", "u"}, {"cs", "p"}, {"cs", "d"}, {"sc", ""}, {"storage", ""}} {
		kinds := []string{"reset", "lost", "truncate", "503"}
		if f.place != "storage" {
			kinds = append(kinds, "eagain", "-4")
		}
		for _, kind := range kinds {
			for nth := 1; nth <= 2; nth++ {
				t.Run(fmt.Sprintf("%s %s %s %d", f.place, f.command, kind, nth), func(t *testing.T) {
					t.Parallel() // most of the time is spent waiting
					h := newHouse(t, emulator.Options{})
					b := h.backend(t, nil)
					before := h.Stats().Faults
					if err := h.Fault(emulator.FaultSpec{Place: emulator.Place(f.place), Kind: kind, Command: f.command, Nth: nth}); err != nil {
						t.Fatal(err)
					}
					if err := day(t.Context(), b); err != nil {
						t.Fatal(err)
					}
					if h.Stats().Faults == before {
						t.Error("the fault did not strike")
					}
					same(t, h)
				})
			}
		}
	}
}

// TestNoAnswerAtAll lets requests take effect, or not, without any answer. Whatever the calls make of that: once answers come
// again, the same process goes on from there, and nothing is doubled or locked out.
func TestNoAnswerAtAll(t *testing.T) {
	for _, command := range []string{"uga", "upv", "p", "d"} {
		for _, lost := range []bool{false, true} {
			for nth := 1; nth <= 3; nth++ {
				t.Run(fmt.Sprintf("%s %d lost %v", command, nth, lost), func(t *testing.T) {
					t.Parallel()
					h := newHouse(t, emulator.Options{})
					line := &line{RoundTripper: http.DefaultTransport, cut: []byte(`"a":"` + command + `"`), lost: lost}
					line.left.Store(int32(nth - 1))
					b := h.backend(t, func(o *client.Options) { o.Base, o.Budget = line, time.Millisecond })
					if err := day(t.Context(), b); !errors.Is(err, errBlamed) {
						t.Fatalf("without answers: %v", err)
					}
					line.mended.Store(true)
					must(t, put(t.Context(), b, 7, "next"))
					if data, _, err := h.backend(t, nil).Read(t.Context()); err != nil || string(data) != string(document(7)) {
						t.Errorf("the document is %s, %v", data, err)
					}
					must(t, b.Lock(t.Context(), state.LockInfo{ID: "after"}))
				})
			}
		}
	}
}

// line loses requests, or their answers, from some request with a command on until it is mended.
type line struct {
	http.RoundTripper
	cut    []byte
	lost   bool // the answers
	left   atomic.Int32
	mended atomic.Bool
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil || l.mended.Load() {
		return l.RoundTripper.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if !bytes.Contains(body, l.cut) || l.left.Add(-1) >= 0 {
		return l.RoundTripper.RoundTrip(r)
	}
	if l.lost {
		resp, err := l.RoundTripper.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		resp.Body.Close()
	}
	return nil, io.ErrUnexpectedEOF
}

// forgetful is a server that does not know a repeated request again: what took effect without an answer is refused the second
// time, because somebody has written meanwhile.
type forgetful struct{ http.RoundTripper }

func (f forgetful) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(body, []byte(`"a":"upv"`)) {
		first := r.Clone(r.Context())
		first.URL.RawQuery = strings.Replace(first.URL.RawQuery, "id=", "id=x", 1)
		first.Body = io.NopCloser(bytes.NewReader(body))
		resp, err := f.RoundTripper.RoundTrip(first)
		if err != nil {
			return nil, err
		}
		resp.Body.Close()
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return f.RoundTripper.RoundTrip(r)
}

// TestRule29_OwnLockIsKnownAgain: -8 means lost, unless it was our own write that we lost to.
func TestRule29_OwnLockIsKnownAgain(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	b := h.backend(t, func(o *client.Options) { o.Base = forgetful{http.DefaultTransport} })
	if err := day(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	same(t, h)
	if err := b.ForceUnlock(t.Context(), "after"); err != nil {
		t.Errorf("force-unlock: %v", err)
	}
}

// TestRule29_LockOfTheDeadIsTakenByForceOnly: nothing frees a lock silently, however old it is.
func TestRule29_LockOfTheDeadIsTakenByForceOnly(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	dead := h.backend(t, nil)
	was := state.LockInfo{ID: "dead", Host: "desk", PID: 7, Operation: "apply", Since: time.Now().Add(-100 * time.Hour).UTC().Truncate(time.Second)}
	if err := dead.Lock(t.Context(), was); err != nil {
		t.Fatal(err)
	}
	b := h.backend(t, nil)
	var held *state.HeldError
	if err := b.Lock(t.Context(), state.LockInfo{ID: "ours"}); !errors.As(err, &held) || held.Holder != was {
		t.Errorf("lock: %v, held by %+v", err, held)
	}
	if err := b.ForceUnlock(t.Context(), "dead"); err != nil {
		t.Fatal(err)
	}
	if err := b.Lock(t.Context(), state.LockInfo{ID: "ours"}); err != nil {
		t.Fatal(err)
	}
	// The dead one comes to life again.
	if err := dead.Write(t.Context(), document(1), "", false); !errors.Is(err, state.ErrNotLocked) {
		t.Errorf("wrote without the lock: %v", err)
	}
	if err := dead.Unlock(t.Context(), "dead"); !errors.Is(err, state.ErrNotLocked) {
		t.Errorf("unlocked what it no longer has: %v", err)
	}
}

// TestRule29_NobodyReadsTheLock: the attribute tells the server nothing.
func TestRule29_NobodyReadsTheLock(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	b := h.backend(t, nil)
	if err := b.Lock(t.Context(), state.LockInfo{ID: "one", Host: "a-telling-name"}); err != nil {
		t.Fatal(err)
	}
	answer, err := h.Do(oldAccount.Email, `[{"a":"ug"}]`)
	if err != nil || !strings.Contains(answer, `"*!mp`) || strings.Contains(answer, "telling") {
		t.Errorf("user data: %s, %v", answer, err)
	}
}

func TestOverQuota(t *testing.T) {
	h := newHouse(t, emulator.Options{Quota: 1000})
	b := h.backend(t, nil)
	if err := b.Lock(t.Context(), state.LockInfo{ID: "one"}); err != nil {
		t.Fatal(err)
	}
	err := b.Write(t.Context(), make([]byte, 2000), "", false)
	if !errors.Is(err, client.ErrOverQuota) || !errors.Is(err, api.EOVERQUOTA) {
		t.Errorf("write: %v", err)
	}
	if err := b.Unlock(t.Context(), "one"); err != nil {
		t.Errorf("unlock: %v", err)
	}
}
