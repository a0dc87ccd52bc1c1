package crypt

import (
	"crypto/cipher"
	"crypto/subtle"
)

// MAC is the CBC-MAC of one chunk, or the running state of one.
type MAC [16]byte

// MetaMAC condenses the chunk MACs of a whole file, in order, into what the node key carries. A file
// without chunks has the zero meta-MAC.
func MetaMAC(key Key, macs []MAC) [8]byte {
	return condense(newBlock(key), MAC{}, macs).fold()
}

// condense continues the MAC of MACs from a state.
func condense(b cipher.Block, state MAC, macs []MAC) MAC {
	buf := make([]byte, len(state))
	copy(buf, state[:])
	for i := range macs {
		subtle.XORBytes(buf, buf, macs[i][:])
		b.Encrypt(buf, buf)
	}
	return MAC(buf)
}

// fold halves the MAC of MACs: word 0 with word 1, word 2 with word 3.
func (m MAC) fold() [8]byte {
	var f [8]byte
	for i := range 4 {
		f[i] = m[i] ^ m[4+i]
		f[4+i] = m[8+i] ^ m[12+i]
	}
	return f
}
