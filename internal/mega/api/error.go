package api

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Code is one of MEGA's error numbers. It is an error itself, so errors.Is(err, api.ENOENT) works on anything that
// wraps an *Error.
type Code int

// The codes that the API is known to answer.
const (
	EINTERNAL           Code = -1
	EARGS               Code = -2
	EAGAIN              Code = -3
	ERATELIMIT          Code = -4
	EFAILED             Code = -5
	ETOOMANY            Code = -6
	ERANGE              Code = -7
	EEXPIRED            Code = -8
	ENOENT              Code = -9
	ECIRCULAR           Code = -10
	EACCESS             Code = -11
	EEXIST              Code = -12
	EINCOMPLETE         Code = -13
	EKEY                Code = -14
	ESID                Code = -15
	EBLOCKED            Code = -16
	EOVERQUOTA          Code = -17
	ETEMPUNAVAIL        Code = -18
	ETOOMANYCONNECTIONS Code = -19
	EWRITE              Code = -20
	EREAD               Code = -21
	EAPPKEY             Code = -22
	ESSL                Code = -23
	EGOINGOVERQUOTA     Code = -24
	EROLLEDBACK         Code = -25
	EMFAREQUIRED        Code = -26
	EMASTERONLY         Code = -27
	EBUSINESSPASTDUE    Code = -28
	EPAYWALL            Code = -29
	ESUBUSERKEYMISSING  Code = -30
)

var codeTexts = map[Code][2]string{
	EINTERNAL:           {"EINTERNAL", "internal server error"},
	EARGS:               {"EARGS", "the server did not understand the arguments"},
	EAGAIN:              {"EAGAIN", "the account is locked by another operation"},
	ERATELIMIT:          {"ERATELIMIT", "too many requests"},
	EFAILED:             {"EFAILED", "the operation failed for good"},
	ETOOMANY:            {"ETOOMANY", "too many requests or changes at once"},
	ERANGE:              {"ERANGE", "value out of range"},
	EEXPIRED:            {"EEXPIRED", "expired or changed meanwhile"},
	ENOENT:              {"ENOENT", "not found"},
	ECIRCULAR:           {"ECIRCULAR", "a folder cannot move into itself"},
	EACCESS:             {"EACCESS", "access denied"},
	EEXIST:              {"EEXIST", "exists already"},
	EINCOMPLETE:         {"EINCOMPLETE", "incomplete"},
	EKEY:                {"EKEY", "wrong or invalid key"},
	ESID:                {"ESID", "the session is no longer valid"},
	EBLOCKED:            {"EBLOCKED", "the account is blocked"},
	EOVERQUOTA:          {"EOVERQUOTA", "over quota"},
	ETEMPUNAVAIL:        {"ETEMPUNAVAIL", "temporarily not available"},
	ETOOMANYCONNECTIONS: {"ETOOMANYCONNECTIONS", "too many connections"},
	EWRITE:              {"EWRITE", "the server could not write"},
	EREAD:               {"EREAD", "the server could not read"},
	EAPPKEY:             {"EAPPKEY", "invalid application key"},
	ESSL:                {"ESSL", "TLS verification failed"},
	EGOINGOVERQUOTA:     {"EGOINGOVERQUOTA", "this would exceed the quota"},
	EROLLEDBACK:         {"EROLLEDBACK", "rolled back together with a failed command"},
	EMFAREQUIRED:        {"EMFAREQUIRED", "a second factor is required"},
	EMASTERONLY:         {"EMASTERONLY", "only the master account may do this"},
	EBUSINESSPASTDUE:    {"EBUSINESSPASTDUE", "the business account is past due"},
	EPAYWALL:            {"EPAYWALL", "the account is over its storage quota for too long and frozen"},
	ESUBUSERKEYMISSING:  {"ESUBUSERKEYMISSING", "a business sub-user has no key"},
}

// String is the code's name, or its number when it has none.
func (c Code) String() string {
	if text, ok := codeTexts[c]; ok {
		return text[0]
	}
	return strconv.Itoa(int(c))
}

// Error says what the code means, with the number people search for.
func (c Code) Error() string {
	if text, ok := codeTexts[c]; ok {
		return fmt.Sprintf("%s (%s, %d)", text[1], text[0], int(c))
	}
	return fmt.Sprintf("unknown error code %d", int(c))
}

// Temporary reports whether the same command may succeed later.
func (c Code) Temporary() bool { return c == EAGAIN || c == ERATELIMIT || c == ETOOMANY }

// What callers branch on besides codes.
var (
	// ErrSessionDead means that the server no longer knows the session id.
	ErrSessionDead error = ESID
	// ErrTooOld means that the server no longer has the events since the given sequence number: the tree must be
	// fetched anew.
	ErrTooOld = errors.New("the events since then are no longer available")
)

// Error is a command the server refused.
type Error struct {
	Code    Code
	Command string // the command's name, as in the protocol
}

func (e *Error) Error() string {
	if e.Command == "" {
		return "MEGA: " + e.Code.Error()
	}
	return fmt.Sprintf("MEGA: %q: %s", e.Command, e.Code.Error())
}

func (e *Error) Unwrap() error { return e.Code }

// Temporary asks the code.
func (e *Error) Temporary() bool { return e.Code.Temporary() }

// HTTPError is an answer with a status other than 200.
type HTTPError struct {
	Status int
	After  time.Duration // how long the server asks to wait, if it does
}

func (e *HTTPError) Error() string {
	if e.After > 0 {
		return fmt.Sprintf("MEGA answers HTTP %d %s, asking to wait %s", e.Status, http.StatusText(e.Status), e.After)
	}
	return fmt.Sprintf("MEGA answers HTTP %d %s", e.Status, http.StatusText(e.Status))
}

// Temporary is true for the statuses of a busy or limiting server.
func (e *HTTPError) Temporary() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, 509, http.StatusPaymentRequired,
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// RetryAfter is the pause the server asked for.
func (e *HTTPError) RetryAfter() time.Duration { return e.After }

// NetworkError is a request that got no complete answer.
type NetworkError struct {
	Err error

	patience time.Duration // set while the server has never been reached
}

func (e *NetworkError) Error() string { return fmt.Sprintf("no answer from MEGA: %v", e.Err) }

func (e *NetworkError) Unwrap() error { return e.Err }

// Is makes every request without an answer an Unreachable, not only a sign-in.
func (e *NetworkError) Is(target error) bool { return target == Unreachable }

// Patience is short for a server that has never answered, and zero, meaning the usual budget, otherwise.
func (e *NetworkError) Patience() time.Duration { return e.patience }

// Temporary is true unless the server proved to be somebody else or the caller gave up.
func (e *NetworkError) Temporary() bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		header       tls.RecordHeaderError
	)
	return !errors.As(e.Err, &verification) && !errors.As(e.Err, &authority) && !errors.As(e.Err, &hostname) &&
		!errors.As(e.Err, &header) && !errors.Is(e.Err, context.Canceled)
}

// AnswerError is an answer that is not what the protocol promises.
type AnswerError struct {
	Command string
	Why     string
	// Cut is set when the answer ends too early, which may be repaired by asking again.
	Cut bool
}

func (e *AnswerError) Error() string {
	if e.Command == "" {
		return "unexpected answer from MEGA: " + e.Why
	}
	return fmt.Sprintf("unexpected answer from MEGA to %q: %s", e.Command, e.Why)
}

// Temporary is true for an answer that was cut short.
func (e *AnswerError) Temporary() bool { return e.Cut }
