package restore_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/restore"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

func created(at int64) func(*tree.Node) { return func(n *tree.Node) { n.Created = at } }

func old(h tree.Handle, at int64) tree.Node {
	return tree.Node{Kind: tree.File, Handle: h, Created: at, Name: "another name"}
}

// found writes the tree as one line a node: path and handle.
func found(tr *tree.Tree, skipped []restore.Skip) []string {
	var out []string
	for id := range tr.Walk(tree.Root) {
		switch n := tr.Node(id); {
		case id == tree.Root:
		case n.Kind == tree.Dir:
			out = append(out, string(tr.Path(id))+"/")
		default:
			out = append(out, fmt.Sprintf("%s @%d", tr.Path(id), n.Handle))
		}
	}
	for _, s := range skipped {
		out = append(out, fmt.Sprintf("%s: %s", s.Path, s.Why))
	}
	slices.Sort(out)
	return out
}

func TestRule32_AsItWas(t *testing.T) {
	// Handles: a 1, new 2, d/ 3, d/b 4, late/ 5.
	today := grown("a", created(50), "new", created(150), "d/", created(10), "d/b", created(20), "late/", created(150))
	versions := map[tree.Handle][]tree.Node{1: {old(11, 40), old(12, 30)}}
	listed := func(entries ...any) state.Manifest {
		var m state.Manifest
		for i := 0; i < len(entries); i += 2 {
			m = append(m, state.Entry{Path: tree.Path(entries[i].(string)), Handle: tree.Handle(entries[i+1].(int))})
		}
		return m
	}
	tests := []struct {
		name string
		at   int64
		past restore.Past
		want []string
	}{
		{"now", 200, restore.Past{}, []string{"a @1", "d/", "d/b @4", "late/", "new @2"}},
		{"the version then", 45, restore.Past{}, []string{"a @11", "d/", "d/b @4"}},
		{"at the second of a version", 40, restore.Past{}, []string{"a @11", "d/", "d/b @4"}},
		{"before everything", 5, restore.Past{}, nil},
		{"paths of the manifest", 100, restore.Past{HasManifest: true, Manifest: listed("old name", 12, "d/b", 4)}, []string{"d/", "d/b @4", "old name @1"}},
		{"what is gone is listed", 100, restore.Past{HasManifest: true, Manifest: listed("lost/x", 99)}, []string{"a @1", "d/", "d/b @4", "lost/x: gone"}},
		{"gone, but replaced before", 100, restore.Past{HasManifest: true, Manifest: listed("a", 99)}, []string{"a @1", "d/", "d/b @4"}},
		{"gone, and replaced after", 25, restore.Past{HasManifest: true, Manifest: listed("a", 99, "d/b", 4)}, []string{"a: gone", "d/", "d/b @4"}},
		{"moved out of the backup", 100, restore.Past{
			HasManifest: true, Manifest: listed("gone/x", 60, "a", 1),
			Elsewhere: map[tree.Handle]restore.Place{60: {Node: old(60, 50)}},
		}, []string{"a @1", "d/", "d/b @4", "gone/", "gone/x @60"}},
		{"a listed node trashed after", 100, restore.Past{
			HasManifest: true, Manifest: listed("x", 60),
			Elsewhere: map[tree.Handle]restore.Place{60: {Node: old(60, 50), InTrash: true, TrashedAt: 101}},
		}, []string{"a @1", "d/", "d/b @4", "x @60"}},
		{"a listed node trashed before", 100, restore.Past{
			HasManifest: true, Manifest: listed("x", 60),
			Elsewhere: map[tree.Handle]restore.Place{60: {Node: old(60, 50), InTrash: true, TrashedAt: 100}},
		}, []string{"a @1", "d/", "d/b @4"}},
		{"a listed node trashed at an unknown time", 100, restore.Past{
			HasManifest: true, Manifest: listed("x", 60),
			Elsewhere: map[tree.Handle]restore.Place{60: {Node: old(60, 50), InTrash: true}},
		}, []string{"a @1", "d/", "d/b @4", "x: time unknown"}},
		{"the same, taken along", 100, restore.Past{
			Unknown: true, HasManifest: true, Manifest: listed("x", 60),
			Elsewhere: map[tree.Handle]restore.Place{60: {Node: old(60, 50), InTrash: true}},
		}, []string{"a @1", "d/", "d/b @4", "x @60"}},
		{"trash without a manifest", 100, restore.Past{Trashed: []restore.Trashed{
			{Path: "then", Place: restore.Place{Node: old(61, 50), TrashedAt: 150}},
			{Path: "earlier", Place: restore.Place{Node: old(62, 50), TrashedAt: 90}},
			{Path: "later", Place: restore.Place{Node: old(63, 120), TrashedAt: 150}},
			{Path: "later", Place: restore.Place{Node: old(64, 120), Versions: []tree.Node{old(65, 70)}, TrashedAt: 150}},
			{Path: "who knows", Place: restore.Place{Node: old(66, 50)}},
			{Path: "d/b", Place: restore.Place{Node: old(67, 30), TrashedAt: 150}},
		}}, []string{"a @1", "d/", "d/b @67", "later @65", "then @61", "who knows: time unknown"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.past
			p.Time, p.Tree, p.Versions = time.Unix(tt.at, 0), today, versions
			if diff := cmp.Diff(tt.want, found(restore.Then(p))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A date and a mode that were put right later are those of the manifest's time, but another content's are its own.
func TestRule32_DatesAndModesOfThen(t *testing.T) {
	dated := func(n *tree.Node) { n.Created, n.HasFingerprint, n.MTime, n.Meta = 50, true, 900e9, "today" }
	today := grown("kept", dated, "edited", dated, "bare", dated)
	then, _ := restore.Then(restore.Past{
		Time: time.Unix(100, 0), Tree: today, HasManifest: true, Manifest: state.Manifest{
			{Path: "bare", Handle: 3, Meta: "then"}, {Path: "edited", Handle: 12, MTime: 70, Meta: "then"}, {Path: "kept", Handle: 1, MTime: 80, Meta: "then"},
		},
		Versions: map[tree.Handle][]tree.Node{2: {old(12, 40)}},
	})
	got := map[string][2]any{}
	for id := range then.Walk(tree.Root) {
		n := then.Node(id)
		got[n.Name] = [2]any{n.Meta, n.MTime / 1e9}
	}
	delete(got, then.Node(tree.Root).Name)
	want := map[string][2]any{"bare": {"then", int64(900)}, "edited": {"today", int64(900)}, "kept": {"then", int64(80)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The backup's root lies somewhere in the account's tree; paths are below it.
func TestRule32_BelowTheRoot(t *testing.T) {
	tr := grown("Backups/", created(1), "Backups/www/", created(1), "Backups/www/x", created(1), "Backups/other", created(1))
	root, _ := tr.Lookup("Backups/www")
	got := found(restore.Then(restore.Past{Time: time.Unix(5, 0), Tree: tr, Root: root}))
	if diff := cmp.Diff([]string{"x @3"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
