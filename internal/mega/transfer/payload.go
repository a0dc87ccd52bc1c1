package transfer

import (
	"context"
	"io"
	"net/http"
	"sync"

	"golang.org/x/time/rate"
)

// limitPiece is how much passes a bandwidth limit at a time: small enough for a smooth flow.
const limitPiece = 16 << 10

// payload is the body of a post. The transport may go on reading a body after it has returned an answer;
// detach ends that, so that the buffer can be used for something else.
type payload struct {
	limit *rate.Limiter
	moved func(n int64) // told what was sent, under mu; n is negative when sending begins anew

	mu   sync.Mutex
	data []byte
	sent int64 // of the reader in use
}

// attach gives the request its body.
func (p *payload) attach(ctx context.Context, req *http.Request, watch *stallWatch) {
	req.ContentLength = int64(len(p.data))
	if len(p.data) == 0 {
		req.Body = http.NoBody
		return
	}
	open := func() (io.ReadCloser, error) {
		p.rewind()
		return &payloadReader{payload: p, ctx: ctx, watch: watch, size: len(p.data)}, nil
	}
	req.Body, _ = open()
	req.GetBody = open // for a kept connection that turns out to be dead
	req.Header.Set("Content-Type", "application/octet-stream")
}

// rewind takes back what was counted.
func (p *payload) rewind() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.countLocked(-p.sent)
}

func (p *payload) countLocked(n int64) {
	if n != 0 {
		p.sent += n
		p.moved(n)
	}
}

// detach waits for a read in progress and ends all later ones. What was counted then is all or nothing.
func (p *payload) detach(arrived bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if arrived {
		p.countLocked(int64(len(p.data)) - p.sent)
	} else {
		p.countLocked(-p.sent)
	}
	p.data = nil
}

// payloadReader is one attempt to send the payload.
type payloadReader struct {
	payload *payload
	ctx     context.Context // of the request, which the transport does not hand to Read
	watch   *stallWatch
	size    int
	off     int
}

func (r *payloadReader) Read(b []byte) (int, error) {
	b = b[:min(len(b), r.size-r.off)]
	if limit := r.payload.limit; limit != nil && len(b) > 0 {
		var err error
		if b, err = limited(r.ctx, limit, b, r.watch); err != nil {
			return 0, err
		}
	}
	n, err := r.copy(b)
	r.watch.moved()
	return n, err
}

func (r *payloadReader) copy(b []byte) (int, error) {
	p := r.payload
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.data == nil {
		return 0, io.ErrClosedPipe
	}
	if r.off == r.size {
		return 0, io.EOF
	}
	n := copy(b, p.data[r.off:])
	r.off += n
	p.countLocked(int64(n))
	return n, nil
}

func (r *payloadReader) Close() error { return nil }

// limited waits until the limit lets a piece of b pass and returns that piece.
func limited(ctx context.Context, limit *rate.Limiter, b []byte, watch *stallWatch) ([]byte, error) {
	if limit.Limit() == rate.Inf {
		return b, nil
	}
	b = b[:min(len(b), limitPiece)]
	if burst := limit.Burst(); burst > 0 && len(b) > burst {
		b = b[:burst]
	}
	watch.pause()
	defer watch.moved()
	if err := limit.WaitN(ctx, len(b)); err != nil {
		return nil, err
	}
	return b, nil
}
