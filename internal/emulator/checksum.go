package emulator

import (
	"encoding/binary"
	"net/url"
)

// pieceSum is the checksum of posted bytes: their XOR, byte i into i mod 12.
type pieceSum struct {
	want        string
	answersZero bool      // sent as d=: the answer to an accepted piece is "0"
	words       [3]uint64 // 24 bytes are two rounds of 12
	rest        [24]byte  // bytes that do not fill a round yet
	pending     int
}

// newPieceSum is nil when the address holds no checksum.
func newPieceSum(q url.Values) *pieceSum {
	switch {
	case q.Get("d") != "":
		return &pieceSum{want: q.Get("d"), answersZero: true}
	case q.Get("c") != "":
		return &pieceSum{want: q.Get("c")}
	default:
		return nil
	}
}

func (s *pieceSum) Write(p []byte) (int, error) {
	n := len(p)
	if s.pending > 0 {
		k := copy(s.rest[s.pending:], p)
		s.pending, p = s.pending+k, p[k:]
		if s.pending < len(s.rest) {
			return n, nil
		}
		s.round(s.rest[:])
		s.pending = 0
	}
	for ; len(p) >= 24; p = p[24:] {
		s.round(p)
	}
	s.pending = copy(s.rest[:], p)
	return n, nil
}

func (s *pieceSum) round(p []byte) {
	s.words[0] ^= binary.LittleEndian.Uint64(p)
	s.words[1] ^= binary.LittleEndian.Uint64(p[8:])
	s.words[2] ^= binary.LittleEndian.Uint64(p[16:])
}

// sum folds everything written so far.
func (s *pieceSum) sum() [12]byte {
	var wide [24]byte
	for i, w := range s.words {
		binary.LittleEndian.PutUint64(wide[8*i:], w)
	}
	for i, b := range s.rest[:s.pending] {
		wide[i] ^= b
	}
	var out [12]byte
	for i, b := range wide {
		out[i%12] ^= b
	}
	return out
}

func (s *pieceSum) matches() bool {
	want, err := decode64(s.want)
	got := s.sum()
	return err == nil && string(want) == string(got[:])
}
