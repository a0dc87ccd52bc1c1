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

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/restore"
	"github.com/megaplan/megaplan/internal/scan"
	"github.com/megaplan/megaplan/internal/tree"
)

const bigSize = 40<<20 + 3

// cutShort runs a restore until so many bytes have come.
func cutShort(t *testing.T, l *lab, target string, in restore.Input, after int64) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var arrived atomic.Int64
	report, err := restore.Run(ctx, plan(t, target, in), restore.Env{Remote: l, Target: target, Event: func(e restore.Event) {
		if e.Kind == restore.Progress && arrived.Add(e.Bytes) > after {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || report.Left != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
}

// temporaries lists what a restore that is not over leaves.
func temporaries(t *testing.T, target string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(target, ".megaplan-restore-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func bigBackup(t *testing.T) (l *lab, source string, remote *tree.Tree) {
	t.Helper()
	source = t.TempDir()
	write(t, filepath.Join(source, "big"), random(bigSize), 0o640, time.Unix(1e9, 5))
	l = newLab(t, func(o *mega.Options) { o.Concurrency = 1 }) // span by span, so that a run can be cut off between two
	return l, source, l.backUp(t, source, scan.Preserve{Mode: true, MTime: true})
}

// A large file that was cut off goes on where it was, and leaves nothing beside it in the end.
func TestALargeFileGoesOn(t *testing.T) {
	l, source, remote := bigBackup(t)
	target := t.TempDir()
	in := restore.Input{Tree: remote}
	cutShort(t, l, target, in, 24<<20)
	if got := temporaries(t, target); len(got) != 2 {
		t.Fatalf("left behind: %v", got)
	}
	p := plan(t, target, in)
	if !p.Entries[0].Begun || len(p.Leftovers) != 0 {
		t.Errorf("%+v", p)
	}
	before := l.Stats().DownloadBytes
	run(t, l, target, in)
	if got := l.Stats().DownloadBytes - before; got > bigSize-8<<20 {
		t.Errorf("%d bytes were fetched after 24 MiB of %d had come", got, bigSize)
	}
	if diff := cmp.Diff(onDisk(t, source), onDisk(t, target)); diff != "" {
		t.Errorf("-source +restored:\n%.200s", diff)
	}
}

// However often it is cut off, each run adds to what is there, and nothing that came whole is fetched twice.
func TestALargeFileArrivesHoweverOftenItIsCutOff(t *testing.T) {
	l, source, remote := bigBackup(t)
	target := t.TempDir()
	in := restore.Input{Tree: remote}
	before := l.Stats().DownloadBytes
	const cuts = 3
	for i := range int64(cuts) {
		cutShort(t, l, target, in, (i+1)*9<<20)
	}
	run(t, l, target, in)
	if got := l.Stats().DownloadBytes - before; got > bigSize+cuts*8<<20 {
		t.Errorf("%d bytes were fetched of %d, cut off %d times", got, bigSize, cuts)
	}
	if diff := cmp.Diff(onDisk(t, source), onDisk(t, target)); diff != "" {
		t.Errorf("-source +restored:\n%.200s", diff)
	}
}

// Another content under the name starts over, and what was begun of the former one is swept.
func TestAChangedFileStartsOver(t *testing.T) {
	l, source, remote := bigBackup(t)
	target := t.TempDir()
	cutShort(t, l, target, restore.Input{Tree: remote}, 24<<20)
	changed := random(bigSize + 1)
	write(t, filepath.Join(source, "big"), changed, 0o640, time.Unix(2e9, 5))
	h, _ := remote.Lookup("big")
	if err := l.Delete(t.Context(), remote.Handle(h)); err != nil {
		t.Fatal(err)
	}
	in := restore.Input{Tree: l.backUp(t, source, scan.Preserve{Mode: true, MTime: true})}
	if p := plan(t, target, in); p.Entries[0].Begun || len(p.Leftovers) != 2 {
		t.Errorf("%+v", p)
	}
	before := l.Stats().DownloadBytes
	run(t, l, target, in)
	if got := l.Stats().DownloadBytes - before; got != int64(len(changed)) {
		t.Errorf("%d bytes were fetched", got)
	}
	if diff := cmp.Diff(onDisk(t, source), onDisk(t, target)); diff != "" {
		t.Errorf("-source +restored:\n%.200s", diff)
	}
}

// A file that somebody put in the way of the temporary one is neither written nor taken for it.
func TestPlantedTemporaryFilesAreNotWritten(t *testing.T) {
	l, _, remote := bigBackup(t)
	outside := filepath.Join(t.TempDir(), "precious")
	for name, plant := range map[string]func(string) error{
		"a link":      func(at string) error { return os.Symlink(outside, at) },
		"a hard link": func(at string) error { return os.Link(outside, at) },
		"a pipe":      func(at string) error { return syscall.Mkfifo(at, 0o600) },
	} {
		target := t.TempDir()
		write(t, outside, []byte("mine"), 0o600, time.Unix(5, 0))
		in := restore.Input{Tree: remote}
		cutShort(t, l, target, in, 24<<20)
		planned := plan(t, target, in)
		for _, at := range temporaries(t, target) {
			if err := os.Remove(at); err != nil {
				t.Fatal(err)
			}
			if err := plant(at); err != nil {
				t.Fatal(err)
			}
		}
		report, err := restore.Run(t.Context(), planned, restore.Env{Remote: l, Target: target})
		if err != nil || report.Done != 1 {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
		if text, err := os.ReadFile(outside); err != nil || string(text) != "mine" {
			t.Errorf("%s: the file outside is %.20q, %v", name, text, err)
		}
	}
}

// Two restores of one file at a time do not write into each other's.
func TestTwoRestoresAtATime(t *testing.T) {
	l, source, remote := bigBackup(t)
	target := t.TempDir()
	p := plan(t, target, restore.Input{Tree: remote, Overwrite: restore.Always})
	results := make(chan restore.Report, 2)
	for range 2 {
		go func() {
			report, err := restore.Run(t.Context(), p, restore.Env{Remote: l, Target: target})
			if err != nil {
				t.Error(err)
			}
			results <- report
		}()
	}
	done := int64(0)
	for range 2 {
		report := <-results
		done += report.Done
		for _, f := range report.Failures {
			if !strings.Contains(f.Err.Error(), "changed meanwhile") {
				t.Error(f.Err)
			}
		}
	}
	if done < 1 {
		t.Error("none of the two succeeded")
	}
	if diff := cmp.Diff(onDisk(t, source), onDisk(t, target)); diff != "" {
		t.Errorf("-source +restored:\n%.200s", diff)
	}
}

// A disk that fills up in the middle of a large file has room again for the others.
func TestAFullDiskGivesTheRoomBack(t *testing.T) {
	l, source, _ := bigBackup(t)
	write(t, filepath.Join(source, "small"), []byte("small"), 0o640, time.Unix(1e9, 5))
	h, _ := l.tree(t).Lookup("big")
	if err := l.Delete(t.Context(), l.tree(t).Handle(h)); err != nil {
		t.Fatal(err)
	}
	remote := l.backUp(t, source, scan.Preserve{Mode: true, MTime: true})
	target := smallDisk(t, 24<<20)
	report, err := restore.Run(t.Context(), plan(t, target, restore.Input{Tree: remote}), restore.Env{Remote: l, Target: target})
	if err != nil || report.Done != 1 || len(report.Failures) != 1 || !strings.Contains(report.Failures[0].Err.Error(), "no space left") {
		t.Errorf("%+v, %v", report, err)
	}
	if got := onDisk(t, target); len(got) != 1 || got["small"] == "" {
		t.Errorf("%d names on the disk", len(got))
	}
}
