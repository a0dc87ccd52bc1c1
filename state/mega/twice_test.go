package mega_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/emulator"
	client "github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
	"github.com/megaplan/megaplan/state/mega"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// behind makes nodes as another client would, past every lock.
func behind(t *testing.T, m machine, parent tree.Handle, serial int) {
	t.Helper()
	if _, err := m.Upload(t.Context(), client.Upload{Parent: parent, Name: "megaplan.state.json", Bytes: document(serial)}); err != nil {
		t.Fatal(err)
	}
}

// TestSeveralDocuments: whatever clients did to each other, the document that knows the most counts for everybody, and the next
// write leaves one of the name. The others stay, under another.
func TestSeveralDocuments(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	m := h.machine(t, nil)
	b := mega.New(m, "safe/.megaplan", "here")
	must(t, put(t.Context(), b, 3, "put"))
	place, err := m.Children(m.RootHandle())
	if err != nil {
		t.Fatal(err)
	}
	folder, err := m.Children(place[0].Handle)
	if err != nil {
		t.Fatal(err)
	}
	behind(t, m, folder[0].Handle, 5)
	behind(t, m, folder[0].Handle, 4)
	// Two machines made the folder at the same time.
	twin, err := m.CreateFolders(t.Context(), []client.NewFolder{{Parent: place[0].Handle, Name: ".megaplan"}})
	if err != nil {
		t.Fatal(err)
	}
	behind(t, m, twin[0], 9)

	for range 2 { // for who did it and for who did not
		if data, _, err := b.Read(t.Context()); err != nil || string(data) != string(document(9)) {
			t.Errorf("the document is %s, %v", data, err)
		}
		b = h.backend(t, nil)
	}
	must(t, put(t.Context(), b, 10, "put"))
	files, err := h.machine(t, nil).OwnFolder("safe/.megaplan", false).Files("")
	if err != nil {
		t.Fatal(err)
	}
	current := 0
	for _, n := range files {
		if n.Name == "megaplan.state.json" {
			current++
		} else if !strings.HasPrefix(n.Name, "megaplan.state.not-used-") {
			t.Errorf("there is %s", n.Name)
		}
	}
	if current != 1 || len(files) != 4 {
		t.Errorf("%d documents among %d files", current, len(files))
	}
	if data, _, err := h.backend(t, nil).Read(t.Context()); err != nil || string(data) != string(document(10)) {
		t.Errorf("the document is %s, %v", data, err)
	}
}

// TestObjectsOfTwoRuns: the same object put by two runs is one object, and goes as one.
func TestObjectsOfTwoRuns(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	one, two := h.backend(t, nil), h.backend(t, nil)
	for _, b := range []*mega.Backend{one, two} {
		if err := b.Put(t.Context(), digest, []byte("object")); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := one.Read(t.Context()); err != nil { // as a collector does first
		t.Fatal(err)
	}
	list, err := one.List(t.Context())
	if err != nil || len(list) != 1 {
		t.Errorf("listed %v, %v", list, err)
	}
	if err := one.Delete(t.Context(), digest); err != nil {
		t.Fatal(err)
	}
	if _, err := h.backend(t, nil).Get(t.Context(), digest); !errors.Is(err, state.ErrNoObject) {
		t.Errorf("get: %v", err)
	}
	// The other one finds out when it puts the object again: it trusts in it no longer than a collector does.
	if err := two.Put(t.Context(), digest, []byte("object")); err != nil {
		t.Fatal(err)
	}
}

// TestOldObjectsAreRenewed: who puts an object that is there already may rely on it as on a new one.
func TestOldObjectsAreRenewed(t *testing.T) {
	at := time.Now().Add(-48 * time.Hour)
	h := newHouse(t, emulator.Options{Now: func() time.Time { return at }})
	b := h.backend(t, nil)
	if err := b.Put(t.Context(), digest, []byte("object")); err != nil {
		t.Fatal(err)
	}
	at = time.Now().Add(-3 * time.Hour)               // the server's clock is wrong all the time, which must not matter
	if _, _, err := b.Read(t.Context()); err != nil { // which tells the time
		t.Fatal(err)
	}
	for range 2 {
		if err := b.Put(t.Context(), digest, []byte("object")); err != nil {
			t.Fatal(err)
		}
		list, err := b.List(t.Context())
		if err != nil || len(list) != 1 {
			t.Fatalf("listed %v, %v", list, err)
		}
		if age := time.Since(list[0].Time).Abs(); age > time.Minute {
			t.Errorf("put %v ago", age)
		}
	}
	if got, err := h.backend(t, nil).Get(t.Context(), digest); err != nil || string(got) != "object" {
		t.Errorf("object: %q, %v", got, err)
	}
}

// TestSecondReadIsFree: a document and an object that this machine has seen once are not fetched again, by any process.
func TestSecondReadIsFree(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	writer := h.backend(t, nil)
	must(t, put(t.Context(), writer, 1, "put"))
	if err := writer.Put(t.Context(), digest, []byte("object")); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	look := func() (requests, fetched int64) {
		b := h.backend(t, func(o *client.Options) { o.CacheDir, o.ReadOnly = dir, true })
		before := h.Stats()
		if data, _, err := b.Read(t.Context()); err != nil || string(data) != string(document(1)) {
			t.Fatalf("the document is %s, %v", data, err)
		}
		if got, err := b.Get(t.Context(), digest); err != nil || string(got) != "object" {
			t.Fatalf("object: %q, %v", got, err)
		}
		after := h.Stats()
		return after.APIRequests - before.APIRequests, after.StorageRequests - before.StorageRequests
	}
	if requests, fetched := look(); requests != 2 || fetched != 2 {
		t.Errorf("first: %d requests, %d fetched", requests, fetched)
	}
	if requests, fetched := look(); requests != 0 || fetched != 0 {
		t.Errorf("again: %d requests, %d fetched", requests, fetched)
	}
}

// late is a server whose events come late: for some polls there is nothing new.
type late struct {
	http.RoundTripper
	polls atomic.Int32
}

func (l *late) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != "/sc" && r.URL.Path != "/wsc" || l.polls.Add(-1) < 0 {
		return l.RoundTripper.RoundTrip(r)
	}
	body := fmt.Sprintf(`{"w":"http://localhost/w","sn":%q}`, r.URL.Query().Get("sn"))
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, nil
}

// TestRule29_TheLockKnowsTheDocument: who gets the lock does not take an old document for the newest, however late MEGA tells of
// that. A document that is gone is not waited for.
func TestRule29_TheLockKnowsTheDocument(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	one := h.machine(t, nil)
	writer := mega.New(one, "safe/.megaplan", "here")
	must(t, put(t.Context(), writer, 1, "put"))
	slow := &late{RoundTripper: http.DefaultTransport}
	b := h.backend(t, func(o *client.Options) { o.Base = slow })
	must(t, put(t.Context(), writer, 2, "put"))
	slow.polls.Store(4)
	must(t, b.Lock(t.Context(), state.LockInfo{ID: "late"}))
	data, revision, err := b.Read(t.Context())
	if err != nil || string(data) != string(document(2)) {
		t.Errorf("the document is %s, %v", data, err)
	}
	if slow.polls.Load() > 0 {
		t.Error("nothing was late")
	}
	must(t, errors.Join(b.Write(t.Context(), document(3), revision, true), b.Unlock(t.Context(), "late")))

	// Somebody takes the whole folder away, and MEGA is late to tell.
	top, err := one.Children(one.RootHandle())
	must(t, err)
	must(t, one.Delete(t.Context(), top[0].Handle))
	slow.polls.Store(4)
	began := time.Now()
	must(t, b.Lock(t.Context(), state.LockInfo{ID: "late"}))
	slow.polls.Store(0)
	if data, _, err := b.Read(t.Context()); err != nil || len(data) > 0 {
		t.Errorf("the document is %s, %v", data, err)
	}
	must(t, b.Unlock(t.Context(), "late"))
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("waited %s for what is gone", took)
	}
}

// TestWhoOnlyReadsWritesNothing: a client that only reads takes no lock, unless the state is what it may write, and then
// nothing else.
func TestWhoOnlyReadsWritesNothing(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	must(t, put(t.Context(), h.backend(t, nil), 1, "put"))
	m := h.machine(t, func(o *client.Options) { o.ReadOnly = true })
	b := mega.New(m, "safe/.megaplan", "here")
	if data, _, err := b.Read(t.Context()); err != nil || string(data) != string(document(1)) {
		t.Errorf("the document is %s, %v", data, err)
	}
	for what, err := range map[string]error{
		"lock":   b.Lock(t.Context(), state.LockInfo{ID: "x"}),
		"put":    b.Put(t.Context(), digest, nil),
		"unlock": b.ForceUnlock(t.Context(), "put"),
	} {
		if !errors.Is(err, client.ErrReadOnly) && !(what == "unlock" && errors.Is(err, state.ErrNotLocked)) {
			t.Errorf("%s: %v", what, err)
		}
	}
	keeper := mega.New(keeping{m}, "safe/.megaplan", "here")
	must(t, put(t.Context(), keeper, 2, "put"))
	if _, err := m.CreateFolders(t.Context(), []client.NewFolder{{Parent: m.RootHandle(), Name: "x"}}); !errors.Is(err, client.ErrReadOnly) {
		t.Errorf("create a folder: %v", err)
	}
	f := m.OwnFolder("safe/.megaplan", true)
	if err := f.Rename(t.Context(), m.RootHandle(), "x"); err == nil {
		t.Errorf("rename what is not in the folder: %v", err)
	}
}

// keeping is a machine whose client only reads, but for the state.
type keeping struct{ machine }

func (k keeping) Folder(context.Context) (*client.OwnFolder, error) {
	return k.OwnFolder("safe/.megaplan", true), nil
}

func (k keeping) Fresh(ctx context.Context) (*client.OwnFolder, error) {
	_, err := k.Refresh(ctx)
	return k.OwnFolder("safe/.megaplan", true), err
}
