package treediff_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/scan"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/internal/treediff"
)

// side builds a tree of lines: a path, which ends in a slash for a folder, and of a file its key, its date and its checksum; a
// date of 0 stands for no fingerprint, m= for a mode. A file's size is the length of its key, and a key that begins with a
// question mark cannot be read.
func side(t testing.TB, lines ...string) treediff.Side {
	t.Helper()
	b := tree.NewBuilder(tree.Node{Kind: tree.Dir})
	dirs := map[tree.Path]tree.ID{"": tree.Root}
	keys := map[tree.Handle]crypt.FileKey{}
	for i, line := range lines {
		words := strings.Fields(line)
		path := tree.Path(strings.TrimSuffix(words[0], "/"))
		n := tree.Node{Name: path.Base(), Handle: tree.Handle(i + 1), Kind: tree.Dir}
		if mode, ok := strings.CutPrefix(words[len(words)-1], "m="); ok {
			bits, err := strconv.ParseUint(mode, 8, 32)
			if err != nil {
				t.Fatal(err)
			}
			n.Meta, _ = scan.Meta{HasMode: true, Mode: uint32(bits)}.Encode()
			words = words[:len(words)-1]
		}
		if len(words) > 1 {
			n.Kind, n.Size = tree.File, int64(len(words[1]))
			date, err := strconv.ParseInt(words[2], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			n.HasFingerprint, n.MTime = date != 0, date*int64(time.Second)
			copy(n.CRC[:], words[3])
			var key crypt.FileKey
			copy(key[:], words[1])
			if words[1][0] != '?' {
				keys[n.Handle] = key
			}
		}
		id := b.Add(dirs[path.Dir()], n)
		if n.Kind == tree.Dir {
			dirs[path] = id
		}
	}
	return treediff.Side{Tree: b.Build(), Root: tree.Root, Key: func(h tree.Handle) (crypt.FileKey, error) {
		if key, ok := keys[h]; ok {
			return key, nil
		}
		return crypt.FileKey{}, errors.New("no key")
	}}
}

// other gives a side's nodes handles of their own.
func other(s treediff.Side) treediff.Side {
	const shift = 1 << 20
	b := tree.NewBuilder(tree.Node{Kind: tree.Dir})
	ids := map[tree.ID]tree.ID{tree.Root: tree.Root}
	for id := range s.Tree.Walk(tree.Root) {
		if id == tree.Root {
			continue
		}
		n := s.Tree.Node(id)
		n.Handle += shift
		ids[id] = b.Add(ids[s.Tree.Parent(id)], n)
	}
	return treediff.Side{Tree: b.Build(), Root: tree.Root, Key: func(h tree.Handle) (crypt.FileKey, error) { return s.Key(h - shift) }}
}

// told writes changes a line each.
func told(a, b treediff.Side, r treediff.Result) []string {
	var lines []string
	for _, c := range r.Changes {
		line := map[treediff.Kind]string{treediff.Added: "+ ", treediff.Removed: "- ", treediff.Changed: "~ ", treediff.Moved: "> "}[c.Kind]
		if c.A != tree.None {
			line += string(a.Tree.Path(c.A))
		}
		if c.Kind == treediff.Moved {
			line += " -> "
		}
		if c.Kind == treediff.Added || c.Kind == treediff.Moved {
			line += string(b.Tree.Path(c.B))
		}
		for _, aspect := range []struct {
			bit  treediff.Aspects
			name string
		}{{treediff.Content, "content"}, {treediff.Unsure, "unsure"}, {treediff.Date, "date"}, {treediff.Mode, "mode"}, {treediff.Attributes, "attributes"}} {
			if c.Aspects.Has(aspect.bit) {
				line += " " + aspect.name
			}
		}
		if c.Within {
			line += " (within)"
		}
		lines = append(lines, line)
	}
	return lines
}

func TestCompare(t *testing.T) {
	tests := []struct {
		name       string
		a, b, want []string
	}{
		{"nothing", nil, nil, nil},
		{"equal by fingerprint or by key", []string{"a x 1 c", "b y 0 -", "d/", "d/e z 1 c"}, []string{"a q 1 c", "b y 0 -", "d/", "d/e z 1 c"}, nil},
		{"added and removed", []string{"a x 1 c", "c z 1 c"}, []string{"a x 1 c", "b yy 1 c"}, []string{"+ b", "- c"}},
		{"other bytes", []string{"a x 1 c", "b y 1 c"}, []string{"a xx 1 c", "b q 2 k"}, []string{"~ a content", "~ b content date"}},
		{"date and mode only", []string{"a x 1 c m=644", "d/ m=755"}, []string{"a x 2 c m=600", "d/ m=700"}, []string{"~ a date mode", "~ d mode"}},
		{"nobody knows", []string{"a x 1 c", "b y 0 -", "c ? 0 -"}, []string{"a q 2 c", "b z 1 c", "c ? 0 -"}, []string{"~ a unsure date", "~ b unsure", "~ c unsure"}},
		{"a file becomes a folder", []string{"a x 1 c"}, []string{"a/", "a/b yy 1 c"}, []string{"- a", "+ a", "+ a/b (within)"}},
		{
			"whole folders",
			[]string{"d/", "d/a x 1 c", "d/e/", "d/e/b y 1 c"},
			[]string{"f/", "f/a xx 1 c"},
			[]string{"- d", "- d/a (within)", "- d/e (within)", "- d/e/b (within)", "+ f", "+ f/a (within)"},
		},
		{"renamed, and renamed with another date", []string{"a x 1 c", "b y 1 c"}, []string{"c x 1 c", "d y 2 c"}, []string{"> a -> c", "> b -> d date"}},
		{"ambiguous", []string{"a x 1 c", "b x 1 c"}, []string{"c x 1 c"}, []string{"- a", "- b", "+ c"}},
		{"a name decides", []string{"a x 1 c", "b x 1 c"}, []string{"d/", "d/b x 1 c", "d/c x 1 c"}, []string{"+ d", "> b -> d/b", "> a -> d/c"}},
		{"one of equal size", []string{"a x 1 c", "c ?q 0 -"}, []string{"b y 2 c", "d ?q 0 -"}, []string{"- a", "+ b", "- c", "+ d"}},
		{
			"uploaded again",
			[]string{"a x 1 c", "b y 1 k", "d/", "d/e z 2 k"},
			[]string{"c q 1 c", "f/", "f/e w 2 k"},
			[]string{"- b", "> a -> c", "> d -> f", "> d/e -> f/e (within)"},
		},
		{
			"a moved folder",
			[]string{"d/", "d/a x 1 c", "d/e/", "d/e/b y 1 c"},
			[]string{"n/", "n/f/", "n/f/a x 1 c", "n/f/e/", "n/f/e/b y 1 c"},
			[]string{"+ n", "> d -> n/f", "> d/a -> n/f/a (within)", "> d/e -> n/f/e (within)", "> d/e/b -> n/f/e/b (within)"},
		},
		{
			"half a moved folder",
			[]string{"d/", "d/a x 1 c", "d/b yy 1 c"},
			[]string{"n/", "n/a x 1 c"},
			[]string{"- d", "- d/b (within)", "+ n", "> d/a -> n/a"},
		},
		{
			"a moved folder that gained",
			[]string{"d/", "d/a x 1 c"},
			[]string{"n/", "n/a x 1 c", "n/z zz 1 c"},
			[]string{"- d", "+ n", "> d/a -> n/a", "+ n/z (within)"},
		},
		{"empty files do not move", []string{"d/"}, []string{"e/"}, []string{"- d", "+ e"}},
		{"several of a name", []string{"a x 1 c", "a y 1 k", "a z 1 l"}, []string{"a y 1 k", "a q 1 m"}, []string{"~ a content", "- a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := side(t, tt.a...), other(side(t, tt.b...))
			r := treediff.Compare(a, b)
			if diff := cmp.Diff(tt.want, told(a, b, r)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestTotals(t *testing.T) {
	a := side(t, "same x 1 c", "old yy 1 c", "edited zzz 1 c", "dated q 1 c", "odd w 1 c", "d/", "d/m mmmm 1 c")
	b := other(side(t, "same x 1 c", "new vvvvv 1 c", "edited zzzz 2 c", "dated q 2 c", "odd p 2 c", "e/", "e/m mmmm 1 c", "e/f/"))
	got := treediff.Compare(a, b).Totals
	want := treediff.Totals{
		Equal: treediff.Count{Files: 1, Bytes: 1}, Added: treediff.Count{Files: 1, Bytes: 5}, Removed: treediff.Count{Files: 1, Bytes: 2},
		Moved: treediff.Count{Files: 1, Bytes: 4}, Changed: treediff.Count{Files: 1, Bytes: 4}, Unsure: treediff.Count{Files: 1, Bytes: 1},
		Touched: treediff.Count{Files: 1, Bytes: 1}, AddedFolders: 2, RemovedFolders: 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFilesAreComparedAsTheyAre(t *testing.T) {
	a, b := side(t, "a x 1 c"), other(side(t, "other x 2 c"))
	a.Root, b.Root = 1, 1
	if r := treediff.Compare(a, b); len(r.Changes) != 1 || r.Changes[0].Aspects != treediff.Date {
		t.Errorf("%+v", r)
	}
}

// The law: a tree does not differ from itself, what is added one way is removed the other way, and no file is told twice.
func TestCompareIsSymmetric(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(label string) treediff.Side {
			var lines []string
			taken := map[string]bool{}
			for range rapid.IntRange(0, 12).Draw(rt, label) {
				dir := rapid.SampledFrom([]string{"", "d/", "e/", "d/f/"}).Draw(rt, "dir")
				name := dir + rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "name")
				for at, rest := "", dir; rest != ""; {
					first, after, _ := strings.Cut(rest, "/")
					at, rest = at+first+"/", after
					if !taken[at] {
						taken[at] = true
						lines = append(lines, at)
					}
				}
				if !taken[name] {
					taken[name] = true
					lines = append(lines, fmt.Sprintf("%s %s %d c", name, rapid.SampledFrom([]string{"x", "y", "zz", "?q"}).Draw(rt, "key"), rapid.IntRange(0, 2).Draw(rt, "date")))
				}
			}
			return side(t, lines...)
		}
		a, b := draw("a"), other(draw("b"))
		if r := treediff.Compare(a, a); r.Differs() {
			rt.Fatalf("a tree differs from itself: %q", told(a, a, r))
		}
		there, back := treediff.Compare(a, b).Totals, treediff.Compare(b, a).Totals
		if there.Added != back.Removed || there.Removed != back.Added || there.Moved != back.Moved || there.Equal != back.Equal || there.AddedFolders != back.RemovedFolders {
			rt.Fatalf("one way %+v, the other %+v", there, back)
		}
		var files int64
		for id := range b.Tree.Walk(tree.Root) {
			if b.Tree.Kind(id).HasContent() {
				files++
			}
		}
		if n := there.Equal.Files + there.Added.Files + there.Moved.Files + there.Changed.Files + there.Unsure.Files + there.Touched.Files; n != files {
			rt.Fatalf("%d of %d files are told", n, files)
		}
	})
}
