package mega

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/megaplan/megaplan/internal/atomicfile"
	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/tree"
)

// OwnFile is a file to keep in an OwnFolder.
type OwnFile struct {
	// Below is the folder in the folder; empty is the folder itself.
	Below tree.Path
	Name  string
	Data  []byte
	// Replace and KeepVersion are as in Upload.
	Replace     tree.Handle
	KeepVersion bool
	// Confirm, if set, is asked when the content is stored, just before the file is made of it.
	Confirm func(context.Context) error
}

// Write keeps a file. Errors to branch on: ErrOverQuota, and what Confirm returned.
func (f *OwnFolder) Write(ctx context.Context, file OwnFile) (tree.Handle, error) {
	if err := f.client.writable(); err != nil {
		return 0, err
	}
	dir, err := f.ensure(ctx, file.Below)
	if err == nil && file.Replace != 0 {
		// A new version stands where the old one does.
		if err = f.within(file.Replace); err == nil {
			var old opened
			old, err = f.client.get(file.Replace)
			dir = old.Parent
		}
	}
	if err != nil {
		return 0, fmt.Errorf("write /%s: %w", f.path.Join(file.Name), err)
	}
	up, err := f.client.Upload(ctx, Upload{
		Parent: dir, Name: file.Name, Bytes: file.Data, MTime: time.Now().Unix(), Confirm: file.Confirm,
		Replace: file.Replace, KeepVersion: file.KeepVersion,
	})
	if err != nil {
		return 0, fmt.Errorf("write /%s: %w", f.path.Join(file.Name), err)
	}
	f.keep(up.Handle, file.Data)
	return up.Handle, nil
}

// Renew gives a file the date of now: a copy takes its place.
func (f *OwnFolder) Renew(ctx context.Context, h tree.Handle) error {
	if err := f.within(h); err != nil {
		return err
	}
	o, err := f.client.readable(h)
	if err != nil {
		return err
	}
	print, _ := o.fingerprint()
	if _, err = f.client.Copy(ctx, Copy{From: h, Parent: o.Parent, Name: o.name(), CRC: print.CRC, MTime: print.MTime}); err != nil {
		return err
	}
	return f.Delete(ctx, h)
}

// Content returns what a file of the folder holds. A handle's content never changes, so it is fetched once on each machine.
func (f *OwnFolder) Content(ctx context.Context, h tree.Handle) ([]byte, error) {
	if data, ok := f.kept(h); ok {
		return data, nil
	}
	data, err := f.fetch(ctx, h)
	if err == nil {
		f.keep(h, data)
	}
	return data, err
}

func (f *OwnFolder) fetch(ctx context.Context, h tree.Handle) (data []byte, err error) {
	if f.client.options.CacheDir != "" {
		if err := atomicfile.MkdirAll(f.client.options.CacheDir); err != nil {
			return nil, err
		}
	}
	temp, err := os.CreateTemp(f.client.options.CacheDir, ".own-*")
	if err != nil {
		return nil, err
	}
	removed := os.Remove(temp.Name()) // while it is open, where the system lets us: no crash leaves it behind
	defer func() {
		err = errors.Join(err, temp.Close())
		if removed != nil {
			err = errors.Join(err, os.Remove(temp.Name()))
		}
	}()
	if err := f.client.Download(ctx, h, temp, nil); err != nil {
		return nil, err
	}
	if _, err := temp.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(temp)
}

// Gone says that an error is about a node that is not there (any more).
func Gone(err error) bool { return errors.Is(err, ErrGone) || errors.Is(err, api.ENOENT) }

// ownPurpose names what the key is for under which content is kept on this machine.
const ownPurpose = "content of megaplan's own files, version 1"

// keptDir is where content is kept, sealed: it says what is on MEGA as plainly as the tree would without its keys.
func (f *OwnFolder) keptDir() string { return filepath.Join(f.client.options.CacheDir, "own") }

func (f *OwnFolder) kept(h tree.Handle) ([]byte, bool) {
	if f.client.options.CacheDir == "" {
		return nil, false
	}
	box, err := os.ReadFile(filepath.Join(f.keptDir(), keptName(h)))
	if err != nil {
		return nil, false
	}
	data, err := crypt.NewBox(f.client.session.Master, ownPurpose).Open(nil, nil, box, []byte(h.String()))
	if err != nil {
		f.client.log().Warn("a file kept on this machine is damaged and is fetched anew", "node", h.String())
		return nil, false
	}
	return data, true
}

// keep keeps content for later runs; without it they fetch it.
func (f *OwnFolder) keep(h tree.Handle, data []byte) {
	if f.client.options.CacheDir == "" {
		return
	}
	box := crypt.NewBox(f.client.session.Master, ownPurpose).Seal(nil, nil, data, []byte(h.String()))
	path := filepath.Join(f.keptDir(), keptName(h))
	if err := atomicfile.Write(path, box, atomicfile.Options{Volatile: true}); err != nil {
		f.client.log().Warn("a file is not kept on this machine", "node", h.String(), "err", err)
	}
}

// keptName writes a handle so that names differ where case does not count.
func keptName(h tree.Handle) string { return fmt.Sprintf("%012x", uint64(h)) }

// Tidy drops content of files that are no more.
func (f *OwnFolder) Tidy() {
	entries, err := os.ReadDir(f.keptDir())
	if f.client.options.CacheDir == "" || err != nil {
		return // nothing is kept
	}
	for _, e := range entries {
		var h uint64
		if _, err := fmt.Sscanf(strings.ToLower(e.Name()), "%012x", &h); err != nil {
			continue
		}
		if _, there, err := f.client.cache.Get(tree.Handle(h)); err == nil && !there {
			if err := os.Remove(filepath.Join(f.keptDir(), e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				f.client.log().Warn("a file that is gone is still kept on this machine", "err", err)
			}
		}
	}
}
