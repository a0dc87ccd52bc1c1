package mega_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	gomega "github.com/t3rm1n4l/go-mega"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/emulator/emulatortest"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/redact"
	"github.com/megaplan/megaplan/internal/tree"
)

// TestEveryRequestBrokenOnce breaks each kind of request, before and after it took effect, and looks at what is left:
// each thing done once, nothing doubled.
func TestEveryRequestBrokenOnce(t *testing.T) {
	type fault struct{ place, command string }
	for _, f := range []fault{{"cs", "u"}, {"cs", "p"}, {"cs", "g"}, {"cs", "a"}, {"cs", "m"}, {"cs", "d"}, {"cs", "f"}, {"sc", ""}, {"storage", ""}} {
		kinds := []string{"reset", "lost", "truncate", "500", "503", "429"}
		if f.place != "storage" {
			kinds = append(kinds, "eagain", "-4")
		}
		if f.place == "cs" {
			kinds = append(kinds, "[-3]")
		}
		for _, kind := range kinds {
			t.Run(fmt.Sprintf("%s %s %s", f.place, f.command, kind), func(t *testing.T) {
				t.Parallel() // most of the time is spent waiting
				h := newHouse(t, emulator.Options{PollErrorDelay: -1})
				c := h.client(t, nil)
				spec := emulator.FaultSpec{Place: emulator.Place(f.place), Kind: kind, Command: f.command}
				if err := h.Fault(spec); err != nil {
					t.Fatal(err)
				}
				before := h.Stats().Faults
				dir := folder(t, c, c.RootHandle(), t.Name())
				up := upload(t, c, dir, "a", content(200_000), nil)
				if got := download(t, c, up.Handle); !bytes.Equal(got, content(200_000)) {
					t.Error("the file came back changed")
				}
				if err := c.Trash(t.Context(), up.Handle, mega.TrashMark{At: time.Unix(1, 0)}); err != nil {
					t.Fatal(err)
				}
				if err := c.Move(t.Context(), up.Handle, dir, "b"); err != nil {
					t.Fatal(err)
				}
				two := upload(t, c, dir, "c", content(3), nil)
				if err := c.Delete(t.Context(), two.Handle); err != nil {
					t.Fatal(err)
				}
				fresh := h.client(t, nil)
				sameAsServer(t, h, c)
				nodes, err := fresh.Children(dir)
				if err != nil || len(nodes) != 1 || nodes[0].Name != "b" || nodes[0].Size != 200_000 {
					t.Errorf("left behind: %+v, %v", nodes, err)
				}
				if h.Stats().Faults == before {
					t.Error("the fault did not strike")
				}
			})
		}
	}
}

func TestManyFilesAtOnceThroughTrouble(t *testing.T) {
	h := newHouse(t, emulator.Options{Faults: "seed=3,cs:eagain:0.05,cs:lost:0.05,storage:500:0.05,storage:reset:0.05"})
	c := h.client(t, nil)
	want := make(map[string]int64)
	var wait sync.WaitGroup
	queue := make(chan int)
	for range 24 {
		wait.Go(func() {
			for i := range queue {
				_, err := c.Upload(t.Context(), mega.Upload{Parent: c.RootHandle(), Name: fmt.Sprintf("file %03d", i), Bytes: content(i * 10)})
				if err != nil {
					t.Errorf("file %d: %v", i, err)
				}
			}
		})
	}
	for i := range 200 {
		want[fmt.Sprintf("file %03d", i)] = int64(i * 10)
		queue <- i
	}
	close(queue)
	wait.Wait()
	nodes, err := h.client(t, nil).Children(c.RootHandle())
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]int64)
	for _, n := range nodes {
		if _, twice := got[n.Name]; twice {
			t.Errorf("%q is there twice", n.Name)
		}
		got[n.Name] = n.Size
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	sameAsServer(t, h, c)
}

func TestSmallFilesShareRequests(t *testing.T) {
	h := newHouse(t, emulator.Options{Latency: 5 * time.Millisecond})
	c := h.client(t, nil)
	before := h.Stats().APIRequests
	const files = 400
	var wait sync.WaitGroup
	queue := make(chan int)
	for range 64 {
		wait.Go(func() {
			for i := range queue {
				if _, err := c.Upload(t.Context(), mega.Upload{Parent: c.RootHandle(), Name: fmt.Sprint(i), Bytes: content(4096)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range files {
		queue <- i
	}
	close(queue)
	wait.Wait()
	// rclone takes two requests a file.
	if n := h.Stats().APIRequests - before; n > 2*files/10 {
		t.Errorf("%d files took %d requests", files, n)
	} else {
		t.Logf("%d files took %d requests", files, n)
	}
}

func TestOverQuota(t *testing.T) {
	h := newHouse(t, emulator.Options{Quota: 1000})
	c := h.client(t, nil)
	_, err := c.Upload(t.Context(), mega.Upload{Parent: c.RootHandle(), Name: "x", Bytes: content(2000)})
	if !errors.Is(err, mega.ErrOverQuota) {
		t.Errorf("err = %v", err)
	}
	quota, err := c.Quota(t.Context())
	if err != nil || quota.Total != 1000 || quota.Used != 0 {
		t.Errorf("quota %+v, %v", quota, err)
	}
}

func TestSignInAsksForTheSecondFactorWhenItIsWanted(t *testing.T) {
	account := oldAccount
	account.MFASecret = "JBSWY3DPEHPK3PXP"
	server := emulatortest.Start(t, emulator.Options{}, account, emulator.Account{Email: "plain@example.com", Password: "password", V1: true})
	o := mega.Options{Endpoint: server.URL}
	asked := 0
	ask := func(code string, err error) func(context.Context) (string, error) {
		return func(context.Context) (string, error) { asked++; return code, err }
	}
	password := redact.New("password")
	if _, err := mega.SignIn(t.Context(), o, "plain@example.com", password, ask("", nil)); err != nil || asked != 0 {
		t.Errorf("without a second factor: %v, asked %d times", err, asked)
	}
	if _, err := mega.SignIn(t.Context(), o, account.Email, password, nil); !errors.Is(err, mega.ErrMFANeeded) {
		t.Errorf("nobody to ask: %v", err)
	}
	if _, err := mega.SignIn(t.Context(), o, account.Email, password, ask("", nil)); !errors.Is(err, mega.ErrMFANeeded) || asked != 1 {
		t.Errorf("no code: %v, asked %d times", err, asked)
	}
	if _, err := mega.SignIn(t.Context(), o, account.Email, password, ask("12345x", nil)); !errors.Is(err, mega.ErrMFAWrong) || asked != 2 {
		t.Errorf("a wrong code: %v, asked %d times", err, asked)
	}
	broken := errors.New("oathtool is missing")
	if _, err := mega.SignIn(t.Context(), o, account.Email, password, ask("", broken)); !errors.Is(err, broken) {
		t.Errorf("no way to a code: %v", err)
	}
	if _, err := mega.SignIn(t.Context(), o, account.Email, redact.New("wrong"), ask("", nil)); !errors.Is(err, mega.ErrWrongPassword) || asked != 3 {
		t.Errorf("wrong password: %v, asked %d times", err, asked)
	}
	_, err := mega.SignIn(t.Context(), mega.Options{Endpoint: "http://127.0.0.1:1", Budget: time.Millisecond}, account.Email, password, nil)
	if !errors.Is(err, mega.ErrUnreachable) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestAccountAndSessions(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	info, err := c.Account(t.Context())
	if err != nil || info.Email != oldAccount.Email || info.User != h.session.User || info.User != c.User() || info.Quota.Total != emulator.NoQuota {
		t.Errorf("account %+v, %v", info, err)
	}
	second, err := mega.SignIn(t.Context(), mega.Options{Endpoint: h.URL}, oldAccount.Email, redact.New(oldAccount.Password), nil)
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := c.Sessions(t.Context())
	if err != nil || len(sessions) != 2 {
		t.Fatalf("sessions %+v, %v", sessions, err)
	}
	for _, s := range sessions {
		if !s.Current {
			if err := c.Revoke(t.Context(), s.ID); err != nil {
				t.Error(err)
			}
		}
	}
	other, err := mega.Open(mega.Options{Endpoint: h.URL}, second)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for name, do := range map[string]func() error{
		"Refresh": func() error { _, err := other.Refresh(t.Context()); return err },
		"Quota":   func() error { _, err := other.Quota(t.Context()); return err },
	} {
		if err := do(); !errors.Is(err, mega.ErrSessionDead) {
			t.Errorf("%s with a revoked session: %v", name, err)
		}
	}
	if err := c.Logout(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := c.Refresh(t.Context()); !errors.Is(err, mega.ErrSessionDead) {
		t.Errorf("after signing out: %v", err)
	}
	if now, known := c.ServerTime(); !known || time.Since(now).Abs() > 3*time.Second || c.ClockSkew().Abs() > 3*time.Second {
		t.Errorf("server time %s (known %v), skew %s", now, known, c.ClockSkew())
	}
}

func TestUserAttributes(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	if _, _, err := c.UserAttribute(t.Context(), "^!mplock"); err == nil {
		t.Error("an attribute nobody set was read")
	}
	version, err := c.SwapUserAttribute(t.Context(), "^!mplock", []byte("mine"), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.SwapUserAttribute(t.Context(), "^!mplock", []byte("theirs"), "stale"); err == nil {
		t.Error("a stale version was swapped")
	}
	value, read, err := c.UserAttribute(t.Context(), "^!mplock")
	if err != nil || string(value) != "mine" || read != version {
		t.Errorf("read %q of version %q, %v; wrote version %q", value, read, err, version)
	}
}

func TestBandwidthTextsAreChecked(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	if _, err := mega.Open(mega.Options{Endpoint: h.URL, UploadLimit: "fast"}, h.session); err == nil || !strings.Contains(err.Error(), "upload bandwidth") {
		t.Errorf("err = %v", err)
	}
	c := h.client(t, func(o *mega.Options) { o.UploadLimit = "256k" })
	started := time.Now()
	upload(t, c, c.RootHandle(), "slow", content(300<<10), nil)
	// The burst passes at once, the rest at 256 KiB a second.
	if elapsed := time.Since(started); elapsed < 500*time.Millisecond {
		t.Errorf("300 KiB at 256 KiB a second took %s", elapsed)
	}
}

// untilDone ends the goroutine that makes a request once its context is done: go-mega has no way to stop polling.
type untilDone struct{ ctx context.Context }

func (u untilDone) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r.WithContext(u.ctx))
	if u.ctx.Err() != nil {
		runtime.Goexit()
	}
	return response, err
}

// TestGoMegaIsTheWitness lets an independent client read what this one wrote, and the reverse.
func TestGoMegaIsTheWitness(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	dir := folder(t, c, c.RootHandle(), "от megaplan")
	sizes := []int{0, 1, 131072, 131073, 1 << 20}
	for _, size := range sizes {
		upload(t, c, dir, fmt.Sprint("ours ", size), content(size), nil)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m := gomega.New().SetLogger(nil).SetClient(&http.Client{Transport: untilDone{ctx}})
	m.SetAPIUrl(h.URL)
	if err := m.Login(oldAccount.Email, oldAccount.Password); err != nil {
		t.Fatal(err)
	}
	witness := m.FS.HashLookup(dir.String())
	if witness == nil || witness.GetName() != "от megaplan" {
		t.Fatalf("go-mega sees the folder as %+v", witness)
	}
	children, err := m.FS.GetChildren(witness)
	if err != nil || len(children) != len(sizes) {
		t.Fatalf("go-mega sees %d files, %v", len(children), err)
	}
	for _, n := range children {
		var size int
		if _, err := fmt.Sscanf(n.GetName(), "ours %d", &size); err != nil || n.GetSize() != int64(size) {
			t.Fatalf("go-mega sees %q of %d bytes", n.GetName(), n.GetSize())
		}
		path := filepath.Join(t.TempDir(), "theirs")
		if err := m.DownloadFile(n, path, nil); err != nil {
			t.Fatalf("go-mega downloads %q: %v", n.GetName(), err)
		}
		if data, err := os.ReadFile(path); err != nil || !bytes.Equal(data, content(size)) {
			t.Errorf("go-mega reads %q differently, %v", n.GetName(), err)
		}
	}
	for _, size := range sizes {
		path := filepath.Join(t.TempDir(), fmt.Sprint("theirs ", size))
		if err := os.WriteFile(path, content(size), 0o600); err != nil {
			t.Fatal(err)
		}
		n, err := m.UploadFile(path, witness, "", nil)
		if err != nil {
			t.Fatalf("go-mega uploads %d bytes: %v", size, err)
		}
		if err := c.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		node, err := tree.ParseHandle(n.GetHash())
		if err != nil {
			t.Fatal(err)
		}
		if place, err := c.Locate(node); err != nil || place.Node.Name != fmt.Sprint("theirs ", size) || place.Node.HasFingerprint {
			t.Errorf("go-mega's file is %+v, %v", place, err)
		}
		if got := download(t, c, node); !bytes.Equal(got, content(size)) {
			t.Errorf("go-mega's file of %d bytes reads differently", size)
		}
	}
}
