package mega

import (
	"context"
	"slices"
	"time"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// renewAfter is how old an object may be when it is put again without its date being renewed: young enough for every collector.
const renewAfter = 10 * time.Minute

// Put implements state.Backend.
func (b *Backend) Put(ctx context.Context, digest string, data []byte) (err error) {
	defer b.blame(&err)
	f, err := b.account.Folder(ctx)
	if err != nil {
		return err
	}
	known, err := find(f, digest)
	if err != nil {
		return err
	}
	if len(known) > 0 {
		n := slices.MaxFunc(known, func(a, b tree.Node) int { return int(a.Created - b.Created) })
		if time.Since(f.Time(n)) < renewAfter {
			return nil
		}
		if err = f.Renew(ctx, n.Handle); !mega.Gone(err) {
			return err
		} // collected meanwhile
	}
	_, err = f.Write(ctx, mega.OwnFile{Below: objectsDir, Name: digest, Data: data})
	return err
}

// find returns the files that hold an object; two runs may put it at the same time.
func find(f *mega.OwnFolder, digests ...string) ([]tree.Node, error) {
	files, err := f.Files(objectsDir)
	return slices.DeleteFunc(files, func(n tree.Node) bool { return !slices.Contains(digests, n.Name) }), err
}

// Get implements state.Backend.
func (b *Backend) Get(ctx context.Context, digest string) (data []byte, err error) {
	defer b.blame(&err)
	for _, open := range []func(context.Context) (*mega.OwnFolder, error){b.account.Folder, b.account.Fresh} {
		f, err := open(ctx)
		if err != nil {
			return nil, err
		}
		known, err := find(f, digest)
		if err != nil {
			return nil, err
		}
		for _, n := range known {
			data, err := f.Content(ctx, n.Handle)
			if !mega.Gone(err) {
				return data, err
			}
		}
	}
	return nil, state.ErrNoObject
}

// List implements state.Backend.
func (b *Backend) List(ctx context.Context) (objects []state.Object, err error) {
	defer b.blame(&err)
	f, err := b.account.Folder(ctx)
	if err != nil {
		return nil, err
	}
	files, err := f.Files(objectsDir)
	if err != nil {
		return nil, err
	}
	newest := map[string]time.Time{}
	for _, n := range files {
		if t := f.Time(n); state.IsDigest(n.Name) && t.After(newest[n.Name]) {
			newest[n.Name] = t
		}
	}
	for digest, t := range newest {
		objects = append(objects, state.Object{Digest: digest, Time: t})
	}
	return objects, nil
}

// Delete implements state.Backend.
func (b *Backend) Delete(ctx context.Context, digests ...string) (err error) {
	defer b.blame(&err)
	if len(digests) == 0 {
		return nil
	}
	f, err := b.account.Folder(ctx)
	if err != nil {
		return err
	}
	known, err := find(f, digests...)
	if err != nil {
		return err
	}
	return f.Delete(ctx, handles(known)...)
}
