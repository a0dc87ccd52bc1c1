package crypt

import (
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
)

const (
	// KeySize is the length of an AES key.
	KeySize = 16
	// FileKeySize is the length of a file's node key.
	FileKeySize = 32

	redacted = "[redacted]"
)

// Key is an AES-128 key: a master key, session key, folder key, or the data key of a file.
type Key [KeySize]byte

// NewKey draws a key from the system's random source.
func NewKey() Key {
	var k Key
	_, _ = rand.Read(k[:]) // never fails: crypto/rand ends the program instead
	return k
}

// KeyFromBytes copies a key out of b, which must be 16 bytes long.
func KeyFromBytes(b []byte) (Key, error) {
	if len(b) != KeySize {
		return Key{}, fmt.Errorf("key of %d bytes, want %d", len(b), KeySize)
	}
	return Key(b), nil
}

// IsZero reports whether no key was set.
func (k Key) IsZero() bool { return k == Key{} }

// String hides the key.
func (Key) String() string { return redacted }

// GoString hides the key.
func (Key) GoString() string { return redacted }

// Format hides the key from every verb.
func (Key) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// MarshalJSON hides the key.
func (Key) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText hides the key.
func (Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue hides the key.
func (Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// FileKey is the node key of a file: its data key, its nonce and the meta-MAC of its content, folded
// together as MEGA stores them.
type FileKey [FileKeySize]byte

// NewFileKey folds a data key, a nonce and the meta-MAC of the content into a node key.
func NewFileKey(k Key, nonce, metaMAC [8]byte) FileKey {
	var f FileKey
	copy(f[16:24], nonce[:])
	copy(f[24:32], metaMAC[:])
	for i := range KeySize {
		f[i] = k[i] ^ f[16+i]
	}
	return f
}

// NewNonce draws the nonce of a new file from the system's random source.
func NewNonce() [8]byte {
	var n [8]byte
	_, _ = rand.Read(n[:])
	return n
}

// FileKeyFromBytes copies a node key out of b, which must be 32 bytes long.
func FileKeyFromBytes(b []byte) (FileKey, error) {
	if len(b) != FileKeySize {
		return FileKey{}, fmt.Errorf("file key of %d bytes, want %d", len(b), FileKeySize)
	}
	return FileKey(b), nil
}

// AES is the key that encrypts the file's data and attributes.
func (f FileKey) AES() Key {
	var k Key
	for i := range KeySize {
		k[i] = f[i] ^ f[16+i]
	}
	return k
}

// Nonce is the upper half of the counter block.
func (f FileKey) Nonce() [8]byte { return [8]byte(f[16:24]) }

// MetaMAC is the MAC of the chunk MACs of the content this key was made for.
func (f FileKey) MetaMAC() [8]byte { return [8]byte(f[24:32]) }

// IsZero reports whether no key was set.
func (f FileKey) IsZero() bool { return f == FileKey{} }

// String hides the key.
func (FileKey) String() string { return redacted }

// GoString hides the key.
func (FileKey) GoString() string { return redacted }

// Format hides the key from every verb.
func (FileKey) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// MarshalJSON hides the key.
func (FileKey) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText hides the key.
func (FileKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue hides the key.
func (FileKey) LogValue() slog.Value { return slog.StringValue(redacted) }
