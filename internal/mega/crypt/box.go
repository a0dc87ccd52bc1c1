package crypt

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
)

// DeriveKey returns 32 bytes that follow from the master key for one purpose. They tell nothing of it, nor of those for another
// purpose.
func DeriveKey(master Key, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, master[:], nil, "megaplan: "+purpose, 32)
	if err != nil {
		panic("crypt: " + err.Error()) // 32 bytes can always be derived
	}
	return key
}

// NewBox returns what seals an account's own files: AES-256-GCM that draws its nonces, under a key derived from the master key
// for one purpose.
func NewBox(master Key, purpose string) cipher.AEAD {
	block, err := aes.NewCipher(DeriveKey(master, purpose))
	if err != nil {
		panic("crypt: " + err.Error()) // 32 bytes are always a valid key
	}
	box, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("crypt: " + err.Error()) // AES always fits
	}
	return box
}
