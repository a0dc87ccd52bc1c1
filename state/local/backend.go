package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/megaplan/megaplan/internal/atomicfile"
	"github.com/megaplan/megaplan/state"
)

// keepEarlier is how many earlier documents stay beside the file.
const keepEarlier = 5

// Backend is a state.Backend on a file.
type Backend struct {
	path string

	mu   sync.Mutex
	held map[string]*os.File // by lock id
}

var _ state.Backend = (*Backend)(nil)

// New returns the backend of the state file at path. Nothing is made before something is written.
func New(path string) *Backend { return &Backend{path: path, held: map[string]*os.File{}} }

// String returns the path.
func (b *Backend) String() string { return b.path }

// Paths returns all that belongs to the state (rule 7).
func (b *Backend) Paths() []string {
	out := []string{b.path, b.dir()}
	for n := range keepEarlier {
		out = append(out, atomicfile.Earlier(b.path, n+1))
	}
	return out
}

// JournalDir is where runs on this state keep their journals.
func (b *Backend) JournalDir() string { return filepath.Join(b.dir(), "journal") }

func (b *Backend) dir() string                 { return b.path + ".d" }
func (b *Backend) lockPath() string            { return filepath.Join(b.dir(), "lock") }
func (b *Backend) objects() string             { return filepath.Join(b.dir(), "objects") }
func (b *Backend) object(digest string) string { return filepath.Join(b.objects(), digest) }

// Read implements state.Backend. A revision is the document's digest.
func (b *Backend) Read(context.Context) ([]byte, string, error) {
	data, err := os.ReadFile(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	return data, state.Digest(data), nil
}

// Write implements state.Backend.
func (b *Backend) Write(ctx context.Context, data []byte, revision string, keep bool) error {
	if err := b.holds(); err != nil {
		return err
	}
	_, current, err := b.Read(ctx)
	if err != nil {
		return err
	}
	if current != revision {
		return state.ErrConflict
	}
	opt := atomicfile.Options{}
	if keep {
		opt.Keep = keepEarlier
	}
	if err := atomicfile.Clean(b.path, time.Hour, time.Now()); err != nil {
		return err
	}
	return atomicfile.Write(b.path, data, opt)
}

// Earlier implements state.Backend.
func (b *Backend) Earlier(context.Context) ([][]byte, error) {
	var out [][]byte
	for n := range keepEarlier {
		data, err := os.ReadFile(atomicfile.Earlier(b.path, n+1))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

// Lock implements state.Backend.
func (b *Backend) Lock(_ context.Context, info state.LockInfo) error {
	text, err := json.Marshal(info)
	if err != nil {
		return err
	}
	f, err := b.takeLock()
	if err != nil {
		return err
	}
	if err = f.Truncate(0); err == nil {
		_, err = f.WriteAt(text, 0)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held[info.ID] = f
	return nil
}

// takeLock returns the lock file, locked, and makes sure that it still has its name: ForceUnlock takes that away.
func (b *Backend) takeLock() (*os.File, error) {
	if err := atomicfile.MkdirAll(b.dir()); err != nil {
		return nil, err
	}
	for {
		f, err := os.OpenFile(b.lockPath(), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		got, err := tryLock(f)
		if err == nil && got && b.named(f) {
			return f, nil
		}
		var held *state.HeldError
		if err == nil && !got {
			held = &state.HeldError{Holder: readInfo(f)}
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("lock %s: %w", b.lockPath(), err)
		}
		if held != nil {
			return nil, held
		}
	}
}

// named says whether the open file is the one at the lock's path.
func (b *Backend) named(f *os.File) bool {
	open, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(b.lockPath())
	return err == nil && os.SameFile(open, there)
}

// readInfo returns who wrote the lock file; a holder that is just writing it is nobody yet.
func readInfo(f *os.File) state.LockInfo {
	var info state.LockInfo
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<16))
	if err != nil || json.Unmarshal(text, &info) != nil {
		return state.LockInfo{}
	}
	return info
}

// holds says whether a lock taken here is still in force.
func (b *Backend) holds() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.held {
		if b.named(f) {
			return nil
		}
	}
	return state.ErrNotLocked
}

// Unlock implements state.Backend.
func (b *Backend) Unlock(_ context.Context, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	f, ok := b.held[id]
	if !ok {
		return state.ErrNotLocked
	}
	delete(b.held, id)
	if !b.named(f) {
		return errors.Join(state.ErrNotLocked, f.Close())
	}
	return errors.Join(f.Truncate(0), f.Close())
}

// ForceUnlock implements state.Backend. The holder finds out when it writes.
func (b *Backend) ForceUnlock(_ context.Context, id string) error {
	f, err := os.Open(b.lockPath())
	if errors.Is(err, fs.ErrNotExist) {
		return state.ErrNotLocked
	}
	if err != nil {
		return err
	}
	info := readInfo(f)
	if err := f.Close(); err != nil {
		return err
	}
	if info.ID != id || id == "" {
		return state.ErrNotLocked
	}
	return os.Remove(b.lockPath())
}

// Put implements state.Backend.
func (b *Backend) Put(_ context.Context, digest string, data []byte) error {
	path := b.object(digest)
	now := time.Now()
	if err := os.Chtimes(path, now, now); err == nil {
		return nil
	}
	return atomicfile.Write(path, data, atomicfile.Options{})
}

// Get implements state.Backend.
func (b *Backend) Get(_ context.Context, digest string) ([]byte, error) {
	if !state.IsDigest(digest) {
		return nil, state.ErrNoObject
	}
	data, err := os.ReadFile(b.object(digest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, state.ErrNoObject
	}
	return data, err
}

// List implements state.Backend.
func (b *Backend) List(context.Context) ([]state.Object, error) {
	entries, err := os.ReadDir(b.objects())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []state.Object
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) || !state.IsDigest(e.Name()) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, state.Object{Digest: e.Name(), Time: info.ModTime()})
	}
	return out, nil
}

// Delete implements state.Backend.
func (b *Backend) Delete(_ context.Context, digests ...string) error {
	var failed error
	for _, digest := range slices.DeleteFunc(slices.Clone(digests), func(d string) bool { return !state.IsDigest(d) }) {
		if err := os.Remove(b.object(digest)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}
