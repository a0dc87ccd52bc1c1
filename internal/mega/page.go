package mega

import (
	"encoding/binary"
	"time"
	"unsafe"

	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/tree"
)

// A page is the content of one folder: how many nodes, their handles, and a line for each. A line is a byte of flags, size,
// date, node time, CRC, name and metadata, as far as there are any. What a line cannot say is not on it: it tells the reader to
// look at the node itself. Pages are sealed, so that whoever reads one can take it as it was written.

// look is what a reader has to look up besides the line.
type look uint8

const (
	lookNowhere look = iota
	lookVersions
	lookEverywhere
)

// Flags of a line; the two lowest bits are a look, the next two the kind.
const (
	lineKind       = 2 // shift
	linePrint byte = 1 << 4
	lineMeta  byte = 1 << 5
)

var lineKinds = [...]tree.Kind{tree.File, tree.Dir, tree.Symlink}

// writePage writes the nodes that are as they were in the edition; still is what became of each, nil for nothing.
func writePage(nodes []tree.Node, still []cache.Standing) []byte {
	const usual = 100 // bytes a node
	b := make([]byte, 0, 10+usual*len(nodes))
	kept := make([]tree.Node, 0, len(nodes))
	for i := range nodes {
		if still == nil || still[i] != cache.Changed {
			kept = append(kept, nodes[i])
		}
	}
	b = binary.AppendUvarint(b, uint64(len(kept)))
	for i := range kept {
		b = binary.LittleEndian.AppendUint64(b, uint64(kept[i].Handle))
	}
	for i := range kept {
		b = appendLine(b, kept[i])
	}
	return b
}

func appendLine(b []byte, n tree.Node) []byte {
	before := len(b)
	what := lookNowhere
	if n.Versions > 0 || n.VersionBytes > 0 {
		what, n.Versions, n.VersionBytes = lookVersions, 0, 0
	}
	flags := byte(what)
	for i, k := range lineKinds {
		if n.Kind == k {
			flags |= byte(i) << lineKind
		}
	}
	if n.HasFingerprint {
		flags |= linePrint
	}
	if n.Meta != "" {
		flags |= lineMeta
	}
	b = append(b, flags)
	b = binary.AppendUvarint(b, uint64(n.Size))
	b = binary.AppendVarint(b, n.Created)
	if n.HasFingerprint {
		b = binary.AppendVarint(b, n.MTime/int64(time.Second))
		b = append(b, n.CRC[:]...)
	}
	b = append(binary.AppendUvarint(b, uint64(len(n.Name))), n.Name...)
	if n.Meta != "" {
		b = append(binary.AppendUvarint(b, uint64(len(n.Meta))), n.Meta...)
	}
	// Whatever else a node may have: the line says it, or it is no line.
	r := lines{b[before:]}
	if again, _ := r.node(n.Handle); again != n {
		b = append(b[:before], byte(lookEverywhere))
	}
	return b
}

// pageLen returns how many nodes are on a page.
func pageLen(p []byte) int {
	n, _ := binary.Uvarint(p)
	return int(n)
}

func pageHandles(p []byte) []tree.Handle {
	n, width := binary.Uvarint(p)
	handles := make([]tree.Handle, n)
	for i := range handles {
		handles[i] = tree.Handle(binary.LittleEndian.Uint64(p[width+8*i:]))
	}
	return handles
}

// lines reads the lines of a page in order.
type lines struct{ b []byte }

func pageReader(p []byte, nodes int) lines {
	_, width := binary.Uvarint(p)
	return lines{p[width+8*nodes:]}
}

// node reads the next line, of the node with that handle. Name and metadata share memory with the page.
func (r *lines) node(h tree.Handle) (tree.Node, look) {
	flags := r.b[0]
	r.b = r.b[1:]
	n := tree.Node{Handle: h}
	what := look(flags & (1<<lineKind - 1))
	if what == lookEverywhere {
		return n, what
	}
	n.Kind = lineKinds[flags>>lineKind&3]
	n.Size = int64(r.uvarint())
	n.Created = r.varint()
	if flags&linePrint != 0 {
		n.HasFingerprint, n.MTime = true, r.varint()*int64(time.Second)
		copy(n.CRC[:], r.take(uint64(len(n.CRC))))
	}
	n.Name = view(r.take(r.uvarint()))
	if flags&lineMeta != 0 {
		n.Meta = view(r.take(r.uvarint()))
	}
	return n, what
}

func (r *lines) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	r.b = r.b[n:]
	return v
}

func (r *lines) varint() int64 {
	v, n := binary.Varint(r.b)
	r.b = r.b[n:]
	return v
}

func (r *lines) take(n uint64) []byte {
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

// view takes bytes that nobody will change for a string.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
