package verify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/mega/transfer"
	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/internal/verify"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

const date = int64(1_000_000_000_000_000_005) // of every file in these tests, unless said otherwise

// grown builds a tree of paths, each with the changes that follow it; a path that ends in a slash is a folder, and handles
// count from 1 in the order given.
func grown(nodes ...any) *tree.Tree {
	b := tree.NewBuilder(tree.Node{})
	ids := map[string]tree.ID{"": tree.Root}
	h := tree.Handle(0)
	for i := 0; i < len(nodes); i++ {
		path := nodes[i].(string)
		h++
		n := tree.Node{Kind: tree.File, Handle: h, HasFingerprint: true, Size: 4, MTime: date - 5, Meta: fmt.Sprintf(`{"v":1,"t":%d}`, date)}
		if strings.HasSuffix(path, "/") {
			n = tree.Node{Kind: tree.Dir, Handle: h}
			path = strings.TrimSuffix(path, "/")
		}
		for i+1 < len(nodes) {
			change, ok := nodes[i+1].(func(*tree.Node))
			if !ok {
				break
			}
			change(&n)
			i++
		}
		parent, name := "", path
		if at := strings.LastIndex(path, "/"); at >= 0 {
			parent, name = path[:at], path[at+1:]
		}
		n.Name = name
		id := b.Add(ids[parent], n)
		if _, ok := ids[path]; !ok {
			ids[path] = id
		}
	}
	return b.Build()
}

// here makes a local tree; its files are dated as the remote ones record it.
func here(nodes ...any) *tree.Tree {
	var all []any
	for i, n := range nodes {
		all = append(all, n)
		if _, ok := n.(string); ok && !strings.HasSuffix(n.(string), "/") {
			all = append(all, func(n *tree.Node) {
				n.MTime, n.Handle, n.HasFingerprint, n.Meta, n.Inode = date, 0, false, "", uint64(i+1)
			})
		}
	}
	return grown(all...)
}

func kind(k tree.Kind, why tree.Why) func(*tree.Node) {
	return func(n *tree.Node) { n.Kind, n.Why, n.Reason = k, why, "the reason" }
}

func size(n int64) func(*tree.Node)     { return func(node *tree.Node) { node.Size = n } }
func dated(ns int64) func(*tree.Node)   { return func(node *tree.Node) { node.MTime = ns } }
func meta(text string) func(*tree.Node) { return func(node *tree.Node) { node.Meta = text } }

// memory holds the local contents by path and the remote ones by handle.
type memory struct {
	local  map[string]string
	remote map[tree.Handle]string

	mu     sync.Mutex
	opened []string
}

func (m *memory) env() verify.Env {
	return verify.Env{Open: m.open, Keys: m.key}
}

type openFile struct {
	*strings.Reader
	unchanged error
}

func (openFile) Close() error       { return nil }
func (f openFile) Unchanged() error { return f.unchanged }

func (m *memory) open(c *verify.Check) (verify.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.opened = append(m.opened, c.Path)
	switch content := m.local[c.Path]; content {
	case "unreadable":
		return nil, errors.New("no permission")
	case "replaced":
		return nil, verify.ErrChanged
	case "edited meanwhile":
		return openFile{strings.NewReader(strings.Repeat("x", int(c.Identity.Size))), verify.ErrChanged}, nil
	default:
		return openFile{strings.NewReader(content), nil}, nil
	}
}

func (m *memory) key(h tree.Handle) (crypt.FileKey, error) {
	content, ok := m.remote[h]
	if !ok {
		return crypt.FileKey{}, errors.New("no key")
	}
	key := crypt.Key{byte(h)}
	macs, err := crypt.ChunkMACs(context.Background(), strings.NewReader(content), int64(len(content)), crypt.NewFileKey(key, [8]byte{}, [8]byte{}))
	if err != nil {
		return crypt.FileKey{}, err
	}
	return crypt.NewFileKey(key, [8]byte{}, crypt.MetaMAC(key, macs[0])), nil
}

func lines(r verify.Result) []string {
	var out []string
	for _, f := range r.Findings {
		line := fmt.Sprintf("%s %s", f.Verdict, f.Path)
		if f.Other {
			line += " by another client"
		}
		if f.Detail != "" {
			line += ": " + f.Detail
		}
		if f.Difference() {
			line += " !"
		}
		if f.Unreadable {
			line += " unread"
		}
		out = append(out, line)
	}
	if n := r.Counts[verify.Equal]; n > 0 {
		out = append(out, fmt.Sprintf("%d equal", n))
	}
	if r.Unmanaged > 0 {
		out = append(out, fmt.Sprintf("%d unmanaged", r.Unmanaged))
	}
	return out
}

func anything(string) bool { return true }

func TestRule10_Verdicts(t *testing.T) {
	listed := func(entries ...any) state.Manifest {
		var m state.Manifest
		for i := 0; i < len(entries); i += 2 {
			m = append(m, state.Entry{Path: tree.Path(entries[i].(string)), Handle: tree.Handle(entries[i+1].(int))})
		}
		return m
	}
	tests := []struct {
		name          string
		remote, local *tree.Tree
		contents      map[string]string // here
		in            verify.Input
		want          []string
	}{
		{"equal", grown("a", "d/", "d/b"), here("a", "d/", "d/b"), map[string]string{"a": "same", "d/b": "same"}, verify.Input{}, []string{"2 equal"}},
		{
			"a byte changed under an unchanged date", grown("a"), here("a"),
			map[string]string{"a": "samf"},
			verify.Input{},
			[]string{"differs a: the date is the backup's, the bytes are not !"},
		},
		{
			"cut off under an unchanged date", grown("a"), here("a", size(3)),
			map[string]string{"a": "sam"},
			verify.Input{},
			[]string{"differs a: the date is the backup's, the bytes are not !"},
		},
		{
			"edited here", grown("a"), here("a"),
			map[string]string{"a": "samf"},
			verify.Input{Proofs: map[tree.Handle]planner.Proof{1: {MTime: date - 1}}},
			[]string{"changed here since a"},
		},
		{
			"edited here, no proof", grown("a", meta(`{"v":1,"t":1000000000000000004}`)), here("a"),
			map[string]string{"a": "samf"},
			verify.Input{},
			[]string{"changed here since a"},
		},
		{
			"edited here, seconds only", grown("a", meta(""), dated(999999999e9)), here("a"),
			map[string]string{"a": "samf"},
			verify.Input{},
			[]string{"changed here since a"},
		},
		{
			"same second, no nanoseconds", grown("a", meta("")), here("a"),
			map[string]string{"a": "samf"},
			verify.Input{},
			[]string{"differs a: the date is the backup's, the bytes are not !"},
		},
		{
			"grown here", grown("a"), here("a", size(5)),
			map[string]string{"a": "same!"},
			verify.Input{Proofs: map[tree.Handle]planner.Proof{1: {MTime: 1}}},
			[]string{"changed here since a"},
		},
		{
			"grown here, as declared", grown("a", "d/", "d/b", "same"), here("a", size(5), dated(date+1), "d/", "d/b", size(9), dated(date+1), "same"),
			map[string]string{"a": "same!", "d/b": "same line", "same": "same"},
			verify.Input{Grows: anything},
			[]string{"1 equal", "grown since a: 1 bytes were appended", "grown since d/b: 5 bytes were appended"},
		},
		{
			"written anew and longer, declared to grow", grown("a"), here("a", size(5), dated(date+1)),
			map[string]string{"a": "samf!"},
			verify.Input{Grows: anything},
			[]string{"changed here since a"},
		},
		{
			"shorter, declared to grow", grown("a"), here("a", size(3), dated(date+1)),
			map[string]string{"a": "sam"},
			verify.Input{Grows: anything},
			[]string{"changed here since a"},
		},
		{
			"grown from nothing", grown("a", size(0)), here("a", size(3), dated(date+1)),
			map[string]string{"a": "new"},
			verify.Input{Grows: anything},
			[]string{"grown since a: 3 bytes were appended"},
		},
		{
			"several of a name, one of them the beginning", grown("a", "a", size(5)), here("a", size(5), dated(date+1)),
			map[string]string{"a": "same!"},
			verify.Input{Grows: anything},
			[]string{"changed here since a", "grown since a: 1 bytes were appended"},
		},
		{
			"grown, and another file is declared to grow", grown("a"), here("a", size(5), dated(date+1)),
			map[string]string{"a": "same!"},
			verify.Input{Grows: func(path string) bool { return path == "b" }},
			[]string{"changed here since a"},
		},
		{
			"another client's version", grown("a"), here("a"),
			map[string]string{"a": "samf"},
			verify.Input{HasState: true, Manifest: listed("a", 9)},
			[]string{"differs a by another client !"},
		},
		{
			"missing here", grown("a", "d/", "d/b"), here(), nil,
			verify.Input{HasState: true, Manifest: listed("a", 1, "d/b", 3)},
			[]string{"missing here a !", "missing here d/b !"},
		},
		{"gone from the source and kept", grown("a"), here(), nil, verify.Input{KeepsGone: true}, []string{"missing here a"}},
		{
			"not ours", grown("a", "x/", "x/y"), here("a"),
			map[string]string{"a": "same"},
			verify.Input{HasState: true, Manifest: listed("a", 1)},
			[]string{"1 equal", "1 unmanaged"},
		},
		{
			"missing there", grown(), here("a", "new"), nil,
			verify.Input{HasState: true, Manifest: listed("a", 7)},
			[]string{"missing there a !", "changed here since new: new here"},
		},
		{
			"beside ours", grown("a", "a", "d/", "d/x", "d"), here("a", "d"),
			map[string]string{"a": "same", "d": "same"},
			verify.Input{HasState: true, Manifest: listed("a", 2, "d", 5)},
			[]string{"2 equal", "2 unmanaged"},
		},
		{
			"in a folder where a file is now", grown("d/", "d/x", "d/y"), here("d"), nil,
			verify.Input{HasState: true, Manifest: listed("d/y", 3)},
			[]string{"missing here d/y !", "1 unmanaged", "changed here since d: new here"},
		},
		{
			"a snapshot that the source has left behind", grown("a", "d/", "d/x"), here("a", "new"),
			map[string]string{"a": "same"},
			verify.Input{HasState: true, Manifest: listed("a", 1, "d/x", 3), Dated: true, Made: verify.Held{Files: 2, Bytes: 8}},
			[]string{"changed here since d/x: gone here", "changed here since new: new here", "1 equal"},
		},
		{
			"a snapshot that lost something", grown("a"), here("a", "b"),
			map[string]string{"a": "same"},
			verify.Input{HasState: true, Manifest: listed("a", 1), Dated: true, Made: verify.Held{Files: 2, Bytes: 8}},
			[]string{"differs .: made with 2 files (8 bytes), and holds 1 (4 bytes) !", "changed here since b: new here", "1 equal"},
		},
		{
			"a snapshot that lost what the state knows", grown("a"), here("a", "b"),
			map[string]string{"a": "same"},
			verify.Input{HasState: true, Manifest: listed("a", 1, "b", 2), Dated: true, Made: verify.Held{Files: 2, Bytes: 8}},
			[]string{"missing there b !", "1 equal"},
		},
		{"missing there, no state", grown(), here("a"), nil, verify.Input{}, []string{"missing there a !"}},
		{
			"left out", grown("a", "d/", "d/b"), here("a", kind(tree.Unknown, tree.Excluded), "d/", kind(tree.Unknown, tree.Excluded)), nil,
			verify.Input{},
			[]string{"cannot tell a: left out: the reason", "cannot tell d/b: left out: the reason"},
		},
		{
			"unreadable", grown("a", "b", "d/", "d/b"),
			here("a", kind(tree.Unknown, tree.Unreadable), "b", "d/", func(n *tree.Node) { n.Incomplete, n.Why, n.Reason = true, tree.Unreadable, "closed" }),
			map[string]string{"b": "unreadable"},
			verify.Input{},
			[]string{"cannot tell a: the reason unread", "cannot tell b: no permission unread", "cannot tell d/b: its directory was not read: closed unread"},
		},
		{
			"changed meanwhile", grown("a", "b"), here("a", "b"),
			map[string]string{"a": "replaced", "b": "edited meanwhile"},
			verify.Input{},
			[]string{"cannot tell a: it changed while it was verified", "cannot tell b: it changed while it was verified"},
		},
		{
			"no key", grown("a", kind(tree.Undecryptable, 0), "b", func(n *tree.Node) { n.Handle = 99 }), here("a", "b"), nil,
			verify.Input{},
			[]string{"cannot tell a: its key cannot be read", "cannot tell b: no key"},
		},
		{"duplicates are read once", grown("a", "a", "a"), here("a"), map[string]string{"a": "same"}, verify.Input{}, []string{"3 equal"}},
		{"a directory where a file was", grown("a"), here("a/"), nil, verify.Input{}, []string{"differs a: a directory here !"}},
		{"accents spelt otherwise", grown("e\u0301", "d/", "d/x"), here("\u00e9", "d/", "d/x"), map[string]string{"\u00e9": "same", "d/x": "same"}, verify.Input{}, []string{"2 equal"}},
		{"a quote written as it is", grown("a‛‛b"), here("a‛b"), map[string]string{"a‛b": "same"}, verify.Input{Encoding: names.Default}, []string{"1 equal"}},
		{"both spellings", grown("e\u0301", "\u00e9"), here("e\u0301", "\u00e9"), map[string]string{"e\u0301": "same", "\u00e9": "same"}, verify.Input{}, []string{"2 equal"}},
		{"empty", grown("a", size(0)), here("a", size(0)), map[string]string{"a": ""}, verify.Input{}, []string{"1 equal"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := &memory{local: tt.contents, remote: map[tree.Handle]string{1: "same", 2: "same", 3: "same", 4: "same", 5: "same"}}
			in := tt.in
			in.Remote, in.Local = tt.remote, tt.local
			result, err := verify.Run(t.Context(), verify.Compare(in), m.env())
			if err != nil {
				t.Fatal(err)
			}
			got := lines(result)
			if diff := cmp.Diff(slices.Sorted(slices.Values(tt.want)), slices.Sorted(slices.Values(got))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if len(m.opened) != len(slices.Compact(slices.Sorted(slices.Values(m.opened)))) && in.Grows == nil {
				t.Errorf("opened %q", m.opened)
			}
		})
	}
}

// Sizes around every boundary, all cores, and one byte wrong in each place that matters.
func TestRule11_SizesAndPlaces(t *testing.T) {
	m := &memory{local: map[string]string{}, remote: map[tree.Handle]string{}}
	var far, near []any
	var want []string
	add := func(n int, wrong int) {
		h := tree.Handle(len(m.remote) + 1)
		name := fmt.Sprintf("%03d of %d", h, n)
		content := bytes.Repeat([]byte("0123456789abcde"), n/15+1)[:n]
		m.remote[h] = string(content)
		if wrong >= 0 {
			content[wrong] ^= 1
			want = append(want, "differs "+name+": the date is the backup's, the bytes are not !")
		}
		m.local[name] = string(content)
		far = append(far, name, size(int64(n)))
		near = append(near, name, size(int64(n)))
	}
	for _, n := range []int{0, 1, 15, 16, 17, 131071, 131072, 131073, 393216, 1 << 20, 5 << 20, 65 << 20} {
		add(n, -1)
		if n > 0 {
			add(n, n-1)
			add(n, n/2)
		}
	}
	work := verify.Compare(verify.Input{Remote: grown(far...), Local: here(near...)})
	env := m.env()
	var mu sync.Mutex
	var read int64
	env.Workers, env.Progress = 4, func(n int64) { mu.Lock(); read += n; mu.Unlock() }
	result, err := verify.Run(t.Context(), work, env)
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, "12 equal")
	if diff := cmp.Diff(want, lines(result)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if result.ReadBytes != work.ReadBytes() || read != work.ReadBytes() || result.DownloadedBytes != 0 || result.Differences() != 22 {
		t.Errorf("read %d of %d, %+v", read, work.ReadBytes(), result.Counts)
	}
}

func TestSample(t *testing.T) {
	var names []any
	for i := range 2000 {
		names = append(names, fmt.Sprintf("f%04d", i))
	}
	remote, local := grown(names...), here(names...)
	paths := func(seed uint64) []string {
		w := verify.Compare(verify.Input{Remote: remote, Local: local, Sample: verify.Sample{Percent: 5, Seed: seed}})
		if w.Files+w.Unsampled != 2000 {
			t.Errorf("%d and %d of 2000", w.Files, w.Unsampled)
		}
		var out []string
		for _, c := range w.Checks {
			out = append(out, c.Path)
		}
		return out
	}
	first := paths(1)
	if len(first) < 60 || len(first) > 140 {
		t.Errorf("5%% of 2000 are %d", len(first))
	}
	if diff := cmp.Diff(first, paths(1)); diff != "" {
		t.Errorf("the same seed picks others:\n%s", diff)
	}
	if cmp.Equal(first, paths(2)) {
		t.Error("another seed picks the same")
	}
	chosen, left := verify.Choose(remote, tree.Root, verify.Sample{Seed: 3, Budget: 401})
	if len(chosen) != 100 || left != 1900 {
		t.Errorf("%d files of 4 bytes within 401, %d left", len(chosen), left)
	}
	again, _ := verify.Choose(remote, tree.Root, verify.Sample{Seed: 3, Budget: 401})
	if diff := cmp.Diff(chosen, again); diff != "" {
		t.Errorf("the same seed picks others:\n%s", diff)
	}
}

type server map[tree.Handle]error

func (s server) Prove(_ context.Context, h tree.Handle, progress func(int64)) (crypt.Verdict, error) {
	progress(4)
	if h == 4 {
		return crypt.CannotTell, nil
	}
	return crypt.Equal, s[h]
}

func TestFetch(t *testing.T) {
	files, _ := verify.Choose(grown("a", "b", "c", "d"), tree.Root, verify.Sample{})
	var result verify.Result
	s := server{2: fmt.Errorf("download b: %w", transfer.ErrCorrupt), 3: errors.New("no such node")}
	if err := verify.Fetch(t.Context(), files, s, func(int64) {}, &result); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"damaged there b: the bytes on the server do not match the file's key !", "cannot tell c: no such node unread",
		"cannot tell d: fetched; the node's MAC has the known fault of an old client",
	}
	if diff := cmp.Diff(want, lines(result)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if result.Fetched != 3 || result.DownloadedBytes != 12 || result.Unread() != 1 {
		t.Errorf("%+v", result)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := &memory{local: map[string]string{"a": "same"}, remote: map[tree.Handle]string{1: "same"}}
	if _, err := verify.Run(ctx, verify.Compare(verify.Input{Remote: grown("a"), Local: here("a")}), m.env()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
