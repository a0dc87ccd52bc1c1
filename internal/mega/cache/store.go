package cache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/megaplan/megaplan/internal/atomicfile"
)

// store is the directory of a cache. Snapshots and journals carry a generation; the highest snapshot counts, and its
// journal is the one of the same generation. Files are never replaced, so a reader keeps what it opened.
type store struct{ dir string }

const (
	snapshotName = "tree-%08d.snapshot"
	journalName  = "tree-%08d.journal"
	asideName    = "tree-%08d.aside" // and "-" and the node it is about
	tempName     = "tree.snapshot"
	// staleTemp is when a temporary file can only be a crashed writer's.
	staleTemp = 6 * time.Hour
)

func (s store) snapshot(gen uint64) string {
	return filepath.Join(s.dir, fmt.Sprintf(snapshotName, gen))
}

func (s store) aside(gen uint64, about Handle) string {
	return filepath.Join(s.dir, fmt.Sprintf(asideName+"-%012x", gen, uint64(about)))
}

func (s store) journal(gen uint64) string { return filepath.Join(s.dir, fmt.Sprintf(journalName, gen)) }

// generations lists the directory: the highest snapshot, and the highest number any file has.
func (s store) generations() (snapshot, highest uint64, err error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("read cache: %w", err)
	}
	for _, e := range entries {
		gen, name, ok := generation(e.Name())
		if !ok {
			continue
		}
		highest = max(highest, gen)
		if name == snapshotName {
			snapshot = max(snapshot, gen)
		}
	}
	return snapshot, highest, nil
}

// generation takes a file name apart.
func generation(name string) (gen uint64, form string, ok bool) {
	if dash := strings.LastIndexByte(name, '-'); strings.Contains(name, ".") && dash > strings.IndexByte(name, '.') {
		name = name[:dash] // the node something is about
	}
	for _, form := range []string{snapshotName, journalName, asideName} {
		before, after, _ := strings.Cut(form, "%08d")
		digits, fits := strings.CutPrefix(name, before)
		if !fits {
			continue
		}
		if digits, fits = strings.CutSuffix(digits, after); !fits {
			continue
		}
		if n, err := strconv.ParseUint(digits, 10, 64); err == nil && fmt.Sprintf(form, n) == name {
			return n, form, true
		}
	}
	return 0, "", false
}

// lock waits until no other handle of the cache writes.
func (s store) lock(ctx context.Context) (unlock func(), err error) {
	if err := atomicfile.MkdirAll(s.dir); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(s.dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock cache: %w", err)
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		got, err := tryLock(f)
		if got {
			return func() { f.Close() }, nil
		}
		if err == nil {
			err = wait(ctx, pause)
		}
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock cache: %w", err)
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// clean removes every generation but the newest, and what crashed writers left. What cannot be removed, because another
// process has it open on a system that minds, goes next time.
func (s store) clean(newest uint64) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if gen, _, ok := generation(e.Name()); ok && gen < newest {
			_ = os.Remove(filepath.Join(s.dir, e.Name()))
		}
	}
	_ = atomicfile.Clean(filepath.Join(s.dir, tempName), staleTemp, time.Now())
}
