package cache_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/megaplan/megaplan/internal/mega/cache"
)

// model is what a cache should be, in the plainest way: one map.
type model map[cache.Handle]cache.Node

func (m model) put(n cache.Node) {
	old, ok := m[n.Handle]
	if ok {
		if n.Parent == 0 {
			n.Parent = old.Parent
		}
		if n.Attr == nil {
			n.Attr = old.Attr
		}
		if n.Time == 0 {
			n.Time = old.Time
		}
		n.FileAttr = old.FileAttr // these nodes are sent without
	}
	m[n.Handle] = n
}

func (m model) remove(h cache.Handle) {
	if _, ok := m[h]; !ok {
		return
	}
	delete(m, h)
	for child, n := range maps.Clone(m) {
		if n.Parent == h {
			m.remove(child)
		}
	}
}

func (m model) edit(h cache.Handle, change func(*cache.Node)) {
	if n, ok := m[h]; ok {
		change(&n)
		m[h] = n
	}
}

// where returns the nodes that fit, by handle.
func (m model) where(fits func(cache.Node) bool) []cache.Node {
	var list []cache.Node
	for _, h := range slices.Sorted(maps.Keys(m)) {
		if fits(m[h]) {
			list = append(list, m[h])
		}
	}
	return list
}

const modelHandles = 24

var (
	someHandle = rapid.Custom(func(t *rapid.T) cache.Handle { return cache.Handle(rapid.IntRange(1, modelHandles).Draw(t, "handle")) })
	someNode   = rapid.Custom(func(t *rapid.T) cache.Node {
		n := cache.Node{
			Handle: someHandle.Draw(t, "node"), Parent: cache.Handle(rapid.IntRange(0, modelHandles).Draw(t, "parent")),
			Type: cache.Type(rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "type")), Size: int64(rapid.IntRange(0, 2).Draw(t, "size")),
			Time: int64(rapid.IntRange(0, 3).Draw(t, "time")),
		}
		if rapid.Bool().Draw(t, "has attr") {
			n.Attr = []byte(rapid.StringMatching(`[a-z]{0,3}`).Draw(t, "attr"))
		}
		return n
	})
)

// nodeJSON writes a node as the server would.
func nodeJSON(n cache.Node) string {
	s := fmt.Sprintf(`{"h":"%s","p":"%s","t":%d,"s":%d,"ts":%d`, n.Handle, n.Parent, n.Type, n.Size, n.Time)
	if n.Attr != nil {
		s += fmt.Sprintf(`,"a":"%s"`, n.Attr)
	}
	return s + "}"
}

// machine runs a cache and the model side by side.
type machine struct {
	t     *rapid.T
	ctx   *testing.T
	dir   string // "" for memory
	c     *cache.Cache
	other *cache.Cache // a second handle of the same directory
	m     model
	turn  int
}

func (x *machine) ok(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *machine) open() *cache.Cache {
	c, err := cache.Open(x.dir, cache.Options{})
	x.ok(err)
	return c
}

func (x *machine) sn() cache.SN {
	x.turn++
	return cache.SN(fmt.Sprintf("AAAAAAA%03dE", x.turn))
}

func (x *machine) build(t *rapid.T) {
	x.m = model{}
	var list []string
	for _, n := range rapid.SliceOfNDistinct(someNode, 0, 40, func(n cache.Node) cache.Handle { return n.Handle }).Draw(t, "tree") {
		x.m[n.Handle] = n
		list = append(list, nodeJSON(n))
	}
	_, err := x.c.Build(x.ctx.Context(), strings.NewReader(`[{"f":[`+strings.Join(list, ",")+`],"sn":"`+string(x.sn())+`"}]`))
	x.ok(err)
}

// packet makes one packet and does to the model what it says.
func (x *machine) packet(t *rapid.T) string {
	h := someHandle.Draw(t, "of")
	switch rapid.SampledFrom([]string{"t", "t", "u", "d", "move", "fa"}).Draw(t, "packet") {
	case "t":
		var f [2][]string
		for i := range f {
			for _, n := range rapid.SliceOfN(someNode, 0, 3).Draw(t, "new nodes") {
				x.m.put(n)
				f[i] = append(f[i], nodeJSON(n))
			}
		}
		return fmt.Sprintf(`{"a":"t","t":{"f":[%s],"f2":[%s]}}`, strings.Join(f[0], ","), strings.Join(f[1], ","))
	case "u":
		attr := rapid.StringMatching(`[a-z]{1,3}`).Draw(t, "attr")
		x.m.edit(h, func(n *cache.Node) { n.Attr = []byte(attr) })
		return fmt.Sprintf(`{"a":"u","n":"%s","at":"%s"}`, h, attr)
	case "d":
		x.m.remove(h)
		return fmt.Sprintf(`{"a":"d","n":"%s"}`, h)
	case "move":
		to := someHandle.Draw(t, "to")
		x.m.edit(h, func(n *cache.Node) { n.Parent = to })
		if n, ok := x.m[h]; ok {
			return fmt.Sprintf(`{"a":"d","n":"%s","m":1},{"a":"t","t":{"f":[%s]}}`, h, nodeJSON(n))
		}
		return `{"a":"x"}`
	}
	x.m.edit(h, func(n *cache.Node) { n.FileAttr = []byte("fa") })
	return fmt.Sprintf(`{"a":"fa","n":"%s","fa":"fa"}`, h)
}

func (x *machine) apply(t *rapid.T) {
	var texts []string
	for range rapid.IntRange(0, 6).Draw(t, "packets") {
		texts = append(texts, x.packet(t))
	}
	var list []cache.Packet
	to := x.sn()
	_, err := cache.DecodeEvents(strings.NewReader(`{"a":[`+strings.Join(texts, ",")+`],"sn":"`+string(to)+`"}`), func(p cache.Packet) error {
		list = append(list, p)
		return nil
	})
	x.ok(err)
	x.ok(x.c.Apply(x.ctx.Context(), x.c.SN(), list, to))
}

func (x *machine) echo(t *rapid.T) {
	h, ctx := someHandle.Draw(t, "own"), x.ctx.Context()
	switch rapid.SampledFrom([]string{"put", "move", "attr", "remove"}).Draw(t, "own change") {
	case "put":
		n := someNode.Draw(t, "own node")
		x.m.put(n)
		x.ok(x.c.Put(ctx, n))
	case "move":
		to := someHandle.Draw(t, "own to")
		x.m.edit(h, func(n *cache.Node) { n.Parent = to })
		x.ok(x.c.Move(ctx, h, to))
	case "attr":
		x.m.edit(h, func(n *cache.Node) { n.Attr = []byte("own") })
		x.ok(x.c.SetAttr(ctx, h, []byte("own")))
	case "remove":
		x.m.remove(h)
		x.ok(x.c.Remove(ctx, h))
	}
}

func (x *machine) reopen(*rapid.T) {
	if x.dir != "" {
		x.ok(x.c.Close())
		x.c = x.open()
	}
}

func (x *machine) fold(*rapid.T) { x.ok(x.c.Fold(x.ctx.Context())) }

// swap goes on with the other handle, which has to catch up first.
func (x *machine) swap(*rapid.T) {
	if x.dir != "" {
		x.c, x.other = x.other, x.c
		x.ok(x.c.Refresh())
	}
}

// check compares everything that can be read.
func (x *machine) check(t *rapid.T) {
	same := func(what string, want, got []cache.Node) {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s (-model +cache):\n%s", what, diff)
		}
	}
	collect := func(what string, seq func(func(cache.Node, error) bool)) (list []cache.Node) {
		for n, err := range seq {
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			list = append(list, n.Clone())
		}
		return list
	}
	if x.c.Len() != len(x.m) {
		t.Fatalf("%d nodes, model has %d", x.c.Len(), len(x.m))
	}
	all := collect("all", x.c.All())
	slices.SortFunc(all, func(a, b cache.Node) int { return int(a.Handle) - int(b.Handle) })
	same("all", x.m.where(func(cache.Node) bool { return true }), all)
	for h := range cache.Handle(modelHandles + 1) {
		n, ok, err := x.c.Get(h)
		x.ok(err)
		if want, there := x.m[h]; ok != there || !cmp.Equal(want, n) {
			t.Fatalf("get %d: %+v, %v; model %+v, %v", h, n, ok, want, there)
		}
		same(fmt.Sprintf("children of %d", h), x.m.where(func(n cache.Node) bool { return n.Parent == h }), collect("children", x.c.Children(h)))
	}
	for size := range int64(4) {
		want := x.m.where(func(n cache.Node) bool { return n.Type == cache.File && n.Size == size })
		same(fmt.Sprintf("size %d", size), want, collect("sizes", x.c.BySize(size)))
		if n, err := x.c.CountSize(size); err != nil || n != len(want) {
			t.Fatalf("size %d counts %d, %v; want %d", size, n, err, len(want))
		}
	}
}

func testModel(t *testing.T, dir func() string) {
	rapid.Check(t, func(rt *rapid.T) {
		x := &machine{t: rt, ctx: t, dir: dir()}
		if x.dir == "" {
			x.c = cache.Memory(cache.Options{})
		} else {
			x.c, x.other = x.open(), x.open()
			defer func() { x.ok(x.other.Close()) }()
		}
		defer func() { x.ok(x.c.Close()) }()
		x.build(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"apply": x.apply, "apply more": x.apply, "echo": x.echo, "reopen": x.reopen, "fold": x.fold, "swap": x.swap, "build": x.build, "": x.check,
		})
	})
}

func TestModelInMemory(t *testing.T)    { testModel(t, func() string { return "" }) }
func TestModelInDirectory(t *testing.T) { testModel(t, t.TempDir) }
