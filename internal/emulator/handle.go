package emulator

import (
	"encoding/base64"
	"encoding/binary"
)

// handle names a node: 6 bytes, held in the low 48 bits, eight characters on
// the wire. Zero is no node.
type handle uint64

func (h handle) String() string { return string(h.append(nil)) }

func (h handle) append(dst []byte) []byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(h))
	return base64.RawURLEncoding.AppendEncode(dst, b[2:])
}

// parseHandle returns zero for anything that is not a handle.
func parseHandle(s string) handle {
	if len(s) != 8 {
		return 0
	}
	b, err := decode64(s)
	if err != nil || len(b) != 6 {
		return 0
	}
	return handle(binary.BigEndian.Uint64(append([]byte{0, 0}, b...)))
}

// newHandle never returns zero or a handle of a generated node.
func newHandle() handle {
	for {
		h := handle(binary.BigEndian.Uint64(append([]byte{0, 0}, randomBytes(6)...)))
		if h != 0 && h>>40 != generatedTag {
			return h
		}
	}
}
