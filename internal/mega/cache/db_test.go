package cache_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/mega/transfer"
)

func openDB(t testing.TB, dir string) *cache.DB {
	t.Helper()
	d, err := cache.OpenDB(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func proof(dir, name string, h cache.Handle, equal bool) cache.Proof {
	return cache.Proof{
		Dir: dir, Name: name, Handle: h, Equal: equal,
		Identity: cache.Identity{Size: 5, MTime: -7, CTime: 1<<62 + 3, Inode: 1<<64 - 1},
	}
}

func TestRule9_Proofs(t *testing.T) {
	odd := "odd\xff\x00'name"
	all := []cache.Proof{
		proof("/", "top", 1, true),
		proof("/a", "x", 2, true),
		proof("/a", "x", 3, false),
		proof("/a", odd, 4, true),
		proof("/a!b", "x", 5, true), // '!' sorts before '/'
		proof("/a/b", "x", 6, true),
		proof("/a/b/c", "x", 7, true),
		proof("/a0", "x", 8, true), // '0' sorts behind '/'
		proof("/ab", "x", 1<<48-1, true),
	}
	dir := t.TempDir()
	d := openDB(t, dir)
	stale := all[1]
	stale.Size, stale.Equal = 99, false
	if err := errors.Join(d.Proofs().Add(t.Context(), stale), d.Proofs().Add(t.Context(), all...), d.Close()); err != nil {
		t.Fatal(err)
	}
	p := openDB(t, dir).Proofs()
	for _, test := range []struct {
		name string
		read func() ([]cache.Proof, error)
		want []cache.Proof
	}{
		{
			"below /", func() ([]cache.Proof, error) { return p.Below(t.Context(), "/") },
			[]cache.Proof{all[0], all[3], all[1], all[2], all[4], all[5], all[6], all[7], all[8]},
		},
		{"below /a", func() ([]cache.Proof, error) { return p.Below(t.Context(), "/a") }, []cache.Proof{all[3], all[1], all[2], all[5], all[6]}},
		{"in /a", func() ([]cache.Proof, error) { return p.In(t.Context(), "/a") }, []cache.Proof{all[3], all[1], all[2]}},
		{"in /none", func() ([]cache.Proof, error) { return p.In(t.Context(), "/none") }, nil},
	} {
		got, err := test.read()
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// Proofs that come a few at a time lie in few packs, and of each file and node the last one counts, whichever pack has it.
func TestProofsComeTogether(t *testing.T) {
	d := openDB(t, t.TempDir())
	want := map[string]cache.Proof{}
	const files = 300
	for i := range 3 * files {
		one := proof("/dir", fmt.Sprint("file", i%files*7%files), cache.Handle(1), true)
		one.Size = int64(i)
		want[one.Name] = one
		if err := d.Proofs().Add(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	got, err := d.Proofs().In(t.Context(), "/dir")
	if err != nil || len(got) != files {
		t.Fatalf("%d proofs, %v", len(got), err)
	}
	for i, one := range got {
		if one != want[one.Name] {
			t.Errorf("got %+v, want %+v", one, want[one.Name])
		}
		if i > 0 && got[i-1].Name >= one.Name {
			t.Errorf("%s comes before %s", got[i-1].Name, one.Name)
		}
	}
	if n := cache.CountPacks(d); n > 12 {
		t.Errorf("%d packs", n)
	}
}

// A file that changes daily does not fill the disk: its last few nodes are remembered.
func TestProofsOfAFileThatChanges(t *testing.T) {
	d := openDB(t, t.TempDir())
	for i := range 100 {
		if err := d.Proofs().Add(t.Context(), proof("/dir", "log", cache.Handle(100-i), true), proof("/dir", "other", 1000, true)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := d.Proofs().In(t.Context(), "/dir")
	if err != nil || len(got) > 20 || got[0].Handle != 1 || got[len(got)-1].Name != "other" {
		t.Errorf("%d proofs, %v", len(got), err)
	}
}

// A pack that is not whole proves nothing, and is no trouble.
func FuzzPack(f *testing.F) {
	f.Add(cache.AppendPack(nil, []cache.Proof{proof("", "a", 1, true), proof("", "", 2, false)}))
	f.Add([]byte{0xff, 0xff})
	f.Fuzz(func(t *testing.T, pack []byte) {
		list := cache.ReadPack(nil, "", pack)
		if list != nil && !cmp.Equal(cache.ReadPack(nil, "", cache.AppendPack(nil, list)), list) {
			t.Errorf("%v is another after writing it", list)
		}
		for i := range pack {
			spoilt := bytes.Clone(pack)
			spoilt[i] ^= 1
			if list != nil && cache.ReadPack(nil, "", spoilt) != nil {
				t.Errorf("byte %d does not matter", i)
			}
		}
	})
}

func upload(started time.Time, done ...cache.Done) cache.Upload {
	return cache.Upload{
		Source: cache.Identity{Size: 1 << 40, MTime: 1, CTime: 2, Inode: 3}, URL: "http://h/ul/1", Key: []byte{0, 1, 2}, Started: started, Done: done,
	}
}

// The types fit those of package transfer, which stands beside this one and cannot be imported: the door converts them.
var (
	_ = transfer.Identity(cache.Identity{})
	_ = transfer.Done(cache.Done{})
)

func TestUploads(t *testing.T) {
	dir := t.TempDir()
	u := openDB(t, dir).Uploads()
	now := time.Unix(0, time.Now().UnixNano())
	want := upload(now, cache.Done{First: 0, MACs: []crypt.MAC{{1}, {2}}}, cache.Done{First: 7, MACs: []crypt.MAC{{3}}})
	err := errors.Join(u.Begin(t.Context(), "big\xff", upload(now, cache.Done{First: 5, MACs: []crypt.MAC{{9}}})), u.Begin(t.Context(), "big\xff", upload(now)),
		u.Add(t.Context(), "big\xff", want.Done[1]), u.Add(t.Context(), "big\xff", want.Done[0]), u.Begin(t.Context(), "other", upload(now)),
		u.Add(t.Context(), "unknown", want.Done[0]))
	if err != nil {
		t.Fatal(err)
	}
	u2 := openDB(t, dir).Uploads() // another process
	got, found, err := u2.Load(t.Context(), "big\xff")
	if err != nil || !found {
		t.Fatalf("found %v, %v", found, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("upload (-want +got):\n%s", diff)
	}
	if got, found, err := u2.Load(t.Context(), "other"); !found || err != nil || got.Done != nil {
		t.Errorf("other: %+v, %v, %v", got, found, err)
	}
	if err := errors.Join(u2.Delete(t.Context(), "big\xff"), u2.Delete(t.Context(), "none")); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"big\xff", "unknown"} {
		if _, found, err := u.Load(t.Context(), key); found || err != nil {
			t.Errorf("%q: found %v, %v", key, found, err)
		}
	}
	// Nothing of the deleted one hangs on to the next.
	if err := u.Begin(t.Context(), "big\xff", upload(now)); err != nil {
		t.Fatal(err)
	}
	if got, _, _ := u.Load(t.Context(), "big\xff"); got.Done != nil {
		t.Errorf("chunks of an earlier upload: %v", got.Done)
	}
}

// An address that MEGA no longer honours is not offered, and its row goes with the next upload.
func TestUploadsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, err := cache.OpenDB(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		u, ctx := d.Uploads(), t.Context()
		if err := u.Begin(ctx, "old", upload(time.Now())); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			pass time.Duration
			want bool
		}{{47 * time.Hour, true}, {time.Hour, true}, {time.Second, false}} {
			time.Sleep(step.pass)
			if _, found, err := u.Load(ctx, "old"); found != step.want || err != nil {
				t.Errorf("after %v more: found %v, %v", step.pass, found, err)
			}
		}
		if err := u.Begin(ctx, "new", upload(time.Now())); err != nil {
			t.Fatal(err)
		}
		if n := cache.CountUploads(d); n != 1 {
			t.Errorf("%d rows", n)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A damaged database is set aside, when it is opened and when it turns out later.
func TestDamagedDatabase(t *testing.T) {
	for name, spoil := range map[string]func([]byte) []byte{
		"not a database": func([]byte) []byte { return bytes.Repeat([]byte("no"), 5000) },
		"zeros inside":   func(b []byte) []byte { clear(b[100:]); return b },
		"cut off":        func(b []byte) []byte { return b[:len(b)/2] },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "proofs.db")
			d := openDB(t, dir)
			var list []cache.Proof
			for i := range 2000 {
				list = append(list, proof("/dir", fmt.Sprint("file", i), cache.Handle(i+1), true))
			}
			if err := errors.Join(d.Proofs().Add(t.Context(), list...), d.Close()); err != nil {
				t.Fatal(err)
			}
			good, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			bad := spoil(bytes.Clone(good))
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			d = openDB(t, dir)
			if got, err := d.Proofs().In(t.Context(), "/dir"); err != nil || len(got) != 0 {
				t.Errorf("%d proofs, %v", len(got), err)
			}
			if err := d.Proofs().Add(t.Context(), list[0]); err != nil {
				t.Error(err)
			}
			if got, err := d.Proofs().In(t.Context(), "/dir"); err != nil || len(got) != 1 {
				t.Errorf("%d proofs, %v", len(got), err)
			}
			if aside, err := os.ReadFile(path + ".damaged"); err != nil || !bytes.Equal(aside, bad) {
				t.Errorf("not set aside: %d bytes, %v", len(aside), err)
			}
		})
	}
}

func TestDatabaseOfAnotherVersion(t *testing.T) {
	dir := t.TempDir()
	d := openDB(t, dir)
	cache.SetVersion(d, 99)
	if err := errors.Join(d.Proofs().Add(t.Context(), proof("/a", "x", 1, true)), d.Close()); err != nil {
		t.Fatal(err)
	}
	if got, err := openDB(t, dir).Proofs().In(t.Context(), "/a"); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestDatabaseIsPrivateWhereverItIs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a?b#c%20d e")
	d := openDB(t, dir)
	if err := d.Proofs().Add(t.Context(), proof("/a", "x", 1, true)); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		t.Fatalf("%v, %v", entries, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 && os.PathSeparator == '/' {
			t.Errorf("%s: %v, %v", e.Name(), info.Mode(), err)
		}
	}
}

// Several handles, opened at the same moment, write without getting in each other's way.
func TestDatabaseShared(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			d, err := cache.OpenDB(dir)
			if err != nil {
				t.Error(err)
				return
			}
			defer d.Close()
			for i := range 20 {
				if err := d.Proofs().Add(t.Context(), proof("/shared", fmt.Sprintf("%d-%d", w, i), 1, true)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got, err := openDB(t, dir).Proofs().In(t.Context(), "/shared"); len(got) != 80 || err != nil {
		t.Errorf("%d proofs, %v", len(got), err)
	}
}

func TestClosedDatabase(t *testing.T) {
	d := openDB(t, t.TempDir())
	if err := errors.Join(d.Close(), d.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Proofs().In(t.Context(), "/"); !errors.Is(err, os.ErrClosed) {
		t.Errorf("error = %v", err)
	}
}

// SQLite's port works with one version of its C library only: the one it was made with.
func TestLibcIsTheOneSQLiteNames(t *testing.T) {
	cmd := exec.Command("go", "list", "-m", "-json", "modernc.org/sqlite", "modernc.org/libc")
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=readonly")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var modules [2]struct{ Path, Version, GoMod string }
	dec := json.NewDecoder(bytes.NewReader(out))
	for i := range modules {
		if err := dec.Decode(&modules[i]); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(modules[0].GoMod)
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`(?m)^\s*modernc\.org/libc (v\S+)`).FindSubmatch(text)
	if named == nil || string(named[1]) != modules[1].Version {
		t.Errorf("go.mod has %s %s, but %s %s names %q", modules[1].Path, modules[1].Version, modules[0].Path, modules[0].Version, named)
	}
}

func BenchmarkProofs100k(b *testing.B) {
	dir := b.TempDir()
	d := openDB(b, dir)
	var list []cache.Proof
	for i := range 100_000 {
		list = append(list, proof(fmt.Sprintf("/home/somebody/documents/folder%04d", i/100), fmt.Sprintf("file-%06d.txt", i), cache.Handle(i+1), true))
	}
	if err := d.Proofs().Add(b.Context(), list...); err != nil {
		b.Fatal(err)
	}
	b.Run("add", func(b *testing.B) {
		for b.Loop() {
			if err := d.Proofs().Add(b.Context(), list...); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("below", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if got, err := d.Proofs().Below(b.Context(), "/home"); err != nil || len(got) != len(list) {
				b.Fatal(len(got), err)
			}
		}
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			d, err := cache.OpenDB(dir)
			if err != nil {
				b.Fatal(err)
			}
			d.Close()
		}
	})
}
