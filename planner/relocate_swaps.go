package planner

import (
	"github.com/megaplan/megaplan/internal/tree"
)

// swaps finds files that changed places: names that exist on both sides, each with the content another one has on MEGA. Only
// circles, and chains from a node that would go to a name that is new, are moved: then every node has a place, and nothing is
// overwritten. Files are recognised by size, date and fingerprint, then proven.
func (s *search) swaps() {
	places := s.swappable()
	if len(places) == 0 {
		return
	}
	chosen, used := map[int32]swapped{}, map[tree.ID]bool{}
	for i := range s.rows {
		if r := &s.rows[i]; (r.what == update || r.what == upload) && !r.moved {
			s.chooseSwap(int32(i), places, chosen, used)
		}
	}
	if len(s.p.questions) > 0 {
		return
	}
	s.closed(chosen)
	for i := range s.rows {
		c, ok := chosen[int32(i)]
		if !ok {
			continue
		}
		if s.rows[i].what == update {
			if s.vacated == nil {
				s.vacated = map[int32]tree.ID{}
			}
			s.vacated[int32(i)] = s.rows[i].remote
		}
		s.take(int32(i), c.id, c.what, true)
	}
}

// swapped is a node that goes to another row: from is the row whose name it has, -1 for one that would go otherwise.
type swapped struct {
	id   tree.ID
	from int32
	what verdict
}

type sizeAndDate struct{ size, mtime int64 }

// swappable collects the nodes that may change places, if any name is to be updated at all.
func (s *search) swappable() map[sizeAndDate][]swapped {
	entangled := map[int32]bool{}
	updates := false
	for i := range s.rows {
		switch r := &s.rows[i]; r.what {
		case loser, spare, replaced, renamed, left: // what ignore_drift hides beside it is left, too
			entangled[r.by] = true
		case update:
			updates = true
		}
	}
	if !updates {
		return nil
	}
	places := map[sizeAndDate][]swapped{}
	add := func(id tree.ID, from int32) {
		if n := s.remote().Node(id); n.HasFingerprint && n.Size > 0 {
			key := sizeAndDate{n.Size, n.MTime / 1e9}
			places[key] = append(places[key], swapped{id: id, from: from})
		}
	}
	for i := range s.rows {
		if r := &s.rows[i]; r.what == update && !entangled[int32(i)] && !r.moved {
			add(r.remote, int32(i))
		}
	}
	for _, id := range s.loose {
		if !s.covered[id] {
			add(id, -1)
		}
	}
	return places
}

// chooseSwap picks the first node that a row's file is proven to equal.
func (s *search) chooseSwap(i int32, places map[sizeAndDate][]swapped, chosen map[int32]swapped, used map[tree.ID]bool) {
	r := &s.rows[i]
	l := s.local().Node(r.local)
	list := places[sizeAndDate{l.Size, seconds(l.MTime)}]
	if len(list) > Crowd {
		s.sizes[l.Size] = true
		return
	}
	for _, c := range list {
		if used[c.id] || c.from == i || s.remote().Kind(c.id) != l.Kind || c.from < 0 && r.what == upload {
			continue
		}
		j, equal, ok := s.prove(r.local, c.id)
		if !ok {
			used[c.id] = true // for the time being
			return
		}
		if equal {
			c.what = j.what
			chosen[i], used[c.id] = c, true
			return
		}
	}
}

// closed keeps of what was chosen the circles and the chains that leave nothing without a place.
func (s *search) closed(chosen map[int32]swapped) {
	for again := true; again; {
		again = false
		left := map[int32]bool{} // rows whose node goes elsewhere
		for _, c := range chosen {
			left[c.from] = true
		}
		for i, c := range chosen {
			_, filled := chosen[c.from]
			if c.from >= 0 && !filled || s.rows[i].what == update && !left[i] {
				delete(chosen, i)
				again = true
			}
		}
	}
}
