package planner

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/megaplan/megaplan/internal/tree"
)

// A proof is found for its path on disk and its handle, whatever else there is.
func TestRule9_ProofsAreFoundByPathAndHandle(t *testing.T) {
	names := []string{"a", "b", "c c", "z", "é"}
	rapid.Check(t, func(t *rapid.T) {
		b := tree.NewBuilder(tree.Node{Kind: tree.Dir})
		dirs, paths, used := []tree.ID{tree.Root}, []string{""}, map[string]bool{}
		var files []string
		for range rapid.IntRange(0, 30).Draw(t, "nodes") {
			in := rapid.IntRange(0, len(dirs)-1).Draw(t, "in")
			n := tree.Node{Name: rapid.SampledFrom(names).Draw(t, "name"), Kind: tree.File}
			if rapid.Bool().Draw(t, "odd") {
				// On disk it sorts elsewhere than on MEGA.
				n.LocalName, n.Name = n.Name, "‛"+n.Name
			}
			path := string(tree.Path(paths[in]).Join(n.LocalOrName()))
			if used[path] {
				continue
			}
			used[path] = true
			if rapid.Bool().Draw(t, "dir") {
				n.Kind = tree.Dir
				dirs, paths = append(dirs, b.Add(dirs[in], n)), append(paths, path)
				continue
			}
			b.Add(dirs[in], n)
			files = append(files, path)
		}
		local := b.Build()
		known := append([]string{"gone", "gone/a", "a/gone"}, files...)
		var proofs []Proof
		for _, p := range known {
			for h := range rapid.IntRange(0, 3).Draw(t, "proofs") {
				path := tree.Path(p)
				proofs = append(proofs, Proof{Dir: string(path.Dir()), Name: path.Base(), Handle: tree.Handle(h), Size: int64(len(proofs))})
			}
		}
		slices.SortFunc(proofs, func(a, b Proof) int { return a.Compare(&b) })
		x := indexProofs(local, proofs)
		for id := range local.Walk(tree.Root) {
			for h := range tree.Handle(4) {
				var want *Proof
				for i := range proofs {
					p := &proofs[i]
					if string(tree.Path(p.Dir).Join(p.Name)) == local.LocalPath(id) && p.Handle == h && local.Kind(id) == tree.File {
						want = p
					}
				}
				if got := x.find(id, h); got != want {
					t.Fatalf("%s for %d: got %+v, want %+v", local.LocalPath(id), h, got, want)
				}
			}
		}
	})
}
