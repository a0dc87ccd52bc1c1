package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// Backend keeps one state document and the objects it refers to. Package statetest holds the contract as a test.
// A Backend is safe for concurrent use.
type Backend interface {
	// String says where the state is, for messages.
	String() string

	// Read returns the document and its revision; both are empty if there is none.
	Read(ctx context.Context) (data []byte, revision string, err error)
	// Write replaces the document, which is JSON, if its revision is still this one ("": there is none), else it returns
	// ErrConflict. The caller holds the lock. With keep, the replaced document joins the earlier ones.
	Write(ctx context.Context, data []byte, revision string, keep bool) error
	// Earlier returns documents that were replaced with keep, as many as the backend keeps, newest first, as of the last Read or
	// later.
	Earlier(ctx context.Context) ([][]byte, error)

	// Lock takes the document lock or returns a *HeldError at once, which says as much of the holder as the backend knows and
	// its id at least. It frees itself when its process dies, if the backend can tell.
	Lock(ctx context.Context, info LockInfo) error
	// Unlock gives the lock back. It returns ErrNotLocked if this id no longer has it.
	Unlock(ctx context.Context, id string) error
	// ForceUnlock takes the lock away from whoever holds it under this id, or returns ErrNotLocked.
	ForceUnlock(ctx context.Context, id string) error

	// Put keeps an object under its Digest. Putting it again is no error and renews its time. Others are sure to find it once
	// a document was written after it.
	Put(ctx context.Context, digest string, data []byte) error
	// Get returns an object, or ErrNoObject. What another one deletes may be had until the next Read.
	Get(ctx context.Context, digest string) ([]byte, error)
	// List returns all objects as of the last Read or later.
	List(ctx context.Context) ([]Object, error)
	// Delete removes objects; those that are gone already are no error. The caller holds the lock.
	Delete(ctx context.Context, digests ...string) error
}

// Object is one object a backend keeps.
type Object struct {
	Digest string
	Time   time.Time // when it was put
}

// Digest names an object: the hex SHA-256 of its bytes.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// LockInfo says who holds the document lock.
type LockInfo struct {
	ID        string    `json:"id"`
	Host      string    `json:"host"`
	PID       int       `json:"pid"`
	Operation string    `json:"operation"`
	Since     time.Time `json:"since"`
	// Machine is as in Lease.
	Machine string `json:"machine,omitempty"`
}

// lease is the holder in the words of leases.
func (i LockInfo) lease() Lease {
	return Lease{ID: i.ID, Host: i.Host, PID: i.PID, Operation: i.Operation, Since: i.Since, Heartbeat: i.Since, Machine: i.Machine}
}

// HeldError is a backend's answer to Lock while somebody else has it.
type HeldError struct{ Holder LockInfo }

func (e *HeldError) Error() string {
	return fmt.Sprintf("locked by %s on %s (process %d)", e.Holder.Operation, e.Holder.Host, e.Holder.PID)
}

// IsDigest says whether a text may be a Digest; a backend makes names of digests and of nothing else.
func IsDigest(s string) bool {
	if len(s) != 2*sha256.Size {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
