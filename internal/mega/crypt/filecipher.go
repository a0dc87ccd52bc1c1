package crypt

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"io"
)

// FileCipher encrypts and decrypts the data of one file. It may be used by several goroutines at once.
type FileCipher struct {
	schedule *Schedule
	nonce    [8]byte
}

// NewFileCipher prepares the cipher of a file.
func NewFileCipher(key Key, nonce [8]byte) *FileCipher {
	return &FileCipher{schedule: Expand(key), nonce: nonce}
}

// Cipher prepares the cipher of the file this is the node key of.
func (f FileKey) Cipher() *FileCipher { return NewFileCipher(f.AES(), f.Nonce()) }

// Format hides the key.
func (*FileCipher) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// iv is where the MAC of every chunk starts.
func (c *FileCipher) iv() MAC {
	var iv MAC
	copy(iv[:8], c.nonce[:])
	copy(iv[8:], c.nonce[:])
	return iv
}

// counter is the key stream at an offset, which must be a multiple of 16.
func (c *FileCipher) counter(offset int64) cipher.Stream {
	var block [aes.BlockSize]byte
	copy(block[:], c.nonce[:])
	binary.BigEndian.PutUint64(block[8:], uint64(offset)/aes.BlockSize)
	return cipher.NewCTR(c.schedule.block, block[:])
}

// Piece is a run of chunks of one file in memory. Buf begins where chunk First begins and ends where a
// chunk or the file ends. The MACs of its chunks are appended to MACs. Encrypting sets Sum to the checksum
// of what then is in Buf.
type Piece struct {
	Cipher *FileCipher
	Buf    []byte
	First  int
	MACs   []MAC
	Sum    Checksum
}

// MACPieces appends the MACs of the chunks of plain pieces and leaves their content alone. Whoever proves
// many small files reads some of them and proves them together.
func MACPieces(pieces []*Piece) { runPieces(pieces, (*pipeline).sum) }

// Encrypt encrypts the piece in place and appends the MACs of its chunks.
func (p *Piece) Encrypt() { runPieces([]*Piece{p}, encryptSlices) }

// Decrypt decrypts the piece in place and appends the MACs of its chunks.
func (p *Piece) Decrypt() { runPieces([]*Piece{p}, decryptSlices) }

// EncryptPieces encrypts pieces of several files at once: files shorter than a chunk fill the MAC lanes
// together.
func EncryptPieces(pieces []*Piece) { runPieces(pieces, encryptSlices) }

// DecryptPieces is the reverse of [EncryptPieces].
func DecryptPieces(pieces []*Piece) { runPieces(pieces, decryptSlices) }
