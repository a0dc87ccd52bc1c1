package emulator

import (
	"context"
	"io"
	"net/http"
	"time"

	"golang.org/x/time/rate"
)

// line models the way between client and server: delays and bandwidth.
type line struct {
	up, down *rate.Limiter // nil without a limit
}

func newLine(bandwidth int64) *line {
	if bandwidth <= 0 {
		return &line{}
	}
	burst := int(min(max(bandwidth/20, 16<<10), 1<<20))
	return &line{
		up:   rate.NewLimiter(rate.Limit(bandwidth), burst),
		down: rate.NewLimiter(rate.Limit(bandwidth), burst),
	}
}

// delay waits; false means that the client went away meanwhile.
func (l *line) delay(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// upload slows the reading of a request body.
func (l *line) upload(ctx context.Context, r io.Reader) io.Reader {
	if l.up == nil {
		return r
	}
	return &limited{ctx: ctx, r: r, limit: l.up}
}

// send copies an answer's body and says how many bytes went out.
func (l *line) send(ctx context.Context, w http.ResponseWriter, r io.Reader) (int64, error) {
	if l.down != nil {
		r = &limited{ctx: ctx, r: r, limit: l.down}
	}
	return io.Copy(w, r)
}

type limited struct {
	ctx   context.Context // of the request that owns this reader
	r     io.Reader
	limit *rate.Limiter
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p[:min(len(p), l.limit.Burst())])
	if waitErr := l.limit.WaitN(l.ctx, n); waitErr != nil && err == nil {
		err = waitErr
	}
	return n, err
}
