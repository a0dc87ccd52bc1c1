package emulator_test

import (
	"strings"
	"testing"

	"github.com/megaplan/megaplan/internal/emulator"
)

// TestGeneratedNodes treats generated nodes like any other: counted, renamed,
// moved, copied, replaced, deleted, with what hangs below them.
func TestGeneratedNodes(t *testing.T) {
	const count = 1001 // one folder, ten folders of a hundred
	c := signIn(t, emulator.Options{GenerateNodes: count}).plain()
	f := c.fetch()
	if len(f.F) != count+3 {
		t.Fatalf("got %d nodes", len(f.F))
	}
	seen := map[string]fetchedNode{"": {}}
	for _, n := range f.F {
		if _, ok := seen[n.P]; !ok {
			t.Fatalf("%+v comes before its parent", n)
		}
		seen[n.H] = n
	}
	top, first, inner, leaf := f.F[1], f.F[2], f.F[102], f.F[150]
	if top.P != c.value("R") || first.P != top.H || inner.P != first.H || leaf.P != inner.H || leaf.T != 0 {
		t.Fatalf("tree: %+v %+v %+v %+v", top, first, inner, leaf)
	}
	c.names[first.H], c.names[inner.H], c.names[leaf.H] = "First", "Inner", "Leaf"

	c.want(`[{"a":"m","n":"Inner","t":"Leaf"},{"a":"m","n":"First","t":"Inner"}]`, `[-11,-10]`)
	c.want(`[{"a":"a","n":"Leaf","at":"`+attr+`"},{"a":"m","n":"Inner","t":"B"}]`, `[0,0]`)
	copied := c.name(c.cs(c.value(put("R", strings.Replace(file("Leaf", ""), fileKey, leaf.K[12:], 1), ""))))
	if !strings.HasPrefix(copied, `[{"f":[{"h":"N1","p":"R"`) {
		t.Errorf("copy: %s", copied)
	}
	if got := c.download("N1", ""); int64(len(got)) != leaf.S {
		t.Errorf("copy has %d bytes, want %d", len(got), leaf.S)
	}
	replaced := c.name(c.cs(c.value(put("Inner", file(c.upload("abc"), `,"ov":"Leaf"`), ""))))
	if !strings.Contains(replaced, `"f2":[{"h":"Leaf"`) {
		t.Errorf("replace: %s", replaced)
	}
	if got := len(c.fetch().F); got != count+3+1 {
		t.Errorf("%d nodes after copy and replace", got)
	}
	if got := c.s.Stats().Nodes; got != count+2 {
		t.Errorf("stats count %d nodes", got)
	}
	c.want(`[{"a":"dr"}]`, `[0]`)
	if got := len(c.fetch().F); got != count+3+1-100 {
		t.Errorf("%d nodes after the bin was emptied", got)
	}
	c.want(`[{"a":"d","n":"First"},{"a":"d","n":"N1"}]`, `[0,0]`)
	if got := c.s.Stats(); got.Nodes != 1 || got.Bytes != 0 {
		t.Errorf("at the end: %+v", got)
	}
}

// TestHugeMove tells no packet of unbounded size: clients reload.
func TestHugeMove(t *testing.T) {
	dir := t.TempDir()
	s := startDir(t, dir, emulator.Options{GenerateNodes: 25_000})
	c := connect(t, s.Instance)
	c.loginOld()
	c.learn()
	top := c.fetch().F[1].H
	c.want(`[{"a":"m","n":"`+top+`","t":"B"}]`, `[0]`)
	if got := c.events("/wsc?sn=S0"); got != "-6" {
		t.Errorf("old position: %.100s", got)
	}
	must(t, "compact", s.Compact())
	s.stop()
	s = startDir(t, dir, emulator.Options{})
	c.moveTo(s.Instance)
	c.wantEvents("/wsc?sn=S1", `{"w":"URL/wsc/W","sn":"S1"}`)
	c.want(`[{"a":"dr"}]`, `["T2"]`)
	if got := c.s.Stats(); got.Nodes != 0 || got.Bytes != 0 {
		t.Errorf("after the bin was emptied: %+v", got)
	}
}
