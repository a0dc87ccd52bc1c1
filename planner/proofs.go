package planner

import (
	"cmp"
	"strings"

	"github.com/megaplan/megaplan/internal/tree"
)

// Proof says that a handle was uploaded from, or proven equal by MAC to, exactly this file (rule 9).
type Proof struct {
	// Dir and Name are the file's path in names on disk; Dir is relative to the source's root, "" for that itself.
	Dir, Name    string
	Handle       tree.Handle
	Size         int64
	MTime, CTime int64
	Inode        uint64
}

// Compare orders proofs as Source has them.
func (p *Proof) Compare(o *Proof) int {
	return cmp.Or(strings.Compare(p.Dir, o.Dir), strings.Compare(p.Name, o.Name), cmp.Compare(p.Handle, o.Handle))
}

// proofIndex finds the proofs of local files. Files are looked at in the order of the tree, which is nearly that of the proofs:
// an index by handle would be read, and written, all over memory.
type proofIndex struct {
	proofs []Proof
	first  []uint32 // by local node: its first proof + 1; 0: none. nil: there are none at all
	strays map[stray]bool
}

// stray is a file on disk whose proof has stayed behind under another path. Names that changed places, or were given to another
// file, show in it although size and date are as before.
type stray struct {
	inode       uint64
	size, mtime int64
}

func indexProofs(local *tree.Tree, proofs []Proof) proofIndex {
	x := proofIndex{proofs: proofs}
	if len(proofs) == 0 {
		return x
	}
	x.first = make([]uint32, local.Len())
	dirs := map[string]int{}
	for i := range proofs {
		if i == 0 || proofs[i].Dir != proofs[i-1].Dir {
			dirs[proofs[i].Dir] = i
		}
	}
	for id := range tree.ID(local.Len()) {
		if local.Kind(id) != tree.Dir {
			continue
		}
		if from, ok := dirs[local.LocalPath(id)]; ok {
			x.join(local, id, from)
		}
	}
	return x
}

// join finds the proofs, which begin at from, of the files in a directory.
func (x *proofIndex) join(local *tree.Tree, dir tree.ID, from int) {
	path := x.proofs[from].Dir
	at, before := from, ""
	first, end := local.Children(dir)
	for child := first; child < end; child++ {
		name := local.LocalName(child)
		if name < before {
			at = from // in the order of MEGA's names, and this one is another on disk
		}
		before = name
		for at < len(x.proofs) && x.proofs[at].Dir == path && x.proofs[at].Name < name {
			at++
		}
		if at < len(x.proofs) && x.proofs[at].Dir == path && x.proofs[at].Name == name {
			x.first[child] = uint32(at) + 1
		}
	}
}

// find returns the proof of a local file for a handle, nil if there is none.
func (x *proofIndex) find(local tree.ID, h tree.Handle) *Proof {
	if x.first == nil || x.first[local] == 0 {
		return nil
	}
	of := x.proofs[x.first[local]-1:]
	for i := range of {
		p := &of[i]
		if p.Name != of[0].Name || p.Dir != of[0].Dir {
			return nil
		}
		if p.Handle == h {
			return p
		}
	}
	return nil
}

// strayed says whether a local file was proven under a path where it is no longer.
func (x *proofIndex) strayed(local *tree.Tree, l *tree.Node) bool {
	if x.first == nil || l.Inode == 0 {
		return false
	}
	if x.strays == nil {
		x.findStrays(local)
	}
	return x.strays[stray{l.Inode, l.Size, seconds(l.MTime)}]
}

func (x *proofIndex) findStrays(local *tree.Tree) {
	here := make([]bool, len(x.proofs))
	for id, first := range x.first {
		if first == 0 {
			continue
		}
		of, inode := x.proofs[first-1:], local.Node(tree.ID(id)).Inode
		for i := range of {
			if of[i].Name != of[0].Name || of[i].Dir != of[0].Dir {
				break
			}
			here[int(first)-1+i] = of[i].Inode == inode
		}
	}
	x.strays = map[stray]bool{}
	for i := range x.proofs {
		if p := &x.proofs[i]; !here[i] {
			x.strays[stray{p.Inode, p.Size, seconds(p.MTime)}] = true
		}
	}
}
