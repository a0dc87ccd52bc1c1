package crypt

import "crypto/subtle"

// Checksum is what a storage server checks a post against: byte i of the encrypted body, exclusive-ored
// into place i mod 12.
type Checksum [12]byte

// String is the form a request carries.
func (c Checksum) String() string { return EncodeBase64(c[:]) }

// foldSize is how wide the running sum is: a multiple of the checksum's length that suits wide vectors.
const foldSize = 16 * len(Checksum{})

// foldInto adds data to a running sum. All but the last piece of data must be multiples of foldSize long.
func foldInto(fold *[foldSize]byte, data []byte) {
	if blocks := len(data) / foldSize; haveFold && blocks > 0 {
		foldBlocks(fold, &data[0], blocks)
		data = data[blocks*foldSize:]
	}
	for len(data) > 0 {
		n := subtle.XORBytes(fold[:], fold[:], data)
		data = data[n:]
	}
}

// add takes over a running sum whose data began at offset start of the body.
func (c *Checksum) add(fold *[foldSize]byte, start int) {
	for i, b := range fold {
		c[(start+i)%len(c)] ^= b
	}
}
