package emulator

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	someFolderKey = "AAECAwQFBgcICQoLDA0ODw"
	someFileKey   = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
	someAttr      = "TUVHQXsibiI6ImEifQAAAA"
)

// churn changes an account at random, generated nodes included.
type churn struct {
	s   *Server
	rng *rand.Rand
}

const churned = "churn@example.com"

func newChurn(t testing.TB, s *Server, seed uint64) *churn {
	t.Helper()
	if err := s.AddAccount(Account{Email: churned, Password: "x", V1: true}); err != nil {
		t.Fatal(err)
	}
	return &churn{s: s, rng: rand.New(rand.NewPCG(seed, seed))}
}

// pick returns some node, stored or generated.
func (c *churn) pick() *node {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	tree := c.s.st.emails[churned].tree
	if n := tree.get(generatedHandle(c.rng.IntN(300))); n != nil && c.rng.IntN(3) == 0 {
		return n
	}
	skip := c.rng.IntN(len(tree.nodes))
	for _, n := range tree.nodes {
		if skip--; skip < 0 {
			return n
		}
	}
	panic("no nodes")
}

func (c *churn) step() error {
	a, b := c.pick(), c.pick()
	entry := fmt.Sprintf(`{"h":"x","t":1,"a":"%s","k":"%s"}`, someAttr, someFolderKey)
	if a.Kind == kindFile {
		entry = fmt.Sprintf(`{"h":"%s","t":0,"a":"%s","k":"%s"}`, a.Handle, someAttr, a.Key)
		if b.Kind == kindFile && c.rng.IntN(2) == 0 {
			entry = entry[:len(entry)-1] + fmt.Sprintf(`,"ov":"%s"}`, b.Handle)
		}
	}
	target := b.Handle
	if b.Kind == kindFile {
		target = b.Parent
	}
	put := fmt.Sprintf(`{"a":"p","t":"%s","vb":%d,"n":[%s]}`, target, c.rng.IntN(2), entry)
	commands := []string{
		put, put, put,
		fmt.Sprintf(`{"a":"m","n":"%s","t":"%s"}`, a.Handle, b.Handle),
		fmt.Sprintf(`{"a":"a","n":"%s","at":"%s"}`, a.Handle, someAttr),
		fmt.Sprintf(`{"a":"l","n":"%s"}`, a.Handle),
		fmt.Sprintf(`{"a":"d","n":"%s","v":%d}`, a.Handle, c.rng.IntN(2)),
		`{"a":"dr"}`,
	}
	if c.rng.IntN(10) == 0 {
		content := bytes.Repeat([]byte("x"), c.rng.IntN(100)+1)
		_, err := c.s.Put(churned, Node{Parent: target.String(), Attr: someAttr, Key: someFileKey}, content)
		return ignoreNoParent(err)
	}
	_, err := c.s.Do(churned, "["+commands[c.rng.IntN(len(commands))]+"]")
	return err
}

// ignoreNoParent forgives that the parent went away meanwhile.
func ignoreNoParent(err error) error {
	if err != nil && strings.Contains(err.Error(), "no parent") {
		return nil
	}
	return err
}

// check compares what the tree keeps up to date with a count from scratch, and
// the references of blobs with who refers to them.
func (c *churn) check(t *testing.T) {
	t.Helper()
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	u := c.s.st.emails[churned]
	var sum usage
	for _, root := range u.Roots {
		sum.plus(u.tree.usage(root))
	}
	if diff := cmp.Diff(sum, u.tree.total); diff != "" {
		t.Fatalf("totals (-counted +kept):\n%s", diff)
	}
	refs := map[uint64]int{}
	for _, n := range u.tree.nodes {
		parent := u.tree.bare(n.Parent)
		if parent == nil != n.Kind.root() {
			t.Fatalf("parent of %v is %v", n.Handle, n.Parent)
		}
		if parent != nil && n.version != (parent.Kind == kindFile) {
			t.Fatalf("%v: version is %v below a %v", n.Handle, n.version, parent.Kind)
		}
		if n.Blob != 0 {
			refs[n.Blob]++
		}
	}
	if diff := cmp.Diff(refs, c.s.st.blobs); diff != "" {
		t.Fatalf("references:\n%s", diff)
	}
	for ph, l := range c.s.st.links {
		if u.tree.bare(l.Node) == nil {
			t.Fatalf("link %v leads nowhere", ph)
		}
	}
}

// TestRandomChanges keeps its books right under random changes, and finds the
// same state after a restart and after a compaction.
func TestRandomChanges(t *testing.T) {
	for seed := range uint64(2) {
		dir := t.TempDir()
		open := func() *churn {
			s, err := New(Options{Dir: dir, GenerateNodes: 300})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			return newChurn(t, s, seed)
		}
		c := open()
		for i := range 1200 {
			if err := c.step(); err != nil {
				t.Fatal(err)
			}
			if i%100 == 99 {
				c.check(t)
			}
			if i == 600 {
				if err := c.s.Compact(); err != nil {
					t.Fatal(err)
				}
			}
		}
		before := c.picture(t)
		if err := c.s.Close(); err != nil {
			t.Fatal(err)
		}
		c = open()
		c.check(t)
		if diff := cmp.Diff(before, c.picture(t)); diff != "" {
			t.Fatalf("seed %d: restart (-before +after):\n%s", seed, diff)
		}
	}
}

// picture is the account as f tells it, with the number of events.
func (c *churn) picture(t *testing.T) string {
	t.Helper()
	text, err := c.s.Do(churned, `[{"a":"f","c":1,"r":1},{"a":"uq"}]`)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(text, "},{", "},\n{")
}

// TestChangesAtOnce lets writers, readers and pollers loose on one server, for
// the race detector.
func TestChangesAtOnce(t *testing.T) {
	s, err := New(Options{GenerateNodes: 300})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	first := newChurn(t, s, 100)
	var writers, readers sync.WaitGroup
	for seed := range uint64(4) {
		c := newChurn(t, s, seed)
		writers.Go(func() {
			for range 100 {
				if err := c.step(); err != nil {
					t.Error(err)
				}
			}
		})
		readers.Go(func() {
			for ctx.Err() == nil {
				if _, err := s.Do(churned, `[{"a":"f","c":1,"r":1}]`); err != nil {
					t.Error(err)
				}
				s.Stats()
			}
		})
	}
	writers.Wait()
	cancel()
	readers.Wait()
	first.check(t)
}
