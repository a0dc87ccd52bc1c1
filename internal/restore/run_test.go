//go:build linux || darwin

package restore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/restore"
	"github.com/megaplan/megaplan/internal/tree"
)

// sized gives a node of grown the size of its content.
func sized(content string) func(*tree.Node) {
	return func(n *tree.Node) { n.Size = int64(len(content)) }
}

// A link planted after the plan was made leads nowhere: neither through a directory nor through a file's name.
func TestRule14_PlantedLinks(t *testing.T) {
	outside, target := t.TempDir(), t.TempDir()
	if err := os.Mkdir(filepath.Join(target, "real"), 0o700); err != nil {
		t.Fatal(err)
	}
	tr := grown("d/", "d/x", sized("bad"), "e/", "e/x", sized("bad"), "f", sized("bad"))
	p := plan(t, target, restore.Input{Tree: tr})
	for name, to := range map[string]string{"d": outside, "e": "real", "f": filepath.Join(outside, "f")} {
		if err := os.Symlink(to, filepath.Join(target, name)); err != nil {
			t.Fatal(err)
		}
	}
	remote := &memory{contents: map[tree.Handle][]byte{2: []byte("bad"), 4: []byte("bad"), 5: []byte("bad")}}
	report, err := restore.Run(t.Context(), p, restore.Env{Remote: remote, Target: target})
	if err != nil {
		t.Fatal(err)
	}
	if len(onDisk(t, outside)) != 0 || len(onDisk(t, filepath.Join(target, "real"))) != 0 {
		t.Errorf("written through a link: %v", onDisk(t, target))
	}
	if report.Done != 0 || len(report.Failures) != 5 {
		t.Errorf("%+v", report)
	}
}

// A full disk, or whatever else befalls one file, is reported and the rest goes on.
func TestOneFailureDoesNotStopTheRest(t *testing.T) {
	target := t.TempDir()
	tr := grown("a", sized("aa"), "b", sized("bbb"), "c", sized("cc"))
	remote := &memory{
		contents: map[tree.Handle][]byte{1: []byte("aa"), 2: []byte("bbb"), 3: []byte("c")},
		before: func(h tree.Handle) error {
			if h == 2 {
				return &os.PathError{Op: "write", Path: "b", Err: syscall.ENOSPC}
			}
			return nil
		},
	}
	report, err := restore.Run(t.Context(), plan(t, target, restore.Input{Tree: tr}), restore.Env{Remote: remote, Target: target})
	if err != nil || report.Done != 1 || len(report.Failures) != 2 || !report.Partial() {
		t.Errorf("%+v, %v", report, err)
	}
	if _, ok := onDisk(t, target)["a"]; !ok || len(onDisk(t, target)) != 1 {
		t.Errorf("%v", onDisk(t, target))
	}
}

// A full disk for real, where a small file system can be had.
func TestFullDisk(t *testing.T) {
	target := smallDisk(t, 1<<20)
	tr := grown("a", func(n *tree.Node) { n.Size = 4 << 20 }, "b", sized("bb"))
	remote := &memory{contents: map[tree.Handle][]byte{1: random(4 << 20), 2: []byte("bb")}}
	report, err := restore.Run(t.Context(), plan(t, target, restore.Input{Tree: tr}), restore.Env{Remote: remote, Target: target, Parallelism: 1})
	if err != nil || report.Done != 1 || len(report.Failures) != 1 || !strings.Contains(report.Failures[0].Err.Error(), "no space left") {
		t.Errorf("%+v, %v", report, err)
	}
	if got := onDisk(t, target); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

// What is no smaller than a file the disk had no room for is not fetched for nothing; what is smaller may find room.
func TestFullDiskFetchesNoMoreForNothing(t *testing.T) {
	target := smallDisk(t, 1<<20)
	tr := grown("a", func(n *tree.Node) { n.Size = 4 << 20 }, "b", func(n *tree.Node) { n.Size = 4 << 20 }, "c", func(n *tree.Node) { n.Size = 5 << 20 }, "d", sized("dd"))
	remote := &memory{contents: map[tree.Handle][]byte{1: random(4 << 20), 4: []byte("dd")}, before: func(h tree.Handle) error {
		if h == 2 || h == 3 {
			t.Errorf("fetched %d", h)
		}
		return nil
	}}
	p := plan(t, target, restore.Input{Tree: tr})
	if short := p.Short(filepath.Join(target, "not", "there")); short < 12<<20 || short > 13<<20 {
		t.Errorf("%d bytes short", short)
	}
	report, err := restore.Run(t.Context(), p, restore.Env{Remote: remote, Target: target, Parallelism: 1})
	if err != nil || report.Done != 1 || len(report.Failures) != 1 || report.Left != 2 || !report.Full || !report.Partial() {
		t.Errorf("%+v, %v", report, err)
	}
}

// What another restore has put there meanwhile is what this one would have.
func TestAnotherRestoreWasFirst(t *testing.T) {
	target := t.TempDir()
	tr := grown("a", sized("aa"))
	p := plan(t, target, restore.Input{Tree: tr})
	remote := &memory{contents: map[tree.Handle][]byte{1: []byte("aa")}}
	for i := range 2 {
		report, err := restore.Run(t.Context(), p, restore.Env{Remote: remote, Target: target})
		if err != nil || report.Done != int64(1-i) || report.Equal != int64(i) || report.Partial() {
			t.Errorf("%d: %+v, %v", i, report, err)
		}
	}
}

// Where a directory cannot be made, that is said once, and nothing below it is fetched.
func TestNothingBelowADirectoryThatFailed(t *testing.T) {
	target := t.TempDir()
	tr := grown("d/", "d/e/", "d/e/a", sized("aa"))
	p := plan(t, target, restore.Input{Tree: tr})
	write(t, filepath.Join(target, "d"), []byte("in the way"), 0o600, time.Unix(50, 0))
	report, err := restore.Run(t.Context(), p, restore.Env{Remote: &memory{}, Target: target})
	if err != nil || len(report.Failures) != 3 || errors.Is(report.Failures[0].Err, restore.ErrAbove) {
		t.Fatalf("%+v, %v", report, err)
	}
	for _, f := range report.Failures[1:] {
		if !errors.Is(f.Err, restore.ErrAbove) {
			t.Errorf("%s: %v", f.Entry.Path, f.Err)
		}
	}
}

// A name that appears, or a file that changes, between plan and run is left alone.
func TestChangedMeanwhile(t *testing.T) {
	target := t.TempDir()
	write(t, filepath.Join(target, "b"), []byte("mine"), 0o600, time.Unix(50, 0))
	tr := grown("a", sized("aa"), "b", sized("bb"))
	p := plan(t, target, restore.Input{Tree: tr, Overwrite: restore.Always})
	write(t, filepath.Join(target, "a"), []byte("appeared"), 0o600, time.Unix(60, 0))
	write(t, filepath.Join(target, "b"), []byte("mine, edited"), 0o600, time.Unix(70, 0))
	before := onDisk(t, target)
	remote := &memory{contents: map[tree.Handle][]byte{1: []byte("aa"), 2: []byte("bb")}}
	report, err := restore.Run(t.Context(), p, restore.Env{Remote: remote, Target: target})
	if err != nil || len(report.Failures) != 2 || report.Done != 0 {
		t.Errorf("%+v, %v", report, err)
	}
	if diff := cmp.Diff(before, onDisk(t, target)); diff != "" {
		t.Errorf("changed:\n%s", diff)
	}
}

// Damage keeps size and date. Always reads what looks equal and replaces it; a mode alone needs nothing fetched.
func TestAlwaysReplacesWhatIsDamaged(t *testing.T) {
	l, source, remote := bigBackup(t)
	target := t.TempDir()
	run(t, l, target, restore.Input{Tree: remote})
	big := filepath.Join(target, "big")
	info, err := os.Stat(big)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(big, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte("rot"), 1234567)
	if err := errors.Join(err, f.Close(), os.Chtimes(big, time.Time{}, info.ModTime())); err != nil {
		t.Fatal(err)
	}
	p := plan(t, target, restore.Input{Tree: remote, Overwrite: restore.Always})
	if !p.Idle() {
		t.Error("it does not look equal")
	}
	prove := func(want int64) {
		t.Helper()
		p = plan(t, target, restore.Input{Tree: remote, Overwrite: restore.Always})
		read := int64(0)
		if err := restore.Prove(t.Context(), p, target, l, func(n int64) { read += n }); err != nil {
			t.Fatal(err)
		}
		if got := p.Totals().Replaced; got != want || read == 0 {
			t.Errorf("%d to replace, want %d; %d bytes read", got, want, read)
		}
	}
	prove(1)
	report, err := restore.Run(t.Context(), p, restore.Env{Remote: l, Target: target})
	if err != nil || report.Done != 1 || report.Partial() {
		t.Errorf("%+v, %v", report, err)
	}
	if diff := cmp.Diff(onDisk(t, source), onDisk(t, target)); diff != "" {
		t.Errorf("-source +restored:\n%.200s", diff)
	}
	prove(0)
}

// What is proven equal by its MAC is dated and not fetched.
func TestEqualContentIsNotFetched(t *testing.T) {
	target := t.TempDir()
	write(t, filepath.Join(target, "a"), []byte("same"), 0o600, time.Unix(5, 0))
	write(t, filepath.Join(target, "b"), []byte("diff"), 0o600, time.Unix(5, 0))
	tr := grown("a", meta(`{"v":1,"m":420,"t":100000000009}`), "b")
	remote := &memory{contents: map[tree.Handle][]byte{1: []byte("same"), 2: []byte("othe")}}
	p := plan(t, target, restore.Input{Tree: tr, Overwrite: restore.Always})
	if _, err := restore.Run(t.Context(), p, restore.Env{Remote: remote, Target: target}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[tree.Handle]int{2: 1}, remote.fetched); diff != "" {
		t.Errorf("fetched (-want +got):\n%s", diff)
	}
	want := map[string]string{"a": "-rw-r--r-- 1970-01-01T00:01:40.000000009Z 73616d65", "b": "-rw-r--r-- 1970-01-01T00:01:40Z 6f746865"}
	if diff := cmp.Diff(want, onDisk(t, target)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Temporary files of a killed restore go; those of one that is still at work stay.
func TestLeftoversAreSwept(t *testing.T) {
	target := t.TempDir()
	live := filepath.Join(target, "d", ".megaplan-restore-live")
	for _, path := range []string{filepath.Join(target, ".megaplan-restore-dead"), filepath.Join(target, "d", ".megaplan-restore-dead"), live} {
		write(t, path, []byte("half"), 0o600, time.Unix(5, 0))
	}
	f, err := os.Open(live)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	p := plan(t, target, restore.Input{Tree: grown("d/", "x/")})
	if _, err := restore.Run(t.Context(), p, restore.Env{Remote: &memory{}, Target: target}); err != nil {
		t.Fatal(err)
	}
	var left []string
	for name := range onDisk(t, target) {
		if strings.Contains(name, ".megaplan-restore-") {
			left = append(left, name)
		}
	}
	if diff := cmp.Diff([]string{"d/.megaplan-restore-live"}, left); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A directory that cannot be written in gets its mode last, also when the run that made it was cut off before that.
func TestDirectoryModesComeLast(t *testing.T) {
	target := t.TempDir()
	tr := grown("d/", meta(`{"v":1,"m":320}`), "d/x", sized("x"), "d/y", sized("y"))
	remote := &memory{contents: map[tree.Handle][]byte{2: []byte("x"), 3: []byte("y")}}
	openLater(t, filepath.Join(target, "d"))
	env := restore.Env{Remote: remote, Target: target}
	p := plan(t, target, restore.Input{Tree: tr})
	for i := range p.Entries {
		if p.Entries[i].Kind == restore.Directory { // what a killed run leaves: the directory, with its working mode
			if err := os.Mkdir(filepath.Join(target, p.Entries[i].Path), 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	p = plan(t, target, restore.Input{Tree: tr})
	if p.Entries[0].Op != restore.Finish {
		t.Fatalf("%+v", p.Entries[0])
	}
	if _, err := restore.Run(t.Context(), p, env); err != nil {
		t.Fatal(err)
	}
	if mode := stat(t, filepath.Join(target, "d")).Mode().Perm(); mode != 0o500 {
		t.Errorf("mode %v", mode)
	}
	if again := plan(t, target, restore.Input{Tree: tr}); !again.Idle() {
		t.Errorf("%v", lines(again))
	}
}

// Stop lets what is under way finish and leaves the rest.
func TestStop(t *testing.T) {
	target := t.TempDir()
	stop := make(chan struct{})
	tr := grown("a", sized("aa"), "b", sized("bb"), "c", sized("cc"))
	remote := &memory{contents: map[tree.Handle][]byte{1: []byte("aa"), 2: []byte("bb"), 3: []byte("cc")}}
	remote.before = func(h tree.Handle) error {
		if h == 1 {
			close(stop)
		}
		return nil
	}
	report, err := restore.Run(t.Context(), plan(t, target, restore.Input{Tree: tr}), restore.Env{Remote: remote, Target: target, Parallelism: 1, Stop: stop})
	if err != nil || report.Done < 1 || report.Left < 1 || report.Done+report.Left != 3 || len(onDisk(t, target)) != int(report.Done) {
		t.Errorf("%+v, %v", report, err)
	}
}

// What a cancelled run was writing is gone.
func TestCancelLeavesNothingHalf(t *testing.T) {
	target := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	remote := &memory{contents: map[tree.Handle][]byte{1: []byte("aa")}, before: func(tree.Handle) error { cancel(); return nil }}
	report, err := restore.Run(ctx, plan(t, target, restore.Input{Tree: grown("a", sized("aa"))}), restore.Env{Remote: remote, Target: target})
	if err == nil || report.Left != 1 || len(onDisk(t, target)) != 0 {
		t.Errorf("%+v, %v, %v", report, err, onDisk(t, target))
	}
}

// Few large files are under way at a time, and small ones do not wait for them.
func TestLargeFilesDoNotCrowd(t *testing.T) {
	target := t.TempDir()
	var nodes []any
	large := func(n *tree.Node) { n.Size = 8 << 20 }
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		nodes = append(nodes, name, large)
	}
	nodes = append(nodes, "small", sized("s"))
	contents := map[tree.Handle][]byte{7: []byte("s")}
	for h := range tree.Handle(6) {
		contents[h+1] = make([]byte, 8<<20)
	}
	var flying, most atomic.Int32
	small := make(chan struct{})
	remote := &memory{contents: contents, before: func(h tree.Handle) error {
		if h == 7 {
			close(small)
			return nil
		}
		n := flying.Add(1)
		defer flying.Add(-1)
		for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
		}
		<-small
		return nil
	}}
	report, err := restore.Run(t.Context(), plan(t, target, restore.Input{Tree: grown(nodes...)}), restore.Env{Remote: remote, Target: target})
	if err != nil || report.Done != 7 || most.Load() > 4 {
		t.Errorf("%+v, %v, %d at once", report, err, most.Load())
	}
}
