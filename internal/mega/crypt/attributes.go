package crypt

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
)

// MaxAttributes is the size limit of a node's encrypted attributes in bytes.
const MaxAttributes = 64 << 10

// Names of the attributes megaplan reads or writes.
const (
	AttrName        = "n"
	AttrFingerprint = "c"
	AttrFavourite   = "fav"
	AttrLabel       = "lbl"
	AttrSensitive   = "sen"
	AttrDescription = "des"
	AttrTags        = "t"
	AttrRestoreTo   = "rr"
)

var (
	// ErrUndecryptable says that attributes did not decrypt to anything: the key is not the node's.
	ErrUndecryptable = errors.New("attributes do not decrypt with this key")
	// ErrMalformedAttributes says that attributes decrypted, to something that is no JSON object.
	ErrMalformedAttributes = errors.New("malformed attributes")
	// ErrAttributesTooLong says that the encrypted attributes exceed [MaxAttributes].
	ErrAttributesTooLong = errors.New("attributes are too long")
)

// attrPrefix is what every decrypted attribute block starts with; the brace and quote belong to the JSON.
const attrPrefix = `MEGA{"`

// Attributes are a node's attributes: an ordered map from name to value. What was read and not changed is
// written back byte for byte, unknown names and values that are no strings included, so that changing one
// attribute loses nothing another client wrote. The zero value is empty and ready to use. Attributes are
// not safe for concurrent change; copies made by assignment share their content until [Attributes.Clone].
type Attributes struct {
	entries []attribute
}

// attribute keeps both forms of the name: decoded to look it up, raw to write it back.
type attribute struct {
	name  string
	label []byte // the name as JSON, quotes included
	value []byte // the value as JSON
}

// NewAttributes returns attributes that hold only a name.
func NewAttributes(name string) Attributes {
	var a Attributes
	a.Set(AttrName, name)
	return a
}

// Len is the number of attributes.
func (a Attributes) Len() int { return len(a.entries) }

// Names lists the names in order.
func (a Attributes) Names() []string {
	names := make([]string, len(a.entries))
	for i, e := range a.entries {
		names[i] = e.name
	}
	return names
}

// Get returns the value of a string attribute, and false if it is missing or no string.
func (a Attributes) Get(name string) (string, bool) {
	i := a.index(name)
	if i < 0 {
		return "", false
	}
	return decodeString(a.entries[i].value)
}

// Raw returns an attribute's value as JSON text, which must not be changed.
func (a Attributes) Raw(name string) ([]byte, bool) {
	i := a.index(name)
	if i < 0 {
		return nil, false
	}
	return a.entries[i].value, true
}

// Set gives an attribute a string value; a new one goes last. The bytes of value are kept as they are,
// valid UTF-8 or not.
func (a *Attributes) Set(name, value string) { a.setRaw(name, encodeString(value)) }

func (a *Attributes) setRaw(name string, value []byte) {
	entry := attribute{name: name, label: encodeString(name), value: value}
	if i := a.index(name); i >= 0 {
		entry.label = a.entries[i].label
		a.entries = slices.Clone(a.entries)
		a.entries[i] = entry
		return
	}
	a.entries = append(slices.Clip(a.entries), entry)
}

// CopyFrom takes over the named attribute as other has it, and removes it if other lacks it.
func (a *Attributes) CopyFrom(other Attributes, name string) {
	value, ok := other.Raw(name)
	if !ok {
		a.Delete(name)
		return
	}
	a.setRaw(name, value)
}

// Delete removes an attribute and reports whether it was there.
func (a *Attributes) Delete(name string) bool {
	i := a.index(name)
	if i < 0 {
		return false
	}
	a.entries = slices.Delete(slices.Clone(a.entries), i, i+1)
	return true
}

// Clone returns an independent copy.
func (a Attributes) Clone() Attributes { return Attributes{entries: slices.Clone(a.entries)} }

func (a Attributes) index(name string) int {
	for i := range a.entries {
		if a.entries[i].name == name {
			return i
		}
	}
	return -1
}

// MarshalJSON returns the object as it is encrypted.
func (a Attributes) MarshalJSON() ([]byte, error) { return a.appendJSON(nil), nil }

func (a Attributes) appendJSON(b []byte) []byte {
	b = append(b, '{')
	for i, e := range a.entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, e.label...)
		b = append(b, ':')
		b = append(b, e.value...)
	}
	return append(b, '}')
}

// Encrypt returns the attributes as the text a request carries, under the node's key: the folder's own
// key, or [FileKey.AES]. The only error is [ErrAttributesTooLong].
func (a Attributes) Encrypt(key Key) (string, error) {
	b := a.appendJSON([]byte("MEGA"))
	if rest := len(b) % aes.BlockSize; rest != 0 {
		b = append(b, make([]byte, aes.BlockSize-rest)...)
	}
	if len(b) > MaxAttributes {
		return "", fmt.Errorf("%w: %d bytes encrypted, limit %d", ErrAttributesTooLong, len(b), MaxAttributes)
	}
	encryptCBC(key, b)
	return EncodeBase64(b), nil
}

// DecryptAttributes reads a node's attributes from the text of its a field. The error is
// [ErrUndecryptable] if the key does not fit and [ErrMalformedAttributes] if the content is damaged.
func DecryptAttributes(text string, key Key) (Attributes, error) {
	b, err := DecodeBase64(text)
	if err != nil {
		return Attributes{}, fmt.Errorf("%w: %w", ErrMalformedAttributes, err)
	}
	if len(b) == 0 || len(b)%aes.BlockSize != 0 {
		return Attributes{}, fmt.Errorf("%w: %d bytes", ErrUndecryptable, len(b))
	}
	decryptCBC(key, b)
	if !bytes.HasPrefix(b, []byte(attrPrefix)) {
		return Attributes{}, ErrUndecryptable
	}
	return ParseAttributes(b[len("MEGA"):])
}

// ParseAttributes reads a JSON object; what follows it (padding) is ignored. Of a repeated name the last
// value counts. The error is [ErrMalformedAttributes]. The result shares no memory with object.
func ParseAttributes(object []byte) (Attributes, error) {
	p := jsonScanner{b: bytes.Clone(object)}
	a := Attributes{entries: make([]attribute, 0, 4)} // name, fingerprint, and what a client adds
	err := p.object(func(label, value []byte) {
		name, _ := decodeString(label)
		if i := a.index(name); i >= 0 {
			a.entries[i].value = value
			return
		}
		a.entries = append(a.entries, attribute{name: name, label: label, value: value})
	})
	if err != nil {
		return Attributes{}, fmt.Errorf("%w: %w", ErrMalformedAttributes, err)
	}
	return a, nil
}

func encryptCBC(key Key, b []byte) {
	var iv [aes.BlockSize]byte
	cipher.NewCBCEncrypter(newBlock(key), iv[:]).CryptBlocks(b, b)
}

// decryptCBC works without cipher.NewCBCDecrypter, which copies the expanded key: most attributes are a few blocks long, and
// an account has millions of them.
func decryptCBC(key Key, b []byte) {
	block := newBlock(key)
	var before, text [aes.BlockSize]byte
	for ; len(b) >= aes.BlockSize; b = b[aes.BlockSize:] {
		copy(text[:], b)
		block.Decrypt(b, b)
		subtle.XORBytes(b, b[:aes.BlockSize], before[:])
		before = text
	}
}
