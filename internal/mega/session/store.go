package session

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/megaplan/megaplan/internal/atomicfile"
	"github.com/megaplan/megaplan/internal/redact"
)

// Where is a place a session is kept in.
type Where string

// The places. Best, the zero value, lets Save choose.
const (
	Best        Where = ""
	InText      Where = "MEGAPLAN_SESSION"
	InKeyring   Where = "keyring"
	InFile      Where = "file"
	InPlainFile Where = "plain"
	Nowhere     Where = "none"
)

// ParseWhere reads a place that a person names: keyring, file, plain, or nothing for the best one.
func ParseWhere(s string) (Where, error) {
	switch w := Where(s); w {
	case Best, InKeyring, InFile, InPlainFile:
		return w, nil
	}
	return Best, fmt.Errorf("sessions are kept in %q, %q or %q, not in %q", InKeyring, InFile, InPlainFile, s)
}

// What callers branch on.
var (
	// ErrNone says that no session of the account is kept.
	ErrNone = errors.New("no session is kept")
	// ErrLocked says that a session file is there whose secret is not at hand or is another one.
	ErrLocked = errors.New("the session file cannot be opened")
)

// Options say where sessions may be kept and what opens them.
type Options struct {
	Dir     string        // the state directory; files go to "sessions" below it
	Text    redact.Secret // MEGAPLAN_SESSION
	Key     redact.Secret // MEGAPLAN_SESSION_KEY
	Keyring Keyring       // nil: none
	// Password asks for an account's password, which opens and closes its file where no Key is given. It is called
	// only when that is needed. nil, or an empty password: none can be had.
	Password func(email string) (redact.Secret, error)
}

// Store keeps the sessions of accounts.
type Store struct {
	options Options
	rounds  int // of the derivation of a file's key
}

// NewStore touches nothing yet.
func NewStore(o Options) *Store { return &Store{options: o, rounds: kdfRounds} }

// Load finds the session of an account at an endpoint and says where. Errors to branch on: ErrNone, ErrLocked and
// ErrNotSession, which means that MEGAPLAN_SESSION is damaged.
func (s *Store) Load(endpoint, email string) (Session, Where, error) {
	if !s.options.Text.Empty() {
		found, err := Parse(s.options.Text)
		if err != nil {
			return Session{}, InText, fmt.Errorf("MEGAPLAN_SESSION: %w", err)
		}
		if found.belongs(endpoint, email) {
			return found, InText, nil
		}
	}
	if s.options.Keyring != nil {
		// A keyring that is locked or broken is none: the file is next.
		if text, err := s.options.Keyring.Get(entryName(endpoint, email)); err == nil {
			if found, err := Parse(redact.New(text)); err == nil && found.belongs(endpoint, email) {
				return found, InKeyring, nil
			}
		}
	}
	return s.loadFile(endpoint, email)
}

func (s Session) belongs(endpoint, email string) bool {
	return s.Endpoint == endpoint && strings.EqualFold(s.Email, email)
}

func (s *Store) loadFile(endpoint, email string) (Session, Where, error) {
	path := s.path(endpoint, email)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Session{}, Nowhere, ErrNone
	}
	if err != nil {
		return Session{}, InFile, fmt.Errorf("read session: %w", err)
	}
	var d document
	if err := json.Unmarshal(content, &d); err != nil {
		return Session{}, InFile, fmt.Errorf("%w: %s is damaged", ErrLocked, path)
	}
	if d.Version != fileVersion {
		return Session{}, InFile, fmt.Errorf("%w: %s has version %d, this megaplan reads %d", ErrLocked, path, d.Version, fileVersion)
	}
	secret, err := s.secretFor(d, path)
	if err != nil {
		return Session{}, InFile, err
	}
	found, err := d.open(secret)
	switch {
	case err != nil:
		return Session{}, InFile, fmt.Errorf("%w: %s was made with another %s, or is damaged", ErrLocked, path, sealNames[d.Seal])
	case !found.belongs(endpoint, email):
		return Session{}, InFile, fmt.Errorf("%w: %s belongs to another account", ErrLocked, path)
	case d.Seal == sealPlain:
		return found, InPlainFile, nil
	}
	return found, InFile, nil
}

var sealNames = map[string]string{sealKey: "MEGAPLAN_SESSION_KEY", sealPassword: "password", sealPlain: "version of megaplan"}

func (s *Store) secretFor(d document, path string) (redact.Secret, error) {
	switch d.Seal {
	case sealPlain:
		return redact.Secret{}, nil
	case sealKey:
		if s.options.Key.Empty() {
			return redact.Secret{}, fmt.Errorf("%w: %s needs MEGAPLAN_SESSION_KEY", ErrLocked, path)
		}
		return s.options.Key, nil
	case sealPassword:
		password, err := s.password(d.Email)
		if err == nil && password.Empty() {
			err = fmt.Errorf("%w: %s needs the account's password", ErrLocked, path)
		}
		return password, err
	}
	return redact.Secret{}, fmt.Errorf("%w: %s is sealed in an unknown way", ErrLocked, path)
}

func (s *Store) password(email string) (redact.Secret, error) {
	if s.options.Password == nil {
		return redact.Secret{}, nil
	}
	return s.options.Password(email)
}

// Save keeps a session, in the best place or the one named, and says where. Nowhere means that there was no safe place,
// which is no error unless one was named. What other places kept of the account before is removed.
func (s *Store) Save(ses Session, where Where) (Where, error) {
	kept, err := s.save(ses, where)
	if err != nil {
		return Nowhere, fmt.Errorf("keep the session of %s: %w", ses.Email, err)
	}
	if kept != InKeyring {
		s.deleteFromKeyring(ses.Endpoint, ses.Email)
	}
	if kept == InKeyring || kept == Nowhere {
		return kept, s.deleteFile(ses.Endpoint, ses.Email)
	}
	return kept, nil
}

func (s *Store) save(ses Session, where Where) (Where, error) {
	if where == Best || where == InKeyring {
		err := s.saveInKeyring(ses)
		if err == nil {
			return InKeyring, nil
		}
		if where == InKeyring {
			return Nowhere, err
		}
	}
	if where == InPlainFile {
		return InPlainFile, s.saveFile(ses, sealPlain, redact.Secret{})
	}
	if !s.options.Key.Empty() {
		return InFile, s.saveFile(ses, sealKey, s.options.Key)
	}
	password, err := s.password(ses.Email)
	switch {
	case err != nil:
		return Nowhere, err
	case !password.Empty():
		return InFile, s.saveFile(ses, sealPassword, password)
	case where == InFile:
		return Nowhere, errors.New("a file needs MEGAPLAN_SESSION_KEY or the account's password to be encrypted with")
	}
	return Nowhere, nil
}

func (s *Store) saveInKeyring(ses Session) error {
	if s.options.Keyring == nil {
		return errors.New("this system has no keyring")
	}
	if err := s.options.Keyring.Set(entryName(ses.Endpoint, ses.Email), ses.Export().Reveal()); err != nil {
		return fmt.Errorf("write to the keyring: %w", err)
	}
	return nil
}

func (s *Store) saveFile(ses Session, kind string, secret redact.Secret) error {
	content, err := seal(ses, kind, secret, s.rounds)
	if err != nil {
		return err
	}
	return atomicfile.Write(s.path(ses.Endpoint, ses.Email), content, atomicfile.Options{})
}

// Delete forgets an account's session wherever it is kept; that there is none is fine.
func (s *Store) Delete(endpoint, email string) error {
	s.deleteFromKeyring(endpoint, email)
	return s.deleteFile(endpoint, email)
}

// deleteFromKeyring has no error: a keyring that cannot be used holds nothing that Load would find.
func (s *Store) deleteFromKeyring(endpoint, email string) {
	if s.options.Keyring != nil {
		_ = s.options.Keyring.Delete(entryName(endpoint, email))
	}
}

func (s *Store) deleteFile(endpoint, email string) error {
	if err := os.Remove(s.path(endpoint, email)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove session: %w", err)
	}
	return nil
}

// path is the account's file. Its name tells neither address nor endpoint.
func (s *Store) path(endpoint, email string) string {
	sum := sha256.Sum256([]byte(entryName(endpoint, email)))
	return filepath.Join(s.options.Dir, "sessions", hex.EncodeToString(sum[:8])+".json")
}

func entryName(endpoint, email string) string { return strings.ToLower(email) + " at " + endpoint }
