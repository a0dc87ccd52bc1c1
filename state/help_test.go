package state

import (
	"encoding/binary"
	"hash/crc32"
)

// sealed puts a frame around a body.
func sealed(magic string, body []byte) []byte {
	out := append([]byte(magic), body...)
	return binary.BigEndian.AppendUint32(out, crc32.Checksum(out, castagnoli))
}
