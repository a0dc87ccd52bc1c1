package cache_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/megaplan/megaplan/internal/mega/cache"
)

func openDir(t *testing.T, dir string) *cache.Cache {
	t.Helper()
	c, err := cache.Open(dir, cache.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Two handles of one directory see each other's changes, and only one applies the same events.
func TestTwoHandles(t *testing.T) {
	dir := t.TempDir()
	a, b := openDir(t, dir), openDir(t, dir)
	build(t, a, testTree)
	if b.SN() != "" {
		t.Errorf("b is at %q without having looked", b.SN())
	}
	if err := b.Refresh(); err != nil || b.SN() != firstSN || b.Len() != 11 {
		t.Errorf("b after a look: %v, %q, %d nodes", err, b.SN(), b.Len())
	}
	apply(t, a, "AAAAAAAAAAI", `{"a":"d","n":"FileB000"}`)
	err := b.Apply(t.Context(), firstSN, packets(t, `{"a":"d","n":"FileB000"}`), "AAAAAAAAAAI")
	if !errors.Is(err, cache.ErrMoved) || b.SN() != "AAAAAAAAAAI" || b.Len() != 10 {
		t.Errorf("the slower one: %v, %q, %d nodes", err, b.SN(), b.Len())
	}
	apply(t, b, "AAAAAAAAAAM", `{"a":"d","n":"FileA200"}`)
	if err := a.Put(t.Context(), cache.Node{Handle: 77, Parent: handle(t, "Pics0001")}); err != nil {
		t.Fatal(err)
	}
	if _, ok := get(t, a, "FileA200"); ok || a.SN() != "AAAAAAAAAAM" {
		t.Errorf("a did not catch up before it wrote: %q", a.SN())
	}
	// A reader keeps what it opened while the other replaces the generation under it.
	var seen []string
	for n, err := range b.Children(handle(t, "Docs0001")) {
		if err := errors.Join(err, a.Fold(t.Context())); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, n.Handle.String())
	}
	if len(seen) != 1 || seen[0] != "FileA000" {
		t.Errorf("b saw %v", seen)
	}
	if err := b.Refresh(); err != nil || b.Len() != 10 {
		t.Errorf("b after the fold: %v, %d nodes", err, b.Len())
	}
}

func TestLockObeysContext(t *testing.T) {
	dir := t.TempDir()
	a, b := openDir(t, dir), openDir(t, dir)
	build(t, a, testTree)
	held, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		_ = cache.HoldLock(ctx, a, func() { close(held); <-release })
	})
	<-held
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Put(ctx, cache.Node{Handle: 77}); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
	if n := b.Len(); n != 0 {
		t.Errorf("%d nodes", n)
	}
	close(release)
	wg.Wait()
	if err := b.Put(t.Context(), cache.Node{Handle: 77}); err != nil || b.Len() != 12 {
		t.Errorf("after it was free: %v, %d nodes", err, b.Len())
	}
}

// A closed cache says so.
func TestClosed(t *testing.T) {
	c := openDir(t, t.TempDir())
	build(t, c, testTree)
	if err := errors.Join(c.Close(), c.Close()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Get(handle(t, "FileA000")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("get: %v", err)
	}
	if err := c.Put(t.Context(), cache.Node{Handle: 1}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("put: %v", err)
	}
}

const (
	writers   = 3
	perWriter = cache.WriterNodes
)

// Processes that write and fold at the same time lose nothing of each other.
func TestManyProcesses(t *testing.T) {
	dir := t.TempDir()
	c := openDir(t, dir)
	build(t, c, testTree)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d:%s", cache.EnvWriter, w, dir))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("writer %d: %v\n%s", w, err, out)
			}
		})
	}
	wg.Wait()
	if err := c.Refresh(); err != nil {
		t.Fatal(err)
	}
	if got := len(names(t, c.Children(handle(t, "Pics0001")))); got != writers*perWriter || c.Len() != 11+got {
		t.Errorf("%d of %d nodes, %d in all", got, writers*perWriter, c.Len())
	}
}

// Goroutines read one cache while others change, fold and rebuild it.
func TestConcurrentUse(t *testing.T) {
	c := openDir(t, t.TempDir())
	build(t, c, testTree)
	done := make(chan struct{})
	var readers, changers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				for n, err := range c.Children(handle(t, "Docs0001")) {
					if err != nil || n.Parent != handle(t, "Docs0001") {
						t.Errorf("child %+v, %v", n, err)
						return
					}
				}
				if _, _, err := c.Get(handle(t, "FileA000")); err != nil {
					t.Error(err)
					return
				}
				for _, err := range c.BySize(10) {
					if err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	for w := range 2 {
		changers.Go(func() {
			for i := range 40 {
				err := c.Put(t.Context(), cache.Node{Handle: cache.Handle(1 + w*100 + i), Parent: handle(t, "Docs0001"), Size: 10})
				if i%10 == 0 {
					err = errors.Join(err, c.Fold(t.Context()))
				}
				if i%10 == 5 {
					err = errors.Join(err, c.Refresh())
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	changers.Wait()
	close(done)
	readers.Wait()
	if c.Len() != 91 {
		t.Errorf("%d nodes", c.Len())
	}
}
