package snapshot_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
)

var began = time.Date(2026, 3, 1, 2, 30, 0, 0, time.UTC)

func TestRule23_Names(t *testing.T) {
	rome := time.FixedZone("CET", 3600)
	tests := []struct {
		began time.Time
		n     int
		want  string
	}{
		{began, 1, "2026-03-01T02-30-00Z"},
		{began, 2, "2026-03-01T02-30-00Z-2"},
		{began.In(rome), 12, "2026-03-01T02-30-00Z-12"},
	}
	for _, tt := range tests {
		name := snapshot.Name(tt.began, tt.n)
		if name != tt.want {
			t.Errorf("Name(%v, %d) = %q, want %q", tt.began, tt.n, name, tt.want)
		}
		at, n, ok := snapshot.ParseName(name)
		if !ok || !at.Equal(tt.began) || n != tt.n {
			t.Errorf("ParseName(%q) = %v, %d, %v", name, at, n, ok)
		}
		if !snapshot.IsBuilding(snapshot.BuildingName(name)) || snapshot.IsBuilding(name) {
			t.Errorf("%q: it is not told from its name while it is built", name)
		}
	}
	for _, name := range []string{"", "2026-03-01", "2026-13-01T02-30-00Z", "2026-03-01T02-30-00Z-1", "2026-03-01T02-30-00Z-02", "x2026-03-01T02-30-00Z", "2026-03-01T02-30-00Z-99999999999999999999"} {
		if _, _, ok := snapshot.ParseName(name); ok {
			t.Errorf("%q is taken for a snapshot's name", name)
		}
	}
	if snapshot.IsBuilding(".megaplan-XxXxXxXx") {
		t.Error("a node that steps aside is taken for a snapshot that is built")
	}
}

func TestMarkRoundTrip(t *testing.T) {
	m := snapshot.Mark{Began: began, Host: "laptop", Complete: true, Files: 3, Bytes: 1 << 40, Tags: []string{"a \"b\"", "release"}, Pin: true}
	got, ok := snapshot.ParseMark(m.Text())
	if !ok {
		t.Fatalf("%s is not read", m.Text())
	}
	if diff := cmp.Diff(m, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, text := range []string{"", "{}", `{"v":2,"t":1}`, "x"} {
		if _, ok := snapshot.ParseMark(text); ok {
			t.Errorf("%q is taken for a mark", text)
		}
	}
}

// marked builds a backup's root with folders of these names, all marked but those that end in a question mark.
func marked(t *testing.T, names ...string) *tree.Tree {
	t.Helper()
	b := tree.NewBuilder(tree.Node{Kind: tree.Dir})
	for i, name := range names {
		n := tree.Node{Name: name, Kind: tree.Dir, Handle: tree.Handle(i + 1), Snapshot: snapshot.Mark{Complete: true}.Text()}
		switch name[len(name)-1] {
		case '?':
			n.Name, n.Snapshot = name[:len(name)-1], ""
		case '!':
			n.Name, n.Snapshot = name[:len(name)-1], snapshot.Mark{}.Text()
		}
		b.Add(tree.Root, n)
	}
	return b.Build()
}

func TestRule23_ListNewestFirst(t *testing.T) {
	list := snapshot.List(marked(t,
		"2026-03-01T02-30-00Z", "2026-03-02T02-30-00Z-10", "2026-03-02T02-30-00Z", "2026-03-02T02-30-00Z-2",
		"2026-03-09T02-30-00Z?", "2026-03-08T02-30-00Z!", ".megaplan-2026-03-09T02-30-00Z", "other"), tree.Root)
	var got []string
	for _, s := range list {
		got = append(got, s.Name)
	}
	want := []string{
		"2026-03-08T02-30-00Z", "2026-03-02T02-30-00Z-10", "2026-03-02T02-30-00Z-2", "2026-03-02T02-30-00Z", "2026-03-01T02-30-00Z",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Incomplete ones are never counted.
func TestRule32_NewestCompleteNotAfter(t *testing.T) {
	list := snapshot.List(marked(t, "2026-03-01T02-30-00Z", "2026-03-02T02-30-00Z", "2026-03-02T02-30-00Z-2", "2026-03-03T02-30-00Z!"), tree.Root)
	for at, want := range map[string]string{
		"2026-03-01T02:29:59Z": "", "2026-03-01T02:30:00Z": "2026-03-01T02-30-00Z", "2026-04-01T00:00:00Z": "2026-03-02T02-30-00Z-2",
		"0001-01-01T00:00:00Z": "2026-03-02T02-30-00Z-2", // the zero time
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := snapshot.Newest(list, when)
		if got.Name != want || ok != (want != "") {
			t.Errorf("%s: %q, %v, want %q", at, got.Name, ok, want)
		}
	}
}
