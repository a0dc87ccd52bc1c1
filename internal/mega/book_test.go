package mega_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/tree"
)

// facts lists everything a tree says of its nodes.
func facts(tr *tree.Tree) map[tree.Path][]tree.Node {
	all := map[tree.Path][]tree.Node{}
	for id := range tr.Walk(tree.Root) {
		all[tr.Path(id)] = append(all[tr.Path(id)], tr.Node(id))
	}
	return all
}

// library is an account with a folder that is worth a book, and the directory of a cache that has just been made of it.
type library struct {
	*house
	folder  tree.Handle
	folders []tree.Handle
	files   []tree.Handle
	dir     string
}

func newLibrary(t *testing.T) *library {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	l := &library{house: h, folder: folder(t, c, c.RootHandle(), "library"), dir: t.TempDir()}
	specs := make([]mega.NewFolder, 600)
	for i := range specs {
		specs[i] = mega.NewFolder{Parent: l.folder, Name: fmt.Sprint("secret shelf ", i)}
		if i >= 20 {
			specs[i] = mega.NewFolder{Under: 1 + i%20, Name: fmt.Sprint("box ", i)}
		}
	}
	var err error
	if l.folders, err = c.CreateFolders(t.Context(), specs); err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		up := upload(t, c, l.folders[i%3], fmt.Sprint("file ", i), content(i), func(u *mega.Upload) {
			if i%4 == 1 {
				u.Meta = `{"v":1,"m":420,"l":1}`
			}
		})
		l.files = append(l.files, up.Handle)
	}
	for i := range 3 {
		up := upload(t, c, l.folders[0], "file 0", content(50+i), func(u *mega.Upload) { u.Replace, u.KeepVersion = l.files[0], true })
		l.files[0] = up.Handle
	}
	return l
}

// read opens a client on the cache, brings it up to date and compares its tree with that of a client that remembers nothing.
func (l *library) read(t *testing.T, version string) {
	t.Helper()
	c, err := mega.Open(mega.Options{Endpoint: l.URL, CacheDir: l.dir, UserAgent: version}, l.session)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.compare(t, c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

func (l *library) compare(t *testing.T, c *mega.Client) {
	t.Helper()
	plain := l.client(t, func(o *mega.Options) { o.CacheDir = "" })
	var got [2]*tree.Tree
	for i, c := range []*mega.Client{plain, c} {
		var err error
		if got[i], err = c.Tree(t.Context(), []tree.Path{"library"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(facts(got[0]), facts(got[1])); diff != "" {
		t.Fatalf("the tree with names of earlier runs (-without +with):\n%s", diff)
	}
}

// kept counts the names a later run finds.
func (l *library) kept(t *testing.T, version string) int {
	t.Helper()
	c, err := mega.Open(mega.Options{Endpoint: l.URL, CacheDir: l.dir, UserAgent: version}, l.session)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return mega.KeptNames(c, l.folder)
}

func (l *library) books(t *testing.T) []string {
	t.Helper()
	books, err := filepath.Glob(filepath.Join(l.dir, "tree-*.aside-*"))
	if err != nil {
		t.Fatal(err)
	}
	return books
}

func TestNamesAreKeptForLaterRuns(t *testing.T) {
	l := newLibrary(t)
	if n := l.kept(t, "one"); n != 0 {
		t.Errorf("%d names before the first run", n)
	}
	l.read(t, "one")
	if n := l.kept(t, "one"); n != 612 {
		t.Errorf("%d names kept, want all 612", n)
	}
	before, err := os.Stat(l.books(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	l.read(t, "one")
	if after, err := os.Stat(l.books(t)[0]); err != nil || !os.SameFile(before, after) {
		t.Errorf("written anew though nothing changed, %v", err)
	}
	// Nothing that could be read without the master key lies in the directory.
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(l.dir, e.Name()))
		if err != nil || bytes.Contains(data, []byte("shelf")) {
			t.Errorf("%s shows a name, %v", e.Name(), err)
		}
	}
	if n := l.kept(t, "two"); n != 0 {
		t.Errorf("another release takes %d names", n)
	}
	l.read(t, "two")
	if n := l.kept(t, "two"); n != 612 || len(l.books(t)) != 1 {
		t.Errorf("another release keeps %d names in %d files", n, len(l.books(t)))
	}
}

func TestKeptNamesThatAreDamaged(t *testing.T) {
	l := newLibrary(t)
	l.read(t, "")
	for name, spoil := range map[string]func([]byte) []byte{
		"a bit":    func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"cut off":  func(b []byte) []byte { return b[:len(b)-20] },
		"nothing":  func([]byte) []byte { return nil },
		"its head": func(b []byte) []byte { return b[:9] },
		"the rest": func(b []byte) []byte { return b[:16] },
		"a length": func(b []byte) []byte { b[19] = 0xff; return b },
		"of elsewhere": func(b []byte) []byte {
			b[0] ^= 1
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			book := l.books(t)[0]
			good, err := os.ReadFile(book)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(book, spoil(bytes.Clone(good)), 0o600); err != nil {
				t.Fatal(err)
			}
			if n := l.kept(t, ""); n != 0 {
				t.Errorf("%d names are believed", n)
			}
			l.read(t, "")
			if n := l.kept(t, ""); n != 612 {
				t.Errorf("%d names afterwards", n)
			}
		})
	}
}

// Whatever another client does: a tree read with the names of earlier runs is the tree.
func TestKeptNamesFollowEveryChange(t *testing.T) {
	l := newLibrary(t)
	l.read(t, "")
	other := l.client(t, nil)
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(list []tree.Handle) tree.Handle { return list[random.IntN(len(list))] }
	mark := mega.TrashMark{At: time.Unix(1_700_000_000, 0), Address: "backup.x", Path: "x"}
	for i := range 60 {
		var err error
		switch f := pick(l.files); i % 10 {
		case 0:
			err = other.Move(t.Context(), f, pick(l.folders), fmt.Sprint("moved ", i))
		case 1:
			err = other.Move(t.Context(), l.folders[30+i], pick(l.folders[:20]), fmt.Sprint("renamed ", i))
		case 2:
			up := upload(t, other, pick(l.folders), fmt.Sprint("new ", i), content(i), nil)
			l.files = append(l.files, up.Handle)
		case 3:
			place, lerr := other.Locate(f)
			if lerr != nil {
				t.Fatal(lerr)
			}
			up := upload(t, other, place.Parent, place.Node.Name, content(100+i), func(u *mega.Upload) { u.Replace, u.KeepVersion = f, true })
			l.files[slices.Index(l.files, f)] = up.Handle
		case 4:
			var old []tree.Node
			if old, err = other.Versions(l.files[0]); err == nil && len(old) > 0 {
				err = other.DeleteVersion(t.Context(), old[random.IntN(len(old))].Handle)
			}
		case 5:
			err = other.Trash(t.Context(), l.folders[len(l.folders)-1], mark)
			l.folders = l.folders[:len(l.folders)-1]
		case 6:
			err = other.SetAttributes(t.Context(), f, map[string]string{"_mp": `{"v":1,"m":384}`, "fav": "1"})
		case 7:
			last := len(l.files) - 1
			err = other.Delete(t.Context(), l.files[last])
			l.files = l.files[:last]
		case 8:
			err = other.SetFingerprint(t.Context(), f, [16]byte{byte(i)}, int64(i), "")
		case 9:
			l.read(t, "")
		}
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	l.read(t, "")
	if n := l.kept(t, ""); n < 500 {
		t.Errorf("only %d names were kept all the time", n)
	}
}
