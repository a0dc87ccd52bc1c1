package api

import (
	"context"
	"errors"
	"fmt"

	gomega "github.com/t3rm1n4l/go-mega"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/mega/session"
	"github.com/megaplan/megaplan/internal/redact"
)

// Credentials sign an account in.
type Credentials struct {
	Email    string
	Password redact.Secret
	MFA      string // the six digits of the second factor, if the account has one
}

// LoginReason says why a sign-in did not succeed.
type LoginReason int

// The reasons a sign-in can fail for.
const (
	WrongPassword LoginReason = iota + 1 // or an e-mail address nobody has
	MFARequired                          // the account has a second factor and none was given
	MFAWrong                             // the second factor is not right, or no longer
	Blocked                              // the account is blocked by MEGA
	Unconfirmed                          // the registration was never confirmed
	NoKeys                               // the account has no key pair yet
	RateLimited                          // too many sign-ins lately
	Unreachable                          // the server does not answer
	Refused                              // anything else the server said
)

var loginTexts = map[LoginReason]string{
	WrongPassword: "the e-mail address or the password is wrong",
	MFARequired:   "the account asks for a second factor",
	MFAWrong:      "the second factor is wrong or has expired",
	Blocked:       "MEGA has blocked the account",
	Unconfirmed:   "the account's registration was never confirmed",
	NoKeys:        "the account has no keys yet: sign in once with an official MEGA app",
	RateLimited:   "too many sign-ins: MEGA asks to wait before the next one",
	Unreachable:   "the server cannot be reached",
	Refused:       "the server refused",
}

// Error makes a reason something to compare with: errors.Is(err, api.WrongPassword).
func (r LoginReason) Error() string { return r.String() }

// String describes the reason in words.
func (r LoginReason) String() string {
	text, ok := loginTexts[r]
	if !ok {
		panic(fmt.Sprintf("api: unknown login reason %d", int(r)))
	}
	return text
}

// LoginError is a sign-in that did not succeed. It is never temporary: a sign-in is not repeated by itself, because
// MEGA blocks accounts that sign in too often.
type LoginError struct {
	Email  string
	Reason LoginReason
	Err    error // what the server or the network said; may be nil
}

func (e *LoginError) Error() string {
	text := fmt.Sprintf("sign in as %s: %s", e.Email, e.Reason)
	if e.Err != nil && (e.Reason == Unreachable || e.Reason == Refused) {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the reason and what the server or the network said.
func (e *LoginError) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Reason}
	}
	return []error{e.Reason, e.Err}
}

// Temporary is false.
func (e *LoginError) Temporary() bool { return false }

// Login signs in with three requests and no more, whatever happens. A failure is a *LoginError, or ctx's own error.
func Login(ctx context.Context, t *Transport, c Credentials) (session.Session, UserData, error) {
	bridge := newLoginBridge(ctx, t)
	signed, err := bridge.signIn(c)
	if err != nil {
		return session.Session{}, UserData{}, loginError(ctx, c, err)
	}
	signed.Email, signed.Endpoint = c.Email, t.Endpoint()
	client, err := NewClient(t, signed)
	if err != nil {
		return session.Session{}, UserData{}, err
	}
	// A session id that was decrypted wrongly shows itself only here.
	user, err := client.UserData(ctx)
	if err != nil {
		return session.Session{}, UserData{}, loginError(ctx, c, fmt.Errorf("use the new session: %w", err))
	}
	signed.User = string(user.User)
	if user.Email != "" {
		signed.Email = user.Email
	}
	return signed, user, nil
}

// signIn lets go-mega do its part. What the server or the network said is returned rather than what go-mega made
// of it, which is often nothing.
func (b *loginBridge) signIn(c Credentials) (signed session.Session, err error) {
	defer func() {
		// go-mega indexes into answers without checking them.
		if p := recover(); p != nil {
			err = &AnswerError{Command: "us", Why: "go-mega cannot use it"}
		}
		if err != nil && b.failure() != nil {
			err = b.failure()
		}
	}()
	m := gomega.New().SetLogger(nil).SetClient(b.client())
	m.SetAPIUrl(b.transport.Endpoint())
	m.SetRetries(0)
	if err := m.MultiFactorLogin(c.Email, c.Password.Reveal(), c.MFA); err != nil {
		return session.Session{}, err
	}
	<-b.parked
	master, err := crypt.KeyFromBytes(m.GetMasterKey())
	if err != nil {
		return session.Session{}, err
	}
	return session.Session{SID: redact.New(m.GetSessionID()), Master: master}, nil
}

func loginError(ctx context.Context, c Credentials, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("sign in as %s: %w", c.Email, context.Cause(ctx))
	}
	return &LoginError{Email: c.Email, Reason: loginReason(c, err), Err: err}
}

func loginReason(c Credentials, err error) LoginReason {
	var network *NetworkError
	var status *HTTPError
	switch {
	case errors.Is(err, errNoKeys):
		return NoKeys
	case errors.Is(err, ENOENT):
		return WrongPassword
	case errors.Is(err, EMFAREQUIRED) && c.MFA == "":
		return MFARequired
	case errors.Is(err, EMFAREQUIRED), errors.Is(err, EFAILED) && c.MFA != "":
		return MFAWrong
	case errors.Is(err, EBLOCKED):
		return Blocked
	case errors.Is(err, EINCOMPLETE):
		return Unconfirmed
	case errors.Is(err, ERATELIMIT), errors.Is(err, ETOOMANY):
		return RateLimited
	case errors.As(err, &network), errors.As(err, &status):
		return Unreachable
	}
	return Refused
}
