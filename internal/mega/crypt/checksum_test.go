package crypt

import (
	"math/rand/v2"
	"testing"
)

// The running checksum is the checksum, whatever the length and wherever it is cut.
func TestFoldIsTheChecksum(t *testing.T) {
	data := make([]byte, 5*foldSize)
	_, _ = rand.NewChaCha8([32]byte{}).Read(data) // never fails
	for n := range len(data) + 1 {
		var want Checksum
		for i, b := range data[:n] {
			want[i%len(want)] ^= b
		}
		for _, cut := range []int{0, foldSize, 3 * foldSize} {
			var fold [foldSize]byte
			cut = min(cut, n/foldSize*foldSize)
			foldInto(&fold, data[:cut])
			foldInto(&fold, data[cut:n])
			var got Checksum
			if got.add(&fold, 0); got != want {
				t.Fatalf("%d bytes in pieces of %d and %d: %x, want %x", n, cut, n-cut, got, want)
			}
		}
	}
}

func BenchmarkFold(b *testing.B) {
	data := make([]byte, sliceSize)
	b.SetBytes(int64(len(data)))
	var fold [foldSize]byte
	for b.Loop() {
		foldInto(&fold, data)
	}
}
