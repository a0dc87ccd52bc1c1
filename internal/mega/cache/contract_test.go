package cache_test

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/mega/cache"
)

// kind is a way to have a cache; again gives the same cache as another run would find it.
type kind struct {
	open  func(t *testing.T) *cache.Cache
	again func(t *testing.T, c *cache.Cache) *cache.Cache
}

// kinds are all of them: the contract holds for each.
func kinds(t *testing.T) map[string]kind {
	dir := t.TempDir()
	open := func(t *testing.T) *cache.Cache {
		t.Helper()
		c, err := cache.Open(dir, cache.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	return map[string]kind{
		"memory": {
			open:  func(*testing.T) *cache.Cache { return cache.Memory(cache.Options{}) },
			again: func(_ *testing.T, c *cache.Cache) *cache.Cache { return c },
		},
		"directory": {
			open: open,
			again: func(t *testing.T, c *cache.Cache) *cache.Cache {
				if err := c.Close(); err != nil {
					t.Fatal(err)
				}
				return open(t)
			},
		},
		"folded": {
			open: open,
			again: func(t *testing.T, c *cache.Cache) *cache.Cache {
				if err := errors.Join(c.Fold(t.Context()), c.Close()); err != nil {
					t.Fatal(err)
				}
				return open(t)
			},
		},
	}
}

// contract runs a test against every kind of cache, on a tree built from testTree.
func contract(t *testing.T, test func(t *testing.T, c *cache.Cache, again func() *cache.Cache)) {
	for name, k := range kinds(t) {
		t.Run(name, func(t *testing.T) {
			c := k.open(t)
			build(t, c, testTree)
			test(t, c, func() *cache.Cache {
				c = k.again(t, c)
				return c
			})
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

const firstSN = "AAAAAAAAAAE"

// testTree is R/{docs/{a,b}, pics/{}, a2}, with two versions of a; the bin holds old.
const testTree = `{"h":"Rrrrrrrr","t":2,"a":"","k":""},{"h":"Vvvvvvvv","t":3},{"h":"Bbbbbbbb","t":4},
{"h":"Docs0001","p":"Rrrrrrrr","t":1,"a":"docs","k":"dk","ts":1},{"h":"Pics0001","p":"Rrrrrrrr","t":1,"a":"pics","k":"pk"},
{"h":"FileA000","p":"Docs0001","t":0,"s":10,"a":"a","k":"ak","ts":9,"fa":"fa"},{"h":"FileB000","p":"Docs0001","t":0,"s":20,"a":"b","k":"bk","ts":9},
{"h":"FileA200","p":"Rrrrrrrr","t":0,"s":10,"a":"a2","k":"a2k"},{"h":"OldA0001","p":"FileA000","t":0,"s":10,"a":"v1","ts":8},
{"h":"OldA0002","p":"OldA0001","t":0,"s":7,"a":"v2","ts":7},{"h":"OldTrash","p":"Bbbbbbbb","t":0,"s":10}`

func build(t *testing.T, c *cache.Cache, nodes string) {
	t.Helper()
	body := `[{"f":[` + nodes + `],"u":[{"u":"Uuuuuuuuuu0","c":2}],"sn":"` + firstSN + `"}]`
	if _, err := c.Build(t.Context(), strings.NewReader(body)); err != nil {
		t.Fatal(err)
	}
}

// names returns handles as text, in the order they come.
func names(t *testing.T, nodes iter.Seq2[cache.Node, error]) []string {
	t.Helper()
	got := []string{}
	for n, err := range nodes {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, n.Handle.String())
	}
	return got
}

func get(t *testing.T, c *cache.Cache, h string) (cache.Node, bool) {
	t.Helper()
	n, ok, err := c.Get(handle(t, h))
	if err != nil {
		t.Fatal(err)
	}
	return n, ok
}

func wantNames(t *testing.T, what string, nodes iter.Seq2[cache.Node, error], want ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), names(t, nodes)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// packets reads packets as the event channel sends them.
func packets(t *testing.T, texts ...string) []cache.Packet {
	t.Helper()
	var list []cache.Packet
	for _, text := range texts {
		p, err := cache.ParsePacket([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

func apply(t *testing.T, c *cache.Cache, to cache.SN, texts ...string) {
	t.Helper()
	if err := c.Apply(t.Context(), c.SN(), packets(t, texts...), to); err != nil {
		t.Fatal(err)
	}
}

func TestReads(t *testing.T) {
	contract(t, func(t *testing.T, _ *cache.Cache, again func() *cache.Cache) {
		c := again()
		if c.SN() != firstSN || c.Len() != 11 || c.User() != user(t, "Uuuuuuuuuu0") || c.Damage() != nil {
			t.Errorf("SN %q, %d nodes, user %s, damage %v", c.SN(), c.Len(), c.User(), c.Damage())
		}
		wantNames(t, "root", c.Children(handle(t, "Rrrrrrrr")), "Docs0001", "FileA200", "Pics0001")
		wantNames(t, "docs", c.Children(handle(t, "Docs0001")), "FileA000", "FileB000")
		wantNames(t, "pics", c.Children(handle(t, "Pics0001")))
		wantNames(t, "versions", c.Versions(handle(t, "FileA000")), "OldA0001", "OldA0002")
		wantNames(t, "size 10", c.BySize(10), "FileA000", "FileA200", "OldA0001", "OldTrash")
		wantNames(t, "size 11", c.BySize(11))
		for size, want := range map[int64]int{10: 4, 20: 1, 7: 1, 11: 0, 0: 0, -1: 0} {
			if n, err := c.CountSize(size); n != want || err != nil {
				t.Errorf("%d files of size %d, %v; want %d", n, size, err, want)
			}
		}
		if got := len(names(t, c.All())); got != 11 {
			t.Errorf("All gives %d nodes", got)
		}
		roots, err := c.Roots()
		if err != nil || len(roots) != 3 || roots[0].Handle != handle(t, "Rrrrrrrr") || roots[2].Type != cache.Bin {
			t.Errorf("roots %v, %v", roots, err)
		}
		n, _ := get(t, c, "FileA000")
		want := cache.Node{
			Handle: handle(t, "FileA000"), Parent: handle(t, "Docs0001"), Size: 10, Time: 9,
			Attr: []byte("a"), Key: []byte("ak"), FileAttr: []byte("fa"),
		}
		if diff := cmp.Diff(want, n); diff != "" {
			t.Errorf("node (-want +got):\n%s", diff)
		}
		if root, _ := get(t, c, "Rrrrrrrr"); root.Attr == nil || root.FileAttr != nil || root.Size != -1 {
			t.Errorf("root %+v: sent and not sent are not told apart", root)
		}
		if _, ok := get(t, c, "Nothing0"); ok {
			t.Error("a node that is not there was found")
		}
	})
}

func TestPackets(t *testing.T) {
	contract(t, func(t *testing.T, c *cache.Cache, again func() *cache.Cache) {
		apply(t, c, "AAAAAAAAAAI",
			// a new version of a: the old one hangs below it
			`{"a":"t","t":{"f":[{"h":"FileA001","p":"Docs0001","t":0,"s":12,"a":"a","k":"k"}],"f2":[{"h":"FileA000","p":"FileA001","t":0,"s":10,"a":"a","k":"ak","ts":9}]}}`,
			`{"a":"u","n":"FileB000","at":"renamed","ts":9}`, `{"a":"fa","n":"FileB000","fa":"thumb"}`, `{"a":"u","n":"Nothing0","at":"x"}`,
			// docs moves into pics
			`{"a":"d","n":"Docs0001","m":1}`, `{"a":"t","t":{"f":[{"h":"Docs0001","p":"Pics0001","t":1,"a":"docs","k":"dk","ts":1}]}}`,
			`{"a":"d","n":"OldTrash"}`, `{"a":"ua","u":"Uuuuuuuuuu0","ua":["x"]}`)
		c = again()
		if c.SN() != "AAAAAAAAAAI" || c.Len() != 11 {
			t.Errorf("SN %q, %d nodes", c.SN(), c.Len())
		}
		wantNames(t, "root", c.Children(handle(t, "Rrrrrrrr")), "FileA200", "Pics0001")
		wantNames(t, "pics", c.Children(handle(t, "Pics0001")), "Docs0001")
		wantNames(t, "docs", c.Children(handle(t, "Docs0001")), "FileA001", "FileB000")
		wantNames(t, "versions", c.Versions(handle(t, "FileA001")), "FileA000", "OldA0001", "OldA0002")
		wantNames(t, "size 10", c.BySize(10), "FileA000", "FileA200", "OldA0001")
		wantNames(t, "size 12", c.BySize(12), "FileA001")
		if n, _ := get(t, c, "FileB000"); string(n.Attr) != "renamed" || string(n.Key) != "bk" || string(n.FileAttr) != "thumb" || n.Size != 20 {
			t.Errorf("edited node %+v", n)
		}
		apply(t, c, "AAAAAAAAAAM", `{"a":"d","n":"Pics0001"}`)
		c = again()
		if c.Len() != 4 {
			t.Errorf("%d nodes after a folder with everything below it went: %v", c.Len(), names(t, c.All()))
		}
		if n, err := c.CountSize(10); n != 1 || err != nil {
			t.Errorf("%d of size 10, %v", n, err)
		}
	})
}

func TestOwnChanges(t *testing.T) {
	contract(t, func(t *testing.T, c *cache.Cache, again func() *cache.Cache) {
		file := cache.Node{Handle: handle(t, "NewFile0"), Parent: handle(t, "Pics0001"), Size: 5, Attr: []byte("n"), Key: []byte("k"), Time: 3}
		ctx := t.Context()
		err := errors.Join(c.Put(ctx, file), c.Move(ctx, handle(t, "FileB000"), handle(t, "Bbbbbbbb")),
			c.SetAttr(ctx, handle(t, "FileA200"), []byte("touched")), c.Remove(ctx, handle(t, "FileA000")))
		if err != nil {
			t.Fatal(err)
		}
		check := func(what string) {
			t.Helper()
			c = again()
			wantNames(t, what+": pics", c.Children(file.Parent), "NewFile0")
			wantNames(t, what+": docs", c.Children(handle(t, "Docs0001")))
			wantNames(t, what+": bin", c.Children(handle(t, "Bbbbbbbb")), "FileB000", "OldTrash")
			if n, _ := get(t, c, "FileA200"); string(n.Attr) != "touched" {
				t.Errorf("%s: attributes %s", what, n.Attr)
			}
			if n, _ := get(t, c, "NewFile0"); !cmp.Equal(n, file) {
				t.Errorf("%s: new file %+v", what, n)
			}
			if c.Len() != 9 {
				t.Errorf("%s: %d nodes", what, c.Len())
			}
		}
		check("at once")
		if c.SN() != firstSN {
			t.Errorf("own changes moved the position to %q", c.SN())
		}
		// The events that tell of the same things change nothing more.
		apply(t, c, "AAAAAAAAAAI",
			`{"a":"t","t":{"f":[{"h":"NewFile0","p":"Pics0001","t":0,"s":5,"a":"n","k":"k","ts":3}]}}`,
			`{"a":"d","n":"FileB000","m":1}`, `{"a":"t","t":{"f":[{"h":"FileB000","p":"Bbbbbbbb","t":0,"s":20,"a":"b","k":"bk","ts":9}]}}`,
			`{"a":"u","n":"FileA200","at":"touched"}`, `{"a":"d","n":"FileA000"}`)
		check("told again")
	})
}

func TestApplyElsewhere(t *testing.T) {
	contract(t, func(t *testing.T, c *cache.Cache, _ func() *cache.Cache) {
		err := c.Apply(t.Context(), "AAAAAAAAAAM", packets(t, `{"a":"d","n":"Docs0001"}`), "AAAAAAAAAAQ")
		if !errors.Is(err, cache.ErrMoved) || c.Len() != 11 {
			t.Errorf("error %v, %d nodes", err, c.Len())
		}
		apply(t, c, firstSN) // no packets, nothing new
		apply(t, c, "AAAAAAAAAAI")
		if c.SN() != "AAAAAAAAAAI" {
			t.Errorf("position %q", c.SN())
		}
	})
}

// A failed build leaves what was there; a new one replaces it.
func TestBuildAgain(t *testing.T) {
	contract(t, func(t *testing.T, c *cache.Cache, again func() *cache.Cache) {
		apply(t, c, "AAAAAAAAAAI", `{"a":"d","n":"Docs0001"}`)
		_, err := c.Build(t.Context(), strings.NewReader(`[{"f":[{"h":"Rrrrrrrr","t":2}`))
		if err == nil || c.Len() != 6 || again().Len() != 6 {
			t.Errorf("after a broken build: %v, %d nodes", err, c.Len())
		}
		c = again()
		build(t, c, `{"h":"Rrrrrrrr","t":2}`)
		c = again()
		if c.Len() != 1 || c.SN() != firstSN {
			t.Errorf("%d nodes at %q", c.Len(), c.SN())
		}
	})
}

func TestEmptyAccount(t *testing.T) {
	contract(t, func(t *testing.T, c *cache.Cache, again func() *cache.Cache) {
		build(t, c, "")
		c = again()
		wantNames(t, "nothing", c.All())
		wantNames(t, "nothing of size 0", c.BySize(0))
		apply(t, c, "AAAAAAAAAAI", `{"a":"t","t":{"f":[{"h":"FileA000","p":"Rrrrrrrr","t":0,"s":0}]}}`)
		c = again()
		wantNames(t, "one", c.All(), "FileA000")
		wantNames(t, "one of size 0", c.BySize(0), "FileA000")
	})
}

// A handle that an answer names several times is one node.
func TestDuplicateHandles(t *testing.T) {
	contract(t, func(t *testing.T, c *cache.Cache, again func() *cache.Cache) {
		build(t, c, testTree+`,{"h":"FileB000","p":"Pics0001","t":0,"s":20},{"h":"FileB000","p":"Docs0001","t":0,"s":10},{"h":"Pics0001","p":"Rrrrrrrr","t":1}`)
		for range 2 {
			n, ok := get(t, c, "FileB000")
			if !ok || c.Len() != 11 || len(names(t, c.All())) != 11 {
				t.Errorf("%v, %d nodes", ok, c.Len())
			}
			count := 0
			for _, parent := range []string{"Docs0001", "Pics0001"} {
				for c, err := range c.Children(handle(t, parent)) {
					if err == nil && c.Handle == n.Handle && c.Parent == n.Parent {
						count++
					}
				}
			}
			of10, err := c.CountSize(10)
			of20, err2 := c.CountSize(20)
			if count != 1 || of10+of20 != 5 || err != nil || err2 != nil {
				t.Errorf("seen %d times, sizes %d and %d", count, of10, of20)
			}
			c = again()
		}
	})
}

// A folder larger than any page is walked whole, in order, and may change meanwhile.
func TestLargeFolder(t *testing.T) {
	contract(t, func(t *testing.T, c *cache.Cache, again func() *cache.Cache) {
		var nodes []string
		want := map[string]bool{}
		for i := range 3000 {
			h := cache.Handle(1 + i*7919%3000*2).String()
			want[h] = true
			nodes = append(nodes, fmt.Sprintf(`{"h":"%s","p":"Rrrrrrrr","t":0,"s":1,"a":"%s"}`, h, strings.Repeat("x", i%2000)))
		}
		build(t, c, strings.Join(nodes, ","))
		var more []cache.Node
		for i := range 1500 {
			more = append(more, cache.Node{Handle: cache.Handle(2 + i*4), Parent: handle(t, "Rrrrrrrr"), Size: 1, Attr: []byte{}})
			want[more[i].Handle.String()] = true
		}
		if err := c.Put(t.Context(), more...); err != nil {
			t.Fatal(err)
		}
		c = again()
		last, count := cache.Handle(0), 0
		for n, err := range c.Children(handle(t, "Rrrrrrrr")) {
			if err != nil {
				t.Fatal(err)
			}
			if n.Handle <= last || !want[n.Handle.String()] {
				t.Fatalf("%s after %s", n.Handle, last)
			}
			last = n.Handle
			if count++; count == 600 {
				if err := errors.Join(c.Remove(t.Context(), cache.Handle(5999)), c.Fold(t.Context())); err != nil {
					t.Fatal(err)
				}
			}
		}
		if count != len(want)-1 {
			t.Errorf("%d of %d children", count, len(want)-1)
		}
	})
}
