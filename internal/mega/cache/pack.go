package cache

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
)

// A pack is proofs of one directory: for each its name with its length, the handle and the fact; then a checksum.

// factSize is a proof's fact: four numbers and the verdict.
const factSize = 33

// usualProof is about how long a proof is, with a short name.
const usualProof = factSize + 8 + 8

func (p *Proof) fact() []byte { return p.appendFact(make([]byte, 0, factSize)) }

func (p *Proof) appendFact(b []byte) []byte {
	for _, v := range []uint64{uint64(p.Size), uint64(p.MTime), uint64(p.CTime), p.Inode} {
		b = le.AppendUint64(b, v)
	}
	if p.Equal {
		return append(b, 1)
	}
	return append(b, 0)
}

func (p *Proof) setFact(b []byte) bool {
	if len(b) != factSize {
		return false
	}
	p.Identity = Identity{
		Size: int64(le.Uint64(b)), MTime: int64(le.Uint64(b[8:])), CTime: int64(le.Uint64(b[16:])), Inode: le.Uint64(b[24:]),
	}
	p.Equal = b[32] == 1
	return true
}

func appendPack(b []byte, proofs []Proof) []byte {
	for i := range proofs {
		p := &proofs[i]
		b = append(binary.AppendUvarint(b, uint64(len(p.Name))), p.Name...)
		b = p.appendFact(le.AppendUint64(b, uint64(p.Handle)))
	}
	return le.AppendUint32(b, checksum(b))
}

// readPack adds a pack's proofs to list; none of one that is not whole, for no proof is safer than a strange one.
func readPack(list []Proof, dir string, pack []byte) []Proof {
	const sum = 4
	if len(pack) < sum || checksum(pack[:len(pack)-sum]) != le.Uint32(pack[len(pack)-sum:]) {
		return list
	}
	before := len(list)
	text := string(pack[:len(pack)-sum]) // one piece of memory for all names
	for at := 0; at < len(text); {
		n, width := binary.Uvarint(pack[at:])
		at += width
		if rest := len(text) - at; width <= 0 || rest < 8+factSize || n > uint64(rest-8-factSize) {
			return list[:before]
		}
		p := Proof{Dir: dir, Name: text[at : at+int(n)]}
		at += int(n)
		p.Handle = Handle(le.Uint64(pack[at:]))
		p.setFact(pack[at+8 : at+8+factSize])
		at += 8 + factSize
		list = append(list, p)
	}
	return list
}

// proofsPerFile bounds what is remembered of a file that changes daily. A file has several proofs that count when several
// backups have it.
const proofsPerFile = 8

// latest sorts proofs of one directory by name and handle. Of several of one file and node the last counts, and of one file the
// last few are kept.
func latest(proofs []Proof) []Proof {
	order := make([]int, len(proofs))
	for i := range order {
		order[i] = i
	}
	newest := func(a, b int) int { return cmp.Compare(b, a) }
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(strings.Compare(proofs[a].Name, proofs[b].Name), newest(a, b))
	})
	kept := make([]Proof, 0, len(proofs))
	for len(order) > 0 {
		name, first := proofs[order[0]].Name, len(kept)
		for len(order) > 0 && proofs[order[0]].Name == name {
			p := proofs[order[0]]
			order = order[1:]
			known := slices.ContainsFunc(kept[first:], func(k Proof) bool { return k.Handle == p.Handle })
			if !known && len(kept)-first < proofsPerFile {
				kept = append(kept, p)
			}
		}
		slices.SortFunc(kept[first:], func(a, b Proof) int { return cmp.Compare(a.Handle, b.Handle) })
	}
	return kept
}
