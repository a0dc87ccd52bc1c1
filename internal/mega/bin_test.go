package mega_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/tree"
)

func TestRule21_WhatLiesInTheBin(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	dir := folder(t, c, c.RootHandle(), "dir")
	upload(t, c, dir, "inside", content(3), nil)
	upload(t, c, c.RootHandle(), "other", content(4), nil)
	mark := mega.TrashMark{At: time.Unix(1_750_000_000, 0), Address: "backup.x", Path: "/dir"}
	if err := c.Trash(t.Context(), dir, mark); err != nil {
		t.Fatal(err)
	}
	other, ok := whole(t, c).Lookup("other")
	if !ok {
		t.Fatal("no other")
	}
	handle := whole(t, c).Handle(other)
	if err := c.Move(t.Context(), handle, c.TrashHandle(), "other"); err != nil {
		t.Fatal(err)
	}
	list, err := c.Bin(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, got := range list {
		switch got.Node.Handle {
		case dir:
			if !got.Marked || !got.Mark.At.Equal(mark.At) || got.Mark.Path != "/dir" || got.RestoreTo != c.RootHandle() {
				t.Errorf("dir: %+v", got)
			}
		case handle:
			if got.Marked || got.RestoreTo != 0 {
				t.Errorf("other: %+v", got)
			}
		default:
			t.Errorf("%+v", got)
		}
	}
	below, err := c.Below(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/ directory", "/inside file 3"}, outline(below)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	file, err := c.Below(t.Context(), handle)
	if err != nil || file.Kind(tree.Root) != tree.File || file.Len() != 1 {
		t.Errorf("%v, %v", file, err)
	}
}
