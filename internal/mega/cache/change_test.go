package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
)

// TestChangesShareAWrite has many changes wait in line, some of which fail, and looks at what a later run finds.
func TestChangesShareAWrite(t *testing.T) {
	dir := t.TempDir()
	c, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Build(t.Context(), &genTree{n: 1000}); err != nil {
		t.Fatal(err)
	}
	sn, before := c.SN(), c.Len()
	failure := errors.New("no")
	const n = 200
	errs := make([]error, n)
	c.writing.Lock() // until all are in line
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			h := Handle(1<<40 + uint64(i))
			errs[i] = c.echo(t.Context(), "test", func(ch *changer) error {
				if err := ch.put(Node{Handle: h, Parent: 1, Type: File, Size: 1}); err != nil {
					return err
				}
				if i%10 == 7 {
					return failure // after it changed the view
				}
				return nil
			})
		})
	}
	for {
		c.line.mu.Lock()
		waiting := len(c.line.waiting)
		c.line.mu.Unlock()
		runtime.Gosched()
		if waiting == n {
			break
		}
	}
	c.writing.Unlock()
	all.Wait()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(dir, Options{})
	if err != nil || again.Damage() != nil {
		t.Fatal(err, again.Damage())
	}
	defer again.Close()
	if got, want := again.Len(), before+n-n/10; got != want || again.SN() != sn {
		t.Errorf("%d nodes at %s, want %d at %s", got, again.SN(), want, sn)
	}
	for i := range n {
		_, found, err := again.Get(Handle(1<<40 + uint64(i)))
		if err != nil {
			t.Fatal(err)
		}
		if fails := i%10 == 7; errors.Is(errs[i], failure) != fails || found == fails {
			t.Errorf("change %d: error %v, found %v", i, errs[i], found)
		}
	}
}

// TestAChangeThatGivesUpTakesNobodyAlong ends the context of the one whose turn it is.
func TestAChangeThatGivesUpTakesNobodyAlong(t *testing.T) {
	dir := t.TempDir()
	c, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Build(t.Context(), &genTree{n: 10}); err != nil {
		t.Fatal(err)
	}
	unlock, err := c.store.lock(t.Context()) // as another process would hold it
	if err != nil {
		t.Fatal(err)
	}
	other := c.line.join(func(ch *changer) (SN, error) { return ch.v.sn, nil })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Put(ctx, Node{Handle: 99, Parent: 1, Type: File}); !errors.Is(err, context.Canceled) {
		t.Errorf("Put with an ended context = %v", err)
	}
	unlock()
	if other.done {
		t.Error("the other change was dropped")
	}
	if err := c.Put(t.Context(), Node{Handle: 98, Parent: 1, Type: File}); err != nil {
		t.Error(err)
	}
	if !other.done || other.err != nil {
		t.Errorf("the other change: done %v, %v", other.done, other.err)
	}
}

func TestVersionsBeforeAndAfterThePass(t *testing.T) {
	c, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Build(t.Context(), &genTree{n: 2000}); err != nil {
		t.Fatal(err)
	}
	var nodes []Node
	for n, err := range c.All() {
		if err != nil {
			t.Fatal(err)
		}
		if n.Type == File {
			nodes = append(nodes, Node{Handle: n.Handle + 1<<40, Parent: n.Handle, Type: File, Size: n.Size, Time: n.Time})
			if len(nodes) == 3 {
				break
			}
		}
	}
	if err := errors.Join(c.Put(t.Context(), nodes...), c.Fold(t.Context())); err != nil {
		t.Fatal(err)
	}
	have := map[Handle]bool{}
	for _, n := range nodes {
		have[n.Parent] = true
	}
	for _, when := range []string{"before", "after"} {
		for _, n := range nodes {
			if got := fmt.Sprint(countVersions(t, c, n.Parent), countVersions(t, c, n.Handle)); got != "1 0" {
				t.Errorf("%s the pass: file and version have %s versions", when, got)
			}
		}
		for n, err := range c.All() {
			if err != nil {
				t.Fatal(err)
			}
			if n.Type == File && countVersions(t, c, n.Handle) > 0 != have[n.Handle] {
				t.Errorf("%s the pass: versions of %s", when, n.Handle)
			}
		}
		if c.v.base.parents.known == nil {
			t.Fatal("no pass was made")
		}
	}
}

func countVersions(t *testing.T, c *Cache, h Handle) (n int) {
	t.Helper()
	for _, err := range c.Versions(h) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}
