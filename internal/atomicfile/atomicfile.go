package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tempMark stands between a target's name and the random end of its temporary files.
const tempMark = ".tmp-"

// Options tune a replacement. The zero value is a private file with no earlier ones kept.
type Options struct {
	// Mode is the file's permission; 0 means 0600.
	Mode fs.FileMode
	// Keep is how many earlier contents stay beside the file, as PATH.1 (the newest) to PATH.N.
	Keep int
	// Volatile does without syncing: after a power cut there may be anything under the name. For what can be made again and
	// is checked when it is read.
	Volatile bool
}

// Write replaces the content of path.
func Write(path string, data []byte, opt Options) error {
	f, err := Create(path, opt)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(data); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return f.Commit()
}

// WriteReader replaces the content of path with everything r yields. Nothing changes if r fails.
func WriteReader(path string, r io.Reader, opt Options) error {
	f, err := Create(path, opt)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := io.Copy(f, r); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return f.Commit()
}

// File is new content on its way to its name. Write it, then Commit; Abort gives up and is harmless after Commit, so it
// can be deferred.
type File struct {
	*os.File
	path string
	opt  Options
	done bool
}

// Create opens the temporary file that Commit will rename to path, making path's directory if it is missing.
func Create(path string, opt Options) (*File, error) {
	dir := filepath.Dir(path)
	if err := MkdirAll(dir); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, filepath.Base(path)+tempMark+"*")
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	return &File{File: f, path: path, opt: opt}, nil
}

// Commit syncs the content and gives it its name. When it returns nil, the new content survives a power cut, unless it is
// Volatile.
func (f *File) Commit() error {
	if f.done {
		return fmt.Errorf("commit %s: %w", f.path, fs.ErrClosed)
	}
	f.done = true
	if err := f.install(); err != nil {
		return errors.Join(fmt.Errorf("replace %s: %w", f.path, err), f.discard())
	}
	return nil
}

// CommitAs is Commit under another name in the same directory, for a name that is not known before the content is.
func (f *File) CommitAs(path string) error {
	f.path = path
	return f.Commit()
}

func (f *File) install() error {
	mode := f.opt.Mode
	if mode == 0 {
		mode = 0o600
	}
	if err := f.Chmod(mode); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if !f.opt.Volatile {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := keepEarlier(f.path, f.opt.Keep); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		return err
	}
	if f.opt.Volatile {
		return nil
	}
	return SyncDir(filepath.Dir(f.path))
}

// Abort removes the temporary file. After Commit it does nothing.
func (f *File) Abort() error {
	if f.done {
		return nil
	}
	f.done = true
	return f.discard()
}

// discard closes and removes; that the file is closed or gone already is what is wanted.
func (f *File) discard() error {
	err := f.Close()
	if errors.Is(err, fs.ErrClosed) {
		err = nil
	}
	if gone := os.Remove(f.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

// keepEarlier shifts PATH.1 to PATH.2 and so on, then makes PATH.1 a second name of PATH, so that PATH itself is never
// missing.
func keepEarlier(path string, keep int) error {
	if keep <= 0 {
		return nil
	}
	for n := keep; n > 1; n-- {
		err := os.Rename(Earlier(path, n-1), Earlier(path, n))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	first := Earlier(path, 1)
	if err := os.Remove(first); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := os.Link(path, first)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return copyFile(path, first) // a file system without hard links
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	return WriteReader(to, in, Options{Mode: info.Mode().Perm()})
}

// Earlier names the nth earlier content that Options.Keep leaves beside path; 1 is the newest.
func Earlier(path string, n int) string { return path + "." + strconv.Itoa(n) }

// MkdirAll makes dir and what is missing above it, private to the user. What exists keeps its permissions.
func MkdirAll(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make directory %s: %w", dir, err)
	}
	return nil
}

// Clean removes temporary files that crashed writers of path left more than age ago.
func Clean(path string, age time.Duration, now time.Time) error {
	dir := filepath.Dir(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("clean up beside %s: %w", path, err)
	}
	var failed error
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), filepath.Base(path)+tempMark) {
			continue
		}
		info, err := e.Info()
		if err != nil || now.Sub(info.ModTime()) < age {
			continue // gone meanwhile, or still being written
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}
