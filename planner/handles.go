package planner

import (
	"math/bits"

	"github.com/megaplan/megaplan/internal/tree"
)

// handleIndex finds rows by their handle: a hash table of row numbers, so that a million rows take 8 to 16 MB and no sorting.
type handleIndex struct {
	slots []uint32 // row + 1; 0: free
	shift int
	of    func(row uint32) tree.Handle
}

// indexHandles indexes n rows. Of several rows with one handle the first is found.
func indexHandles(n int, of func(row uint32) tree.Handle) handleIndex {
	width := max(1, bits.Len(uint(2*n)))
	x := handleIndex{slots: make([]uint32, 1<<width), shift: 64 - width, of: of}
	for row := range uint32(n) {
		if slot, taken := x.seek(of(row)); !taken {
			x.slots[slot] = row + 1
		}
	}
	return x
}

// find returns the row of a handle.
func (x *handleIndex) find(h tree.Handle) (row uint32, found bool) {
	if len(x.slots) == 0 {
		return 0, false
	}
	slot, found := x.seek(h)
	return x.slots[slot] - 1, found
}

// seek returns the slot that holds the handle, or the free one where it belongs.
func (x *handleIndex) seek(h tree.Handle) (slot uint64, taken bool) {
	const golden = 0x9E3779B97F4A7C15 // spreads handles that count up
	slot = uint64(h) * golden >> x.shift
	for {
		row := x.slots[slot]
		if row == 0 {
			return slot, false
		}
		if x.of(row-1) == h {
			return slot, true
		}
		slot = (slot + 1) & uint64(len(x.slots)-1)
	}
}
