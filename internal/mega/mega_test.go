package mega_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/emulator/emulatortest"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/mega/session"
	"github.com/megaplan/megaplan/internal/redact"
	"github.com/megaplan/megaplan/internal/tree"
)

// oldAccount derives its key from the password faster than a new one.
var oldAccount = emulator.Account{Email: "old@example.com", Password: "password", V1: true}

// house is a server and a session on it.
type house struct {
	*emulatortest.Instance
	session session.Session
}

func newHouse(t *testing.T, o emulator.Options) *house {
	t.Helper()
	h := &house{Instance: emulatortest.Start(t, o, oldAccount)}
	signed, err := mega.SignIn(t.Context(), mega.Options{Endpoint: h.URL}, oldAccount.Email, redact.New(oldAccount.Password), nil)
	if err != nil {
		t.Fatal(err)
	}
	h.session = signed
	return h
}

// client opens a client and refreshes it.
func (h *house) client(t *testing.T, change func(*mega.Options)) *mega.Client {
	t.Helper()
	o := mega.Options{Endpoint: h.URL, CacheDir: t.TempDir(), Budget: 20 * time.Second}
	if change != nil {
		change(&o)
	}
	c, err := mega.Open(o, h.session)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// modified is the date of every source file.
var modified = time.Unix(1_700_000_000, 0)

func file(t *testing.T, content []byte) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "source")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, modified, modified); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func content(size int) []byte {
	b := make([]byte, size)
	r := rand.NewChaCha8([32]byte{byte(size), byte(size >> 8), byte(size >> 16)})
	_, _ = r.Read(b) // never fails
	return b
}

func upload(t *testing.T, c *mega.Client, parent tree.Handle, name string, data []byte, change func(*mega.Upload)) mega.Uploaded {
	t.Helper()
	u := mega.Upload{Parent: parent, Name: name, File: file(t, data)}
	if change != nil {
		change(&u)
	}
	up, err := c.Upload(t.Context(), u)
	if err != nil {
		t.Fatalf("upload %q: %v", name, err)
	}
	return up
}

func download(t *testing.T, c *mega.Client, h tree.Handle) []byte {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "target"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := c.Download(t.Context(), h, f, nil); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func folder(t *testing.T, c *mega.Client, parent tree.Handle, name string) tree.Handle {
	t.Helper()
	handles, err := c.CreateFolders(t.Context(), []mega.NewFolder{{Parent: parent, Name: name}})
	if err != nil {
		t.Fatal(err)
	}
	return handles[0]
}

// outline writes a tree as one line a node, in order.
func outline(tr *tree.Tree) []string {
	var lines []string
	for id := range tr.Walk(tree.Root) {
		n := tr.Node(id)
		line := fmt.Sprintf("/%s %s", tr.Path(id), n.Kind)
		if n.Kind.HasContent() {
			line += fmt.Sprintf(" %d", n.Size)
		}
		if n.Versions > 0 {
			line += fmt.Sprintf(" +%d versions of %d", n.Versions, n.VersionBytes)
		}
		if n.Incomplete {
			line += " incomplete"
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

func whole(t *testing.T, c *mega.Client) *tree.Tree {
	t.Helper()
	tr, err := c.Tree(t.Context(), []tree.Path{""}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// sameAsServer checks that what the client remembers equals what a new client reads, and what it reads after the events.
func sameAsServer(t *testing.T, h *house, c *mega.Client) {
	t.Helper()
	want := outline(whole(t, h.client(t, nil)))
	if diff := cmp.Diff(want, outline(whole(t, c))); diff != "" {
		t.Errorf("remembered tree (-server +client):\n%s", diff)
	}
	if err := c.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, outline(whole(t, c))); diff != "" {
		t.Errorf("tree after its events (-server +client):\n%s", diff)
	}
}

func TestUploadAndDownload(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	for _, size := range []int{0, 1, 15, 16, 17, 8192, 8193, 131072, 131073, 3 << 20} {
		data := content(size)
		name := fmt.Sprintf("file of %d.bin", size)
		var sent int64
		var mu sync.Mutex
		up := upload(t, c, c.RootHandle(), name, data, func(u *mega.Upload) {
			u.Meta = `{"v":1,"m":420}`
			u.Progress = func(n int64) { mu.Lock(); sent += n; mu.Unlock() }
		})
		place, err := c.Locate(up.Handle)
		if err != nil {
			t.Fatal(err)
		}
		crc, err := crypt.ComputeCRC(bytes.NewReader(data), int64(size))
		if err != nil {
			t.Fatal(err)
		}
		want := tree.Node{
			Name: name, Kind: tree.File, Size: int64(size), MTime: 1_700_000_000e9, HasFingerprint: true, CRC: crc,
			Meta: `{"v":1,"m":420}`, Handle: up.Handle, Created: up.Created,
		}
		if diff := cmp.Diff(want, place.Node); diff != "" || !place.Found || place.Path != tree.Path(name) {
			t.Errorf("%d bytes: place %+v (-want +got):\n%s", size, place, diff)
		}
		if sent != int64(size) || up.CRC != crc || up.Size != int64(size) {
			t.Errorf("%d bytes: %d reported as sent, uploaded %+v", size, sent, up)
		}
		if got := download(t, h.client(t, nil), up.Handle); !bytes.Equal(got, data) {
			t.Errorf("%d bytes came back as %d others", size, len(got))
		}
		key, err := c.ContentKey(up.Handle)
		if err != nil {
			t.Fatal(err)
		}
		if verdicts, err := crypt.Check(t.Context(), bytes.NewReader(data), int64(size), key); err != nil || verdicts[0] != crypt.Equal {
			t.Errorf("%d bytes: the MAC proves %v, %v", size, verdicts, err)
		}
	}
	sameAsServer(t, h, c)
}

func TestUploadOfBytes(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	up := upload(t, c, c.RootHandle(), "link", nil, func(u *mega.Upload) {
		u.File, u.Bytes, u.MTime, u.Meta = nil, []byte("some/where"), 5, `{"v":1,"l":1}`
	})
	place, err := c.Locate(up.Handle)
	if err != nil || place.Node.Kind != tree.Symlink || place.Node.Size != 10 || place.Node.MTime != 5e9 {
		t.Errorf("%+v, %v", place, err)
	}
	if got := string(download(t, c, up.Handle)); got != "some/where" {
		t.Errorf("target %q", got)
	}
}

func TestNewVersionInheritsWhatBelongsToTheFile(t *testing.T) {
	for _, keep := range []bool{true, false} {
		t.Run(fmt.Sprint("keep ", keep), func(t *testing.T) {
			h := newHouse(t, emulator.Options{})
			c := h.client(t, nil)
			first := upload(t, c, c.RootHandle(), "a", content(5), nil)
			second := upload(t, c, c.RootHandle(), "a", content(6), func(u *mega.Upload) { u.Replace, u.KeepVersion = first.Handle, true })
			set := map[string]string{"fav": "1", "lbl": "3", "des": "words", "t": "tag", "sen": "1", "x_other": "kept", "rr": "AAAAAAAB", "_mp": "old", "c0": "z"}
			if err := c.SetAttributes(t.Context(), second.Handle, set); err != nil {
				t.Fatal(err)
			}
			third := upload(t, c, c.RootHandle(), "a", content(7), func(u *mega.Upload) { u.Replace, u.KeepVersion = second.Handle, keep })
			sameAsServer(t, h, c)
			versions, err := c.Versions(third.Handle)
			if err != nil {
				t.Fatal(err)
			}
			var sizes []int64
			for _, v := range versions {
				sizes = append(sizes, v.Size)
			}
			want := []int64{6, 5}
			if !keep {
				want = want[1:]
			}
			if diff := cmp.Diff(want, sizes); diff != "" {
				t.Errorf("sizes of the versions (-want +got):\n%s", diff)
			}
			got := rawAttributes(t, h, third.Handle)
			delete(got, "c")
			wantAttrs := map[string]string{"n": "a", "fav": "1", "lbl": "3", "des": "words", "t": "tag", "sen": "1", "x_other": "kept"}
			if diff := cmp.Diff(wantAttrs, got); diff != "" {
				t.Errorf("attributes of the new version (-want +got):\n%s", diff)
			}
		})
	}
}

// rawAttributes decrypts what the server holds.
func rawAttributes(t *testing.T, h *house, node tree.Handle) map[string]string {
	t.Helper()
	nodes, err := h.Nodes(oldAccount.Email)
	if err != nil {
		t.Fatal(err)
	}
	keys := crypt.NewKeyring(h.session.User, h.session.Master)
	for _, n := range nodes {
		if n.Handle != node.String() {
			continue
		}
		var key crypt.Key
		if n.Type == 0 {
			fileKey, err := keys.FileKey(n.Key)
			if err != nil {
				t.Fatal(err)
			}
			key = fileKey.AES()
		} else if key, err = keys.FolderKey(n.Key); err != nil {
			t.Fatal(err)
		}
		attrs, err := crypt.DecryptAttributes(n.Attr, key)
		if err != nil {
			t.Fatal(err)
		}
		all := make(map[string]string)
		for _, name := range attrs.Names() {
			all[name], _ = attrs.Get(name)
		}
		return all
	}
	t.Fatalf("the server has no node %s", node)
	return nil
}

func TestCreateFolders(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	existing := folder(t, c, c.RootHandle(), "existing")
	before := h.Stats().APIRequests
	// 30 trees of 101 folders, one folder in each with a further one below, and one flat crowd.
	var specs []mega.NewFolder
	for i := range 30 {
		top := len(specs) + 1
		specs = append(specs, mega.NewFolder{Parent: c.RootHandle(), Name: fmt.Sprintf("top %02d", i), Meta: `{"v":1}`})
		for j := range 100 {
			specs = append(specs, mega.NewFolder{Under: top, Name: fmt.Sprintf("sub %03d", j)})
		}
		specs = append(specs, mega.NewFolder{Under: top + 50, Name: "deep"})
	}
	for i := range 500 {
		specs = append(specs, mega.NewFolder{Parent: existing, Name: fmt.Sprintf("flat %03d", i)})
	}
	handles, err := c.CreateFolders(t.Context(), specs)
	if err != nil {
		t.Fatal(err)
	}
	if n := h.Stats().APIRequests - before; n > 8 {
		t.Errorf("%d folders took %d requests", len(specs), n)
	}
	for i, spec := range specs {
		place, err := c.Locate(handles[i])
		if err != nil || !place.Found || place.Node.Name != spec.Name || place.Node.Meta != spec.Meta {
			t.Fatalf("folder %d, wanted %+v, is %+v, %v", i, spec, place, err)
		}
		parent := spec.Parent
		if spec.Under > 0 {
			parent = handles[spec.Under-1]
		}
		if place.Parent != parent {
			t.Fatalf("folder %d hangs below %s, want %s", i, place.Parent, parent)
		}
	}
	sameAsServer(t, h, c)
}

func TestCreateFoldersInPart(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	handles, err := c.CreateFolders(t.Context(), []mega.NewFolder{
		{Parent: c.RootHandle(), Name: "good"},
		{Parent: 0x123456, Name: "no parent"},
		{Under: 2, Name: "below it"},
		{Under: 1, Name: "below the good one"},
	})
	var part *mega.PartError
	if !errors.As(err, &part) || !slices.Equal(slices.Sorted(maps.Keys(part.Errs)), []int{1, 2}) || !errors.Is(part.Errs[1], api.ENOENT) || !errors.Is(part.Errs[2], api.ENOENT) {
		t.Fatalf("err = %v", err)
	}
	if handles[0] == 0 || handles[1] != 0 || handles[2] != 0 || handles[3] == 0 {
		t.Errorf("handles %v", handles)
	}
	if _, err := c.CreateFolders(t.Context(), []mega.NewFolder{{Under: 1, Name: "below itself"}}); err == nil {
		t.Error("a folder below itself was accepted")
	}
	sameAsServer(t, h, c)
}

func TestTreeShowsTheWay(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	handles, err := c.CreateFolders(t.Context(), []mega.NewFolder{
		{Parent: c.RootHandle(), Name: "Backups"},
		{Under: 1, Name: "laptop"},
		{Under: 2, Name: "docs"},
		{Under: 3, Name: "sub"},
		{Under: 1, Name: "other"},
		{Under: 5, Name: "hidden"},
		{Parent: c.RootHandle(), Name: "Photos"},
		{Under: 7, Name: "2024"},
		{Parent: c.RootHandle(), Name: "Backups"}, // the same name twice
		{Under: 9, Name: "laptop"},
		{Parent: c.RootHandle(), Name: "Caf\u00e9"},
		{Under: 11, Name: "menu"},
	})
	if err != nil {
		t.Fatal(err)
	}
	upload(t, c, handles[3], "deep.txt", content(3), nil)
	upload(t, c, handles[0], "beside.txt", content(4), nil)
	trashed := handles[7]

	tests := map[string]struct {
		paths []tree.Path
		roots []tree.Handle
		want  []string
	}{
		"nothing": {want: []string{"/ directory", "/Backups directory incomplete", "/Backups directory incomplete", "/Café directory incomplete", "/Photos directory incomplete"}},
		"a path": {paths: []tree.Path{"Backups/laptop/docs"}, want: []string{
			"/ directory", "/Backups directory", "/Backups directory", "/Backups/beside.txt file 4", "/Backups/laptop directory", "/Backups/laptop directory",
			"/Backups/laptop/docs directory", "/Backups/laptop/docs/sub directory", "/Backups/laptop/docs/sub/deep.txt file 3",
			"/Backups/other directory incomplete", "/Café directory incomplete", "/Photos directory incomplete",
		}},
		"a path and a root below it": {paths: []tree.Path{"Photos"}, roots: []tree.Handle{handles[5], trashed}, want: []string{
			"/ directory", "/Backups directory", "/Backups directory incomplete", "/Backups/beside.txt file 4", "/Backups/laptop directory incomplete",
			"/Backups/other directory", "/Backups/other/hidden directory", "/Café directory incomplete", "/Photos directory", "/Photos/2024 directory",
		}},
		"accents spelled differently": {paths: []tree.Path{"Cafe\u0301/menu", "Photos/none"}, want: []string{
			"/ directory", "/Backups directory incomplete", "/Backups directory incomplete", "/Café directory", "/Café/menu directory",
			"/Photos directory", "/Photos/2024 directory incomplete",
		}},
		"a root that is gone": {roots: []tree.Handle{0x99}, want: []string{"/ directory", "/Backups directory incomplete", "/Backups directory incomplete", "/Café directory incomplete", "/Photos directory incomplete"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := c.Tree(t.Context(), test.paths, test.roots)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, outline(got)); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
			if root := got.Node(tree.Root); root.Handle != c.RootHandle() {
				t.Errorf("the tree's root is %s", root.Handle)
			}
		})
	}
}
