package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// row is one line of the budget: a state to start from and what each side does to it.
type row struct {
	name, what string
	latency    time.Duration
	nodes      int // generated in the account
	// source fills the local directory, once for all rounds.
	source func(dir string) error
	// before has the source uploaded before.
	before bool
	// ours and theirs are the measured commands' arguments. %SRC% is the source, %OUT% a directory that is not there yet; the
	// account's remote is mega:. Without theirs only megaplan runs.
	ours, theirs []string
	// twice measures the second of two equal runs.
	twice bool
}

// rows are the budget of the design, scaled.
func rows(scale float64) []row {
	count := func(n int) int { return max(1, int(float64(n)*scale)) }
	apply := []string{"apply", "-auto-approve"}
	upload := []string{"copy", "%SRC%", "mega:bench"}
	small := func(n int) func(string) error {
		return func(dir string) error { return smallFiles(dir, count(n), 4<<10) }
	}
	tiny := func(n int) func(string) error {
		return func(dir string) error { return smallFiles(dir, count(n), 16) }
	}
	restore := []string{"restore", "backup.bench", "-to=%OUT%"}
	download := []string{"copy", "mega:bench", "%OUT%"}
	large := func(dir string) error { return largeFile(dir, int64(float64(1<<30)*scale)) }
	return []row{
		{name: "small-2000", what: "upload 2,000 files of 4 KiB, 20 ms", latency: 20 * time.Millisecond, source: small(2000), ours: apply, theirs: upload},
		{name: "small-5000", what: "upload 5,000 files of 4 KiB, 20 ms", latency: 20 * time.Millisecond, source: small(5000), ours: apply, theirs: upload},
		{name: "large-0ms", what: "upload one file of 1 GiB, no latency", source: large, ours: apply, theirs: upload},
		{name: "large-20ms", what: "upload one file of 1 GiB, 20 ms", latency: 20 * time.Millisecond, source: large, ours: apply, theirs: upload},
		{name: "million-first", what: "account of 1,000,000 nodes, first plan of a small backup", nodes: count(1_000_000), source: small(10), ours: []string{"plan"}, theirs: []string{"lsf", "mega:"}},
		{name: "million-later", what: "account of 1,000,000 nodes, later plan", nodes: count(1_000_000), source: small(10), ours: []string{"plan"}, theirs: []string{"lsf", "mega:"}, twice: true},
		{name: "unchanged", what: "nothing changed in 100,000 files", source: tiny(100_000), before: true, twice: true, ours: []string{"plan"}, theirs: []string{"sync", "--dry-run", "%SRC%", "mega:bench"}},
		{name: "restore-small", what: "restore 2,000 files of 4 KiB, 20 ms", latency: 20 * time.Millisecond, source: small(2000), before: true, twice: true, ours: restore, theirs: download},
		{name: "restore-large", what: "restore one file of 1 GiB, no latency", source: large, before: true, twice: true, ours: restore, theirs: download},
		{name: "verify-large", what: "prove one file of 1 GiB, no latency", source: large, before: true, ours: []string{"verify"}, theirs: []string{"check", "--download", "%SRC%", "mega:bench"}},
		{name: "growth-10k", what: "plan of 10,000 new files", source: tiny(10_000), twice: true, ours: []string{"plan"}},
		{name: "growth-100k", what: "plan of 100,000 new files", source: tiny(100_000), twice: true, ours: []string{"plan"}},
		{name: "growth-1m", what: "plan of 1,000,000 new files", source: tiny(1_000_000), twice: true, ours: []string{"plan"}},
		{name: "apply-10k", what: "apply 10,000 new files, no latency", source: tiny(10_000), ours: apply},
		{name: "apply-100k", what: "apply 100,000 new files, no latency", source: tiny(100_000), ours: apply},
		{name: "apply-1m", what: "apply 1,000,000 new files, no latency", source: tiny(1_000_000), ours: apply},
	}
}

// smallFiles makes n files of the same size, a hundred in a directory, with content that never repeats.
func smallFiles(dir string, n, size int) error {
	random := rand.NewChaCha8([32]byte{1})
	content := make([]byte, size)
	for i := range n {
		sub := filepath.Join(dir, "d"+strconv.Itoa(i/100))
		if i%100 == 0 {
			if err := os.MkdirAll(sub, 0o755); err != nil {
				return err
			}
		}
		random.Read(content) //nolint:errcheck // never fails
		if err := os.WriteFile(filepath.Join(sub, "f"+strconv.Itoa(i)), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// largeFile makes one file of random bytes.
func largeFile(dir string, size int64) (err error) {
	f, err := os.Create(filepath.Join(dir, "large.bin"))
	if err != nil {
		return err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	random := rand.NewChaCha8([32]byte{2})
	buf := make([]byte, 1<<20)
	for written := int64(0); written < size; written += int64(len(buf)) {
		random.Read(buf) //nolint:errcheck // never fails
		if _, err := f.Write(buf[:min(int64(len(buf)), size-written)]); err != nil {
			return err
		}
	}
	return nil
}
