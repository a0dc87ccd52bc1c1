package crypt

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"fmt"
	"io"
)

// laneCount is how many chains the kernel interleaves. AES instructions take three to four cycles but
// start one or two per cycle, so one chain alone uses an eighth of the unit.
const laneCount = 8

// Schedule is an expanded data key. It may be used by several goroutines at once.
type Schedule struct {
	block cipher.Block
	round roundKeys
}

// roundKeys are the eleven round keys in the byte order the AES instructions take them.
type roundKeys [11][aes.BlockSize]byte

// Format hides the round keys.
func (*Schedule) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// Expand prepares a key for the MAC lanes.
func Expand(key Key) *Schedule {
	s := &Schedule{block: newBlock(key)}
	expandRounds(&s.round, &key)
	return s
}

// Lane is one CBC-MAC to be computed or continued. Sum is the initial vector before, the MAC after. All
// pieces of one chunk but its last must be multiples of 16 bytes long; the last is padded with zeros.
type Lane struct {
	Key  *Schedule
	Sum  MAC
	Data []byte
}

// SumLanes computes the MACs of all lanes, eight at a time. Lanes may differ in key and length: the next
// lane takes the place of the one that ends first.
func SumLanes(lanes []Lane) {
	if !haveKernel {
		for i := range lanes {
			sumBlocks(lanes[i].Key.block, &lanes[i].Sum, lanes[i].Data)
		}
		return
	}
	var w worker
	w.run(lanes)
	for i := range lanes {
		l := &lanes[i]
		if tail := len(l.Data) % aes.BlockSize; tail != 0 {
			sumBlocks(l.Key.block, &l.Sum, l.Data[len(l.Data)-tail:])
		}
	}
}

// sumBlocks is the MAC of one lane in portable code.
func sumBlocks(b cipher.Block, sum *MAC, data []byte) {
	buf := make([]byte, aes.BlockSize, cacheLines) // alone on its lines: see worker
	copy(buf, sum[:])
	for len(data) >= aes.BlockSize {
		subtle.XORBytes(buf, buf, data[:aes.BlockSize])
		b.Encrypt(buf, buf)
		data = data[aes.BlockSize:]
	}
	if len(data) > 0 {
		subtle.XORBytes(buf, buf, data)
		b.Encrypt(buf, buf)
	}
	copy(sum[:], buf)
}
