package cache

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// history is a small cache and every state it went through.
type history struct {
	dir      string
	states   map[SN][]Node
	snapshot []byte
	journal  []byte
}

func dump(t *testing.T, c *Cache) []Node {
	t.Helper()
	list := []Node{}
	for n, err := range c.All() {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n.Clone())
	}
	slices.SortFunc(list, func(a, b Node) int { return int(a.Handle) - int(b.Handle) })
	return list
}

func open(t *testing.T, dir string) *Cache {
	t.Helper()
	c, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func testSN(i int) SN { return SN(fmt.Sprintf("AAAAAAAA%02dE", i)) }

func makeHistory(t *testing.T) history {
	t.Helper()
	h := history{dir: t.TempDir(), states: map[SN][]Node{"": {}}}
	c := open(t, h.dir)
	if _, err := c.Build(t.Context(), &genTree{n: 130}); err != nil {
		t.Fatal(err)
	}
	h.states[c.SN()] = dump(t, c)
	for i := range 5 {
		packets := []Packet{
			{Action: "t", Nodes: []Node{{Handle: Handle(i + 1), Parent: genHandle(1), Size: 5, Attr: []byte("new"), Key: []byte("key")}}},
			{Action: "u", Handle: genHandle(5 + i), Attr: []byte("changed")},
			{Action: "d", Handle: genHandle(50 + i)},
		}
		if err := c.Apply(t.Context(), c.SN(), packets, testSN(i)); err != nil {
			t.Fatal(err)
		}
		h.states[c.SN()] = dump(t, c)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	h.snapshot, h.journal = h.read(t, h.store().snapshot(1)), h.read(t, h.store().journal(1))
	return h
}

func (h history) store() store { return store{h.dir} }

func (h history) read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (h history) write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// isTrue fails unless the cache is in a state the account was in.
func (h history) isTrue(t *testing.T, c *Cache, what string) {
	t.Helper()
	want, ok := h.states[c.SN()]
	if !ok {
		t.Fatalf("%s: the cache is at %q, where it never was", what, c.SN())
	}
	if got := dump(t, c); !reflect.DeepEqual(want, got) { // cmp takes long for thousands of states
		t.Fatalf("%s: at %q (-want +got):\n%s", what, c.SN(), cmp.Diff(want, got))
	}
}

// A journal that ends anywhere is a state the account was in, and can be continued.
func TestJournalCutAnywhere(t *testing.T) {
	h := makeHistory(t)
	for cut := range len(h.journal) + 1 {
		h.write(t, h.store().journal(1), h.journal[:cut])
		c := open(t, h.dir)
		if c.Damage() != nil {
			t.Fatalf("cut at %d: %v", cut, c.Damage())
		}
		h.isTrue(t, c, fmt.Sprintf("cut at %d", cut))
		at := c.SN()
		if err := c.Put(t.Context(), Node{Handle: 99, Parent: genHandle(1), Size: 1}); err != nil {
			t.Fatal(err)
		}
		c.Close()
		c = open(t, h.dir)
		if _, ok, err := c.Get(99); !ok || err != nil || c.SN() != at {
			t.Fatalf("cut at %d: what was added behind it: %v, %v at %q", cut, ok, err, c.SN())
		}
		c.Close()
	}
}

// What a power cut leaves as zeros is no damage.
func TestJournalUnwrittenTail(t *testing.T) {
	h := makeHistory(t)
	h.write(t, h.store().journal(1), append(bytes.Clone(h.journal), make([]byte, 10000)...))
	c := open(t, h.dir)
	if c.Damage() != nil || c.SN() != testSN(4) {
		t.Errorf("at %q, damage %v", c.SN(), c.Damage())
	}
}

// A journal with any bit wrong is damage or a state the account was in.
func TestJournalCorruptAnywhere(t *testing.T) {
	h := makeHistory(t)
	damages := 0
	for i := range h.journal {
		bad := bytes.Clone(h.journal)
		bad[i] ^= 1 << (i % 8)
		h.write(t, h.store().journal(1), bad)
		c := open(t, h.dir)
		if c.Damage() != nil {
			damages++
			if !errors.Is(c.Damage(), ErrDamaged) || c.SN() != "" {
				t.Fatalf("byte %d: %v at %q", i, c.Damage(), c.SN())
			}
		}
		h.isTrue(t, c, fmt.Sprintf("byte %d", i))
		c.Close()
	}
	if damages < len(h.journal)/2 {
		t.Errorf("only %d of %d wrong bytes were noticed", damages, len(h.journal))
	}
}

// readings is everything that can be read of a cache, each an answer or an error.
func readings(c *Cache) map[string]string {
	got := map[string]string{}
	walk := func(name string, seq func(func(Node, error) bool)) {
		var rows []byte
		for n, err := range seq {
			if err != nil {
				got[name] = "error " + err.Error()
				if !errors.Is(err, ErrDamaged) {
					got[name] = "untyped " + got[name]
				}
				return
			}
			rows = appendRow(rows, &n)
		}
		got[name] = string(rows)
	}
	walk("all", c.All())
	for i := range 132 {
		h := genHandle(i + 1)
		walk(fmt.Sprint("children ", i), c.Children(h))
		walk(fmt.Sprint("get ", i), func(yield func(Node, error) bool) {
			if n, ok, err := c.Get(h); ok || err != nil {
				yield(n, err)
			}
		})
		walk(fmt.Sprint("size ", i), c.BySize(int64(i*37)))
	}
	return got
}

// A snapshot with any byte wrong never gives a wrong answer: right ones, or ErrDamaged.
func TestSnapshotCorruptAnywhere(t *testing.T) {
	h := makeHistory(t)
	if err := os.Remove(h.store().journal(1)); err != nil {
		t.Fatal(err)
	}
	c := open(t, h.dir)
	want := readings(c)
	c.Close()
	for i := 0; i < len(h.snapshot); i += 97 {
		bad := bytes.Clone(h.snapshot)
		bad[i] ^= 0x40
		h.write(t, h.store().snapshot(1), bad)
		c := open(t, h.dir)
		damages := 0
		if c.Damage() != nil {
			damages++
		} else {
			for name, got := range readings(c) {
				if strings.HasPrefix(got, "error") {
					damages++
				} else if got != want[name] {
					t.Fatalf("byte %d: %s is %q, want %q", i, name, got, want[name])
				}
			}
		}
		if damages == 0 {
			t.Fatalf("byte %d of %d may be anything", i, len(bad))
		}
		c.Close()
	}
	c = open(t, h.dir)
	if _, err := c.Build(t.Context(), &genTree{n: 130}); err != nil || c.Damage() != nil || c.Len() != 130 {
		t.Fatalf("build after damage: %v, %v, %d nodes", err, c.Damage(), c.Len())
	}
}

func TestSnapshotCutAnywhere(t *testing.T) {
	h := makeHistory(t)
	for cut := 0; cut < len(h.snapshot); cut += 101 {
		h.write(t, h.store().snapshot(1), h.snapshot[:cut])
		c := open(t, h.dir)
		if !errors.Is(c.Damage(), ErrDamaged) || c.SN() != "" {
			t.Fatalf("cut at %d: %v at %q", cut, c.Damage(), c.SN())
		}
		c.Close()
	}
}

// A crash while a new generation is made leaves the old one, whatever is lying around.
func TestCrashWhileBuilding(t *testing.T) {
	h := makeHistory(t)
	before := open(t, h.dir)
	old := filepath.Join(h.dir, tempName+".tmp-1")
	h.write(t, old, h.snapshot[:500])
	h.write(t, h.store().journal(2), encodeJournalHeader(7)) // written before its snapshot, which never came
	if err := os.Chtimes(old, time.Time{}, time.Now().Add(-24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	c := open(t, h.dir)
	h.isTrue(t, c, "after the crash")
	if c.SN() != testSN(4) {
		t.Errorf("at %q", c.SN())
	}
	if _, err := c.Build(t.Context(), &genTree{n: 10}); err != nil || c.Len() != 10 {
		t.Fatalf("%d nodes, %v", c.Len(), err)
	}
	entries, err := os.ReadDir(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = true
	}
	want := map[string]bool{"lock": true, "tree-00000003.snapshot": true}
	if !maps.Equal(names, want) {
		t.Errorf("left in the directory: %v", names)
	}
	h.isTrue(t, before, "a reader from before, with the files it opened")
}

// A build that fails half way leaves no files.
func TestFailedBuildLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	body := generated(t, 60_000)
	if _, err := c.Build(t.Context(), bytes.NewReader(body[:len(body)-5])); err == nil {
		t.Fatal("a truncated answer was taken")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

// A journal that has grown is folded when the cache closes, and one that has grown too much at once.
func TestJournalIsFolded(t *testing.T) {
	for _, test := range []struct {
		nodes  int
		gen    uint64 // before and after Close
		closed uint64
	}{{100, 1, 1}, {8_000, 1, 2}, {30_000, 2, 2}} {
		dir := t.TempDir()
		c := open(t, dir)
		if _, err := c.Build(t.Context(), &genTree{n: 10}); err != nil {
			t.Fatal(err)
		}
		nodes := make([]Node, test.nodes)
		for i := range nodes {
			nodes[i] = Node{Handle: Handle(i + 1), Parent: genHandle(1), Size: 1, Attr: []byte(genText(i, 107))}
		}
		if err := c.Put(t.Context(), nodes...); err != nil {
			t.Fatal(err)
		}
		gen, _, err := store{dir}.generations()
		if err != nil || gen != test.gen {
			t.Errorf("%d nodes: generation %d, %v; want %d", test.nodes, gen, err, test.gen)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if gen, _, err = (store{dir}).generations(); err != nil || gen != test.closed {
			t.Errorf("%d nodes, closed: generation %d, %v; want %d", test.nodes, gen, err, test.closed)
		}
		if c := open(t, dir); c.Len() != 10+test.nodes {
			t.Errorf("%d nodes, opened again: %d", test.nodes, c.Len())
		}
	}
}

func TestPrivateFiles(t *testing.T) {
	h := makeHistory(t)
	entries, err := os.ReadDir(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 && os.PathSeparator == '/' {
			t.Errorf("%s: %v, %v", e.Name(), info.Mode(), err)
		}
	}
}

func TestOtherAccount(t *testing.T) {
	h := makeHistory(t)
	c, err := Open(h.dir, Options{User: 5})
	if err != nil || !errors.Is(c.Damage(), ErrDamaged) || c.SN() != "" {
		t.Errorf("%v, damage %v", err, c.Damage())
	}
}

var update = flag.Bool("update", false, "rewrite testdata")

// The format on disk does not change by accident: what is in testdata was written once and still reads. A change that
// breaks it needs new magic numbers, and new samples.
func TestFormat(t *testing.T) {
	sample := filepath.Join("testdata", "v1")
	if *update {
		h := makeHistory(t)
		if err := errors.Join(os.RemoveAll(sample), os.Remove(filepath.Join(h.dir, "lock")), os.CopyFS(sample, os.DirFS(h.dir))); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(sample)); err != nil {
		t.Fatal(err)
	}
	c := open(t, dir)
	h := makeHistory(t)
	if c.Damage() != nil || c.SN() != testSN(4) {
		t.Fatalf("at %q, damage %v", c.SN(), c.Damage())
	}
	h.isTrue(t, c, "the sample")
}

// FuzzFrame: no payload panics, and what decodes encodes to the same changes again.
func FuzzFrame(f *testing.F) {
	n := Node{Handle: 5, Parent: 6, Size: 7, Attr: []byte("a"), Key: []byte{}, Type: Folder}
	f.Add(encodeFrame("AAAAAAAAAAE", []change{{handle: 5, node: &n, hides: true, size: 300}, {handle: 6, size: -1}})[frameHeader:])
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, payload []byte) {
		var got []change
		sn, err := decodeFrame(payload, func(c change) { got = append(got, c) })
		if err != nil {
			return
		}
		var again []change
		sn2, err := decodeFrame(encodeFrame(sn, got)[frameHeader:], func(c change) { again = append(again, c) })
		if err != nil || sn != sn2 || !cmp.Equal(got, again, cmp.AllowUnexported(change{})) {
			t.Errorf("%q comes back as %q, %v:\n%s", sn, sn2, err, cmp.Diff(got, again, cmp.AllowUnexported(change{})))
		}
	})
}

// FuzzReplay: no journal panics, and none is read past its end.
func FuzzReplay(f *testing.F) {
	f.Add(encodeFrame("AAAAAAAAAAE", []change{{handle: 6, size: -1}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		end, err := replay(&memFile{b}, 0, int64(len(b)), func([]byte) error { return nil })
		if end > int64(len(b)) || err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("%d of %d bytes, %v", end, len(b), err)
		}
	})
}

// FuzzSnapshot changes bytes of a snapshot and makes every checksum right again: whatever comes out, nothing panics.
func FuzzSnapshot(f *testing.F) {
	c := Memory(Options{})
	if _, err := c.Build(f.Context(), &genTree{n: 130}); err != nil {
		f.Fatal(err)
	}
	good := c.v.base.f.(*memFile).b
	f.Add(uint16(headerSize+40), []byte{0xff, 0xff, 0xff, 0xff, 0xff})
	f.Add(uint16(24), []byte{0xff})
	f.Add(uint16(len(good)-20), []byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, at uint16, with []byte) {
		b := bytes.Clone(good)
		copy(b[int(at)%len(b):], with)
		mendChecksums(b)
		base, err := openSnapshot(&memFile{b}, int64(len(b)))
		if err != nil {
			return
		}
		c := Memory(Options{})
		c.v = newView(base)
		readings(c)
		_ = c.v.rows(func(record, []byte) error { return nil })
	})
}

func mendChecksums(b []byte) {
	le.PutUint32(b[headerSize-4:], checksum(b[:headerSize-4]))
	h, err := decodeHeader(b)
	if err != nil || h.end() != int64(len(b)) {
		return
	}
	fences := b[h.fences():]
	for _, t := range []struct {
		off   int64
		entry int
		count uint64
	}{{h.records(), rowSize, h.nodes}, {h.handles(), pairSize, h.nodes}, {h.sizes(), pairSize, h.files}} {
		for i := range blocks(int(t.count), t.entry) {
			from := t.off + int64(i)*blockSize
			to := min(from+blockSize, t.off+int64(t.count)*int64(t.entry))
			le.PutUint32(fences[16:], checksum(b[from:to]))
			fences = fences[fenceSize:]
		}
	}
	le.PutUint64(b[8+8*5:], uint64(checksum(b[h.fences():])))
	le.PutUint32(b[headerSize-4:], checksum(b[:headerSize-4]))
}
