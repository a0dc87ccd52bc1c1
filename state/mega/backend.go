package mega

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

const (
	fileName   = "megaplan.state.json"
	objectsDir = tree.Path("objects")
	// keepEarlier is how many earlier documents stay as versions of the file.
	keepEarlier = 5
)

// Account is the account that keeps the state.
type Account interface {
	// Folder returns the state's folder as far as the account's tree is known. The account is signed in then, and the tree has
	// been read in this process.
	Folder(ctx context.Context) (*mega.OwnFolder, error)
	// Fresh is Folder with all that happened until now.
	Fresh(ctx context.Context) (*mega.OwnFolder, error)
	// Blame says whose account an error came from.
	Blame(err error) error
}

// Backend is a state.Backend in an account.
type Backend struct {
	account Account
	where   string
	lock    lock
}

var _ state.Backend = (*Backend)(nil)

// New returns the backend of the state at a path, in names as stored; where says that in messages. Nothing is asked of the
// account before something is.
func New(account Account, path tree.Path, where string) *Backend {
	return &Backend{account: account, where: where, lock: newLock(path)}
}

// String implements state.Backend.
func (b *Backend) String() string { return b.where }

// blame says whose account an error came from, but for what the contract names.
func (b *Backend) blame(err *error) {
	var held *state.HeldError
	if *err == nil || errors.As(*err, &held) {
		return
	}
	for _, told := range []error{state.ErrConflict, state.ErrNoObject, state.ErrNotLocked} {
		if errors.Is(*err, told) {
			return
		}
	}
	*err = b.account.Blame(*err)
}

// Read implements state.Backend. A revision is the handle of the document's node.
func (b *Backend) Read(ctx context.Context) (data []byte, revision string, err error) {
	defer b.blame(&err)
	for again := false; ; again = true {
		f, err := b.account.Fresh(ctx)
		if err != nil {
			return nil, "", err
		}
		if err := b.catchUp(ctx, f); err != nil {
			return nil, "", err
		}
		docs, err := documents(ctx, f)
		if err == nil && len(docs) > 0 {
			data, err = f.Content(ctx, docs[0].Handle)
		}
		if mega.Gone(err) && !again {
			continue // replaced in this moment
		}
		return data, revisionOf(docs), err
	}
}

// tellWithin is how long MEGA may take to tell of a document that it has.
const tellWithin = 20 * time.Second

// catchUp waits, for who has the lock, until MEGA has told of the document that was written last: changes are told on another way
// than the lock is answered. One that is gone is not waited for.
func (b *Backend) catchUp(ctx context.Context, f *mega.OwnFolder) error {
	h, err := tree.ParseHandle(b.lock.expected())
	if h == 0 || err != nil {
		return err
	}
	deadline := time.Now().Add(tellWithin)
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		if known, err := f.Knows(h); known || err != nil {
			return err
		}
		if there, err := f.Has(ctx, h); !there || err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("MEGA has not told yet of the state that was written last (node %s): try again", h)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
		if err := f.Drain(ctx); err != nil {
			return err
		}
	}
}

func revisionOf(docs []tree.Node) string {
	if len(docs) == 0 {
		return ""
	}
	return docs[0].Handle.String()
}

// documents are the files of the document's name, the one that counts first. There is one, unless somebody copied it, or wrote
// without the lock: then the one of the highest serial counts, which knows the most.
func documents(ctx context.Context, f *mega.OwnFolder) ([]tree.Node, error) {
	docs, err := f.Files("")
	if err != nil {
		return nil, err
	}
	docs = slices.DeleteFunc(docs, func(n tree.Node) bool { return n.Name != fileName })
	if len(docs) < 2 {
		return docs, nil
	}
	serials := map[tree.Handle]uint64{}
	for _, n := range docs {
		data, err := f.Content(ctx, n.Handle)
		if err != nil {
			return nil, err
		}
		var d struct {
			Serial uint64 `json:"serial"`
		}
		if json.Unmarshal(data, &d) == nil {
			serials[n.Handle] = d.Serial + 1 // what is no document counts least
		}
	}
	slices.SortFunc(docs, func(a, b tree.Node) int {
		return cmp.Or(cmp.Compare(serials[b.Handle], serials[a.Handle]), cmp.Compare(b.Created, a.Created), cmp.Compare(a.Handle, b.Handle))
	})
	return docs, nil
}

// Write implements state.Backend. Whether the lock is still held and the document still the same is looked at in the last moment,
// when the content is stored already.
func (b *Backend) Write(ctx context.Context, data []byte, revision string, keep bool) (err error) {
	defer b.blame(&err)
	if !b.lock.any() {
		return state.ErrNotLocked
	}
	f, err := b.account.Folder(ctx)
	if err != nil {
		return err
	}
	docs, err := documents(ctx, f)
	if err == nil && revisionOf(docs) != revision { // as far as the tree is known
		if f, err = b.account.Fresh(ctx); err == nil {
			docs, err = documents(ctx, f)
		}
	}
	if err != nil {
		return err
	}
	file := mega.OwnFile{Name: fileName, Data: data, KeepVersion: keep, Confirm: func(ctx context.Context) error {
		return b.confirm(ctx, f, revision)
	}}
	if len(docs) > 0 {
		file.Replace = docs[0].Handle
	}
	if revisionOf(docs) != revision {
		return state.ErrConflict
	}
	h, err := f.Write(ctx, file)
	if err != nil {
		return err
	}
	b.lock.wrote(h.String())
	// The document is written. What fails here is done by the next one.
	for _, n := range docs[min(1, len(docs)):] {
		_ = f.Rename(ctx, n.Handle, "megaplan.state.not-used-"+n.Handle.String()+".json")
	}
	if old, err := f.Versions(h); err == nil && len(old) > keepEarlier {
		_ = f.DeleteVersions(ctx, handles(old[keepEarlier:])...)
	}
	_ = f.Mark(ctx)
	f.Tidy()
	return nil
}

// confirm says whether this process still has the lock and the document is still the one of that revision.
func (b *Backend) confirm(ctx context.Context, f *mega.OwnFolder, revision string) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return f.Drain(ctx) })
	g.Go(func() error { return b.lock.check(ctx, f) })
	if err := g.Wait(); err != nil {
		return err
	}
	docs, err := documents(ctx, f)
	if err == nil && revisionOf(docs) != revision {
		err = state.ErrConflict
	}
	return err
}

// Earlier implements state.Backend.
func (b *Backend) Earlier(ctx context.Context) (earlier [][]byte, err error) {
	defer b.blame(&err)
	f, err := b.account.Folder(ctx)
	if err != nil {
		return nil, err
	}
	docs, err := documents(ctx, f)
	if err != nil || len(docs) == 0 {
		return nil, err
	}
	old, err := f.Versions(docs[0].Handle)
	if err != nil {
		return nil, err
	}
	for _, n := range old[:min(keepEarlier, len(old))] {
		data, err := f.Content(ctx, n.Handle)
		if err != nil {
			return nil, err
		}
		earlier = append(earlier, data)
	}
	return earlier, nil
}

func handles(nodes []tree.Node) []tree.Handle {
	out := make([]tree.Handle, len(nodes))
	for i, n := range nodes {
		out[i] = n.Handle
	}
	return out
}
