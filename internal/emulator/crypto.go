package emulator

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"
)

// encode64 is MEGA's base64: URL alphabet, no padding.
func encode64(p []byte) string {
	var short [192]byte // keeps the usual ones off the heap
	return string(base64.RawURLEncoding.AppendEncode(short[:0], p))
}

// decode64 also takes the standard alphabet and padding, as the real server
// does for old clients.
func decode64(s string) ([]byte, error) {
	s = strings.NewReplacer("+", "-", "/", "_", "=", "", ",", "").Replace(s)
	return base64.RawURLEncoding.DecodeString(s)
}

func randomBytes(n int) []byte {
	p := make([]byte, n)
	rand.Read(p) // never fails
	return p
}

func newAES(key []byte) cipher.Block {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("emulator: AES key of a wrong size: " + err.Error())
	}
	return block
}

// encryptECB encrypts each block on its own and returns a copy.
func encryptECB(block cipher.Block, p []byte) []byte {
	out := make([]byte, len(p))
	for i := 0; i+16 <= len(p); i += 16 {
		block.Encrypt(out[i:], p[i:])
	}
	return out
}

func decryptECB(block cipher.Block, p []byte) []byte {
	out := make([]byte, len(p))
	for i := 0; i+16 <= len(p); i += 16 {
		block.Decrypt(out[i:], p[i:])
	}
	return out
}

// passwordKeyV1 derives the key of an old account from the UTF-8 bytes.
func passwordKeyV1(password string) []byte {
	var blocks []cipher.Block
	for p := []byte(password); len(p) > 0; {
		key := make([]byte, 16)
		p = p[copy(key, p):]
		blocks = append(blocks, newAES(key))
	}
	state := []byte{0x93, 0xC4, 0x67, 0xE3, 0x7D, 0xB0, 0xC7, 0xA4, 0xD1, 0xBE, 0x3F, 0x81, 0x01, 0x52, 0xCB, 0x56}
	for range 65536 {
		for _, b := range blocks {
			b.Encrypt(state, state)
		}
	}
	return state
}

// userHashV1 is what an old account's client sends to prove the password.
func userHashV1(email string, passwordKey []byte) []byte {
	state := make([]byte, 16)
	for i, c := range []byte(strings.ToLower(email)) {
		state[i%16] ^= c
	}
	block := newAES(passwordKey)
	for range 16384 {
		block.Encrypt(state, state)
	}
	return append(append([]byte{}, state[0:4]...), state[8:12]...)
}

// deriveV2 returns the password key and the authentication key.
func deriveV2(password string, salt []byte) (passwordKey, auth []byte, err error) {
	out, err := pbkdf2.Key(sha512.New, password, salt, 100_000, 32)
	if err != nil {
		return nil, nil, fmt.Errorf("derive password key: %w", err)
	}
	return out[:16], out[16:], nil
}

func generateKey() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }

// appendMPI writes a number with its length in bits, rounded up to bytes as
// MEGA's client writes it.
func appendMPI(dst []byte, n *big.Int) []byte {
	b := n.Bytes()
	dst = binary.BigEndian.AppendUint16(dst, uint16(8*len(b)))
	return append(dst, b...)
}

// privateBlob packs p, q, d and u = 1/p mod q, padded to whole AES blocks.
func privateBlob(key *rsa.PrivateKey) []byte {
	p, q := key.Primes[0], key.Primes[1]
	var out []byte
	for _, n := range []*big.Int{p, q, key.D, new(big.Int).ModInverse(p, q)} {
		out = appendMPI(out, n)
	}
	return append(out, make([]byte, (16-len(out)%16)%16)...)
}

func publicBlob(key *rsa.PrivateKey) []byte {
	return appendMPI(appendMPI(nil, key.N), big.NewInt(int64(key.E)))
}

// encryptSession wraps a session id for the holder of the private key: the id
// first, then random bytes up to two less than the modulus has.
func encryptSession(pub []byte, sid []byte) ([]byte, error) {
	n, rest, err := readMPI(pub)
	if err != nil {
		return nil, err
	}
	e, _, err := readMPI(rest)
	if err != nil {
		return nil, err
	}
	plain := append([]byte{}, sid...)
	plain = append(plain, randomBytes((n.BitLen()+7)/8-2-len(sid))...)
	m := new(big.Int).SetBytes(plain)
	return appendMPI(nil, m.Exp(m, e, n)), nil
}

func readMPI(p []byte) (*big.Int, []byte, error) {
	if len(p) < 2 {
		return nil, nil, fmt.Errorf("number cut short")
	}
	n := (int(binary.BigEndian.Uint16(p)) + 7) / 8
	if len(p) < 2+n {
		return nil, nil, fmt.Errorf("number cut short")
	}
	return new(big.Int).SetBytes(p[2 : 2+n]), p[2+n:], nil
}
