package interop

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/emulator"
)

// TestMegaplanWrites applies 300 files with odd names and sizes; rclone finds
// no difference, every client reads the same bytes, later plans are empty and
// all of it took one sign-in of megaplan's.
func TestMegaplanWrites(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	source, files := oddTree(t)
	if files < 300 {
		t.Fatalf("only %d files", files)
	}
	m := newMegaplan(t, s, source)
	need(t, "")

	before := s.stats()
	m.run(t, 0, "apply", "-auto-approve")
	m.run(t, 0, "plan", "-detailed-exitcode")
	m.run(t, 0, "apply", "-auto-approve")
	m.run(t, 0, "drift")
	after := s.stats()
	if n := after.Logins - before.Logins; n != 1 {
		t.Errorf("four runs signed in %d times, want 1", n)
	}
	if n := after.TreeFetches - before.TreeFetches; n != 1 {
		t.Errorf("four runs read the tree %d times, want 1", n)
	}

	t.Run("rclone check", func(t *testing.T) {
		c := startRclone(t, s)
		output(t, c.command(t, "check", "--download", source, "m:"+path.Join(remoteRoot...)))
	})
	t.Run("no duplicates", func(t *testing.T) {
		if got := countFiles(t, s, remoteRoot); got != files {
			t.Errorf("the account holds %d files, want %d", got, files)
		}
	})
	stored := readFiles(t, source).renamed(rclone{}.stored)
	for reader := range clients {
		t.Run("read by "+reader, func(t *testing.T) { readBack(t, s, reader, remoteRoot, stored) })
	}
}

// TestMegaplanFingerprints compares the attribute c of what megaplan uploads,
// as megajs decrypts it, with values made by MEGA's SDK and by hand.
func TestMegaplanFingerprints(t *testing.T) {
	t.Parallel()
	count := func(n int) []byte {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(i)
		}
		return data
	}
	files := []struct {
		name  string
		data  []byte
		mtime int64
		want  string
	}{
		{"empty", nil, 1700000000, "AAAAAAAAAAAAAAAAAAAAAAQA8VNl"},
		{"hello", []byte("hello world\n"), 1700000000, "aGVsbG8gd29ybGQKAAAAAAQA8VNl"},
		{"17", count(17), 1700000000, "i7mGE2DTuIWGHP1-YQnjYAQA8VNl"},
		{"100", count(100), 1, "2IDUDIExcicOatw3dZqBIQEB"},
		{"8192", count(8192), 1700000000, "n17dWJ9e3VifXt1Yn17dWAQA8VNl"},
		{"8193", count(8193), 1700000000, "n17dWJ9e3VifXt1YSmhrbQQA8VNl"},
		{"20000", count(20000), 1, "vfgRq44mzUeoxS9HgKRq9QEB"},
	}
	s := newServer(t)
	js := newMegajs(t, s)
	source := t.TempDir()
	want := map[string]string{}
	for _, f := range files {
		name := filepath.Join(source, f.name)
		if err := os.WriteFile(name, f.data, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, time.Time{}, time.Unix(f.mtime, 0)); err != nil {
			t.Fatal(err)
		}
		want[f.name] = f.want
	}
	newMegaplan(t, s, source).run(t, 0, "apply", "-auto-approve")
	got := map[string]string{}
	for _, e := range do(t, js, op{Do: "list", Path: remoteRoot}).Entries {
		got[e.Name] = e.Fingerprint
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fingerprints (-want +got):\n%s", diff)
	}
}

// TestMegaplanUploadsOnlyTheEdit changes one file without changing its size.
func TestMegaplanUploadsOnlyTheEdit(t *testing.T) {
	t.Parallel()
	need(t, "")
	s := newServer(t)
	source := oddFiles().write(t)
	m := newMegaplan(t, s, source)
	m.run(t, 0, "apply", "-auto-approve")

	edited := filepath.Join(source, "size 8193")
	data := content("edited", 8193)
	if err := os.WriteFile(edited, data, 0o644); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(edited, later, later); err != nil {
		t.Fatal(err)
	}
	before := s.stats().UploadBytes
	m.run(t, 0, "apply", "-auto-approve")
	if n := s.stats().UploadBytes - before; n != 8193 {
		t.Errorf("uploaded %d bytes, want 8193", n)
	}
	back := filepath.Join(t.TempDir(), "back")
	do(t, newGoMega(t, s), op{Do: "get", Path: under("size 8193"), Local: back})
	if got, err := os.ReadFile(back); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the account holds other bytes than the edited file: %v", err)
	}
}

// TestMegaplanAdopts points a backup at a folder that another client filled:
// all is proven by MAC and nothing uploaded, but for what that client wrote
// with a wrong MAC.
func TestMegaplanAdopts(t *testing.T) {
	for writer := range clients {
		t.Run(writer, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			w, files, source := fill(t, s, writer, remoteRoot)
			m := newMegaplan(t, s, source)
			kinds := m.plan(t)
			if kinds["touch"] != len(files) || len(kinds) != 1 {
				t.Errorf("the plan has %v, want %d touch", kinds, len(files))
			}
			before := s.stats().UploadBytes
			m.run(t, 0, "apply", "-auto-approve")
			if n := s.stats().UploadBytes - before; n != 0 {
				t.Errorf("adopting uploaded %d bytes", n)
			}
			m.run(t, 0, "plan", "-detailed-exitcode")
			readBack(t, s, "go-mega", remoteRoot, files.renamed(w.stored))
		})
	}
}

// TestMegaplanNoticesDeletion lets another client delete a file.
func TestMegaplanNoticesDeletion(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := startRclone(t, s)
	m := newMegaplan(t, s, oddFiles().write(t))
	m.run(t, 0, "apply", "-auto-approve")
	do(t, c, op{Do: "remove", Path: under("plain.txt")})

	if out := m.run(t, 4, "drift"); !strings.Contains(out, "plain.txt") {
		t.Errorf("drift does not name plain.txt:\n%s", out)
	}
	m.run(t, 0, "apply", "-auto-approve")
	m.run(t, 0, "drift")
}

// TestMegaplanKilled kills apply while it uploads, again and again, until one
// gets through; nothing is lost or doubled.
func TestMegaplanKilled(t *testing.T) {
	t.Parallel()
	need(t, "")
	s := newSlowServer(t)
	source, files := oddTree(t)
	m := newMegaplan(t, s, source)
	for _, limit := range []int64{20, 150, 260} {
		killAt(t, m, limit)
	}
	m.run(t, 0, "apply", "-auto-approve")
	m.run(t, 0, "plan", "-detailed-exitcode")
	if n := s.stats().Logins; n != 1 {
		t.Errorf("five runs, three of them killed, signed in %d times, want 1", n)
	}
	if got := countFiles(t, s, remoteRoot); got != files {
		t.Errorf("the account holds %d files, want %d", got, files)
	}
	readBack(t, s, "go-mega", remoteRoot, readFiles(t, source).renamed(rclone{}.stored))
}

// TestMegaplanOverABadLine applies while requests are refused, cut, and lost
// after they took effect; nothing is lost or doubled.
func TestMegaplanOverABadLine(t *testing.T) {
	t.Parallel()
	const faults = "seed=1,cs:eagain:0.05,cs:lost:0.05,cs:500:0.05,cs:reset:0.05,storage:500:0.05,storage:reset:0.05,storage:lost:0.05,storage:429:0.02"
	s := serveAccount(t, emulator.Options{Faults: faults}, emulator.Account{})
	source, files := oddTree(t)
	m := newMegaplan(t, s, source)
	m.run(t, 0, "apply", "-auto-approve")
	if s.stats().Faults < 10 {
		t.Errorf("only %d faults struck", s.stats().Faults)
	}
	m.run(t, 0, "plan", "-detailed-exitcode")
	if got := countFiles(t, s, remoteRoot); got != files {
		t.Errorf("the account holds %d files, want %d", got, files)
	}
}

// killAt starts an apply and kills it when the account holds so many nodes.
func killAt(t *testing.T, m megaplan, nodes int64) {
	t.Helper()
	cmd := m.command(t, "apply", "-auto-approve")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // killed, or the test fails below
		close(done)
	}()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			t.Fatalf("apply ended (%v) before the account had %d nodes", cmd.ProcessState, nodes)
		case <-tick.C:
		}
		if m.server.stats().Nodes >= nodes {
			break
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-done
}

// countFiles counts every file below a folder, duplicates too, as go-mega
// sees them.
func countFiles(t *testing.T, s server, folder []string) int {
	t.Helper()
	c := newGoMega(t, s)
	n := 0
	for folders := [][]string{folder}; len(folders) > 0; {
		var ops []op
		for _, f := range folders {
			ops = append(ops, op{Do: "list", Path: f})
		}
		var next [][]string
		for i, r := range c.run(t, ops...) {
			if r.Error != "" {
				t.Fatalf("list %q: %s", folders[i], r.Error)
			}
			for _, e := range r.Entries {
				if e.Dir {
					next = append(next, append(folders[i][:len(folders[i]):len(folders[i])], e.Name))
				} else {
					n++
				}
			}
		}
		folders = next
	}
	return n
}
