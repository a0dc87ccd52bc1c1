package transfer

import (
	"crypto/subtle"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

const (
	checksumSize = 12
	// checksumFold is a multiple of the checksum's size, long enough for wide vector instructions and short
	// enough to stay in the first-level cache.
	checksumFold = checksumSize * 512
)

// checksum is what the storage server checks a post against: byte i of the body goes to place i mod 12.
func checksum(body []byte) string {
	var sum [checksumSize]byte
	if len(body) >= 2*checksumFold {
		fold := make([]byte, checksumFold)
		for len(body) >= checksumFold {
			subtle.XORBytes(fold, fold, body)
			body = body[checksumFold:]
		}
		xorFold(&sum, fold)
	}
	xorFold(&sum, body)
	return crypt.EncodeBase64(sum[:])
}

func xorFold(sum *[checksumSize]byte, b []byte) {
	for len(b) > 0 {
		n := subtle.XORBytes(sum[:], sum[:], b)
		b = b[n:]
	}
}
