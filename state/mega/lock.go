package mega

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// lock is the document lock: a user attribute that says who has it, and is written only if it is still what was read
// (compare-and-swap). It is never removed, because removing compares nothing; who gives it back writes that nobody has it.
type lock struct {
	name string

	mu sync.Mutex
	// held are the attribute's versions by the ids that have the lock.
	held map[string]string
	// lost are ids of this process whose last request got no answer: a lock under such an id is nobody's.
	lost map[string]bool
	// free is the attribute's version when this process gave the lock back; empty where that is not known.
	free string
	// document is the one that was there when the lock was last taken or given back here.
	document string
}

// newLock returns the lock of the state at a path. In an attribute's name the star marks what is private and encrypted by its
// client, the exclamation mark what the server keeps no history of. MEGA's apps pass over attributes that they do not know
// (SDK, megaclient.cpp, sc_userattr).
func newLock(path tree.Path) lock {
	sum := sha256.Sum256([]byte(names.NFC(string(path))))
	return lock{name: "*!mp" + hex.EncodeToString(sum[:8]), held: map[string]string{}, lost: map[string]bool{}}
}

// lockVersion is the version of a lockRecord.
const lockVersion = 1

// lockRecord is the attribute's value.
type lockRecord struct {
	Version int `json:"version"`
	// Holder has the lock; nil: nobody.
	Holder *state.LockInfo `json:"holder,omitempty"`
	// Last had it before, and Forced says that it was taken away.
	Last   string `json:"last,omitempty"`
	Forced bool   `json:"forced,omitempty"`
	// Document is the revision of the document that was written last: who has the lock must know it, or be told that it is gone,
	// before it trusts in its tree. MEGA tells of changes on another way than it answers, and later.
	Document string `json:"document,omitempty"`
}

func (r lockRecord) heldBy(id string) bool { return r.Holder != nil && r.Holder.ID == id }

// read returns the record and its version; both are zero where nobody ever locked.
func (l *lock) read(ctx context.Context, f *mega.OwnFolder) (r lockRecord, version string, err error) {
	value, version, err := f.Attribute(ctx, l.name)
	if errors.Is(err, api.ENOENT) {
		return lockRecord{}, "", nil
	}
	if err != nil {
		return r, "", err
	}
	if err := json.Unmarshal(value, &r); err != nil {
		return r, "", fmt.Errorf("read the state's lock: %w", err)
	}
	if r.Version > lockVersion {
		return r, "", &state.NewerVersionError{Version: r.Version}
	}
	return r, version, nil
}

func (l *lock) swap(ctx context.Context, f *mega.OwnFolder, r lockRecord, version string) (string, error) {
	r.Version = lockVersion
	value, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	return f.SwapAttribute(ctx, l.name, value, version)
}

// Lock implements state.Backend.
func (b *Backend) Lock(ctx context.Context, info state.LockInfo) (err error) {
	defer b.blame(&err)
	f, err := b.account.Folder(ctx)
	if err != nil {
		return err
	}
	l := &b.lock
	l.mu.Lock()
	version, known, document := l.free, l.free != "", l.document
	l.free = ""
	l.mu.Unlock()
	for {
		if !known {
			var r lockRecord
			if r, version, err = l.read(ctx, f); err != nil {
				return err
			}
			document = r.Document
			switch {
			case r.heldBy(info.ID): // the answer to our request was lost
				l.has(info.ID, version, document)
				return nil
			case r.Holder != nil && !l.nobodys(r.Holder.ID):
				return &state.HeldError{Holder: *r.Holder}
			}
		}
		next, err := l.swap(ctx, f, lockRecord{Holder: &info, Document: document}, version)
		switch {
		case err == nil:
			l.has(info.ID, next, document)
			return nil
		case !errors.Is(err, api.EEXPIRED):
			l.giveUp(ctx, f, info.ID)
			return err
		}
		known = false
	}
}

func (l *lock) has(id, version, document string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held[id], l.document = version, document
}

// wrote notes the document that was written under the lock.
func (l *lock) wrote(document string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.document = document
}

// expected is the document that who has the lock must know; empty where nobody here has it or none was written yet.
func (l *lock) expected() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.held) == 0 {
		return ""
	}
	return l.document
}

func (l *lock) nobodys(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost[id]
}

func (l *lock) any() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.held) > 0
}

// settleWait is how long a lock that may or may not be ours is given back for.
const settleWait = 10 * time.Second

// giveUp gives back a lock that was asked for without an answer. Where that fails too, the next Lock of this process knows that
// nobody has it.
func (l *lock) giveUp(ctx context.Context, f *mega.OwnFolder, id string) {
	l.mu.Lock()
	l.lost[id] = true
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWait)
	defer cancel()
	if r, version, err := l.read(ctx, f); err == nil && r.heldBy(id) {
		_, _ = l.swap(ctx, f, lockRecord{Last: id, Document: r.Document}, version)
	}
}

// Unlock implements state.Backend.
func (b *Backend) Unlock(ctx context.Context, id string) (err error) {
	defer b.blame(&err)
	l := &b.lock
	l.mu.Lock()
	version, ok := l.held[id]
	document := l.document
	delete(l.held, id)
	l.mu.Unlock()
	if !ok {
		return state.ErrNotLocked
	}
	f, err := b.account.Folder(ctx)
	if err != nil {
		return err
	}
	for {
		next, err := l.swap(ctx, f, lockRecord{Last: id, Document: document}, version)
		if errors.Is(err, api.EEXPIRED) {
			var r lockRecord
			r, next, err = l.read(ctx, f)
			switch {
			case err != nil:
			case r.heldBy(id):
				version = next
				continue
			case r.Holder != nil || r.Last != id || r.Forced:
				return state.ErrNotLocked
			} // else our own write, whose answer was lost
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if err != nil {
			l.lost[id] = true
			return err
		}
		l.free = next
		return nil
	}
}

// ForceUnlock implements state.Backend. The holder finds out when it writes.
func (b *Backend) ForceUnlock(ctx context.Context, id string) (err error) {
	defer b.blame(&err)
	f, err := b.account.Folder(ctx)
	if err != nil {
		return err
	}
	for tried := false; ; tried = true {
		r, version, err := b.lock.read(ctx, f)
		switch {
		case err != nil:
			return err
		case tried && r.Holder == nil && r.Last == id && r.Forced:
			return nil // our own write, whose answer was lost
		case !r.heldBy(id) || id == "":
			return state.ErrNotLocked
		}
		if _, err = b.lock.swap(ctx, f, lockRecord{Last: id, Forced: true, Document: r.Document}, version); !errors.Is(err, api.EEXPIRED) {
			return err
		}
	}
}

// Holder returns who has the lock; nobody is the zero value.
func (b *Backend) Holder(ctx context.Context) (holder state.LockInfo, err error) {
	defer b.blame(&err)
	f, err := b.account.Folder(ctx)
	if err != nil {
		return holder, err
	}
	r, _, err := b.lock.read(ctx, f)
	if r.Holder != nil {
		holder = *r.Holder
	}
	return holder, err
}

// check returns state.ErrNotLocked if this process does not have the lock any more.
func (l *lock) check(ctx context.Context, f *mega.OwnFolder) error {
	r, _, err := l.read(ctx, f)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.Holder == nil {
		return state.ErrNotLocked
	}
	if _, ours := l.held[r.Holder.ID]; !ours {
		return state.ErrNotLocked
	}
	return nil
}
