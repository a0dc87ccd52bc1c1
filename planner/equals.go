package planner

import (
	"fmt"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/filter"
	"github.com/megaplan/megaplan/internal/tree"
)

// equalFrom is the size from which it is worth reading files to find equal ones among them. A smaller one is sent while the
// server would still be answering about its copy, and most files of one size are small.
var equalFrom int64 = 32 << 10

// equalNew finds new and changed files with equal content: the first is uploaded, the others are copies of it (rule 13). Names of
// one hard link are known to be equal; others are told apart by size, then by the checksum of a few spots, then by a digest of all
// they hold. It asks.
func (t *target) equalNew() {
	if t.backup == nil || t.policy.copyFrom == config.CopyFromNone {
		return
	}
	s := equals{target: t, links: map[inode]int32{}, bySize: map[int64][]int32{}, growing: t.growing()}
	for i := range t.rows {
		if s.sends(int32(i)) {
			s.file(int32(i))
		}
	}
	crowded := 0
	for _, size := range s.sizes {
		switch rows := s.bySize[size]; {
		case len(rows) > Crowd:
			crowded++
		case len(rows) > 1:
			s.search(rows)
		}
	}
	if crowded > 0 {
		t.p.warn(t, "too many new files of one size", fmt.Sprintf(
			"For %s of %s there are more than %d new or changed files each: they were not compared with each other, and each one is uploaded.",
			count(int64(crowded), "file size"), t.out.Address, Crowd))
	}
}

// inode is the identity of a local file, whatever its names, as it was when it was scanned.
type inode struct {
	dev, inode         uint64
	size, mtime, ctime int64
}

// equals is the search for equal new files of one target.
type equals struct {
	*target
	links map[inode]int32
	// bySize are the rows that may be equal to others, sizes the sizes in the order of their first row.
	bySize map[int64][]int32
	sizes  []int64
	// growing are files that may hold more than the scan saw when they are uploaded; nil for none.
	growing *filter.List
}

// growing are the files of the source that are appended to all the time. What follows one of them would find another file.
func (t *target) growing() *filter.List {
	lines := t.backup.Source.Growing
	if len(lines) == 0 {
		return nil
	}
	patterns := make([]filter.Pattern, len(lines))
	for i, l := range lines {
		patterns[i].Text = l.Text
	}
	return filter.NewList("growing", patterns)
}

// sends says whether a row's content would be uploaded: what is on MEGA already is copied from there.
func (s *equals) sends(i int32) bool {
	r := &s.rows[i]
	if !s.brings(r) || s.local().Kind(r.local) != tree.File || s.local().Size(r.local) == 0 {
		return false
	}
	_, copied := s.originals[i]
	return !copied && (s.growing == nil || !s.growing.Takes(s.local().LocalPath(r.local)))
}

// file takes a file in. A further name of one that was taken in is its copy.
func (s *equals) file(i int32) {
	n := s.local().Node(s.rows[i].local)
	if n.Inode != 0 {
		id := inode{n.Dev, n.Inode, n.Size, n.MTime, n.CTime}
		if first, again := s.links[id]; again {
			s.follow(i, first, first)
			return
		}
		s.links[id] = i
	}
	if n.Size < equalFrom {
		return
	}
	if s.bySize[n.Size] == nil {
		s.sizes = append(s.sizes, n.Size)
	}
	s.bySize[n.Size] = append(s.bySize[n.Size], i)
}

// search finds equals among files of one size.
func (s *equals) search(rows []int32) {
	alike := map[[16]byte][]int32{}
	var order [][16]byte
	for _, i := range rows {
		a, ok := s.about(AskCRC, i)
		if !ok {
			continue
		}
		if alike[a.CRC] == nil {
			order = append(order, a.CRC)
		}
		alike[a.CRC] = append(alike[a.CRC], i)
	}
	for _, crc := range order {
		if len(alike[crc]) < 2 {
			continue
		}
		firsts := map[[32]byte]int32{}
		for _, i := range alike[crc] {
			a, ok := s.about(AskDigest, i)
			if !ok {
				continue
			}
			if first, there := firsts[a.Digest]; there {
				s.follow(i, first, i)
			} else {
				firsts[a.Digest] = i
			}
		}
	}
}

// about asks about a row's file; ok is false while that is open, and where the file could not be read.
func (s *equals) about(ask Ask, i int32) (a Answer, ok bool) {
	a, ok = s.p.ask(Question{Ask: ask, Backup: s.out.Address, File: s.rows[i].local})
	return a, ok && a.Verdict != Unreadable && a.Verdict != Changed
}

// follow makes a row a copy of what another one uploads; their checksum is that of asked's file.
func (s *equals) follow(i, first, asked int32) {
	a, ok := s.about(AskCRC, asked)
	if !ok {
		return
	}
	s.duplicate(i, Candidate{}, a)
	from := s.originals[i]
	from.like, from.linked = first, i != asked
	s.originals[i] = from
}

// copyNew emits the copy of a file that an earlier action uploads.
func (e *emitter) copyNew(a Action, from original) Action {
	a.Remote = Remote{}
	return e.takeAlong(a, from)
}

// takeAlong makes an action take the content that an earlier one uploads.
func (e *emitter) takeAlong(a Action, from original) Action {
	first := &e.p.plan.Actions[e.rows[from.like].action-1]
	a.Like, a.From = first.ID, first.Path
	a.Needs = needs(append(a.Needs, first.ID)...)
	what := "new"
	if first.Kind == Update {
		what = "changed"
	}
	a.Reason = "equal to a " + what + " file that is uploaded once, by all its bytes"
	if from.linked {
		a.Reason = "another name of a file that is uploaded once"
	}
	return a
}
