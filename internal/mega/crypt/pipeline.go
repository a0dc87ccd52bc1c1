package crypt

import "crypto/cipher"

// sliceSize is how much of each lane is worked on before the cipher's turn: eight slices stay in the
// first-level cache between MAC and cipher, which makes the two one pass over memory.
const sliceSize = 8 << 10

// pipeline moves chunks through eight slots. Slot i works on lanes[i].
type pipeline struct {
	lanes   []Lane
	streams []cipher.Stream
	rest    [][]byte // what follows the current slice
	target  []*MAC   // where the finished MAC goes
}

// runPieces sends every chunk of every piece through the slots, slice by slice.
func runPieces(pieces []*Piece, do func([]Lane, []cipher.Stream)) {
	var p pipeline
	queue := chunkQueue{pieces: pieces}
	for {
		for len(p.lanes) < laneCount && queue.more() {
			p.add(queue.take())
		}
		if len(p.lanes) == 0 {
			return
		}
		for i := range p.lanes {
			n := min(sliceSize, len(p.rest[i]))
			p.lanes[i].Data, p.rest[i] = p.rest[i][:n], p.rest[i][n:]
		}
		do(p.lanes, p.streams)
		for i := len(p.lanes) - 1; i >= 0; i-- {
			if len(p.rest[i]) == 0 {
				*p.target[i] = p.lanes[i].Sum
				p.remove(i)
			}
		}
	}
}

func (p *pipeline) add(c *FileCipher, offset int64, data []byte, target *MAC) {
	p.lanes = append(p.lanes, Lane{Key: c.schedule, Sum: c.iv()})
	p.streams = append(p.streams, c.counter(offset))
	p.rest = append(p.rest, data)
	p.target = append(p.target, target)
}

func (p *pipeline) remove(i int) {
	last := len(p.lanes) - 1
	p.lanes[i], p.lanes = p.lanes[last], p.lanes[:last]
	p.streams[i], p.streams = p.streams[last], p.streams[:last]
	p.rest[i], p.rest = p.rest[last], p.rest[:last]
	p.target[i], p.target = p.target[last], p.target[:last]
}

// chunkQueue hands out the chunks of a list of pieces in order.
type chunkQueue struct {
	pieces []*Piece
	done   int // bytes of the first piece already handed out
	macs   []MAC
}

func (q *chunkQueue) more() bool {
	for len(q.pieces) > 0 && q.done >= len(q.pieces[0].Buf) {
		q.pieces, q.done = q.pieces[1:], 0
	}
	return len(q.pieces) > 0
}

func (q *chunkQueue) take() (c *FileCipher, offset int64, data []byte, target *MAC) {
	p := q.pieces[0]
	base := ChunkStart(p.First)
	if q.done == 0 {
		// All MACs of the piece get their place now, so that their addresses stay valid.
		count := ChunkIndex(base+int64(len(p.Buf))-1) - p.First + 1
		p.MACs = append(p.MACs, make([]MAC, count)...)
		q.macs = p.MACs[len(p.MACs)-count:]
	}
	offset = base + int64(q.done)
	chunk := ChunkIndex(offset)
	end := min(int(ChunkStart(chunk+1)-base), len(p.Buf))
	data = p.Buf[q.done:end]
	q.done = end
	return p.Cipher, offset, data, &q.macs[chunk-p.First]
}

func encryptSlices(lanes []Lane, streams []cipher.Stream) {
	SumLanes(lanes)
	xorSlices(lanes, streams)
}

func decryptSlices(lanes []Lane, streams []cipher.Stream) {
	xorSlices(lanes, streams)
	SumLanes(lanes)
}

func xorSlices(lanes []Lane, streams []cipher.Stream) {
	for i := range lanes {
		streams[i].XORKeyStream(lanes[i].Data, lanes[i].Data)
	}
}
