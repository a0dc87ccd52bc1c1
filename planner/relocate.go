package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
)

// relocate finds what was only renamed or moved in the source (rule 13): names that MEGA lacks are paired with nodes that this
// plan would otherwise take away, whole folders first, the largest first, then files that keep their name, then the rest, and
// at last names that changed places. Every pair is proven before it counts; relocate asks.
func (t *target) relocate() {
	if t.backup == nil || len(t.rows) == 0 || t.policy.onDelete == config.DeleteKeep || t.held() != "" {
		return
	}
	s := search{target: t, covered: map[tree.ID]bool{}, sizes: map[int64]bool{}}
	if s.orphans() {
		s.wholeFolders()
		s.files()
	}
	if len(t.p.questions) == 0 {
		s.swaps()
	}
	if len(s.sizes) > 0 {
		t.p.warn(t, "too many files of one size", fmt.Sprintf(
			"For %s of %s there are more than %d files each on MEGA that may have been renamed: they were not searched, and what was renamed among them is uploaded.",
			count(int64(len(s.sizes)), "file size"), t.out.Address, Crowd))
	}
}

// held says why nothing of the target is deleted, "" if nothing holds deletions.
func (t *target) held() string {
	if t.readErrors == 0 || t.p.in.Options.DeleteDespiteErrors {
		return ""
	}
	return count(int64(t.readErrors), "name") + " of the source could not be read"
}

// search is the search for moved nodes of one target.
type search struct {
	*target
	// wanted are the rows of local files that MEGA lacks, by name and size; rowOf those of such files and folders.
	wanted map[fileKey][]int32
	rowOf  map[tree.ID]int32
	// loose are files that may be moved, folders those that may be moved with all they hold.
	loose   []tree.ID
	folders []whole
	// covered are nodes that are taken, in a folder that is, or hold one that is.
	covered map[tree.ID]bool
	// sizes are those that were not searched.
	sizes map[int64]bool
}

type fileKey struct {
	name string
	size int64
}

// whole is a folder that would go with all it holds, everything in it owned and wanted by name and size somewhere.
type whole struct {
	id           tree.ID
	ok           bool
	files, bytes int64
	// rare is the file in it with the fewest local counterparts: where they are is where the folder may be.
	rare   tree.ID
	rivals int
}

// orphans collects what this plan would take away. It returns false if there is nothing to find.
func (s *search) orphans() bool {
	if !slices.ContainsFunc(s.rows, func(r row) bool { return r.what == gone || r.what == replaced || r.what == outdone }) {
		return false
	}
	s.wanted, s.rowOf = map[fileKey][]int32{}, map[tree.ID]int32{}
	for i := range s.rows {
		r := &s.rows[i]
		if r.what != upload && r.what != create || i == 0 {
			continue
		}
		s.rowOf[r.local] = int32(i)
		if r.what == upload {
			key := fileKey{s.local().Name(r.local), s.local().Size(r.local)}
			s.wanted[key] = append(s.wanted[key], int32(i))
		}
	}
	if len(s.wanted) == 0 {
		return false
	}
	for i := range s.rows {
		switch r := &s.rows[i]; r.what {
		case gone, replaced:
			s.walk(&pruner{emitter: &emitter{target: s.target}, mine: r.what == replaced}, r.remote, true)
		case outdone:
			s.walk(&pruner{emitter: &emitter{target: s.target}, outdone: r.remote, over: s.rows[r.by].local}, r.remote, true)
		}
	}
	return len(s.loose) > 0
}

// walk looks at a node that the source lacks under its path, and at everything below it.
func (s *search) walk(p *pruner, id tree.ID, top bool) whole {
	n := s.remote().Node(id)
	if other := s.account.roots[id]; other != nil && other != s.target {
		return whole{}
	}
	f := p.fate(id, n, "", top)
	w := whole{id: id, ok: f.owned && f.kind != "", rare: tree.None}
	if n.Kind != tree.Dir {
		if !w.ok {
			return w
		}
		if n.Size > 0 {
			s.loose = append(s.loose, id)
			w.rare = id
		}
		w.rivals = len(s.wanted[fileKey{n.Name, n.Size}])
		w.ok, w.files, w.bytes = w.rivals > 0, 1, n.Size
		return w
	}
	first, end := s.remote().Children(id)
	for c := first; c < end; c++ {
		in := s.walk(p, c, false)
		w.ok = w.ok && in.ok
		w.files, w.bytes = w.files+in.files, w.bytes+in.bytes
		if in.rare != tree.None && (w.rare == tree.None || in.rivals < w.rivals) {
			w.rare, w.rivals = in.rare, in.rivals
		}
	}
	if w.ok && w.rare != tree.None && !s.shared(id) {
		s.folders = append(s.folders, w)
	}
	return w
}

// prove says whether a local file equals a remote one of its size; ok is false while that is open.
func (s *search) prove(local, remote tree.ID) (j judgement, equal, ok bool) {
	l, r := s.local().Node(local), s.remote().Node(remote)
	if l.Size == 0 {
		return s.equal(&l, &r, r.HasFingerprint && r.MTime/1e9 == seconds(l.MTime), true), true, true
	}
	if r.HasFingerprint && r.MTime/1e9 != seconds(l.MTime) {
		a, ok := s.p.ask(Question{Ask: AskCRC, Backup: s.out.Address, File: local})
		if !ok || a.Verdict == Unreadable || a.Verdict == Changed || a.CRC != r.CRC && a.LegacyCRC != r.CRC {
			return j, false, ok
		}
	}
	a, ok := s.p.ask(Question{Ask: AskMAC, Backup: s.out.Address, File: local, Handle: r.Handle})
	if !ok || a.Verdict != Equal {
		return j, false, ok
	}
	return s.equal(&l, &r, printed(&l, &r, a), true), true, true
}

// printed says whether a remote file's fingerprint is that of the local file it equals.
func printed(l, r *tree.Node, a Answer) bool {
	return r.HasFingerprint && r.MTime/1e9 == seconds(l.MTime) && (a.CRC == r.CRC || a.LegacyCRC == r.CRC)
}

// take gives a node to a row. What is inside a folder that is taken is not moved by itself.
func (s *search) take(i int32, id tree.ID, what verdict, moved bool) {
	r := &s.rows[i]
	r.remote, r.what, r.moved = id, what, moved
	s.covered[id] = true
	if !moved {
		return
	}
	if s.leaves == nil {
		s.leaves = map[tree.ID]int32{}
	}
	s.leaves[id] = i
	for up := s.remote().Parent(id); up != s.root && up != tree.Root; up = s.remote().Parent(up) {
		s.covered[up] = true
	}
}

// near counts the folders that two paths share from the top.
func near(a, b tree.Path) int {
	n := 0
	for x, y := string(a.Dir()), string(b.Dir()); x != "" && y != ""; n++ {
		p, restA, _ := strings.Cut(x, "/")
		q, restB, _ := strings.Cut(y, "/")
		if p != q {
			break
		}
		x, y = restA, restB
	}
	return n
}
