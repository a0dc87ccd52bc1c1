package restore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/filter"
	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/restore"
	"github.com/megaplan/megaplan/internal/tree"
)

// grown builds a tree of paths; a path that ends in a slash is a folder, handles count from 1 in the order given.
func grown(nodes ...any) *tree.Tree {
	b := tree.NewBuilder(tree.Node{})
	ids := map[string]tree.ID{"": tree.Root}
	h := tree.Handle(0)
	for i := 0; i < len(nodes); i++ {
		path := nodes[i].(string)
		h++
		n := tree.Node{Kind: tree.File, Handle: h, HasFingerprint: true, Size: 4, MTime: 100 * 1e9}
		if strings.HasSuffix(path, "/") {
			n = tree.Node{Kind: tree.Dir, Handle: h}
			path = strings.TrimSuffix(path, "/")
		}
		if i+1 < len(nodes) {
			if change, ok := nodes[i+1].(func(*tree.Node)); ok {
				change(&n)
				i++
			}
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

func meta(text string) func(*tree.Node) { return func(n *tree.Node) { n.Meta = text } }

// lines writes a plan as people would: one line an entry.
func lines(p *restore.Plan) []string {
	var out []string
	for _, e := range p.Entries {
		line := fmt.Sprintf("%s %s %s", e.Op, e.Kind, e.Path)
		if e.LinkTo != "" {
			line += " -> " + e.LinkTo
		}
		if e.Kind != restore.Directory {
			line += " @" + fmt.Sprint(uint64(e.Handle))
		}
		out = append(out, line)
	}
	for _, s := range p.Skipped {
		out = append(out, fmt.Sprintf("skip %s %s (%d)", s.Why, s.Path, s.Files))
	}
	return out
}

func TestMake(t *testing.T) {
	kind := func(k tree.Kind) func(*tree.Node) { return func(n *tree.Node) { n.Kind = k } }
	dated := func(size, seconds int64) func(*tree.Node) {
		return func(n *tree.Node) { n.Size, n.MTime = size, seconds*1e9 }
	}
	linked := meta(`{"v":1,"h":"1f"}`)
	include := filter.New(filter.Config{Include: []filter.Pattern{{Text: "*.txt"}}, Exclude: []filter.Pattern{{Text: "no"}}})
	tests := []struct {
		name  string
		tree  *tree.Tree
		local *tree.Tree
		in    restore.Input
		want  []string
	}{
		{"nothing there", grown("a", "d/", "d/b"), nil, restore.Input{}, []string{"create file a @1", "create directory d", "create file d/b @3"}},
		{
			"never overwrites", grown("same", "other"), grown("same", "other", dated(5, 1)),
			restore.Input{Overwrite: restore.Never},
			[]string{"equal file same @1", "skip exists other (1)"},
		},
		{
			"overwrites older", grown("older", "newer"), grown("older", dated(5, 99), "newer", dated(5, 101)),
			restore.Input{Overwrite: restore.Older},
			[]string{"overwrite file older @1", "skip newer here newer (1)"},
		},
		{"same second is not older", grown("x"), grown("x", dated(5, 100)), restore.Input{Overwrite: restore.Older}, []string{"skip newer here x (1)"}},
		{
			"overwrites all", grown("same", "other"), grown("same", "other", dated(5, 1)),
			restore.Input{Overwrite: restore.Always},
			[]string{"overwrite file other @2", "equal file same @1"},
		},
		{"a file in a directory's way", grown("d/", "d/b", "d/c"), grown("d"), restore.Input{Overwrite: restore.Always}, []string{"skip in the way d (2)"}},
		{
			"a link in a directory's way", grown("d/", "d/b"), grown("d", kind(tree.Symlink)),
			restore.Input{Overwrite: restore.Always},
			[]string{"skip in the way d (1)"},
		},
		{"a directory in a file's way", grown("d"), grown("d/"), restore.Input{Overwrite: restore.Always}, []string{"skip in the way d (1)"}},
		{"a socket in a file's way", grown("d"), grown("d", kind(tree.Unknown)), restore.Input{Overwrite: restore.Always}, []string{"skip in the way d (1)"}},
		{
			"duplicates", grown("b", "x", "x", "x", kind(tree.Undecryptable)), nil,
			restore.Input{},
			[]string{"create file b @1", "create file x @2", "skip duplicate x (1)", "skip duplicate x (1)"},
		},
		{
			"megaplan's own before others of its name", grown("x", "x", "y/", "y/z", "y"), nil,
			restore.Input{Owned: func(h tree.Handle) bool { return h == 2 || h == 5 }},
			[]string{"create file x @2", "create file y @5", "skip duplicate x (1)", "skip duplicate y (1)"},
		},
		{
			"folders of one name become one", grown("d/", "d/a", "d/", "d/b"), nil,
			restore.Input{},
			[]string{"create directory d", "create file d/a @2", "create file d/b @4"},
		},
		{"case counts", grown("A", "a"), nil, restore.Input{}, []string{"create file A @1", "create file a @2"}},
		{
			"case does not count", grown("a", "A", "B/", "B/x", "b/", "b/y"), nil,
			restore.Input{Local: restore.Local{FoldsCase: true}},
			[]string{"create directory B", "create file B/x @4", "create file a @1", "skip differs only in case A (1)", "skip differs only in case b (1)"},
		},
		{
			"hard links", grown("a", linked, "b", linked, "c", linked, "c2", meta(`{"v":1,"h":"2"}`)), grown("a"),
			restore.Input{},
			[]string{"equal file a @1", "create hardlink b -> a @2", "create hardlink c -> a @3", "create file c2 @4"},
		},
		{
			"a hard link that was changed", grown("a", linked, "b", func(n *tree.Node) { n.Meta, n.Size = `{"v":1,"h":"1f"}`, 9 }), nil,
			restore.Input{},
			[]string{"create file a @1", "create file b @2"},
		},
		{"a file without a key", grown("x", kind(tree.Undecryptable)), nil, restore.Input{}, []string{"skip cannot be decrypted x (1)"}},
		{
			"filters", grown("a.txt", "b.dat", "d/", "d/e/", "d/e/c.txt", "empty/", "no/", "no/d.txt"), nil,
			restore.Input{Filter: include},
			[]string{"create file a.txt @1", "create directory d", "create directory d/e", "create file d/e/c.txt @5"},
		},
		{
			"refused names", grown("..", "CON", strings.Repeat("x", 300)+"/", strings.Repeat("x", 300)+"/y"), nil,
			restore.Input{},
			[]string{"create file CON @2", "skip name refused .. (1)", "skip name refused " + strings.Repeat("x", 300) + " (1)"},
		},
		{
			"Windows", grown("CON", "com¹.txt", "aux.h", "a.", "a ", "x:y", "ok", "console", "\xff"), nil,
			restore.Input{Windows: true},
			[]string{
				"create file console @8", "create file ok @7", "skip name refused CON (1)", "skip name refused a  (1)", "skip name refused a. (1)",
				"skip name refused aux.h (1)", "skip name refused com¹.txt (1)", "skip name refused x:y (1)", "skip name refused \xff (1)",
			},
		},
		{"encoded names", grown("．．", "a／b", "‛FF"), nil, restore.Input{}, []string{"create file \xff @3", "create file ．． @1", "create file a／b @2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := tt.in
			in.Tree, in.Encoding, in.Local.Tree = tt.tree, names.Default, tt.local
			p := restore.Make(in)
			got := lines(p)
			slices.Sort(got)
			want := slices.Sorted(slices.Values(tt.want))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(lines(p), lines(restore.Make(in))); diff != "" {
				t.Errorf("a second plan differs:\n%s", diff)
			}
		})
	}
}

// Dates: the recorded one with its nanoseconds, unless another client dated the file anew.
func TestRule33_Dates(t *testing.T) {
	at := func(text string, seconds int64, print bool) *tree.Tree {
		return grown("x", func(n *tree.Node) { n.Meta, n.MTime, n.HasFingerprint, n.Created = text, seconds*1e9, print, 777 })
	}
	for name, tt := range map[string]struct {
		tree *tree.Tree
		want int64
	}{
		"recorded":       {at(`{"v":1,"t":100000000007}`, 100, true), 100_000_000_007},
		"before 1970":    {at(`{"v":1,"t":-5000000001}`, 0, true), -5_000_000_001},
		"dated anew":     {at(`{"v":1,"t":100000000007}`, 101, true), 101e9},
		"no record":      {at("", 100, true), 100e9},
		"no fingerprint": {at("", 0, false), 777e9},
	} {
		if got := restore.Make(restore.Input{Tree: tt.tree}).Entries[0].MTime; got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

// Metadata of a later version is not guessed at; the file comes back without it, and that is said.
func TestRule33_MetadataOfALaterVersion(t *testing.T) {
	p := restore.Make(restore.Input{Tree: grown("x", meta(`{"v":2,"m":1}`))})
	if len(p.Notes) != 1 || !p.Partial() || len(p.Entries) != 1 || p.Entries[0].Meta.HasMode {
		t.Errorf("%+v", p)
	}
}
