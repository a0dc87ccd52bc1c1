package cache_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/mega/cache"
)

// What is kept beside a snapshot counts as long as the snapshot does, and goes with it.
func TestAside(t *testing.T) {
	dir := t.TempDir()
	c := openDir(t, dir)
	about := handle(t, "Docs0001")
	read := func(c *cache.Cache, e cache.Edition) string {
		t.Helper()
		data, err := c.ReadAside(e, about)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if c.Edition() != (cache.Edition{}) {
		t.Error("an empty cache has an edition")
	}
	if err := c.WriteAside(cache.Edition{}, about, []byte("lost")); err != nil {
		t.Fatal(err)
	}
	build(t, c, testTree)
	e := c.Edition()
	apply(t, c, "AAAAAAAAAAI", `{"a":"d","n":"FileB000"}`)
	if err := c.WriteAside(e, about, []byte("kept")); err != nil {
		t.Fatal(err)
	}
	b := openDir(t, dir)
	if got := read(b, b.Edition()); got != "kept" || b.Edition() != e {
		t.Errorf("another handle reads %q", got)
	}
	if data, err := c.ReadAside(e, about+1); data != nil || err != nil {
		t.Errorf("about another node: %q, %v", data, err)
	}

	// A journal that lost what the writer knew: what is kept may leave something out.
	journals, err := filepath.Glob(filepath.Join(dir, "tree-*.journal"))
	if err != nil || len(journals) != 1 {
		t.Fatalf("%v, %v", journals, err)
	}
	whole, err := os.ReadFile(journals[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(journals[0], int64(len(whole))-1); err != nil {
		t.Fatal(err)
	}
	if b := openDir(t, dir); read(b, b.Edition()) != "" {
		t.Error("it outlived the journal's end")
	}
	if err := os.WriteFile(journals[0], whole, 0o600); err != nil {
		t.Fatal(err)
	}

	if err := c.Fold(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := read(c, c.Edition()) + read(c, e); got != "" || c.Edition() == e {
		t.Errorf("the next edition reads %q", got)
	}
	if err := c.WriteAside(e, about, []byte("late")); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*aside*")); len(left) != 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestSinceAnEdition(t *testing.T) {
	c := openDir(t, t.TempDir())
	build(t, c, testTree)
	e, docs := c.Edition(), handle(t, "Docs0001")
	was := []cache.Handle{handle(t, "FileA000"), handle(t, "Pics0001"), handle(t, "FileB000")}
	since := func() ([]string, []cache.Standing, bool) {
		changed, still, ok := c.Since(e, docs, was)
		var names []string
		for _, n := range changed {
			names = append(names, n.Handle.String())
		}
		return names, still, ok
	}
	if changed, still, ok := since(); changed != nil || still != nil || !ok {
		t.Errorf("at first: %v, %v, %v", changed, still, ok)
	}
	err := c.Put(t.Context(), cache.Node{Handle: 77, Parent: docs}, cache.Node{Handle: 78, Parent: handle(t, "FileA000")})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Remove(t.Context(), handle(t, "FileB000")); err != nil {
		t.Fatal(err)
	}
	changed, still, ok := since()
	if diff := cmp.Diff([]string{cache.Handle(77).String()}, changed); diff != "" || !ok {
		t.Errorf("changed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]cache.Standing{cache.Grown, cache.Same, cache.Changed}, still); diff != "" {
		t.Errorf("standing (-want +got):\n%s", diff)
	}
	if err := c.Fold(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := since(); ok {
		t.Error("the edition still counts")
	}
}
