package crypt

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"strings"
)

var (
	// ErrNoKey says that a key string holds no entry this keyring can open.
	ErrNoKey = errors.New("no key for this account")
	// ErrRSAKey says that the node's key is encrypted to the account's RSA key, as inbound shares are
	// before an official client has rewritten them.
	ErrRSAKey = errors.New("key is encrypted with RSA")
)

// rsaKeyText is the first text length that can only be an RSA ciphertext: two blocks need 43 characters.
const rsaKeyText = 4*FileKeySize/3 + 2

// KeyEntry is one holder's copy of a node key. Holder is a user handle (11 characters), the handle of a
// shared folder (8 characters), or empty where the text named none, which means the account itself.
type KeyEntry struct {
	Holder string
	Text   string
}

// IsRSA reports whether the entry is too long to be anything but an RSA ciphertext.
func (e KeyEntry) IsRSA() bool { return len(e.Text) >= rsaKeyText }

// ParseKeys splits the k field of a node into its entries.
func ParseKeys(k string) []KeyEntry {
	k = strings.TrimRight(k, "/") // the last digit of a key is never a slash
	if k == "" {
		return nil
	}
	if !strings.Contains(k, ":") {
		// A lone key may be written in the standard alphabet, where a slash is a digit.
		return []KeyEntry{{Text: k}}
	}
	var entries []KeyEntry
	for part := range strings.SplitSeq(k, "/") {
		holder, text, named := strings.Cut(part, ":")
		switch {
		case named:
			entries = append(entries, KeyEntry{Holder: holder, Text: text})
		case len(entries) > 0:
			// Not a new entry: a slash of the standard alphabet inside the previous key.
			last := &entries[len(entries)-1]
			last.Text += "/" + part
		}
	}
	return entries
}

// Keyring opens and closes node keys for one account: with the master key for its own nodes and with
// share keys for nodes that belong to a share. Add shares before using it from several goroutines.
type Keyring struct {
	user   string
	master cipher.Block
	shares map[string]cipher.Block
}

// NewKeyring returns the keyring of the account whose user handle is user.
func NewKeyring(user string, master Key) *Keyring {
	return &Keyring{user: user, master: newBlock(master)}
}

// AddShare lets the keyring open nodes below the shared folder with that handle.
func (r *Keyring) AddShare(handle string, key Key) {
	if r.shares == nil {
		r.shares = make(map[string]cipher.Block)
	}
	r.shares[handle] = newBlock(key)
}

// Format hides the keys.
func (*Keyring) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// FolderKey opens the k field of a folder. The error is [ErrNoKey] or [ErrRSAKey] where it is the
// account that lacks the key rather than the text that is damaged.
func (r *Keyring) FolderKey(k string) (Key, error) {
	var key Key
	err := r.open(key[:], k)
	return key, err
}

// FileKey opens the k field of a file, with the errors of [Keyring.FolderKey].
func (r *Keyring) FileKey(k string) (FileKey, error) {
	var key FileKey
	err := r.open(key[:], k)
	return key, err
}

func (r *Keyring) open(dst []byte, k string) error {
	verdict := ErrNoKey
	for _, e := range ParseKeys(k) {
		block := r.holder(e.Holder)
		if block == nil {
			continue
		}
		if e.IsRSA() {
			verdict = ErrRSAKey
			continue
		}
		raw, err := DecodeBase64(e.Text)
		if err != nil {
			return fmt.Errorf("node key: %w", err)
		}
		if len(raw) != len(dst) {
			return fmt.Errorf("node key of %d bytes, want %d", len(raw), len(dst))
		}
		decryptBlocks(block, dst, raw)
		return nil
	}
	return verdict
}

func (r *Keyring) holder(h string) cipher.Block {
	if h == "" || h == r.user {
		return r.master
	}
	return r.shares[h]
}

// WrapKey closes a folder key with the master key and returns the text a request carries in k.
func (r *Keyring) WrapKey(k Key) string {
	encryptBlocks(r.master, k[:], k[:])
	return EncodeBase64(k[:])
}

// WrapFileKey closes a file's node key with the master key and returns the text a request carries in k.
func (r *Keyring) WrapFileKey(k FileKey) string {
	encryptBlocks(r.master, k[:], k[:])
	return EncodeBase64(k[:])
}

// EncryptECB encrypts b in place, block by block: how MEGA stores keys under other keys.
func (k Key) EncryptECB(b []byte) error {
	if len(b)%aes.BlockSize != 0 {
		return fmt.Errorf("encrypt %d bytes: not a multiple of %d", len(b), aes.BlockSize)
	}
	encryptBlocks(newBlock(k), b, b)
	return nil
}

// DecryptECB is the reverse of [Key.EncryptECB].
func (k Key) DecryptECB(b []byte) error {
	if len(b)%aes.BlockSize != 0 {
		return fmt.Errorf("decrypt %d bytes: not a multiple of %d", len(b), aes.BlockSize)
	}
	decryptBlocks(newBlock(k), b, b)
	return nil
}

func newBlock(k Key) cipher.Block {
	b, err := aes.NewCipher(k[:])
	if err != nil {
		panic("crypt: " + err.Error()) // 16 bytes are always a valid key
	}
	return b
}

func encryptBlocks(b cipher.Block, dst, src []byte) {
	for i := 0; i < len(src); i += aes.BlockSize {
		b.Encrypt(dst[i:i+aes.BlockSize], src[i:i+aes.BlockSize])
	}
}

func decryptBlocks(b cipher.Block, dst, src []byte) {
	for i := 0; i < len(src); i += aes.BlockSize {
		b.Decrypt(dst[i:i+aes.BlockSize], src[i:i+aes.BlockSize])
	}
}
