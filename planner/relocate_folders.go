package planner

import (
	"cmp"
	"slices"

	"github.com/megaplan/megaplan/internal/tree"
)

// folderPair is a folder that would go, and a new local one that may be it.
type folderPair struct {
	whole
	row   int32
	depth int
	named bool // the name is the same
	near  int
}

// wholeFolders pairs folders, the largest first.
func (s *search) wholeFolders() {
	var pairs []folderPair
	for _, w := range s.folders {
		rare := s.remote().Node(w.rare)
		rows := s.wanted[fileKey{rare.Name, rare.Size}]
		if len(rows) > Crowd {
			s.sizes[rare.Size] = true
			continue
		}
		for _, row := range rows {
			if at, ok := s.climb(w, s.rows[row].local); ok {
				pairs = append(pairs, s.folderPair(w, at))
			}
		}
	}
	slices.SortFunc(pairs, func(a, b folderPair) int {
		return cmp.Or(
			cmp.Compare(b.files, a.files), cmp.Compare(b.bytes, a.bytes), cmp.Compare(a.depth, b.depth), preferTrue(a.named, b.named),
			cmp.Compare(b.near, a.near), cmp.Compare(s.remote().Handle(a.id), s.remote().Handle(b.id)), cmp.Compare(a.row, b.row))
	})
	for _, p := range pairs {
		if !s.covered[p.id] && s.rows[p.row].what == create {
			s.tryFolder(p)
		}
	}
}

func preferTrue(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// climb goes up from the rare file on both sides, as long as the names agree, and returns the row of the local folder that is
// where the remote one is on its side.
func (s *search) climb(w whole, local tree.ID) (int32, bool) {
	remote := w.rare
	for remote != w.id {
		if s.local().Name(local) != s.remote().Name(remote) || local == tree.Root {
			return 0, false
		}
		local, remote = s.local().Parent(local), s.remote().Parent(remote)
	}
	at, ok := s.rowOf[local]
	return at, ok && s.rows[at].what == create
}

func (s *search) folderPair(w whole, at int32) folderPair {
	p := folderPair{whole: w, row: at, named: s.local().Name(s.rows[at].local) == s.remote().Name(w.id)}
	p.near = near(s.below(w.id), s.rel(at))
	for up := w.id; up != tree.Root; up = s.remote().Parent(up) {
		p.depth++
	}
	return p
}

// counterpart is a node inside a folder and the row of its local counterpart.
type counterpart struct {
	row  int32
	id   tree.ID
	what verdict
}

// tryFolder takes a folder for a local one if everything in it has a counterpart there that is proven equal. While proofs are
// open it takes the folder for the time being, so that nothing else asks for what is in it.
func (s *search) tryFolder(p folderPair) {
	parts, ok := s.overlay(nil, p.id, s.rows[p.row].local)
	if !ok {
		return
	}
	for i := range parts {
		part := &parts[i]
		local := s.rows[part.row].local
		if s.local().Kind(local) == tree.Dir {
			part.what = s.folderVerdict(local, part.id)
			continue
		}
		j, equal, known := s.prove(local, part.id)
		if known && !equal {
			return
		}
		part.what = j.what
	}
	s.take(p.row, p.id, s.folderVerdict(s.rows[p.row].local, p.id), true)
	for _, part := range parts {
		s.take(part.row, part.id, part.what, false)
	}
}

func (s *search) folderVerdict(local, remote tree.ID) verdict {
	if s.metaDiffers(local, remote) {
		return attrs
	}
	return same
}

// overlay lists everything below a remote folder with its counterpart below a local one; ok is false where one lacks.
func (s *search) overlay(parts []counterpart, remote, local tree.ID) (_ []counterpart, ok bool) {
	first, end := s.remote().Children(remote)
	for c := first; c < end; c++ {
		name, kind := s.remote().Name(c), s.remote().Kind(c)
		if c > first && s.remote().Name(c-1) == name || s.covered[c] {
			return nil, false
		}
		l, stop := s.local().Find(local, name)
		if l+1 != stop || s.local().Kind(l) != kind || kind != tree.Dir && s.local().Size(l) != s.remote().Size(c) {
			return nil, false
		}
		at, waits := s.rowOf[l]
		if !waits || s.rows[at].remote != tree.None {
			return nil, false
		}
		parts = append(parts, counterpart{row: at, id: c})
		if kind == tree.Dir {
			if parts, ok = s.overlay(parts, c, l); !ok {
				return nil, false
			}
		}
	}
	return parts, true
}
