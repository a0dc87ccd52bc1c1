package mega

import (
	"context"
	"fmt"
	"sync"

	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/mega/transfer"
	"github.com/megaplan/megaplan/internal/tree"
)

// journal remembers large uploads in the cache's database, with their keys encrypted under the master key. The database
// is opened when the first large upload begins.
type journal struct {
	keys *crypt.Keyring
	dir  string

	mu sync.Mutex
	db *cache.DB
}

// uploadKey names an upload in the journal: what it will be.
func uploadKey(parent tree.Handle, name string) string { return parent.String() + "/" + name }

func (j *journal) uploads() (cache.Uploads, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.db == nil {
		db, err := cache.OpenDB(j.dir)
		if err != nil {
			return cache.Uploads{}, err
		}
		j.db = db
	}
	return j.db.Uploads(), nil
}

func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.db == nil {
		return nil
	}
	return j.db.Close()
}

// Load implements transfer.Journal.
func (j *journal) Load(ctx context.Context, key string) (transfer.Entry, bool, error) {
	uploads, err := j.uploads()
	if err != nil {
		return transfer.Entry{}, false, err
	}
	up, found, err := uploads.Load(ctx, key)
	if err != nil || !found {
		return transfer.Entry{}, false, err
	}
	fileKey, err := j.keys.FileKey(string(up.Key))
	if err != nil {
		return transfer.Entry{}, false, fmt.Errorf("upload journal: %w", err)
	}
	e := transfer.Entry{Source: transfer.Identity(up.Source), URL: up.URL, Key: fileKey, Started: up.Started}
	for _, d := range up.Done {
		e.Done = append(e.Done, transfer.Done(d))
	}
	return e, true, nil
}

// Begin implements transfer.Journal.
func (j *journal) Begin(ctx context.Context, key string, e transfer.Entry) error {
	uploads, err := j.uploads()
	if err != nil {
		return err
	}
	up := cache.Upload{Source: cache.Identity(e.Source), URL: e.URL, Key: []byte(j.keys.WrapFileKey(e.Key)), Started: e.Started}
	for _, d := range e.Done {
		up.Done = append(up.Done, cache.Done(d))
	}
	return uploads.Begin(ctx, key, up)
}

// Add implements transfer.Journal.
func (j *journal) Add(ctx context.Context, key string, d transfer.Done) error {
	uploads, err := j.uploads()
	if err != nil {
		return err
	}
	return uploads.Add(ctx, key, cache.Done(d))
}

// Delete implements transfer.Journal.
func (j *journal) Delete(ctx context.Context, key string) error {
	uploads, err := j.uploads()
	if err != nil {
		return err
	}
	return uploads.Delete(ctx, key)
}
