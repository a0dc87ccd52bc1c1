package planner

import (
	"cmp"
	"slices"

	"github.com/megaplan/megaplan/internal/tree"
)

// askAhead is how many proofs of a file are asked for at once where no fingerprint narrows the candidates.
const askAhead = 8

// candidate is a file that may be moved.
type candidate struct {
	id   tree.ID
	path tree.Path
	near int
}

// files pairs the files that are left: those that keep their name first.
func (s *search) files() {
	bySize := map[int64][]candidate{}
	for _, id := range s.loose {
		if !s.covered[id] {
			size := s.remote().Size(id)
			bySize[size] = append(bySize[size], candidate{id: id, path: s.below(id)})
		}
	}
	for _, named := range []bool{true, false} {
		for i := range s.rows {
			r := &s.rows[i]
			if r.what != upload {
				continue
			}
			size := s.local().Size(r.local)
			switch all := bySize[size]; {
			case len(all) > Crowd:
				s.sizes[size] = true
			case len(all) > 0:
				s.findFile(int32(i), all, named)
			}
		}
	}
}

// findFile looks for a row's content among the candidates of its size whose name is the row's, or is not.
func (s *search) findFile(i int32, all []candidate, named bool) {
	local := s.rows[i].local
	l := s.local().Node(local)
	path := tree.Path("")
	var list []candidate
	fingerprints := false
	for _, c := range all {
		if s.covered[c.id] || s.remote().Kind(c.id) != l.Kind || (c.path.Base() == l.Name) != named {
			continue
		}
		if path == "" {
			path = s.rel(i)
		}
		c.near = near(c.path, path)
		list = append(list, c)
		fingerprints = fingerprints || s.remote().Node(c.id).HasFingerprint
	}
	if fingerprints {
		a, ok := s.p.ask(Question{Ask: AskCRC, Backup: s.out.Address, File: local})
		if !ok || a.Verdict == Unreadable || a.Verdict == Changed {
			return
		}
		list = slices.DeleteFunc(list, func(c candidate) bool {
			r := s.remote().Node(c.id)
			return r.HasFingerprint && r.CRC != a.CRC && r.CRC != a.LegacyCRC
		})
	}
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.near, a.near), cmp.Compare(s.remote().Handle(a.id), s.remote().Handle(b.id)))
	})
	s.tryFiles(i, &l, list)
}

// tryFiles takes the first candidate that is proven equal. While proofs are open it takes the first of those for the time
// being.
func (s *search) tryFiles(i int32, l *tree.Node, list []candidate) {
	asked, first := 0, tree.None
	for _, c := range list {
		r := s.remote().Node(c.id)
		a, ok := s.p.ask(Question{Ask: AskMAC, Backup: s.out.Address, File: s.rows[i].local, Handle: r.Handle})
		switch {
		case ok && a.Verdict == Equal && asked == 0:
			s.take(i, c.id, s.equal(l, &r, printed(l, &r, a), true).what, true)
			return
		case !ok:
			if asked == 0 {
				first = c.id
			}
			asked++
		}
		if asked > 0 && (r.HasFingerprint || asked == askAhead) {
			break
		}
	}
	if first != tree.None {
		s.take(i, first, same, true)
	}
}
