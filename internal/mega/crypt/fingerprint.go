package crypt

import (
	"errors"
	"fmt"
	"math"
)

// CRC is the sparse checksum block of a fingerprint.
type CRC [16]byte

// Fingerprint is the content of a file's c attribute: a sparse checksum and the modification time in
// seconds. The size belongs to the node, not to the fingerprint.
type Fingerprint struct {
	CRC   CRC
	MTime int64
}

// ErrFingerprint says that a text is no fingerprint.
var ErrFingerprint = errors.New("malformed fingerprint")

// Encode returns the text of the c attribute. Of times that do not fit, see [ClampMTime].
func (f Fingerprint) Encode() string {
	b := make([]byte, 0, len(f.CRC)+9)
	b = append(b, f.CRC[:]...)
	b = append(b, 0)
	for t := ClampMTime(f.MTime); t > 0; t >>= 8 {
		b = append(b, byte(t))
		b[len(f.CRC)]++
	}
	return EncodeBase64(b)
}

// ParseFingerprint reads a c attribute. A time that is none counts as 0, as official clients have it, and
// one of later than 2262 as of then. The error is [ErrFingerprint].
func ParseFingerprint(s string) (Fingerprint, error) {
	var f Fingerprint
	b, err := DecodeBase64(s)
	if err != nil {
		return f, fmt.Errorf("%w: %w", ErrFingerprint, err)
	}
	if len(b) <= len(f.CRC) {
		return f, fmt.Errorf("%w: %d bytes", ErrFingerprint, len(b))
	}
	digits := b[len(f.CRC)+1:]
	n := int(b[len(f.CRC)])
	if n > 8 || n > len(digits) {
		return f, fmt.Errorf("%w: time of %d bytes", ErrFingerprint, n)
	}
	copy(f.CRC[:], b)
	var t uint64
	for i, d := range digits[:n] {
		t |= uint64(d) << (8 * i)
	}
	f.MTime = min(max(int64(t), 0), latestNanosecond)
	return f, nil
}

// latestNanosecond is the last second whose nanoseconds can be counted.
const latestNanosecond = math.MaxInt64 / 1_000_000_000

// ClampMTime is the time a fingerprint carries for a file modified at t seconds: times before 1970 count as 0, and those
// after 2106-02-07 as that, the last one in 32 bits. Official clients date the local file so, and find another one where
// the fingerprint says more.
func ClampMTime(t int64) int64 { return min(max(t, 0), math.MaxUint32) }
