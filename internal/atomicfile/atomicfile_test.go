package atomicfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/atomicfile"
)

// contents lists a directory as name -> content.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got[e.Name()] = string(data)
	}
	return got
}

func write(t *testing.T, path, data string, opt atomicfile.Options) {
	t.Helper()
	if err := atomicfile.Write(path, []byte(data), opt); err != nil {
		t.Fatal(err)
	}
}

func TestWriteReplaces(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(dir, "file")
	write(t, path, "old", atomicfile.Options{})
	write(t, path, "new", atomicfile.Options{})
	if diff := cmp.Diff(map[string]string{"file": "new"}, contents(t, dir)); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
}

func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	write(t, filepath.Join(dir, "private"), "x", atomicfile.Options{})
	write(t, filepath.Join(dir, "public"), "x", atomicfile.Options{Mode: 0o644})
	for path, want := range map[string]fs.FileMode{"": 0o700, "private": 0o600, "public": 0o644} {
		info, err := os.Stat(filepath.Join(dir, path))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want && os.PathSeparator == '/' {
			t.Errorf("mode of %q is %v, want %v", path, got, want)
		}
	}
}

func TestKeep(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	for _, data := range []string{"1", "2", "3", "4"} {
		write(t, path, data, atomicfile.Options{Keep: 2})
	}
	want := map[string]string{"state": "4", "state.1": "3", "state.2": "2"}
	if diff := cmp.Diff(want, contents(t, dir)); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
	if got := atomicfile.Earlier(path, 2); got != path+".2" {
		t.Errorf("Earlier = %q", got)
	}
}

func TestFailedReaderChangesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	write(t, path, "old", atomicfile.Options{})
	broken := errors.New("broken")
	r := iotest.TimeoutReader(strings.NewReader("new"))
	if err := atomicfile.WriteReader(path, iotest.ErrReader(broken), atomicfile.Options{}); !errors.Is(err, broken) {
		t.Errorf("error = %v, want %v", err, broken)
	}
	if err := atomicfile.WriteReader(path, iotest.OneByteReader(r), atomicfile.Options{}); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("error = %v, want a timeout", err)
	}
	if diff := cmp.Diff(map[string]string{"file": "old"}, contents(t, dir)); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
}

func TestAbort(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	f, err := atomicfile.Create(path, atomicfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Abort(), f.Abort()); err != nil {
		t.Errorf("abort: %v", err)
	}
	if err := f.Commit(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("commit after abort = %v", err)
	}
	if got := contents(t, dir); len(got) != 0 {
		t.Errorf("left behind: %v", got)
	}
}

func TestCommitAs(t *testing.T) {
	dir := t.TempDir()
	f, err := atomicfile.Create(filepath.Join(dir, "draft"), atomicfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	if err := f.CommitAs(filepath.Join(dir, "final")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"final": "x"}, contents(t, dir)); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
}

// A target that cannot be replaced leaves no temporary file and keeps what was there.
func TestCommitFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.MkdirAll(filepath.Join(path, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Write(path, []byte("x"), atomicfile.Options{}); err == nil {
		t.Error("a directory was replaced by a file")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestClean(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	now := time.Now()
	for name, age := range map[string]time.Duration{
		"file": 48 * time.Hour, "file.tmp-1": 48 * time.Hour, "file.tmp-2": time.Minute, "other.tmp-1": 48 * time.Hour,
	} {
		write(t, filepath.Join(dir, name), name, atomicfile.Options{})
		if err := os.Chtimes(filepath.Join(dir, name), now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := atomicfile.Clean(path, time.Hour, now); err != nil {
		t.Fatal(err)
	}
	var got []string
	for name := range contents(t, dir) {
		got = append(got, name)
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"file", "file.tmp-2", "other.tmp-1"}, got); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if err := atomicfile.Clean(filepath.Join(dir, "none", "file"), time.Hour, now); err != nil {
		t.Errorf("clean without a directory: %v", err)
	}
}
