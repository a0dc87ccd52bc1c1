package verify

import (
	"cmp"
	"slices"

	"github.com/megaplan/megaplan/internal/tree"
)

// Sample picks files at random, the same ones for the same seed. The zero value picks all.
type Sample struct {
	// Percent of the files, above 0 and below 100; 0 is all.
	Percent float64
	Seed    uint64
	// Budget bounds the bytes that Fetch downloads; 0 is no bound.
	Budget int64
}

// draw is a file's lot: evenly spread, and independent of the other files.
func (s Sample) draw(h tree.Handle) uint64 {
	x := s.Seed ^ uint64(h)*0x9e3779b97f4a7c15
	for range 2 { // splitmix64's finish
		x ^= x >> 30
		x *= 0xbf58476d1ce4e5b9
		x ^= x >> 27
		x *= 0x94d049bb133111eb
		x ^= x >> 31
	}
	return x
}

func (s Sample) takes(h tree.Handle) bool {
	if s.Percent <= 0 || s.Percent >= 100 {
		return true
	}
	return float64(s.draw(h)>>11)/(1<<53)*100 < s.Percent
}

// Remote is a file whose bytes on the server are to be proven.
type Remote struct {
	Handle tree.Handle
	Path   tree.Path
	Size   int64
}

// Choose picks the files below root that Fetch downloads: those of the sample, in the order of their lots, as far as the
// budget goes. left counts the others.
func Choose(t *tree.Tree, root tree.ID, s Sample) (chosen []Remote, left int64) {
	base := t.Path(root)
	for id := range t.Walk(root) {
		n := t.Node(id)
		if !n.Kind.HasContent() {
			continue
		}
		if !s.takes(n.Handle) {
			left++
			continue
		}
		path := t.Path(id)[len(base):]
		if base != "" && path != "" {
			path = path[1:]
		}
		chosen = append(chosen, Remote{n.Handle, path, n.Size})
	}
	if s.Budget <= 0 {
		return chosen, left
	}
	slices.SortStableFunc(chosen, func(a, b Remote) int { return cmp.Compare(s.draw(a.Handle), s.draw(b.Handle)) })
	sum := int64(0)
	within := chosen[:0]
	for _, r := range chosen {
		if sum+r.Size > s.Budget {
			left++
			continue
		}
		sum += r.Size
		within = append(within, r)
	}
	return within, left
}
