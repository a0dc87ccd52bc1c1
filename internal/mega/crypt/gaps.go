package crypt

import "crypto/cipher"

// Some official clients of the past finished an upload when its token arrived, while one or two posts
// were still waiting for their own answers. The data was complete on the server, but the chunk MACs of
// those posts were left out of the meta-MAC. A post held at most 32 MiB and was among the last three, so
// the chunks left out are one run among the last 96, or two short runs among the last 40. These are the
// bounds within which official clients accept such a file. The post that brought the token is never
// missing, so at least one chunk is there.
const (
	oneGapWithin = 96
	oneGapLength = 64
	twoGapWithin = 40
	twoGapLength = 16
)

// MatchesWithGaps reports whether a meta-MAC is that of the chunks with a run or two of late chunks left
// out, as a fault of old official clients made them. True means neither "equal" nor "corrupt": such a
// meta-MAC cannot tell. The search takes some hundredths of a second for a large file.
func MatchesWithGaps(key Key, macs []MAC, want [8]byte) bool {
	g := newGapSearch(key, macs, want)
	return g.oneGap() || g.twoGaps()
}

type gapSearch struct {
	block  cipher.Block
	macs   []MAC
	want   [8]byte
	first  int   // the earliest chunk that can be missing
	states []MAC // states[i] is the MAC of MACs before chunk first+i
}

func newGapSearch(key Key, macs []MAC, want [8]byte) *gapSearch {
	g := &gapSearch{block: newBlock(key), macs: macs, want: want}
	g.first = max(0, len(macs)-oneGapWithin)
	state := condense(g.block, MAC{}, macs[:g.first])
	for i := g.first; i < len(macs); i++ {
		g.states = append(g.states, state)
		state = g.step(state, i)
	}
	return g
}

func (g *gapSearch) oneGap() bool {
	for start := g.first; start < len(g.macs); start++ {
		for end := start + 1; end <= min(start+oneGapLength, len(g.macs)); end++ {
			everything := start == 0 && end == len(g.macs)
			if !everything && g.finishes(g.states[start-g.first], end) {
				return true
			}
		}
	}
	return false
}

func (g *gapSearch) twoGaps() bool {
	for start := max(0, len(g.macs)-twoGapWithin); start < len(g.macs); start++ {
		for end := start + 1; end <= min(start+twoGapLength, len(g.macs)); end++ {
			if g.secondGap(g.states[start-g.first], end) {
				return true
			}
		}
	}
	return false
}

// secondGap looks for a gap that begins at least one chunk after the first one's end.
func (g *gapSearch) secondGap(state MAC, from int) bool {
	for start := from + 1; start < len(g.macs); start++ {
		state = g.step(state, start-1)
		for end := start + 1; end <= min(start+twoGapLength, len(g.macs)); end++ {
			if g.finishes(state, end) {
				return true
			}
		}
	}
	return false
}

func (g *gapSearch) finishes(state MAC, from int) bool {
	return condense(g.block, state, g.macs[from:]).fold() == g.want
}

func (g *gapSearch) step(state MAC, chunk int) MAC {
	return condense(g.block, state, g.macs[chunk:chunk+1])
}
