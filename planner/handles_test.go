package planner

import (
	"testing"

	"github.com/megaplan/megaplan/internal/tree"
)

func TestHandleIndex(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 100, 4096, 5000} {
		rows := make([]tree.Handle, n)
		for i := range rows {
			rows[i] = tree.Handle(i/2*7 + 1) // each twice
		}
		x := indexHandles(n, func(row uint32) tree.Handle { return rows[row] })
		for i, h := range rows {
			if row, ok := x.find(h); !ok || row != uint32(i/2*2) {
				t.Fatalf("%d rows: find(%d) = %d, %v, want the first of them, %d", n, h, row, ok, i/2*2)
			}
			if _, ok := x.find(h + 1); ok {
				t.Fatalf("%d rows: found %d, which is not there", n, h+1)
			}
		}
	}
	var none handleIndex
	if _, ok := none.find(1); ok {
		t.Error("found something in nothing")
	}
}
