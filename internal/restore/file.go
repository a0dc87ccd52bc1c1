package restore

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// errChanged says that a name at the target is not what the plan saw.
var errChanged = errors.New("changed meanwhile: something else wrote it while the restore ran; it is left as it is")

// errThere says that what is to be made appeared meanwhile, as it is to be: another restore made it.
var errThere = errors.New("there already")

// ErrAbove says that an entry was not tried, because the directory above it could not be made.
var ErrAbove = errors.New("its directory could not be made")

// reason is what went wrong without the call and the name it was made with, which mean something to programmers alone.
func reason(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// errTarget says that a recorded link cannot be one.
var errTarget = errors.New("its target is too long for a symbolic link")

// maxTarget is more than any system takes for a link's target.
const maxTarget = 64 << 10

// content restores a file or a symbolic link.
func (r *run) content(ctx context.Context, e *Entry) error {
	dir, err := r.dirs.open(parentOf(e.Path))
	if err != nil {
		return err
	}
	defer r.dirs.done(dir)
	if e.Kind == Symlink {
		return r.symlink(ctx, dir, e)
	}
	if e.Op == Replace && e.Seen.Size == e.Size {
		if done, err := r.adopt(ctx, dir, e); done {
			return err
		}
	}
	return r.file(ctx, dir, e)
}

// adopt keeps a file that is there if its content is proven to be the backup's, and dates it.
func (r *run) adopt(ctx context.Context, dir *openDir, e *Entry) (done bool, err error) {
	f, err := openRegular(dir.Root, baseOf(e.Path))
	if err != nil {
		return false, nil // it will be replaced, or that says why not
	}
	defer f.Close()
	if same, err := r.same(ctx, f, e); !same || err != nil {
		return false, nil
	}
	errs := r.attributes(f, &e.Meta, 0)
	if err := setTime(dir.Root, baseOf(e.Path), e.MTime); err != nil {
		errs = append(errs, err)
	}
	return true, lost(errs)
}

// same proves an open file by the MAC in the entry's key.
func (r *run) same(ctx context.Context, f *os.File, e *Entry) (bool, error) {
	info, err := f.Stat()
	if err != nil || info.Size() != e.Size {
		return false, err
	}
	key, err := r.env.Remote.ContentKey(e.Handle)
	if err != nil {
		return false, err
	}
	verdicts, err := crypt.Check(ctx, f, e.Size, key)
	return err == nil && verdicts[0] == crypt.Equal, err
}

// openRegular opens what is a file and no link.
func openRegular(dir *os.Root, name string) (*os.File, error) {
	info, err := dir.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = errLink
	}
	if err != nil {
		return nil, err
	}
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	opened, err := f.Stat()
	if err == nil && !os.SameFile(info, opened) {
		err = errLink
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// file fetches content under a temporary name and gives it its own once it is whole.
func (r *run) file(ctx context.Context, dir *openDir, e *Entry) (err error) {
	t, err := openTemp(dir.Root, e)
	if err != nil {
		return err
	}
	keep := false
	defer func() { err = errors.Join(err, t.close(keep)) }()
	if err := r.fetch(ctx, t, e); err != nil {
		keep = worthKeeping(err)
		return err
	}
	errs, err := r.complete(t, e)
	if err = errors.Join(err, t.Close()); err != nil {
		return err
	}
	if err := unchanged(dir.Root, e); err != nil {
		return err
	}
	if err := dir.Rename(t.name, baseOf(e.Path)); err != nil {
		return err
	}
	t.named = true
	return lost(errs)
}

// fetch brings the content to the file and proves it.
func (r *run) fetch(ctx context.Context, t *temporary, e *Entry) error {
	part := t.part
	part.Pause = r.env.Stop
	return r.env.Remote.DownloadPart(ctx, e.Handle, t.File, part, func(n int64) { r.tell(Event{Kind: Progress, Entry: e, Bytes: n}) })
}

// complete brings attributes, and all of it to the disk. errs are attributes that could not be set.
func (r *run) complete(t *temporary, e *Entry) (errs []error, err error) {
	info, err := t.Stat()
	if err == nil && info.Size() != e.Size {
		err = fmt.Errorf("%d bytes came, %d were expected", info.Size(), e.Size)
	}
	if err != nil {
		return nil, err
	}
	errs = r.attributes(t.File, &e.Meta, 0)
	if err := setTime(t.dir, t.name, e.MTime); err != nil {
		errs = append(errs, err)
	}
	return errs, t.Sync()
}

// openTemp makes the file that an entry's content is fetched into, or finds the one that a former run left.
func openTemp(dir *os.Root, e *Entry) (*temporary, error) {
	mode := fs.FileMode(0o666) // the process's mask applies
	if e.Meta.HasMode {
		mode = 0o600
	}
	if e.hasPart() {
		if t, ok := openPart(dir, e, mode); ok {
			return t, nil
		}
	}
	return createTemp(dir, mode)
}

// createTemp makes a file of a new temporary name and locks it, so that another restore leaves it alone.
func createTemp(dir *os.Root, mode fs.FileMode) (*temporary, error) {
	name := tempName()
	f, err := dir.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, fmt.Errorf("make a file in its directory: %w", reason(err))
	}
	lock(f)
	return &temporary{File: f, dir: dir, name: name}, nil
}

func tempName() string {
	var random [8]byte
	rand.Read(random[:]) //nolint:errcheck // it never fails
	return tempPrefix + hex.EncodeToString(random[:])
}

// drop removes a temporary file that did not get its name.
func drop(dir *os.Root, temp string) error {
	if err := dir.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// unchanged looks once more, just before the name is taken.
func unchanged(dir *os.Root, e *Entry) error {
	info, err := dir.Lstat(baseOf(e.Path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case e.Op == Replace && !info.IsDir() && info.Size() == e.Seen.Size && info.ModTime().UnixNano() == e.Seen.MTime:
		return nil
	case e.Op == Create && e.Kind != Symlink && info.Mode().IsRegular() && info.Size() == e.Size && e.sameTime(info.ModTime().UnixNano()):
		return errThere
	}
	return errChanged
}

// symlink restores a recorded link: its content is its target. Links are made, never followed.
func (r *run) symlink(ctx context.Context, dir *openDir, e *Entry) (err error) {
	target, err := r.target(ctx, dir, e)
	if err != nil {
		return err
	}
	temp := tempName()
	if err := dir.Symlink(target, temp); err != nil {
		return fmt.Errorf("make the link: %w", reason(err))
	}
	defer func() { err = errors.Join(err, drop(dir.Root, temp)) }()
	errs := r.linkAttributes(dir.Root, temp, e)
	if err := unchanged(dir.Root, e); err != nil {
		return err
	}
	if err := dir.Rename(temp, baseOf(e.Path)); err != nil {
		return err
	}
	return lost(errs)
}

func (r *run) target(ctx context.Context, dir *openDir, e *Entry) (target string, err error) {
	if e.Size > maxTarget {
		return "", errTarget
	}
	t, err := createTemp(dir.Root, 0o600)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, t.close(false)) }()
	if err := r.fetch(ctx, t, e); err != nil {
		return "", err
	}
	text := make([]byte, e.Size)
	if _, err := io.ReadFull(io.NewSectionReader(t, 0, e.Size), text); err != nil {
		return "", err
	}
	return string(text), nil
}

// hardlink gives a file its other name, if the two are still the same content; else it becomes a file of its own.
func (r *run) hardlink(ctx context.Context, e *Entry) error {
	dir, err := r.dirs.open(parentOf(e.Path))
	if err != nil {
		return err
	}
	defer r.dirs.done(dir)
	if r.isFailed(e.LinkTo) {
		return r.file(ctx, dir, e)
	}
	first, err := r.dirs.open(parentOf(e.LinkTo))
	if err != nil {
		return r.file(ctx, dir, e)
	}
	defer r.dirs.done(first)
	f, err := openRegular(first.Root, baseOf(e.LinkTo))
	if err != nil {
		return r.file(ctx, dir, e)
	}
	same, err := r.same(ctx, f, e)
	if err = errors.Join(err, f.Close()); err != nil || !same {
		return r.file(ctx, dir, e)
	}
	return r.linkTo(dir, e)
}

func (r *run) isFailed(path string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed[path]
}

// linkTo makes the link under a temporary name first, so that a name that is replaced is never missing.
func (r *run) linkTo(dir *openDir, e *Entry) (err error) {
	temp := tempName()
	if err := r.dirs.root.Link(e.LinkTo, join(parentOf(e.Path), temp)); err != nil {
		return err
	}
	// Renaming one name of a file over another does nothing and leaves both.
	defer func() { err = errors.Join(err, drop(dir.Root, temp)) }()
	if err := unchanged(dir.Root, e); err != nil {
		return err
	}
	return dir.Rename(temp, baseOf(e.Path))
}
