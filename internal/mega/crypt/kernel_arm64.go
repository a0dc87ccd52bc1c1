//go:build arm64 && !purego

package crypt

import (
	"encoding/binary"
	"math/bits"

	"golang.org/x/sys/cpu"
)

// haveKernel: the assembly uses the AES instructions of ARMv8's cryptography extension.
var haveKernel = cpu.ARM64.HasAES

// macLanes advances eight CBC-MACs, each under its own key, by the same number of blocks.
//
//go:noescape
func macLanes(keys *[11][8][16]byte, sum *[8][16]byte, data *[8]*byte, blocks int)

// macShared advances eight CBC-MACs under one key by the same number of blocks.
//
//go:noescape
func macShared(keys *[11][16]byte, sum *[8][16]byte, data *[8]*byte, blocks int)

// subWord substitutes the four bytes of a word.
func subWord(w uint32) uint32

// macKernel advances all eight chains by the same number of blocks.
func macKernel(s *kernelState, blocks int) {
	if s.shared != nil {
		macShared((*[11][16]byte)(s.shared), &s.sum, &s.data, blocks)
		return
	}
	macLanes(&s.keys, &s.sum, &s.data, blocks)
}

// expandRounds computes the eleven round keys (FIPS 197, section 5.2), with words in memory order.
func expandRounds(out *roundKeys, key *Key) {
	if !haveKernel {
		return
	}
	out[0] = *key
	constant := uint32(1)
	for r := 1; r < len(out); r++ {
		last := binary.LittleEndian.Uint32(out[r-1][12:])
		word := subWord(bits.RotateLeft32(last, -8)) ^ constant
		for i := 0; i < len(out[r]); i += 4 {
			word ^= binary.LittleEndian.Uint32(out[r-1][i:])
			binary.LittleEndian.PutUint32(out[r][i:], word)
		}
		if constant <<= 1; constant > 0xff {
			constant ^= 0x11b
		}
	}
}
