package state

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
)

// LockedError says that another run has what was asked for (exit code 6).
type LockedError struct {
	// Holder is who. For the document lock, which is held for moments only, it has no addresses, and where the backend knows no
	// more of it than its id, no process either. There are servers that do not tell the id.
	Holder Lease
	// Address is the first address that is taken; zero for the document lock.
	Address addr.Address
	// Stale says that the holder has been silent for more than StaleAfter. It is never freed silently: force-unlock does.
	Stale bool
}

func (e *LockedError) Error() string {
	what := "the state document"
	if !e.Address.IsZero() {
		what = e.Address.String()
	}
	if e.Holder.ID == "" {
		return fmt.Sprintf("%s is locked by %s, and under which id is not told", what, cmp.Or(e.Holder.Host, "somebody"))
	}
	if e.Holder.PID == 0 {
		return fmt.Sprintf("%s is locked by %s, lock id %s", what, cmp.Or(e.Holder.Host, "somebody"), e.Holder.ID)
	}
	return fmt.Sprintf("%s is locked by %s on %s (process %d) since %s, lock id %s",
		what, e.Holder.Operation, e.Holder.Host, e.Holder.PID, e.Holder.Since.Format(time.RFC3339), e.Holder.ID)
}

// NewerVersionError refuses a state that a newer megaplan wrote.
type NewerVersionError struct {
	Version int
	// MegaplanVersion is the version of the program that wrote it.
	MegaplanVersion string
}

func (e *NewerVersionError) Error() string {
	return fmt.Sprintf("the state has version %d, written by megaplan %s; this megaplan reads up to version %d", e.Version, e.MegaplanVersion, Version)
}

// CorruptError says that something of the state is not what was written.
type CorruptError struct {
	Object string
	Err    error
}

func (e *CorruptError) Error() string { return fmt.Sprintf("%s is damaged: %v", e.Object, e.Err) }

// Unwrap returns what was found wrong.
func (e *CorruptError) Unwrap() error { return e.Err }

func corrupt(object string, err error) error { return &CorruptError{object, err} }

// LeaseLostError says that somebody freed this run's lease: what it did since is in the journal, not in the state.
type LeaseLostError struct{ ID string }

func (e *LeaseLostError) Error() string {
	return fmt.Sprintf("lease %s is gone from the state: somebody has force-unlocked it", e.ID)
}

// What backends answer.
var (
	// ErrConflict: the document is no longer the one that was read.
	ErrConflict = errors.New("the state document was changed by somebody else meanwhile")
	// ErrNoObject: there is no object of this digest.
	ErrNoObject = errors.New("no such state object")
	// ErrNotLocked: there is no lock of this id.
	ErrNotLocked = errors.New("no lock has this id")
)
