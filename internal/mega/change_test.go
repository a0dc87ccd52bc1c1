package mega_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/tree"
)

func TestRule21_TrashMarks(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	dir := folder(t, c, c.RootHandle(), "dir")
	up := upload(t, c, dir, "a", content(9), nil)
	if err := c.SetAttributes(t.Context(), up.Handle, map[string]string{"fav": "1"}); err != nil {
		t.Fatal(err)
	}
	before := h.Stats().APIRequests
	mark := mega.TrashMark{At: time.Unix(1_750_000_000, 0), Address: `backup.x["a b"]`, Path: "/dir/a"}
	if err := c.Trash(t.Context(), up.Handle, mark); err != nil {
		t.Fatal(err)
	}
	if n := h.Stats().APIRequests - before; n != 1 {
		t.Errorf("trashing took %d requests, want 1", n)
	}
	place, err := c.Locate(up.Handle)
	if err != nil || !place.InTrash || place.Parent != c.TrashHandle() || place.Node.TrashedBy != mark.Address || place.Node.TrashedAt != mark.At.Unix() {
		t.Errorf("in the bin: %+v, %v", place, err)
	}
	got := rawAttributes(t, h, up.Handle)
	if got["rr"] != dir.String() || got["fav"] != "1" || !strings.Contains(got["_mptrash"], "/dir/a") {
		t.Errorf("attributes in the bin: %v", got)
	}
	sameAsServer(t, h, c)
	if err := c.Move(t.Context(), up.Handle, dir, "b"); err != nil {
		t.Fatal(err)
	}
	got = rawAttributes(t, h, up.Handle)
	delete(got, "c")
	if diff := cmp.Diff(map[string]string{"n": "b", "fav": "1"}, got); diff != "" {
		t.Errorf("attributes out of the bin (-want +got):\n%s", diff)
	}
	sameAsServer(t, h, c)
}

func TestChanges(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	ctx := t.Context()
	a, b := folder(t, c, c.RootHandle(), "a"), folder(t, c, c.RootHandle(), "b")
	one := upload(t, c, a, "one", content(100), nil)
	steps := []struct {
		name string
		do   func() error
		want []string
	}{
		{"rename", func() error { return c.Move(ctx, one.Handle, a, "eins") }, []string{"/ directory", "/a directory", "/a/eins file 100", "/b directory"}},
		{"move", func() error { return c.Move(ctx, one.Handle, b, "eins") }, []string{"/ directory", "/a directory", "/b directory", "/b/eins file 100"}},
		{"move and rename", func() error { return c.Move(ctx, one.Handle, a, "uno") }, []string{"/ directory", "/a directory", "/a/uno file 100", "/b directory"}},
		{"no move", func() error { return c.Move(ctx, one.Handle, a, "uno") }, []string{"/ directory", "/a directory", "/a/uno file 100", "/b directory"}},
		{"copy", func() error {
			h, err := c.Copy(ctx, mega.Copy{From: one.Handle, Parent: b, Name: "copy", Meta: `{"v":1}`})
			if err == nil {
				if n, lerr := c.Locate(h); lerr != nil || !n.Node.HasFingerprint || n.Node.Meta != `{"v":1}` {
					return fmt.Errorf("the copy is %+v, %w", n, lerr)
				}
			}
			return err
		}, []string{"/ directory", "/a directory", "/a/uno file 100", "/b directory", "/b/copy file 100"}},
		{"touch", func() error { return c.SetFingerprint(ctx, one.Handle, [16]byte{1}, 5, "") }, []string{"/ directory", "/a directory", "/a/uno file 100", "/b directory", "/b/copy file 100"}},
		{"move folder", func() error { return c.Move(ctx, b, a, "b") }, []string{"/ directory", "/a directory", "/a/b directory", "/a/b/copy file 100", "/a/uno file 100"}},
		{"delete folder", func() error { return c.Delete(ctx, b) }, []string{"/ directory", "/a directory", "/a/uno file 100"}},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if diff := cmp.Diff(step.want, outline(whole(t, c))); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", step.name, diff)
		}
	}
	if place, err := c.Locate(one.Handle); err != nil || place.Node.MTime != 5e9 || place.Node.CRC != [16]byte{1} {
		t.Errorf("touched: %+v, %v", place, err)
	}
	sameAsServer(t, h, c)
	for name, err := range map[string]error{
		"delete again": c.Delete(ctx, b), "move what is gone": c.Move(ctx, b, a, "x"), "touch what is gone": c.SetFingerprint(ctx, b, [16]byte{}, 0, ""),
		"into itself": c.Move(ctx, a, a, "a2"),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRule16_DeleteVersion(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	var handles []tree.Handle
	for size := range 4 {
		up := upload(t, c, c.RootHandle(), "a", content(size+1), func(u *mega.Upload) {
			u.KeepVersion = true
			if size > 0 {
				u.Replace = handles[size-1]
			}
		})
		handles = append(handles, up.Handle)
	}
	current := handles[3]
	if place, err := c.Locate(handles[0]); err != nil || !place.Version || place.Parent != current || place.Path != "a" {
		t.Errorf("an old version is at %+v, %v", place, err)
	}
	if err := c.DeleteVersion(t.Context(), handles[1]); err != nil {
		t.Fatal(err)
	}
	sameAsServer(t, h, c)
	left, err := c.Versions(current)
	if err != nil || len(left) != 2 || left[0].Handle != handles[2] || left[1].Handle != handles[0] {
		t.Errorf("versions left %+v, %v", left, err)
	}
	before := h.Stats().APIRequests
	if err := c.DeleteVersion(t.Context(), current); err == nil {
		t.Error("the current file was deleted as if it were an old version")
	}
	if h.Stats().APIRequests != before {
		t.Error("the refusal asked the server")
	}
}

func TestReadOnlyClientChangesNothing(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, func(o *mega.Options) { o.ReadOnly = true })
	before := h.Stats()
	ctx := t.Context()
	_, folders := c.CreateFolders(ctx, []mega.NewFolder{{Parent: c.RootHandle(), Name: "x"}})
	_, up := c.Upload(ctx, mega.Upload{Parent: c.RootHandle(), Name: "x", Bytes: []byte("x")})
	_, copied := c.Copy(ctx, mega.Copy{From: 1, Parent: 2, Name: "x"})
	_, swap := c.SwapUserAttribute(ctx, "^!x", nil, "")
	for name, err := range map[string]error{
		"CreateFolders": folders, "Upload": up, "Copy": copied, "SwapUserAttribute": swap,
		"SetAttributes": c.SetAttributes(ctx, 1, nil), "SetFingerprint": c.SetFingerprint(ctx, 1, [16]byte{}, 0, ""),
		"Trash": c.Trash(ctx, 1, mega.TrashMark{}), "TookOut": c.TookOut(ctx, 1, mega.Held{}), "Delete": c.Delete(ctx, 1), "DeleteVersion": c.DeleteVersion(ctx, 1), "Move": c.Move(ctx, 1, 2, "x"),
	} {
		if !errors.Is(err, mega.ErrReadOnly) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if diff := cmp.Diff(before, h.Stats()); diff != "" {
		t.Errorf("requests were sent:\n%s", diff)
	}
}

func TestInterruptedCallsReturn(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Upload(ctx, mega.Upload{Parent: c.RootHandle(), Name: "x", Bytes: []byte("x")}); !errors.Is(err, context.Canceled) {
		t.Errorf("upload: %v", err)
	}
	if _, err := c.Refresh(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("refresh: %v", err)
	}
	if _, err := c.Tree(ctx, []tree.Path{""}, nil); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("tree: %v", err)
	}
}
