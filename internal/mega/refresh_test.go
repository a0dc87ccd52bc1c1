package mega_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/tree"
)

// reopen makes another client on the same cache directory without reading the account.
func reopen(t *testing.T, h *house, dir string) *mega.Client {
	t.Helper()
	// One post at a time, so that most of what was sent has been confirmed.
	c, err := mega.Open(mega.Options{Endpoint: h.URL, CacheDir: dir, Concurrency: 1}, h.session)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestLaterRunsReadOnlyWhatChanged(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	dir := t.TempDir()
	first := reopen(t, h, dir)
	if _, known := first.Cached(); known {
		t.Error("a new cache says it knows the account")
	}
	got, err := first.Refresh(t.Context())
	if err != nil || !got.Full || got.Nodes != 3 || got.SN == "" {
		t.Fatalf("first refresh %+v, %v", got, err)
	}
	folder(t, first, first.RootHandle(), "mine")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	other := h.client(t, nil)
	upload(t, other, other.RootHandle(), "theirs", content(7), nil)

	second := reopen(t, h, dir)
	if read, known := second.Cached(); !known || read.Nodes != 4 {
		t.Errorf("cached: %+v, %v", read, known)
	}
	before := h.Stats()
	got, err = second.Refresh(t.Context())
	if err != nil || got.Full || got.Changed != 2 || got.Nodes != 5 {
		t.Errorf("second refresh %+v, %v", got, err)
	}
	after := h.Stats()
	if after.TreeFetches != before.TreeFetches || after.APIRequests != before.APIRequests || after.EventRequests-before.EventRequests > 2 {
		t.Errorf("the second refresh asked for more than events: %+v, then %+v", before, after)
	}
	before = h.Stats()
	if got, err = second.Refresh(t.Context()); err != nil || got.Full || got.Changed != 0 {
		t.Errorf("third refresh %+v, %v", got, err)
	}
	if n := h.Stats().EventRequests - before.EventRequests; n != 1 {
		t.Errorf("%d requests to find that nothing changed, want 1", n)
	}
	if diff := cmp.Diff(outline(whole(t, other)), outline(whole(t, second))); diff != "" {
		t.Errorf("trees differ:\n%s", diff)
	}
}

func TestEventsThatAreGoneMeanAFullFetch(t *testing.T) {
	h := newHouse(t, emulator.Options{EventLimit: 4})
	c := h.client(t, nil)
	stale, _ := c.Cached()
	other := h.client(t, nil)
	for i := range 10 {
		folder(t, other, other.RootHandle(), fmt.Sprint(i))
	}
	if _, err := c.TouchedSince(t.Context(), stale.SN); !errors.Is(err, mega.ErrTooOld) {
		t.Errorf("events that are gone: %v", err)
	}
	got, err := c.Refresh(t.Context())
	if err != nil || !got.Full || got.Nodes != 13 {
		t.Errorf("refresh %+v, %v", got, err)
	}
}

func TestManyBatchesOfEvents(t *testing.T) {
	h := newHouse(t, emulator.Options{EventBatch: 3})
	c := h.client(t, nil)
	other := h.client(t, nil)
	for i := range 20 {
		folder(t, other, other.RootHandle(), fmt.Sprintf("%02d", i))
	}
	got, err := c.Refresh(t.Context())
	if err != nil || got.Full || got.Changed != 20 {
		t.Errorf("refresh %+v, %v", got, err)
	}
	if diff := cmp.Diff(outline(whole(t, other)), outline(whole(t, c))); diff != "" {
		t.Errorf("trees differ:\n%s", diff)
	}
}

func TestDamagedCacheIsFetchedAnew(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	dir := t.TempDir()
	c := reopen(t, h, dir)
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	folder(t, c, c.RootHandle(), "a")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	damaged := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		damaged++
		return os.WriteFile(path, []byte("not a cache"), 0o600)
	})
	if err != nil || damaged == 0 {
		t.Fatalf("damaged %d files, %v", damaged, err)
	}
	again := reopen(t, h, dir)
	got, err := again.Refresh(t.Context())
	if err != nil || !got.Full || got.Nodes != 4 {
		t.Errorf("refresh %+v, %v", got, err)
	}
	sameAsServer(t, h, again)
}

func TestTwoProcessesShareACache(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	dir := t.TempDir()
	a, b := reopen(t, h, dir), reopen(t, h, dir)
	var wait sync.WaitGroup
	for i, c := range []*mega.Client{a, b} {
		wait.Go(func() {
			if _, err := c.Refresh(t.Context()); err != nil {
				t.Error(err)
				return
			}
			for k := range 10 {
				if _, err := c.CreateFolders(t.Context(), []mega.NewFolder{{Parent: c.RootHandle(), Name: fmt.Sprint(i, " ", k)}}); err != nil {
					t.Error(err)
				}
				if err := c.Drain(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	for _, c := range []*mega.Client{a, b} {
		if err := c.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		sameAsServer(t, h, c)
	}
}

func TestTouchedSince(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c, other := h.client(t, nil), h.client(t, nil)
	dir := folder(t, other, other.RootHandle(), "dir")
	victim := upload(t, other, dir, "victim", content(1), nil)
	calm := folder(t, other, other.RootHandle(), "calm")
	if err := c.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	from, _ := c.Cached()
	if got, err := c.TouchedSince(t.Context(), from.SN); err != nil || len(got) != 0 {
		t.Errorf("nothing happened, touched are %v, %v", got, err)
	}
	added := upload(t, other, dir, "added", content(2), nil)
	if err := other.Delete(t.Context(), victim.Handle); err != nil {
		t.Fatal(err)
	}
	got, err := c.TouchedSince(t.Context(), from.SN)
	if err != nil {
		t.Fatal(err)
	}
	want := map[tree.Handle]bool{dir: true, victim.Handle: true, added.Handle: true}
	if diff := cmp.Diff(want, got); diff != "" || got[calm] {
		t.Errorf("touched (-want +got):\n%s", diff)
	}
}

func TestUndecryptableNodesAreAClassOfTheirOwn(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	root := c.RootHandle().String()
	keys := crypt.NewKeyring(h.session.User, h.session.Master)
	nameless, err := crypt.Attributes{}.Encrypt(crypt.Key{1})
	if err != nil {
		t.Fatal(err)
	}
	odd := map[string]emulator.Node{
		"rubbish key":    {Parent: root, Type: 0, Attr: "AAAAAAAAAAAAAAAAAAAAAA", Key: "AAAA", Size: 5},
		"another's key":  {Parent: root, Type: 1, Attr: "AAAAAAAAAAAAAAAAAAAAAA", Key: keys.WrapKey(crypt.NewKey())},
		"no name at all": {Parent: root, Type: 1, Attr: nameless, Key: keys.WrapKey(crypt.Key{1})},
	}
	for name, n := range odd {
		handle, err := h.Put(oldAccount.Email, n, []byte("12345"))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		node, err := tree.ParseHandle(handle)
		if err != nil {
			t.Fatal(err)
		}
		place, err := c.Locate(node)
		if err != nil || !place.Found || place.Node.Kind != tree.Undecryptable || place.Node.Name != "NO_KEY_"+handle {
			t.Errorf("%s: %+v, %v", name, place, err)
		}
		if err := c.Trash(t.Context(), node, mega.TrashMark{}); !errors.Is(err, mega.ErrUndecryptable) {
			t.Errorf("%s: trashed with %v", name, err)
		}
		if err := c.SetAttributes(t.Context(), node, map[string]string{"n": "x"}); !errors.Is(err, mega.ErrUndecryptable) {
			t.Errorf("%s: renamed with %v", name, err)
		}
	}
	undecryptable := 0
	for id := range whole(t, c).Walk(tree.Root) {
		if whole(t, c).Kind(id) == tree.Undecryptable {
			undecryptable++
		}
	}
	if undecryptable != len(odd) {
		t.Errorf("%d undecryptable nodes in the tree, want %d", undecryptable, len(odd))
	}
}

// A snapshot is checked as it is read, so damage may show after its account was found to be up to date. Who reads the tree
// fetches it once and goes on; others fail once, and leave nothing damaged behind.
func TestDamageThatShowsLateMeansOneFullFetch(t *testing.T) {
	l := newLibrary(t)
	spoil := func() {
		t.Helper()
		snapshots, err := filepath.Glob(filepath.Join(l.dir, "tree-*.snapshot"))
		if err != nil || len(snapshots) != 1 {
			t.Fatalf("%v, %v", snapshots, err)
		}
		data, err := os.ReadFile(snapshots[0])
		if err != nil {
			t.Fatal(err)
		}
		for i := len(data) / 3; i < len(data)*2/3; i++ { // most of the texts, and not what is read when it is opened
			data[i] ^= 1
		}
		if err := os.WriteFile(snapshots[0], data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, book := range l.books(t) {
			if err := os.Remove(book); err != nil {
				t.Fatal(err)
			}
		}
	}
	fetches := func(do func(*mega.Client)) int64 {
		t.Helper()
		c := reopen(t, l.house, l.dir)
		before := l.Stats().TreeFetches
		if _, err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		do(c)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		return int64(l.Stats().TreeFetches - before)
	}
	want := facts(whole(t, l.client(t, nil)))
	same := func(c *mega.Client) {
		t.Helper()
		if diff := cmp.Diff(want, facts(whole(t, c))); diff != "" {
			t.Errorf("tree (-want +got):\n%s", diff)
		}
	}
	if n := fetches(same); n != 1 {
		t.Errorf("%d full fetches without a cache", n)
	}
	spoil()
	if n := fetches(same); n != 1 {
		t.Errorf("%d full fetches after damage, want 1", n)
	}
	if n := fetches(same); n != 0 {
		t.Errorf("%d full fetches of what is whole again", n)
	}
	spoil()
	if n := fetches(func(c *mega.Client) {
		for _, f := range l.folders {
			if _, err := c.Children(f); err != nil {
				return
			}
		}
		t.Error("nothing looked damaged")
	}); n != 0 {
		t.Errorf("%d full fetches by who only lists", n)
	}
	if n := fetches(same); n != 1 {
		t.Errorf("%d full fetches after who only lists, want 1", n)
	}
}
