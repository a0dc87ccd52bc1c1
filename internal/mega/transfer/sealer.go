package transfer

import (
	"runtime"
	"sync"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// sealer joins small pieces that want to be encrypted, or decrypted, at the same moment, so that they share
// the MAC lanes. While the processor has nothing else to do, each piece goes alone; the more of them queue, the
// fuller the lanes.
type sealer struct {
	work func([]*crypt.Piece)

	mu      sync.Mutex
	queue   []sealing
	running int
}

type sealing struct {
	piece *crypt.Piece
	done  chan struct{}
}

// sealBatch is how many pieces go together: eight lanes with refills.
const sealBatch = 32

// run works on a piece and returns when it is done.
func (s *sealer) run(p *crypt.Piece) {
	job := sealing{piece: p, done: make(chan struct{})}
	s.mu.Lock()
	s.queue = append(s.queue, job)
	if s.running < runtime.GOMAXPROCS(0) {
		s.running++
		s.drainLocked()
		s.running--
	}
	s.mu.Unlock()
	<-job.done
}

// drainLocked works until the queue is empty. A goroutine that drains may do the work of others, for as
// long as they queue faster than it encrypts; they cannot for long, since each waits for its own piece.
func (s *sealer) drainLocked() {
	for len(s.queue) > 0 {
		n := min(len(s.queue), sealBatch)
		batch := append([]sealing(nil), s.queue[:n]...)
		s.queue = append(s.queue[:0], s.queue[n:]...)
		s.mu.Unlock()
		pieces := make([]*crypt.Piece, len(batch))
		for i, job := range batch {
			pieces[i] = job.piece
		}
		s.work(pieces)
		for _, job := range batch {
			close(job.done)
		}
		s.mu.Lock()
	}
}
