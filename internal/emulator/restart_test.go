package emulator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/emulator/emulatortest"
)

// running is a server over a directory that a test stops by itself.
type running struct {
	*emulatortest.Instance
	stop func()
}

func startDir(t *testing.T, dir string, opts emulator.Options) running {
	t.Helper()
	opts.Dir, opts.NewKey, opts.PollErrorDelay = dir, emulatortest.SharedKey, -1
	server, err := emulator.New(opts)
	must(t, "open", err)
	must(t, "account", server.AddAccount(oldAccount))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, "listen", err)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, l) }()
	stopped := false
	stop := func() {
		if !stopped {
			stopped = true
			cancel()
			must(t, "serve", <-served)
			must(t, "close", server.Close())
		}
	}
	t.Cleanup(stop)
	return running{&emulatortest.Instance{Server: server, URL: "http://" + l.Addr().String()}, stop}
}

// moveTo continues a session on another server.
func (c *wire) moveTo(s *emulatortest.Instance) { c.s, c.base = s, s.URL }

// TestRestart keeps everything a client may rely on: tree, versions, session,
// position in the events, attributes, links, half an upload, download
// addresses, the answers of the last requests.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	s := startDir(t, dir, emulator.Options{GenerateNodes: 250})
	c := connect(t, s.Instance)
	c.loginOld()
	c.learn()
	c.cs(c.value(put("R", folder, "")))
	c.want(put("R", file(c.upload("abc"), ""), ""), `[["T2",{"e":[],"fh":["N1:id"]}]]`)
	c.want(put("R", file(c.upload("def"), `,"ov":"N1"`), ""), `[["T3",{"e":[],"fh":["N2:id"]}]]`)
	c.cs(c.value(`[{"a":"up2","firstname":"Qm9i"},{"a":"l","n":"N2"}]`))
	half := c.uploadURL(200*kib, 3)
	_, answer := c.post(half+"/0", string(content(200 * kib)[:128*kib]))
	if answer != "" {
		t.Fatalf("half: %q", answer)
	}
	deleted := c.generated(t)
	c.cs(fmt.Sprintf(`[{"a":"d","n":"%s"}]`, deleted))
	id := c.nextID()
	_, lost := c.post(c.csPath(id), c.value(put("R", folder, "")))
	before := c.look()

	for round := range 3 {
		s.stop()
		s = startDir(t, dir, emulator.Options{})
		c.moveTo(s.Instance)
		after := c.look()
		if diff := cmp.Diff(before, after); diff != "" {
			t.Fatalf("round %d (-before +after):\n%s", round, diff)
		}
		if _, again := c.post(c.csPath(id), c.value(put("R", folder, ""))); again != lost {
			t.Errorf("repeated request: %s, want %s", again, lost)
		}
		if got := c.download("N2", ""); got != "def" {
			t.Errorf("content: %q", got)
		}
	}
	_, token := c.post(half+"/131072", string(content(200 * kib)[128*kib:]))
	if len(token) != 36 {
		t.Fatalf("second half: %q", token)
	}
	c.cs(c.value(put("R", file(b64([]byte(token)), ""), "")))
	c.want(`[{"a":"u","s":-1}]`, `[-2]`)
}

// look is what a client sees of the account.
func (c *wire) look() map[string]string {
	c.t.Helper()
	stats := c.s.Stats()
	return map[string]string{
		"f":      c.cs(`[{"a":"f","c":1,"r":1}]`),
		"ug":     c.cs(`[{"a":"ug"}]`),
		"uq":     c.cs(`[{"a":"uq"}]`),
		"events": waitPath.ReplaceAllString(address.ReplaceAllString(c.events("/wsc?sn=S0"), ""), ""),
		"totals": fmt.Sprint(stats.Nodes, " ", stats.Bytes),
	}
}

// generated returns the handle of a generated file.
func (c *wire) generated(t *testing.T) string {
	t.Helper()
	for _, n := range c.fetch().F {
		if n.T == 0 && n.TS < epoch {
			return n.H
		}
	}
	t.Fatal("no generated file")
	return ""
}

// TestCompactedRestart rewrites the log on every commit it can and compares.
func TestCompactedRestart(t *testing.T) {
	dir := t.TempDir()
	s := startDir(t, dir, emulator.Options{GenerateNodes: 250})
	c := connect(t, s.Instance)
	c.loginOld()
	c.learn()
	c.want(put("R", file(c.upload("abc"), ""), ""), `[["T1",{"e":[],"fh":["N1:id"]}]]`)
	c.want(put("R", file(c.upload("def"), `,"ov":"N1"`), ""), `[["T2",{"e":[],"fh":["N2:id"]}]]`)
	moved := c.generated(t)
	c.cs(c.value(fmt.Sprintf(`[{"a":"l","n":"N2"},{"a":"m","n":"%s","t":"B"},{"a":"up2","x":"AA"}]`, moved)))
	c.uploadURL(5, 3)
	before := c.look()
	must(t, "compact", s.Compact())
	if diff := cmp.Diff(before, c.look()); diff != "" {
		t.Errorf("compaction changed something:\n%s", diff)
	}
	s.stop()
	s = startDir(t, dir, emulator.Options{})
	c.moveTo(s.Instance)
	if diff := cmp.Diff(before, c.look()); diff != "" {
		t.Errorf("restart from a snapshot (-before +after):\n%s", diff)
	}
	if got := c.download("N2", ""); got != "def" {
		t.Errorf("content: %q", got)
	}
}

// TestKilled cuts the log at every byte of its last record, as a killed
// process leaves it: the account opens as before or after that request.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	s := startDir(t, dir, emulator.Options{})
	c := connect(t, s.Instance)
	c.loginOld()
	c.learn()
	c.cs(c.value(put("R", folder, "")))
	log := filepath.Join(dir, "meta.log")
	before, err := os.ReadFile(log)
	must(t, "read", err)
	c.cs(c.value(put("R", folder, "")))
	after, err := os.ReadFile(log)
	must(t, "read", err)
	s.stop()
	for cut := len(before); cut <= len(after); cut++ {
		must(t, "cut", os.WriteFile(log, after[:cut], 0o600))
		server, err := emulator.New(emulator.Options{Dir: dir})
		if err != nil {
			t.Fatalf("cut at %d of %d: %v", cut, len(after), err)
		}
		want := int64(1)
		if cut == len(after) {
			want = 2
		}
		if got := server.Stats().Nodes; got != want {
			t.Errorf("cut at %d: %d nodes, want %d", cut, got, want)
		}
		must(t, "close", server.Close())
	}
}

// TestBlobsAreFreed leaves no file behind for content nobody refers to.
func TestBlobsAreFreed(t *testing.T) {
	dir := t.TempDir()
	s := startDir(t, dir, emulator.Options{})
	c := connect(t, s.Instance)
	c.loginOld()
	c.learn()
	c.want(put("R", file(c.upload("abc"), ""), ""), `[["T1",{"e":[],"fh":["N1:id"]}]]`)
	c.want(put("R", file("N1", ""), ""), `[["T2",{"e":[],"fh":["N2:id"]}]]`)
	blobs := func() int {
		files, err := filepath.Glob(filepath.Join(dir, "blobs", "*", "*"))
		must(t, "list", err)
		return len(files)
	}
	c.want(`[{"a":"d","n":"N1"}]`, `["T3"]`)
	if got := blobs(); got != 1 {
		t.Errorf("with a copy left: %d blobs", got)
	}
	c.want(`[{"a":"d","n":"N2"}]`, `["T4"]`)
	if got := blobs(); got != 0 {
		t.Errorf("with nothing left: %d blobs", got)
	}
	c.upload("orphan")
	s.stop()
	must(t, "orphan", os.MkdirAll(filepath.Join(dir, "blobs", "00"), 0o700))
	must(t, "orphan", os.WriteFile(filepath.Join(dir, "blobs", "00", "4096000"), []byte("x"), 0o600))
	startDir(t, dir, emulator.Options{})
	if got := blobs(); got != 1 {
		t.Errorf("after a restart: %d blobs, want the open upload's", got)
	}
}

func TestAccountIsFound(t *testing.T) {
	dir := t.TempDir()
	s := startDir(t, dir, emulator.Options{})
	first, err := s.Do(oldAccount.Email, `[{"a":"ug"}]`)
	must(t, "ug", err)
	wrong := oldAccount
	wrong.Password = "other"
	if err := s.AddAccount(wrong); err == nil {
		t.Error("another password was accepted")
	}
	s.stop()
	s = startDir(t, dir, emulator.Options{})
	second, err := s.Do(oldAccount.Email, `[{"a":"ug"}]`)
	must(t, "ug", err)
	if first != second || !json.Valid([]byte(first)) {
		t.Errorf("account changed: %s, %s", first, second)
	}
}
