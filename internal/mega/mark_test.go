package mega_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/planner"
)

// TestRule21_AMarkHoldsForOneStayInTheBin: clients carry attributes they do not know along when they copy a node, and leave them
// when they take it out of the bin.
func TestRule21_AMarkHoldsForOneStayInTheBin(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	dir := folder(t, c, c.RootHandle(), "dir")
	elsewhere := folder(t, c, c.RootHandle(), "elsewhere")
	up := upload(t, c, dir, "a", content(9), nil)
	held := mega.Held{Nodes: 7, Digest: [32]byte{1, 31: 9}}
	mark := mega.TrashMark{At: time.Unix(1_750_000_000, 0), Address: "backup.x", Path: "/dir/a", Run: "run 7", Held: &held}
	if err := c.Trash(t.Context(), up.Handle, mark); err != nil {
		t.Fatal(err)
	}
	text := rawAttributes(t, h, up.Handle)["_mptrash"]
	list, err := c.Bin(t.Context())
	if err != nil || len(list) != 1 || !list[0].Marked || list[0].Mark.Held == nil || *list[0].Mark.Held != held || list[0].Mark.Run != "run 7" {
		t.Fatalf("%+v, %v", list, err)
	}
	for name, attrs := range map[string]map[string]string{
		"trashed from elsewhere since": {"rr": elsewhere.String()},
		"another node's":               {"_mptrash": `{"v":1,"t":1750000000,"a":"backup.x","p":"/dir/a","h":"` + dir.String() + `","f":"` + dir.String() + `"}`},
		"of a later version":           {"_mptrash": `{"v":2,"t":1750000000}`},
		"not JSON":                     {"_mptrash": "x"},
		// As MEGA's SDK leaves it: it wrote all attributes anew to take the node out, and once more to trash it from the same folder.
		"trashed again by another client": {"_mptrash": text, "rr": dir.String()},
	} {
		if err := c.SetAttributes(t.Context(), up.Handle, attrs); err != nil {
			t.Fatal(err)
		}
		if list, err := c.Bin(t.Context()); err != nil || list[0].Marked {
			t.Errorf("%s: it counts as marked: %+v, %v", name, list, err)
		}
		if err := c.Move(t.Context(), up.Handle, dir, "a"); err != nil {
			t.Fatal(err)
		}
		if err := c.Trash(t.Context(), up.Handle, mark); err != nil {
			t.Fatal(err)
		}
		if list, err := c.Bin(t.Context()); err != nil || !list[0].Marked {
			t.Fatalf("%s: not marked when megaplan trashed it again: %+v, %v", name, list, err)
		}
	}
	// The marks of versions that did not note what a node held are read.
	old, _ := json.Marshal(map[string]any{"v": 1, "t": 1_750_000_000, "a": "backup.x", "p": "/dir/a"})
	if err := c.SetAttributes(t.Context(), up.Handle, map[string]string{"_mptrash": string(old)}); err != nil {
		t.Fatal(err)
	}
	if list, err := c.Bin(t.Context()); err != nil || !list[0].Marked || list[0].Mark.Held != nil || list[0].Mark.Path != "/dir/a" {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestRule21_AMarkIsToldWhatWasTakenOut: sums are taken apart again.
func TestRule21_AMarkIsToldWhatWasTakenOut(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	dir := folder(t, c, c.RootHandle(), "dir")
	all, out := planner.NewSubtreeSum(), planner.NewSubtreeSum()
	for name, sums := range map[string][]*planner.SubtreeSum{"stays": {all}, "a": {all, out}, "b": {all, out}} {
		up := upload(t, c, dir, name, content(9), nil)
		for _, sum := range sums {
			sum.Add(up.Handle, dir, name)
		}
	}
	held := func(sum *planner.SubtreeSum) mega.Held {
		return mega.Held{Nodes: sum.Subtree().Nodes, Digest: sum.Subtree().Digest}
	}
	whole := held(all)
	if err := c.Trash(t.Context(), dir, mega.TrashMark{At: time.Unix(1_750_000_000, 0), Address: "backup.x", Path: "/dir", Held: &whole}); err != nil {
		t.Fatal(err)
	}
	if err := c.TookOut(t.Context(), dir, held(out)); err != nil {
		t.Fatal(err)
	}
	list, err := c.Bin(t.Context())
	if err != nil || len(list) != 1 || !list[0].Marked || !list[0].Mark.At.Equal(time.Unix(1_750_000_000, 0)) {
		t.Fatalf("%+v, %v", list, err)
	}
	all.AddBelow(out.Subtree()) // which takes it out, but for the number
	if got := list[0].Mark.Held; got == nil || got.Nodes != 1 || got.Digest != all.Subtree().Digest {
		t.Errorf("%+v", got)
	}
	sameAsServer(t, h, c)
}

// TestDrainsAreShared: each of many callers is told of what happened before it asked, and not each with a request of its own.
func TestDrainsAreShared(t *testing.T) {
	h := newHouse(t, emulator.Options{Latency: 20 * time.Millisecond})
	c, other := h.client(t, nil), h.client(t, nil)
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	made := folder(t, other, other.RootHandle(), "made")
	before := h.Stats().EventRequests
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := c.Drain(t.Context()); err != nil {
				t.Error(err)
			}
			if place, err := c.Locate(made); err != nil || !place.Found {
				t.Errorf("the news did not come: %+v, %v", place, err)
			}
		})
	}
	wg.Wait()
	if n := h.Stats().EventRequests - before; n > 10 {
		t.Errorf("50 callers took %d requests", n)
	}
}
