//go:build linux

package scan

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"github.com/megaplan/megaplan/internal/tree"
)

func TestRule33_MetaRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Meta{
			HasMode: rapid.Bool().Draw(t, "mode"), HasTime: rapid.Bool().Draw(t, "time"), Symlink: rapid.Bool().Draw(t, "link"),
			Link: rapid.StringMatching(`[0-9a-f.]*`).Draw(t, "group"),
		}
		if m.HasMode {
			m.Mode = rapid.Uint32Range(0, 0o7777).Draw(t, "bits")
		}
		if m.HasTime {
			m.Time = rapid.Int64().Draw(t, "ns")
		}
		if rapid.Bool().Draw(t, "owned") {
			m.Owner = &Owner{rapid.String().Draw(t, "user"), "g", rapid.Uint32().Draw(t, "uid"), 0}
		}
		if x := rapid.MapOf(rapid.String(), rapid.SliceOf(rapid.Byte())).Draw(t, "x"); len(x) > 0 {
			m.XAttrs = x
		}
		s, dropped := m.Encode()
		if len(dropped) > 0 || len(s) > MaxMeta {
			return
		}
		got, err := ParseMeta(s)
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := got.Encode(); again != s {
			t.Fatalf("%q becomes %q", s, again)
		}
	})
}

func TestRule33_WhatDoesNotFitIsDropped(t *testing.T) {
	m := Meta{HasMode: true, Mode: 0o644, XAttrs: map[string][]byte{"user.big": make([]byte, 20000), "user.mid": make([]byte, 8000), "user.small": []byte("x")}}
	s, dropped := m.Encode()
	want(t, "dropped", dropped, []string{"extended attribute user.big"})
	got, err := ParseMeta(s)
	must(t, err)
	want(t, "kept", got, Meta{HasMode: true, Mode: 0o644, XAttrs: map[string][]byte{"user.mid": make([]byte, 8000), "user.small": []byte("x")}})
}

func TestParseMetaRefusesWhatItDoesNotKnow(t *testing.T) {
	for in, text := range map[string]string{`{"v":2}`: "version 2", `{}`: "version 0", `x`: "read metadata", `{"v":1,"m":-1}`: "read metadata"} {
		if _, err := ParseMeta(in); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func TestRule33_OwnersAndAttributesOfFiles(t *testing.T) {
	root := fill(t, "f")
	path := filepath.Join(root, "f")
	preserve := Preserve{Owner: true, XAttrs: true}
	if err := unix.Setxattr(path, "user.note", []byte("hello"), 0); err != nil {
		t.Logf("this file system keeps no attributes: %v", err)
		preserve.XAttrs = false
	}
	r := scanned(t, root, Options{Preserve: preserve})
	id, _ := r.Tree.Lookup("f")
	got, err := ParseMeta(r.Tree.Node(id).Meta)
	must(t, err)
	me, err := user.Current()
	must(t, err)
	if got.Owner == nil || got.Owner.User != me.Username || strconv.Itoa(int(got.Owner.UID)) != me.Uid {
		t.Errorf("owner %+v, I am %s", got.Owner, me.Username)
	}
	if preserve.XAttrs {
		if diff := cmp.Diff(map[string][]byte{"user.note": []byte("hello")}, got.XAttrs); diff != "" {
			t.Errorf("attributes (-want +got):\n%s", diff)
		}
		must(t, unix.Setxattr(path, "user.huge", make([]byte, 3000), 0))
	}
	must(t, os.Chmod(root, 0o750))
	r = scanned(t, root, Options{Preserve: Preserve{Mode: true, MTime: true}})
	want(t, "root", r.Tree.Node(tree.Root).Meta, `{"v":1,"m":488}`)
}

func FuzzParseMeta(f *testing.F) {
	f.Add(`{"v":1,"m":420,"o":{"u":"a","g":"b","uid":1,"gid":2},"t":-5,"l":1,"h":"1f.2","x":{"user.a":"aGk="}}`)
	f.Add(`{"v":1,"x":{"":null}}`)
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMeta(s)
		if err != nil {
			return
		}
		once, _ := m.Encode()
		again, err := ParseMeta(once)
		if err != nil {
			t.Fatalf("%q becomes %q: %v", s, once, err)
		}
		if twice, _ := again.Encode(); twice != once {
			t.Fatalf("%q becomes %q", once, twice)
		}
	})
}
