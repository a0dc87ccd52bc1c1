package state

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/redact"
)

// Objects of a remote backend are sealed: a manifest names every file of a backup. A sealed object is a magic word that carries
// the version, the MEGA user it is sealed for, a nonce, and what AES-256-GCM makes of the object. It is bound to its user and to
// the state's lineage, so that no server can put another state's object in its place; which of the state's own objects it is,
// the digest in the document says.
//
// The nonce is an HMAC of the object under a key of its own, so that equal objects are sealed to equal bytes: they keep their
// digest, and a run that changes nothing writes nothing. AES-GCM asks that no nonce serves two messages under one key. The HMAC
// keeps that as a random nonce does, but for the same message for the same owner again, which gives the very same bytes and
// tells no more than that it is the same. Who has no key can neither compute nor guess a nonce, so a guessed manifest cannot be
// confirmed either.

// sealedMagic starts a sealed object; its last character is the version.
const sealedMagic = "megaplan sealed 1"

const nonceSize = 12

// Key seals the objects of one MEGA account.
type Key struct {
	// User is the account's user handle (Resource.AccountUser).
	User string
	// Secret is known to who can sign in to the account, and to nobody else: at least 32 random bytes, for this purpose only.
	Secret redact.Secret
}

// KeyFunc finds the key of an account that a resource belongs to. Account is the address it has in the state and user its MEGA
// user, which decides where the configuration gave it another name meanwhile; "" if that is not known. What it returns may be
// the key of another user, who then goes by that address, or no key, if nobody does.
type KeyFunc func(ctx context.Context, account addr.Address, user string) (Key, error)

// SealedError says that an object does not open: it is sealed for another account than the one that is signed in, or under
// another key of it.
type SealedError struct {
	Account addr.Address
	// User is whom the object is sealed for, SignedIn who Account is now; "" if there is no such account.
	User, SignedIn string
}

func (e *SealedError) Error() string {
	switch e.SignedIn {
	case "":
		return fmt.Sprintf("the manifest is sealed for %s (MEGA user %s), which is not declared", e.Account, e.User)
	case e.User:
	default:
		return fmt.Sprintf("the manifest is sealed for the MEGA user %s, and %s is the user %s", e.User, e.Account, e.SignedIn)
	}
	return fmt.Sprintf("the manifest does not open under the key of %s (MEGA user %s)", e.Account, e.User)
}

// owner is whose an object is.
type owner struct {
	lineage string
	account addr.Address
	user    string
}

func ownerOf(lineage string, r *Resource) owner { return owner{lineage, r.Account, r.AccountUser} }

// seal makes of an object what the backend may see; on this machine that is the object itself.
func (s *Store) seal(ctx context.Context, o owner, data []byte) ([]byte, error) {
	if !s.opt.Sealed {
		return data, nil
	}
	key, err := s.opt.Key(ctx, o.account, o.user)
	if err != nil {
		return nil, fmt.Errorf("seal state object: %w", err)
	}
	return key.seal(o.lineage, data)
}

// open undoes seal. It returns a *SealedError for what another key opens, and a *CorruptError for what was never sealed.
func (s *Store) open(ctx context.Context, o owner, data []byte) ([]byte, error) {
	if !s.opt.Sealed {
		return data, nil
	}
	return s.unseal(ctx, o, data)
}

func (s *Store) unseal(ctx context.Context, o owner, data []byte) ([]byte, error) {
	user, err := sealedFor(data)
	if err != nil {
		return nil, corruptFrame("sealed state object", err)
	}
	key, err := s.opt.Key(ctx, o.account, user)
	if err != nil {
		return nil, fmt.Errorf("open state object: %w", err)
	}
	out, ok := key.open(o.lineage, data)
	if !ok {
		return nil, &SealedError{Account: o.account, User: user, SignedIn: key.User}
	}
	return out, nil
}

// isSealed says whether an object is sealed, in whatever version.
func isSealed(data []byte) bool {
	return bytes.HasPrefix(data, []byte(sealedMagic[:len(sealedMagic)-1]))
}

// sealedFor reads the head of a sealed object.
func sealedFor(data []byte) (user string, err error) {
	rest, ok := bytes.CutPrefix(data, []byte(sealedMagic[:len(sealedMagic)-1]))
	if !ok || len(rest) < 2 {
		return "", errors.New("it is something else")
	}
	if v := rest[0]; v > sealedMagic[len(sealedMagic)-1] {
		return "", &NewerVersionError{Version: int(v - '0')}
	} else if v < sealedMagic[len(sealedMagic)-1] {
		return "", fmt.Errorf("its version is %q", v)
	}
	n := int(rest[1])
	if rest = rest[2:]; len(rest) < n+nonceSize {
		return "", errShort
	}
	return string(rest[:n]), nil
}

func (k Key) head() []byte {
	return append(append([]byte(sealedMagic), byte(len(k.User))), k.User...)
}

func (k Key) seal(lineage string, data []byte) ([]byte, error) {
	if k.Secret.Empty() || len(k.User) > 255 {
		return nil, fmt.Errorf("seal state object: there is no key of user %q", k.User)
	}
	bound := append(k.head(), lineage...)
	mac := hmac.New(sha256.New, k.derive("nonce"))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(bound))))
	mac.Write(bound)
	mac.Write(data)
	nonce := mac.Sum(nil)[:nonceSize]
	return k.box().Seal(append(k.head(), nonce...), nonce, data, bound), nil
}

// open opens an object whose head is sound.
func (k Key) open(lineage string, data []byte) ([]byte, bool) {
	head := k.head()
	box, ok := bytes.CutPrefix(data, head)
	if !ok || len(box) < nonceSize || k.Secret.Empty() {
		return nil, false
	}
	out, err := k.box().Open(nil, box[:nonceSize], box[nonceSize:], append(head, lineage...))
	return out, err == nil
}

func (k Key) box() cipher.AEAD {
	block, err := aes.NewCipher(k.derive("content"))
	if err != nil {
		panic("state: " + err.Error()) // 32 bytes are always a valid key
	}
	box, err := cipher.NewGCM(block)
	if err != nil {
		panic("state: " + err.Error()) // AES always fits
	}
	return box
}

func (k Key) derive(purpose string) []byte {
	key, err := hkdf.Key(sha256.New, k.Secret.RevealBytes(), nil, sealedMagic+" "+purpose, 32)
	if err != nil {
		panic("state: " + err.Error()) // 32 bytes can always be derived
	}
	return key
}
