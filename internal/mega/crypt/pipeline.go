package crypt

import "crypto/cipher"

// sliceSize is how much of each lane is worked on before the cipher's turn: eight slices stay in the
// nearest caches between MAC, cipher and checksum, which makes the three one pass over memory. It is a
// multiple of 16 for the MAC and of foldSize for the checksum.
const sliceSize = 12 << 10

// pipeline moves chunks through eight slots, of which the first n are taken. It is padded as worker is.
type pipeline struct {
	_       [cacheLines]byte
	n       int
	lanes   [laneCount]Lane
	streams [laneCount]cipher.Stream // made when first needed
	offset  [laneCount]int64         // of the chunk in its file
	rest    [laneCount][]byte        // what follows the current slice
	target  [laneCount]target        // where the results go
	fold    [laneCount][foldSize]byte
	_       [cacheLines]byte
}

// target is where the results of a chunk go.
type target struct {
	mac   *MAC
	piece *Piece
	start int // of the chunk in the piece
}

// runPieces sends every chunk of every piece through the slots, slice by slice.
func runPieces(pieces []*Piece, do func(*pipeline)) {
	p := new(pipeline)
	queue := chunkQueue{pieces: pieces}
	for {
		for p.n < laneCount && queue.more() {
			p.add(queue.take())
		}
		if p.n == 0 {
			return
		}
		for i := range p.n {
			n := min(sliceSize, len(p.rest[i]))
			p.lanes[i].Data, p.rest[i] = p.rest[i][:n], p.rest[i][n:]
		}
		do(p)
		for i := p.n - 1; i >= 0; i-- {
			if len(p.rest[i]) == 0 {
				p.finish(i)
			}
		}
	}
}

func (p *pipeline) add(c *FileCipher, offset int64, data []byte, to target) {
	i := p.n
	p.n++
	p.lanes[i] = Lane{Key: c.schedule, Sum: c.iv()}
	p.streams[i], p.offset[i] = nil, offset
	p.rest[i] = data
	p.target[i] = to
	p.fold[i] = [foldSize]byte{}
}

// finish delivers slot i and puts the last slot in its place.
func (p *pipeline) finish(i int) {
	to := p.target[i]
	*to.mac = p.lanes[i].Sum
	to.piece.Sum.add(&p.fold[i], to.start)
	p.n--
	p.lanes[i] = p.lanes[p.n]
	p.streams[i] = p.streams[p.n]
	p.offset[i] = p.offset[p.n]
	p.rest[i] = p.rest[p.n]
	p.target[i] = p.target[p.n]
	p.fold[i] = p.fold[p.n]
}

func (p *pipeline) sum() { SumLanes(p.lanes[:p.n]) }

func (p *pipeline) cipher() {
	for i := range p.n {
		if p.streams[i] == nil {
			p.streams[i] = p.target[i].piece.Cipher.counter(p.offset[i])
		}
		p.streams[i].XORKeyStream(p.lanes[i].Data, p.lanes[i].Data)
	}
}

func (p *pipeline) check() {
	for i := range p.n {
		foldInto(&p.fold[i], p.lanes[i].Data)
	}
}

func encryptSlices(p *pipeline) {
	p.sum()
	p.cipher()
	p.check()
}

func decryptSlices(p *pipeline) {
	p.cipher()
	p.sum()
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

func (q *chunkQueue) take() (c *FileCipher, offset int64, data []byte, to target) {
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
	to = target{mac: &q.macs[chunk-p.First], piece: p, start: q.done}
	q.done = end
	return p.Cipher, offset, data, to
}
