package tree

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestTreeKeepsNodesAndSortsChildren(t *testing.T) {
	b := NewBuilder(Node{Kind: Dir, Handle: 9})
	sub := b.Add(Root, Node{Name: "sub", Kind: Dir, Handle: 5})
	want := map[Path]Node{
		"b":      {Name: "b", Kind: File, Size: 3, MTime: 7e9, Handle: 2, HasFingerprint: true, CRC: [16]byte{1}, Meta: `{"m":420}`},
		"sub/a":  {Name: "a", Kind: File, Size: 1, Handle: 3, Created: 12, Versions: 2, VersionBytes: 9},
		"sub/z‛": {Name: "z‛", LocalName: "z", Kind: Unknown, Why: Excluded, Reason: "exclude, x.mega.hcl:4"},
	}
	b.Add(sub, want["sub/z‛"])
	b.Add(sub, want["sub/a"])
	b.Add(Root, want["b"])
	tr := b.Build()
	for path, n := range want {
		id, ok := tr.Lookup(path)
		if !ok {
			t.Errorf("Lookup(%s) found nothing", path)
			continue
		}
		if diff := cmp.Diff(n, tr.Node(id)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
		if got := tr.Path(id); got != path {
			t.Errorf("Path = %s, want %s", got, path)
		}
	}
	var got []string
	for id := range tr.Walk(Root) {
		got = append(got, tr.LocalPath(id))
	}
	if diff := cmp.Diff([]string{"", "b", "sub", "sub/a", "sub/z"}, got); diff != "" {
		t.Errorf("walk (-want +got):\n%s", diff)
	}
}

func TestTreeAgreesWithAModelOfPaths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := NewBuilder(Node{Kind: Dir})
		ids, paths := []ID{Root}, []Path{""}
		want := map[Path][]int64{"": {0}}
		for i := range rapid.IntRange(0, 40).Draw(t, "n") {
			at := rapid.IntRange(0, len(ids)-1).Draw(t, "parent")
			name := rapid.SampledFrom([]string{"a", "b", "é", "c\xff", "a b"}).Draw(t, "name")
			p := paths[at].Join(name)
			ids = append(ids, b.Add(ids[at], Node{Name: name, Kind: Dir, Size: int64(i + 1), Handle: Handle(i + 1)}))
			paths = append(paths, p)
			want[p] = append(want[p], int64(i+1))
		}
		tr := b.Build()
		got := map[Path][]int64{}
		for id := range tr.Walk(Root) {
			got[tr.Path(id)] = append(got[tr.Path(id)], tr.Size(id))
			if id != Root && tr.Parent(id) >= id {
				t.Fatalf("parent %d of %d comes later", tr.Parent(id), id)
			}
		}
		sorted := cmp.Transformer("set", func(in []int64) map[int64]bool {
			m := map[int64]bool{}
			for _, v := range in {
				m[v] = true
			}
			return m
		})
		if diff := cmp.Diff(want, got, sorted); diff != "" {
			t.Fatalf("nodes by path (-want +got):\n%s", diff)
		}
	})
}

func TestFindReturnsAllOfOneName(t *testing.T) {
	b := NewBuilder(Node{Kind: Dir})
	for i, name := range []string{"a", "dup", "dup", "e"} {
		b.Add(Root, Node{Name: name, Kind: File, Handle: Handle(10 - i)})
	}
	tr := b.Build()
	first, end := tr.Find(Root, "dup")
	if end-first != 2 || tr.Handle(first) != 8 || tr.Handle(first+1) != 9 {
		t.Errorf("Find(dup) = [%d,%d) with handles %d, %d", first, end, uint64(tr.Handle(first)), uint64(tr.Handle(first+1)))
	}
	if first, end := tr.Find(Root, "none"); first != end {
		t.Errorf("Find(none) = [%d,%d), want nothing", first, end)
	}
}

func TestHandleRoundTrip(t *testing.T) {
	for _, s := range []string{"", "AbCdEfGh", "________", "AAAAAAAB"} {
		h, err := ParseHandle(s)
		if err != nil || h.String() != s {
			t.Errorf("ParseHandle(%q) = %v, %v", s, h, err)
		}
	}
	for _, s := range []string{"short", "AbCdEfGhI", "AbCd fGh"} {
		if _, err := ParseHandle(s); err == nil {
			t.Errorf("ParseHandle(%q) took it", s)
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		tb := NewBuilder(Node{Kind: Dir})
		dir := Root
		for i := range n {
			if i%100 == 0 {
				dir = tb.Add(Root, Node{Name: fmt.Sprintf("d%06d", i), Kind: Dir, Inode: uint64(i)})
			}
			tb.Add(dir, Node{Name: fmt.Sprintf("f%06d", i), Kind: File, Size: int64(i), Inode: uint64(i)})
		}
		tb.Build()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/node")
}
