package transfer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/emulator/emulatortest"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/mega/transfer"
	"github.com/megaplan/megaplan/internal/retry"
)

// account acts through the emulator's back door where the API lane would.
type account struct {
	t      *testing.T
	server *emulatortest.Instance
	mu     sync.Mutex
	urls   int
}

func newAccount(t *testing.T, o emulator.Options) *account {
	return &account{t: t, server: emulatortest.Start(t, o)}
}

func (a *account) do(command, field string) (string, error) {
	text, err := a.server.Do(emulatortest.DefaultAccount.Email, "["+command+"]")
	if err != nil {
		return "", err
	}
	var answers []map[string]any
	if err := json.Unmarshal([]byte(text), &answers); err != nil {
		return "", fmt.Errorf("%s: %s", command, text)
	}
	value, _ := answers[0][field].(string)
	// The back door knows no host.
	if i := strings.Index(value, "/ul/"); i >= 0 {
		value = a.server.URL + value[i:]
	}
	if i := strings.Index(value, "/dl/"); i >= 0 {
		value = a.server.URL + value[i:]
	}
	return value, nil
}

func (a *account) uploadURL(_ context.Context, size int64) (string, error) {
	a.mu.Lock()
	a.urls++
	a.mu.Unlock()
	return a.do(fmt.Sprintf(`{"a":"u","v":2,"ssl":0,"s":%d}`, size), "p")
}

// put makes a node of stored content and returns its handle.
func (a *account) put(s transfer.Stored) string {
	a.t.Helper()
	nodes, err := a.server.Nodes(emulatortest.DefaultAccount.Email)
	if err != nil {
		a.t.Fatal(err)
	}
	master := crypt.NewKeyring("", crypt.Key{1})
	attr, err := crypt.NewAttributes("file").Encrypt(s.Key.AES())
	if err != nil {
		a.t.Fatal(err)
	}
	command := fmt.Sprintf(`[{"a":"p","t":%q,"n":[{"h":%q,"t":0,"a":%q,"k":%q}]}]`,
		nodes[0].Handle, crypt.EncodeBase64(s.Token), attr, master.WrapFileKey(s.Key))
	text, err := a.server.Do(emulatortest.DefaultAccount.Email, command)
	var answers []struct {
		F []struct {
			H string `json:"h"`
			S int64  `json:"s"`
		} `json:"f"`
	}
	if err != nil || json.Unmarshal([]byte(text), &answers) != nil || len(answers[0].F) != 1 || answers[0].F[0].S != s.Size {
		a.t.Fatalf("put: %s, %v", text, err)
	}
	return answers[0].F[0].H
}

func (a *account) downloadURL(handle string) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		return a.do(fmt.Sprintf(`{"a":"g","g":1,"ssl":0,"n":%q}`, handle), "g")
	}
}

func (a *account) fault(place emulator.Place, kind string, nth int) {
	a.t.Helper()
	if err := a.server.Fault(emulator.FaultSpec{Place: place, Kind: kind, Nth: nth}); err != nil {
		a.t.Fatal(err)
	}
}

func manager(t *testing.T, change ...func(*transfer.Options)) *transfer.Manager {
	o := transfer.Options{Span: 1 << 20, Stall: 300 * time.Millisecond, Retry: retry.Policy{Initial: time.Millisecond}}
	for _, c := range change {
		c(&o)
	}
	m := transfer.New(o)
	t.Cleanup(m.Close)
	return m
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(n)}).Read(b)
	return b
}

// roundTrip uploads, makes a node, downloads and compares.
func roundTrip(t *testing.T, a *account, m *transfer.Manager, data []byte, betweenFault func()) {
	t.Helper()
	stored, err := m.Upload(t.Context(), transfer.Upload{Bytes: data, URL: a.uploadURL})
	if err != nil {
		t.Errorf("upload %d bytes: %v", len(data), err)
		return
	}
	handle := a.put(stored)
	betweenFault()
	to, err := os.Create(filepath.Join(t.TempDir(), "to"))
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	d := transfer.Download{Size: stored.Size, Key: stored.Key, URL: a.downloadURL(handle), To: to}
	if verdict, err := m.Download(t.Context(), d); err != nil || verdict != crypt.Equal {
		t.Errorf("download %d bytes: %v, %v", len(data), verdict, err)
		return
	}
	if back, err := os.ReadFile(to.Name()); err != nil || !bytes.Equal(back, data) {
		t.Errorf("%d of %d bytes came back, %v", len(back), len(data), err)
	}
}

func nothing() {}

func TestEmulatorTakesEverySize(t *testing.T) {
	a := newAccount(t, emulator.Options{})
	m := manager(t)
	for _, size := range []int{0, 1, 15, 16, 17, 8192, 131071, 131072, 131073, 393216, 1<<20 + 1, 4718592, 4718593, 9 << 20} {
		roundTrip(t, a, m, randomBytes(size), nothing)
	}
}

func TestEmulatorFaults(t *testing.T) {
	kinds := []string{"reset", "lost", "stall", "truncate", "503", "-3", "-14", "404", "-8"}
	a := newAccount(t, emulator.Options{})
	m := manager(t)
	for _, kind := range kinds {
		for nth, size := range map[int]int{1: 5000, 2: 1400 << 10} {
			t.Run(fmt.Sprintf("%s at post %d of %d bytes", kind, nth, size), func(t *testing.T) {
				a.t = t
				a.fault("storage", kind, nth)
				roundTrip(t, a, m, randomBytes(size), nothing)
			})
			t.Run(fmt.Sprintf("%s at get %d of %d bytes", kind, nth, size), func(t *testing.T) {
				a.t = t
				roundTrip(t, a, m, randomBytes(size), func() { a.fault("storage", kind, nth) })
			})
		}
	}
	if got, want := a.server.Stats().Faults, int64(4*len(kinds)); got != want {
		t.Errorf("%d faults struck, want %d", got, want)
	}
}

func TestEmulatorWithRandomFaults(t *testing.T) {
	a := newAccount(t, emulator.Options{Faults: "seed=7,storage:reset:0.05,storage:lost:0.05,storage:500:0.05,storage:503:0.05,storage:-3:0.05"})
	m := manager(t)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() { roundTrip(t, a, m, randomBytes(i*i*1500), nothing) })
	}
	wg.Wait()
	if a.server.Stats().Faults == 0 {
		t.Error("no fault struck")
	}
}

func TestEmulatorResumesAnUpload(t *testing.T) {
	a := newAccount(t, emulator.Options{})
	data := randomBytes(10 << 20)
	name := filepath.Join(t.TempDir(), "source")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	journal := &journal{entries: map[string]transfer.Entry{}}
	options := func(o *transfer.Options) { o.Journal, o.Concurrency = journal, 1 }
	ctx, cancel := context.WithCancel(t.Context())
	var sent int64
	u := transfer.Upload{File: f, URL: a.uploadURL, Resume: "job", Progress: func(n int64) {
		if sent += n; sent > 7<<20 {
			cancel()
		}
	}}
	if _, err := manager(t, options).Upload(ctx, u); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted upload: %v", err)
	}
	before := a.server.Stats().UploadBytes
	u.Progress = nil
	stored, err := manager(t, options).Upload(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	a.put(stored)
	if got := a.server.Stats().UploadBytes - before; got > 5<<20 {
		t.Errorf("%d bytes were sent for the missing 3 MiB", got)
	}
	if a.urls != 1 {
		t.Errorf("%d addresses", a.urls)
	}
}

// journal is the least a journal can be.
type journal struct {
	mu      sync.Mutex
	entries map[string]transfer.Entry
}

func (j *journal) Load(_ context.Context, key string) (transfer.Entry, bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e, ok := j.entries[key]
	return e, ok, nil
}

func (j *journal) Begin(_ context.Context, key string, e transfer.Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries[key] = e
	return nil
}

func (j *journal) Add(_ context.Context, key string, d transfer.Done) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.entries[key]
	e.Done = append(e.Done, d)
	j.entries[key] = e
	return nil
}

func (j *journal) Delete(_ context.Context, key string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.entries, key)
	return nil
}
