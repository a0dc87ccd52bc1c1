package mega_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
)

// TestRule23_OfManySnapshotsTheNewestIsOpened: the others are listed and counted, and nothing in them is decrypted. What is not
// published, not marked or dated in the future is no exception to what is whole.
func TestRule23_OfManySnapshotsTheNewestIsOpened(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	c := h.client(t, nil)
	future := snapshot.Name(time.Now().AddDate(1, 0, 0), 1)
	names := []string{"2026-01-01T00-00-00Z", "2026-01-02T00-00-00Z", "2026-01-02T00-00-00Z-2", future, ".megaplan-2026-01-03T00-00-00Z", "2026-01-04T00-00-00Z"}
	specs := []mega.NewFolder{{Parent: c.RootHandle(), Name: "db"}}
	for i, name := range names {
		mark := snapshot.Mark{Complete: i != 2}.Text()
		if i == len(names)-1 {
			mark = "" // called like one
		}
		specs = append(specs, mega.NewFolder{Under: 1, Name: name, Snapshot: mark}, mega.NewFolder{Under: 2 + 2*i, Name: "in"})
	}
	folders, err := c.CreateFolders(t.Context(), specs)
	if err != nil {
		t.Fatal(err)
	}
	for i := range names {
		for _, content := range []string{"a", "bb"} {
			u := mega.Upload{Parent: folders[2+2*i], Name: content, Bytes: []byte(content)}
			if _, err := c.Upload(t.Context(), u); err != nil {
				t.Fatal(err)
			}
		}
	}

	want := []string{"2026-01-02T00-00-00Z-2", "2026-01-04T00-00-00Z", ".megaplan-2026-01-03T00-00-00Z"}
	for name, part := range map[string]mega.Part{
		"by path":   {SnapshotPaths: []tree.Path{"db"}},
		"by handle": {SnapshotRoots: []tree.Handle{folders[0]}},
		"by both":   {SnapshotPaths: []tree.Path{"db"}, SnapshotRoots: []tree.Handle{folders[0]}},
	} {
		got := opened(t, c, part)
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, part := range map[string]mega.Part{
		"all":                   {Paths: []tree.Path{"db"}},
		"all, by another":       {Paths: []tree.Path{"db"}, SnapshotPaths: []tree.Path{"db"}},
		"all, by its handle":    {Roots: []tree.Handle{folders[0]}, SnapshotPaths: []tree.Path{"db"}},
		"all, by a path beside": {Paths: []tree.Path{"db"}, SnapshotRoots: []tree.Handle{folders[0]}},
	} {
		if got := opened(t, c, part); len(got) != len(names) {
			t.Errorf("%s: %v", name, got)
		}
	}
	files, size, err := c.Volume(t.Context(), folders[1])
	if err != nil || files != 2 || size != 3 {
		t.Errorf("%d files, %d bytes, %v", files, size, err)
	}
}

// opened are the folders below db that a tree shows whole.
func opened(t *testing.T, c *mega.Client, part mega.Part) []string {
	t.Helper()
	shown, err := c.TreeOf(t.Context(), part)
	if err != nil {
		t.Fatal(err)
	}
	db, ok := shown.Lookup("db")
	if !ok {
		t.Fatal("db is not there")
	}
	var out []string
	first, end := shown.Children(db)
	for id := first; id < end; id++ {
		in, _ := shown.Children(id)
		if n := shown.Node(id); !n.Incomplete {
			if a, b := shown.Children(in); b-a != 2 {
				t.Errorf("%s: %d files", n.Name, b-a)
			}
			out = append(out, n.Name)
		}
	}
	return out
}
