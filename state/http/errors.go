package http

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Error is a request that did not do what it should. It never shows the password, nor what follows the question mark of an
// address.
type Error struct {
	// Method is the request's, Where the address it was sent to.
	Method, Where string
	// Status is the answer's, 0 if there was none.
	Status int
	// Reason says what that means here.
	Reason string
	Err    error

	temporary bool
	after     time.Duration
	patience  time.Duration
}

func (e *Error) Error() string {
	text := e.Method + " " + e.Where
	if e.Status != 0 {
		text += fmt.Sprintf(": the server answers %d %s", e.Status, http.StatusText(e.Status))
	}
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns what broke the request, if something did.
func (e *Error) Unwrap() error { return e.Err }

// Temporary says that the same request may succeed later.
func (e *Error) Temporary() bool { return e.temporary }

// RetryAfter is how long the server asks to wait.
func (e *Error) RetryAfter() time.Duration { return e.after }

// Patience is how long it is worth repeating; 0 is as long as usual.
func (e *Error) Patience() time.Duration { return e.patience }

// where is an address without what may be secret in it.
func where(u *url.URL) string {
	shown := *u
	shown.User, shown.RawQuery, shown.Fragment = nil, "", ""
	return shown.String()
}

// refused turns an answer that op does not know what to do with into an error.
func (c *client) refused(op, method string, to *url.URL, a answer) error {
	e := &Error{Method: method, Where: where(to), Status: a.status, after: a.after, Reason: c.said(a.body)}
	switch {
	case a.status == http.StatusUnauthorized && c.username == "" && c.password.Empty():
		e.Reason = "it wants a user and a password: set username and password of the backend, or MEGAPLAN_HTTP_USERNAME and MEGAPLAN_HTTP_PASSWORD"
	case a.status == http.StatusUnauthorized:
		e.Reason = fmt.Sprintf("it does not take the password, or token, of user %q", c.username)
	case a.status == http.StatusForbidden:
		e.Reason = fmt.Sprintf("user %q may not %s the state (in GitLab that takes a Maintainer, or a Developer for reading)", c.username, op)
	case a.status == http.StatusNotFound:
		e.Reason = "there is nothing at this address: see that it is right, and that the user may see it"
	case a.status == http.StatusMethodNotAllowed || a.status == http.StatusNotImplemented:
		e.Reason = fmt.Sprintf("it knows no %s there: set %s_method of the backend (GitLab: lock_method POST, unlock_method DELETE)", method, strings.Replace(op, "write", "update", 1))
	case a.status == http.StatusRequestEntityTooLarge:
		e.Reason = "the state is larger than it takes"
	case a.status >= 300 && a.status < 400:
		e.Reason = "it is elsewhere, and megaplan does not carry the password there unasked"
		if u, err := to.Parse(a.location); err == nil && a.location != "" {
			e.Reason += ": if that is right, write the address " + where(u)
		}
	case a.status == http.StatusTooManyRequests || a.status >= 500 && a.status != http.StatusHTTPVersionNotSupported:
		e.temporary = true
	}
	return e
}

// said is the server's own explanation, if it sent one in words.
func (c *client) said(body []byte) string {
	var text struct {
		Message any `json:"message"`
		Error   any `json:"error"`
	}
	if json.Unmarshal(body, &text) != nil {
		return ""
	}
	message, ok := text.Message.(string)
	if !ok {
		if message, ok = text.Error.(string); !ok {
			return ""
		}
	}
	if secret := c.password.Reveal(); secret != "" {
		message = strings.ReplaceAll(message, secret, c.password.String())
	}
	message = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, message)
	const enough = 200
	if runes := []rune(message); len(runes) > enough {
		message = string(runes[:enough]) + "…"
	}
	return strconv.Quote(message)
}

// retryAfter reads how many seconds a server wants to be left alone.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, 3600)) * time.Second
}
