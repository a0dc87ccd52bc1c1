package emulator

import (
	"crypto/cipher"
	"iter"
	"math"
	"math/bits"
	"strconv"
)

// Generated nodes form a tree of folders with 99 files each, ten folders to a
// folder, below one folder in the cloud drive. Everything about such a node
// follows from its number: handle, parent, size, times, keys, name, content.
const (
	generatedTag   = 0x47 // first byte of their handles
	groupSize      = 100  // a folder and its files
	folderFanout   = 10
	maxGenerated   = 1 << 32
	generatedEpoch = 1_500_000_000

	handleFactor = 0x9E3779B97F | 1
	handleMask   = 1<<40 - 1
)

// generated answers for the nodes of one account that nobody has changed yet.
// A nil *generated has no nodes.
type generated struct {
	count int
	root  handle       // the cloud drive
	keys  cipher.Block // the master key; nil until AddAccount told it
	// left marks the numbers that were deleted or became stored nodes.
	left []uint64
}

func newGenerated(count int, root handle) *generated {
	return &generated{count: count, root: root, left: make([]uint64, (count+63)/64)}
}

// grow makes the tree larger; numbers that exist stay as they are.
func (g *generated) grow(count int) {
	for count > g.count && len(g.left) < (count+63)/64 {
		g.left = append(g.left, 0)
	}
	g.count = max(g.count, count)
}

func generatedHandle(i int) handle {
	return handle(generatedTag<<40 | uint64(i)*handleFactor&handleMask)
}

// handleInverse is the inverse of handleFactor modulo 2^40, by Newton's
// iteration: each step doubles the number of right bits.
var handleInverse = func() uint64 {
	x := uint64(handleFactor)
	for range 6 {
		x *= 2 - handleFactor*x
	}
	return x & handleMask
}()

// index returns the number of a generated node that is still unchanged.
func (g *generated) index(h handle) (int, bool) {
	if g == nil || h>>40 != generatedTag {
		return 0, false
	}
	i := uint64(h) & handleMask * handleInverse & handleMask
	if i >= uint64(g.count) || g.hasLeft(int(i)) {
		return 0, false
	}
	return int(i), true
}

func (g *generated) hasLeft(i int) bool { return g.left[i/64]>>(i%64)&1 != 0 }
func (g *generated) leave(i int)        { g.left[i/64] |= 1 << (i % 64) }

func generatedIsFolder(i int) bool { return i == 0 || (i-1)%groupSize == 0 }

func (g *generated) parent(i int) handle {
	switch {
	case i == 0:
		return g.root
	case !generatedIsFolder(i):
		return generatedHandle(i - (i-1)%groupSize)
	case i == 1:
		return generatedHandle(0)
	default:
		return generatedHandle(((i-1)/groupSize-1)/folderFanout*groupSize + 1)
	}
}

// children yields the numbers of unchanged generated nodes below a node, which
// itself may be a stored one that was generated once.
func (g *generated) children(h handle) iter.Seq[int] {
	return func(yield func(int) bool) {
		if g == nil {
			return
		}
		for i := range g.candidates(h) {
			if i < g.count && !g.hasLeft(i) && !yield(i) {
				return
			}
		}
	}
}

func (g *generated) candidates(h handle) iter.Seq[int] {
	return func(yield func(int) bool) {
		if h == g.root {
			yield(0)
			return
		}
		i := int(uint64(h) & handleMask * handleInverse & handleMask)
		switch {
		case h>>40 != generatedTag || i >= g.count || !generatedIsFolder(i):
		case i == 0:
			yield(1)
		default:
			yieldGroup((i-1)/groupSize, yield)
		}
	}
}

// yieldGroup yields the files of a folder, then its folders.
func yieldGroup(group int, yield func(int) bool) {
	for k := 1; k < groupSize; k++ {
		if !yield(group*groupSize + 1 + k) {
			return
		}
	}
	for k := 1; k <= folderFanout; k++ {
		if !yield((group*folderFanout+k)*groupSize + 1) {
			return
		}
	}
}

func generatedTime(i int) int64 { return generatedEpoch + int64(i) }

// generatedSize spreads sizes evenly over the orders of magnitude from 1 byte
// to 16 KiB.
func generatedSize(i int) int64 {
	x := uint64(i)*0xD1B54A32D192ED03 + 0x8CB92BA72F3D8DD7
	x ^= x >> 29
	x *= 0xBF58476D1CE4E5B9
	hi, _ := bits.Mul64(x, 1<<20)
	return int64(math.Exp(float64(hi) / (1 << 20) * math.Log(16384)))
}

func generatedName(i int) string { return string(appendGeneratedName(nil, i)) }

func appendGeneratedName(dst []byte, i int) []byte {
	switch {
	case i == 0:
		return append(dst, "generated"...)
	case generatedIsFolder(i):
		return appendNumber(append(dst, "folder-"...), (i-1)/groupSize)
	default:
		return append(appendNumber(append(dst, "file-"...), i), ".bin"...)
	}
}

// appendNumber writes at least seven digits.
func appendNumber(dst []byte, n int) []byte {
	for limit := 1_000_000; n < limit && limit > 1; limit /= 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, int64(n), 10)
}

// bare is the node without its key and attributes.
func (g *generated) bare(i int) *node {
	n := &node{Handle: generatedHandle(i), Parent: g.parent(i), Kind: kindFolder, Time: generatedTime(i)}
	if !generatedIsFolder(i) {
		n.Kind, n.Size, n.Content = kindFile, generatedSize(i), i+1
	}
	return n
}

func (g *generated) node(i int) *node {
	n := g.bare(i)
	if g.keys != nil {
		n.Key, n.Attr = generatedSecrets(i, n.Size, g.keys)
	}
	return n
}

// usage sums up the nodes with numbers from lo to below hi.
func generatedUsage(lo, hi int) usage {
	var u usage
	for i := lo; i < hi; i++ {
		if generatedIsFolder(i) {
			u.Folders++
		} else {
			u.Files++
			u.Bytes += generatedSize(i)
		}
	}
	return u
}
