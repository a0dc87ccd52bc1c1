package workflow

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 as authenticator apps use it
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/redact"
)

// commandTimeout bounds password_command and mfa_command: a password manager that waits for a person must not hang a
// nightly run for ever.
const commandTimeout = 2 * time.Minute

// errNoPassword means that a sign-in is needed and nothing says with which password.
var errNoPassword = errors.New("no password: set password_command, password_file or password, or MEGAPLAN_PASSWORD, or run `megaplan login` on a terminal")

// errSessionLocked means that a session is kept, in a file that only the password opens.
var errSessionLocked = errors.New("the session's file needs the password")

// secretError says that a password or one-time code could not be had from where the configuration says.
type secretError struct {
	from string // the argument, as in password_file
	err  error
}

func (e *secretError) Error() string { return e.from + ": " + e.err.Error() }

func (e *secretError) Unwrap() error { return e.err }

// password finds the account's password: MEGAPLAN_PASSWORD, then what the configuration says, then a person.
func (p *Project) password(ctx context.Context, a *config.Account) (redact.Secret, error) {
	if value := p.Getenv("MEGAPLAN_PASSWORD"); value != "" {
		return redact.New(value), nil
	}
	secret, err := p.configuredPassword(ctx, a)
	if err != nil || !secret.Empty() {
		return secret, err
	}
	if p.Ask == nil {
		return redact.Secret{}, fmt.Errorf("%s: %w", a.Address, errNoPassword)
	}
	line, err := p.Ask(ctx, fmt.Sprintf("Password of %s (%s):", a.Email, a.Address), true)
	if err != nil {
		return redact.Secret{}, err
	}
	return redact.New(line), nil
}

// configuredPassword is the password that the configuration leads to, without asking; empty if there is none.
func (p *Project) configuredPassword(ctx context.Context, a *config.Account) (redact.Secret, error) {
	switch {
	case !a.Password.Empty():
		return a.Password, nil
	case a.PasswordFile != "":
		text, err := os.ReadFile(a.PasswordFile)
		if err != nil {
			return redact.Secret{}, &secretError{"password_file", err}
		}
		return redact.New(firstLine(text)), nil
	case len(a.PasswordCommand) > 0:
		return run(ctx, p.Config.Dir, "password_command", a.PasswordCommand)
	}
	return redact.Secret{}, nil
}

// mfaCode returns how to get a one-time code, nil where there is no way.
func (p *Project) mfaCode(a *config.Account) func(context.Context) (string, error) {
	switch {
	case !a.MFASecret.Empty():
		return func(context.Context) (string, error) { return totp(a.MFASecret, time.Now()) }
	case len(a.MFACommand) > 0:
		return func(ctx context.Context) (string, error) {
			code, err := run(ctx, p.Config.Dir, "mfa_command", a.MFACommand)
			return code.Reveal(), err
		}
	case p.Ask != nil:
		return func(ctx context.Context) (string, error) {
			return p.Ask(ctx, fmt.Sprintf("One-time code of %s (%s):", a.Email, a.Address), false)
		}
	}
	return nil
}

// run executes a command without a shell and returns the first line it prints. Neither the line nor the command's output is
// logged; its complaints are part of the error.
func run(ctx context.Context, dir, from string, argv []string) (redact.Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = dir
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s: %w", argv[0], err)
		if said := strings.TrimSpace(complaints.String()); said != "" {
			err = fmt.Errorf("%w: %s", err, said)
		}
		return redact.Secret{}, &secretError{from, err}
	}
	line := firstLine(out)
	if line == "" {
		return redact.Secret{}, &secretError{from, fmt.Errorf("%s printed nothing", argv[0])}
	}
	return redact.New(line), nil
}

func firstLine(text []byte) string {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return strings.TrimRight(string(line), "\r")
}

// totp computes the six-digit code of RFC 6238 with SHA-1 and 30-second steps, which is what MEGA uses.
func totp(secret redact.Secret, now time.Time) (string, error) {
	text := strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "=", "").Replace(secret.Reveal()))
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
	if err != nil {
		return "", &secretError{"mfa_secret", errors.New("it is not base32")}
	}
	var step [8]byte
	binary.BigEndian.PutUint64(step[:], uint64(now.Unix()/30))
	mac := hmac.New(sha1.New, key)
	mac.Write(step[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[offset:])&0x7fffffff)%1_000_000), nil
}
