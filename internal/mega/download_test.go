package mega_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/mega/transfer"
	"github.com/megaplan/megaplan/internal/tree"
)

func TestProveKeepsNothingAndFindsDamage(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	for _, size := range []int{0, 5, 131073, 9 << 20} {
		up := upload(t, c, c.RootHandle(), "whole", content(size), nil)
		var arrived atomic.Int64
		verdict, err := c.Prove(t.Context(), up.Handle, func(n int64) { arrived.Add(n) })
		if err != nil || verdict != crypt.Equal || arrived.Load() != int64(size) {
			t.Errorf("%d bytes: %v, %v, %d arrived", size, verdict, err, arrived.Load())
		}
	}
	up := upload(t, c, c.RootHandle(), "whole", []byte("good"), nil)
	nodes, err := h.Nodes(oldAccount.Email)
	if err != nil {
		t.Fatal(err)
	}
	var damaged string
	for _, n := range nodes {
		if n.Handle == up.Handle.String() {
			n.Handle = ""
			if damaged, err = h.Put(oldAccount.Email, n, []byte("evil")); err != nil {
				t.Fatal(err)
			}
		}
	}
	handle, err := tree.ParseHandle(damaged)
	if err != nil {
		t.Fatal(err)
	}
	reader := h.client(t, func(o *mega.Options) { o.ReadOnly = true })
	if _, err := reader.Prove(t.Context(), handle, nil); !errors.Is(err, transfer.ErrCorrupt) {
		t.Errorf("damaged content: %v", err)
	}
}
