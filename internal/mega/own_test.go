package mega_test

import (
	"bytes"
	"testing"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/tree"
)

// TestRule02_OwnFoldersAreMarked: whoever made them, every client knows them, from memory too.
func TestRule02_OwnFoldersAreMarked(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	top := folder(t, c, c.RootHandle(), "top")
	folder(t, c, top, "by hand")
	for _, path := range []tree.Path{"top/by hand", "top/new/state"} {
		f := c.OwnFolder(path, false)
		if _, err := f.Write(t.Context(), mega.OwnFile{Below: "objects", Name: "x", Data: []byte("x")}); err != nil {
			t.Fatal(err)
		}
		if err := f.Mark(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 600 { // enough for names to be kept
		upload(t, c, top, string(rune('a'+i%26))+string(rune('a'+i/26)), nil, nil)
	}
	dir := t.TempDir()
	for range 2 {
		c := h.client(t, func(o *mega.Options) { o.CacheDir = dir })
		tr, err := c.Tree(t.Context(), []tree.Path{"top"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var marked []tree.Path
		for _, id := range tr.Own() {
			marked = append(marked, tr.Path(id))
		}
		if len(marked) != 2 || marked[0] == marked[1] {
			t.Errorf("marked: %q", marked)
		}
	}
}

// TestOwnFolderInAManyHandedAccount: the folder is found by any spelling, and two of its name are one folder.
func TestOwnFolderInAManyHandedAccount(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	f := c.OwnFolder("caf\u00e9/state", false)
	one, err := f.Write(t.Context(), mega.OwnFile{Name: "a", Data: []byte("one")})
	if err != nil {
		t.Fatal(err)
	}
	other := h.client(t, nil)
	twin := folder(t, other, folder(t, other, other.RootHandle(), "cafe\u0301"), "state")
	two := upload(t, other, twin, "b", []byte("two"), nil)
	if err := f.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	files, err := f.Files("")
	if err != nil || len(files) != 2 {
		t.Errorf("files: %v, %v", files, err)
	}
	for h, want := range map[tree.Handle]string{one: "one", two.Handle: "two"} {
		if got, err := f.Content(t.Context(), h); err != nil || !bytes.Equal(got, []byte(want)) {
			t.Errorf("content: %q, %v", got, err)
		}
	}
	if err := f.Delete(t.Context(), one, two.Handle); err != nil {
		t.Fatal(err)
	}
	if err := f.Delete(t.Context(), one); err != nil { // again
		t.Error(err)
	}
	outside := upload(t, c, c.RootHandle(), "mine", []byte("x"), nil)
	if err := f.Delete(t.Context(), outside.Handle); err == nil || mega.Gone(err) {
		t.Errorf("delete what is not in it: %v", err)
	}
	if _, err := c.ContentKey(outside.Handle); err != nil {
		t.Error(err)
	}
	nodes, err := f.Nodes()
	if err != nil || len(nodes) != 2 || !nodes[twin] {
		t.Errorf("nodes: %v, %v", nodes, err)
	}
}
