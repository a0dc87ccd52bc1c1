package cache_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/emulator/emulatortest"
	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/redact"
)

// server is an account on the emulator that another client changes.
type server struct {
	t     *testing.T
	at    *emulatortest.Instance
	email string
	api   *api.Client
	rand  *rand.Rand
}

func newServer(t *testing.T, o emulator.Options) *server {
	t.Helper()
	account := emulator.Account{Email: "old@example.com", Password: "password", V1: true}
	s := &server{t: t, at: emulatortest.Start(t, o, account), email: account.Email, rand: rand.New(rand.NewPCG(1, 2))}
	transport, err := api.NewTransport(api.Options{Endpoint: s.at.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdle)
	signed, _, err := api.Login(t.Context(), transport, api.Credentials{Email: account.Email, Password: redact.New(account.Password)})
	if err != nil {
		t.Fatal(err)
	}
	if s.api, err = api.NewClient(transport, signed); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *server) build(c *cache.Cache) {
	s.t.Helper()
	err := s.api.FetchTree(s.t.Context(), false, func(r io.Reader) error {
		_, err := c.Build(s.t.Context(), r)
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// catchUp applies events until there are no more, and counts them.
func (s *server) catchUp(c *cache.Cache) (count int) {
	s.t.Helper()
	for {
		from := c.SN()
		var packets []cache.Packet
		var events cache.Events
		err := s.api.Events(s.t.Context(), string(from), func(r io.Reader) (err error) {
			packets = nil
			events, err = cache.DecodeEvents(r, func(p cache.Packet) error {
				packets = append(packets, p)
				return nil
			})
			return err
		})
		if err != nil {
			s.t.Fatal(err)
		}
		if events.SN == "" || events.SN == from {
			return count
		}
		if err := c.Apply(s.t.Context(), from, packets, events.SN); err != nil {
			s.t.Fatal(err)
		}
		count += len(packets)
	}
}

// change does one random thing to the account.
func (s *server) change() {
	s.t.Helper()
	nodes, err := s.at.Nodes(s.email)
	if err != nil {
		s.t.Fatal(err)
	}
	pick := func(fits func(emulator.Node) bool) string {
		fit := slices.DeleteFunc(slices.Clone(nodes), func(n emulator.Node) bool { return !fits(n) })
		if len(fit) == 0 {
			return "none0000"
		}
		return fit[s.rand.IntN(len(fit))].Handle
	}
	folder := pick(func(n emulator.Node) bool { return n.Type == 1 || n.Type == 2 || n.Type == 4 })
	file := pick(func(n emulator.Node) bool { return n.Type == 0 && !n.Version })
	any := pick(func(n emulator.Node) bool { return n.Type < 2 && !n.Version })
	word := fmt.Sprintf("attr%04d", s.rand.IntN(10000))
	const key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	commands := []string{
		fmt.Sprintf(`{"a":"p","t":%q,"n":[{"h":"xxxxxxxx","t":1,"a":%q,"k":"AAAAAAAAAAAAAAAAAAAAAA"}]}`, folder, word),
		fmt.Sprintf(`{"a":"p","t":%q,"n":[{"h":%q,"t":0,"a":%q,"k":%q}]}`, folder, file, word, key),
		fmt.Sprintf(`{"a":"p","t":%q,"vb":1,"n":[{"h":%q,"ov":%q,"t":0,"a":%q,"k":%q}]}`, folder, file, file, word, key),
		fmt.Sprintf(`{"a":"p","t":%q,"vb":0,"n":[{"h":%q,"ov":%q,"t":0,"a":%q,"k":%q}]}`, folder, file, file, word, key),
		fmt.Sprintf(`{"a":"a","n":%q,"at":%q}`, any, word),
		fmt.Sprintf(`{"a":"m","n":%q,"t":%q}`, any, folder),
		fmt.Sprintf(`{"a":"m","n":%q,"t":%q}`, any, folder),
		fmt.Sprintf(`{"a":"d","n":%q}`, any),
		fmt.Sprintf(`{"a":"d","v":1,"n":%q}`, pick(func(n emulator.Node) bool { return n.Version })),
	}
	if i := s.rand.IntN(len(commands) + 4); i < len(commands) {
		if _, err := s.at.Do(s.email, "["+commands[i]+"]"); err != nil {
			s.t.Fatal(err)
		}
		return
	}
	n := emulator.Node{Parent: folder, Attr: word, Key: key, FA: "1:0*" + word}
	if _, err := s.at.Put(s.email, n, bytes.Repeat([]byte{1}, s.rand.IntN(4))); err != nil {
		s.t.Fatal(err)
	}
}

func all(t *testing.T, c *cache.Cache) []cache.Node {
	t.Helper()
	var list []cache.Node
	for n, err := range c.All() {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n.Clone())
	}
	slices.SortFunc(list, func(a, b cache.Node) int { return int(a.Handle) - int(b.Handle) })
	return list
}

// A cache that only follows the events holds what a full fetch gives, whatever other clients do.
func TestEventsAddUpToTheTree(t *testing.T) {
	s := newServer(t, emulator.Options{})
	dir := t.TempDir()
	c := openDir(t, dir)
	s.build(c)
	events := 0
	for round := range 25 {
		for range 12 {
			s.change()
		}
		events += s.catchUp(c)
		fresh := cache.Memory(cache.Options{})
		s.build(fresh)
		if diff := cmp.Diff(all(t, fresh), all(t, c)); diff != "" {
			t.Fatalf("round %d (-fetched +followed):\n%s", round, diff)
		}
		if fresh.Len() != c.Len() {
			t.Fatalf("round %d: %d nodes, not %d", round, c.Len(), fresh.Len())
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		c = openDir(t, dir)
	}
	if events < 100 {
		t.Errorf("only %d events", events)
	}
}

// A large generated account arrives as a stream and is whole.
func TestGeneratedAccount(t *testing.T) {
	s := newServer(t, emulator.Options{GenerateNodes: 20_000})
	c := openDir(t, t.TempDir())
	s.build(c)
	seen := 0
	var walk func(cache.Handle)
	walk = func(parent cache.Handle) {
		for n, err := range c.Children(parent) {
			if err != nil {
				t.Fatal(err)
			}
			seen++
			walk(n.Handle)
		}
	}
	walk(0)
	if c.Len() < 20_000 || seen != c.Len() {
		t.Errorf("%d nodes, %d of them below the roots", c.Len(), seen)
	}
}
