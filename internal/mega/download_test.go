package mega_test

import (
	"errors"
	"slices"
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

// TestCompareTellsWhichFilesHoldTheSame: by one download of the first, through the real client.
func TestCompareTellsWhichFilesHoldTheSame(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	data := content(300_000)
	other := append([]byte(nil), data...)
	other[1] ^= 1
	one := upload(t, c, c.RootHandle(), "x", data, nil).Handle
	same := upload(t, c, c.RootHandle(), "x", data, nil).Handle
	differs := upload(t, c, c.RootHandle(), "x", other, nil).Handle
	reader := h.client(t, func(o *mega.Options) { o.ReadOnly = true })
	var arrived atomic.Int64
	got, err := reader.Compare(t.Context(), one, []tree.Handle{same, differs}, func(n int64) { arrived.Add(n) })
	if err != nil || !slices.Equal(got, []crypt.Verdict{crypt.Equal, crypt.Different}) || arrived.Load() != int64(len(data)) {
		t.Errorf("%v, %v, %d arrived", got, err, arrived.Load())
	}
	if _, err := reader.Compare(t.Context(), one, []tree.Handle{12345}, nil); !errors.Is(err, mega.ErrGone) {
		t.Errorf("an unknown node: %v", err)
	}
}
