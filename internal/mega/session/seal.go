package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/megaplan/megaplan/internal/redact"
)

// How a file's key is derived.
const (
	fileVersion   = 1
	kdfRounds     = 100_000
	kdfMaxRounds  = 100 * kdfRounds // of a file that somebody else may have written
	kdfSalt       = 32
	kdfKey        = 32 // AES-256
	sealKey       = "key"
	sealPassword  = "password"
	sealPlain     = "plain"
	associatedFmt = "megaplan session %d\n%s\n%s\n%s"
)

// document is a session file.
type document struct {
	Version  int    `json:"version"`
	Endpoint string `json:"endpoint"`
	Email    string `json:"email"`
	Seal     string `json:"seal"` // "key", "password" or "plain"
	Rounds   int    `json:"rounds,omitempty"`
	Salt     []byte `json:"salt,omitempty"`
	Nonce    []byte `json:"nonce,omitempty"`
	Box      []byte `json:"box"`
}

// errOpen says that a box does not open under a secret: it is another secret's, or damaged.
var errOpen = errors.New("the session does not open")

// seal makes a file of s under secret; kind says whose secret that is.
func seal(s Session, kind string, secret redact.Secret, rounds int) ([]byte, error) {
	d := document{Version: fileVersion, Endpoint: s.Endpoint, Email: s.Email, Seal: kind}
	content := s.Export().RevealBytes()
	if kind == sealPlain {
		d.Box = content
		return json.MarshalIndent(d, "", "  ")
	}
	d.Rounds, d.Salt = rounds, make([]byte, kdfSalt)
	rand.Read(d.Salt)
	box, err := d.cipher(secret)
	if err != nil {
		return nil, err
	}
	d.Nonce = make([]byte, box.NonceSize())
	rand.Read(d.Nonce)
	d.Box = box.Seal(nil, d.Nonce, content, d.associated())
	return json.MarshalIndent(d, "", "  ")
}

// open reads the session of a file that seal made.
func (d document) open(secret redact.Secret) (Session, error) {
	content := d.Box
	if d.Seal != sealPlain {
		if d.Rounds < 1 || d.Rounds > kdfMaxRounds {
			return Session{}, errOpen
		}
		box, err := d.cipher(secret)
		if err != nil {
			return Session{}, err
		}
		if len(d.Nonce) != box.NonceSize() {
			return Session{}, errOpen
		}
		if content, err = box.Open(nil, d.Nonce, d.Box, d.associated()); err != nil {
			return Session{}, errOpen
		}
	}
	return Parse(redact.NewBytes(content))
}

// cipher derives the file's key from the secret.
func (d document) cipher(secret redact.Secret) (cipher.AEAD, error) {
	key, err := pbkdf2.Key(sha512.New, secret.Reveal(), d.Salt, d.Rounds, kdfKey)
	if err != nil {
		return nil, fmt.Errorf("derive the session file's key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// associated binds the box to what stands readable beside it.
func (d document) associated() []byte {
	return fmt.Appendf(nil, associatedFmt, d.Version, d.Seal, d.Endpoint, d.Email)
}
