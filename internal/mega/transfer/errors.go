package transfer

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

var (
	// ErrSourceChanged says that a file kept changing while it was read; nothing was stored.
	ErrSourceChanged = errors.New("file changed while it was read")
	// ErrCorrupt says that downloaded content does not match its node key.
	ErrCorrupt = errors.New("content does not match its key")
	// ErrPaused says that a large transfer was told to pause: what was under way is done and remembered, the rest is not begun.
	ErrPaused = errors.New("paused")
	// ErrStalled says that a storage server moved no byte for too long.
	ErrStalled = errors.New("the connection stalled")
)

// Error is a storage server's refusal, or the lack of an answer. Exactly one of Status, Code and Err is
// set.
type Error struct {
	Op     string // "upload" or "download"
	Status int    // HTTP status
	Code   int    // MEGA's error number
	Err    error  // what the network said
	// Left is how long the server asks to wait, as it does with status 509 when the transfer quota is used up.
	Left time.Duration
}

// Error describes the refusal.
func (e *Error) Error() string {
	switch {
	case e.Status == statusOverQuota:
		return fmt.Sprintf("%s: transfer quota is used up for %s", e.Op, e.Left)
	case e.Status != 0:
		return strings.TrimSpace(fmt.Sprintf("%s: storage server answered %d %s", e.Op, e.Status, http.StatusText(e.Status)))
	case e.Code != 0:
		return fmt.Sprintf("%s: storage server answered error %d", e.Op, e.Code)
	}
	return fmt.Sprintf("%s: %v", e.Op, e.Err)
}

// Unwrap returns what the network said.
func (e *Error) Unwrap() error { return e.Err }

// RetryAfter is the pause the server asked for.
func (e *Error) RetryAfter() time.Duration { return e.Left }

// Temporary reports whether the same request may succeed later.
func (e *Error) Temporary() bool {
	switch {
	case e.Err != nil:
		var untrusted *tls.CertificateVerificationError
		return !errors.As(e.Err, &untrusted)
	case e.Status != 0:
		return e.Status == http.StatusRequestTimeout || e.Status == http.StatusTooManyRequests || e.Status >= 500
	}
	switch e.Code {
	case codeAgain, codeFailed, codeTooMany, codeChecksum:
		return true
	}
	return false
}

// Expired reports whether the address is of no use any more and a new one may help.
func (e *Error) Expired() bool {
	return e.Status == http.StatusForbidden || e.Status == http.StatusNotFound || e.Status == http.StatusGone ||
		e.Code == codeExpired
}

// overload reports whether the server asks for fewer requests.
func (e *Error) overload() bool {
	return e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable ||
		e.Code == codeAgain || e.Code == codeFailed
}

// The numbers a storage server answers with, where this package branches on them.
const (
	codeAgain    = -3
	codeFailed   = -4
	codeTooMany  = -6
	codeExpired  = -8
	codeChecksum = -14

	statusOverQuota = 509
)

// renewError asks for a new address and a start from the beginning.
type renewError struct{ err error }

func (e *renewError) Error() string { return e.err.Error() }
func (e *renewError) Unwrap() error { return e.err }

// Temporary is false: the same request will not succeed later.
func (e *renewError) Temporary() bool { return false }

func isOverload(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.overload()
}

func isExpired(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Expired()
}
