package transfer

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// Download is a file to fetch.
type Download struct {
	Size int64
	Key  crypt.FileKey
	// URL asks for an address of the content. It is called again when one has expired.
	URL func(ctx context.Context) (string, error)
	// To receives the content in the place of what it holds. It should carry a temporary name, since its
	// bytes are unproven until Download returns. Chunks of zeros become holes where the file system has them. Nil
	// proves the content and keeps nothing.
	To *os.File
	// Part is what is known of a former attempt, for content larger than SmallBody; zero is nothing.
	Part Part
	// Progress is told how many bytes arrived since the last call; the number is negative when bytes must be
	// fetched again. It is called from any goroutine.
	Progress func(n int64)
}

// Download fetches a file and proves it. It returns [crypt.Equal], or [crypt.CannotTell] for a file whose
// key carries the known fault of old clients; anything else is [ErrCorrupt], or [ErrPaused]. The file is not synced.
func (m *Manager) Download(ctx context.Context, d Download) (crypt.Verdict, error) {
	return m.newDownload(d).do(ctx)
}

func (m *Manager) newDownload(d Download) *downloadRun {
	run := &downloadRun{manager: m, download: d, cipher: d.Key.Cipher(), chunks: newProgressMap(d.Size)}
	run.counter.report = d.Progress
	return run
}

func (r *downloadRun) do(ctx context.Context) (crypt.Verdict, error) {
	d := &r.download
	if err := r.begin(ctx); err != nil {
		return crypt.Different, err
	}
	if err := r.fetch(ctx); err != nil {
		r.counter.reset()
		return crypt.Different, err
	}
	if err := d.truncate(d.Size); err != nil {
		return crypt.Different, err
	}
	// Official clients do not look at the MAC of an empty file.
	if d.Size == 0 {
		return crypt.Equal, nil
	}
	verdict := d.Key.Verify(r.chunks.macs)
	if verdict == crypt.Different {
		return verdict, ErrCorrupt
	}
	return verdict, nil
}

func (d *Download) truncate(size int64) error {
	if d.To == nil {
		return nil
	}
	return d.To.Truncate(size)
}

type downloadRun struct {
	manager  *Manager
	download Download
	cipher   *crypt.FileCipher
	address  address
	counter  progressCounter
	// old is the length of what a former attempt left, whose bytes count only where chunks say so.
	old int64
	// others are keys that the content is compared with.
	others []otherKey

	mu     sync.Mutex
	chunks *progressMap
}

// begin makes the file ready to be written: emptied, since what is skipped as a hole must read as zeros, or with what a former
// attempt left and is proven to be whole.
func (r *downloadRun) begin(ctx context.Context) error {
	if r.resumes() {
		return r.takeOver(ctx)
	}
	return r.download.truncate(0)
}

func (r *downloadRun) fetch(ctx context.Context) error {
	r.address.ask = r.download.URL
	switch {
	case r.download.Size == 0:
		return nil
	case r.download.Size <= SmallBody:
		return r.small(ctx)
	}
	return r.large(ctx)
}

func (r *downloadRun) small(ctx context.Context) error {
	// The address first: a place in the gate is not for waiting.
	if _, err := r.address.get(ctx); err != nil {
		return err
	}
	slot, err := r.manager.down.enter(ctx)
	if err != nil {
		return err
	}
	buf, free := r.manager.smallBuffer()
	defer free()
	err = r.span(ctx, crypt.SpanAt(0, r.download.Size, SmallBody), buf[:r.download.Size], slot.overload)
	slot.leave(err == nil)
	return err
}

// large fetches spans, several at a time, until it is told to pause. Its goroutines end before it returns.
func (r *downloadRun) large(ctx context.Context) error {
	pause := r.download.Part.Pause
	if r.download.Part.Wrote == nil {
		pause = nil
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, span := range r.chunks.missing(r.manager.options.Span) {
		buf, free, err := r.manager.spanBuffer(ctx, span)
		if err != nil {
			return groupError(group, ctx)
		}
		if closed(pause) {
			free()
			return cmp.Or(group.Wait(), ErrPaused)
		}
		group.Go(func() error {
			defer free()
			return r.span(ctx, span, buf, nil)
		})
	}
	return group.Wait()
}

// span fetches, decrypts and writes one span.
func (r *downloadRun) span(ctx context.Context, span crypt.Span, buf []byte, overload func()) error {
	g := get{run: r, span: span, buf: buf, overload: overload}
	if err := g.all(ctx); err != nil {
		return err
	}
	piece := crypt.Piece{Cipher: r.cipher, Buf: buf, First: span.First}
	if span.Len() <= SmallBody {
		r.manager.unseal.run(&piece)
	} else {
		piece.Decrypt()
	}
	r.compare(span, buf)
	if err := r.write(span, buf); err != nil {
		return err
	}
	r.wrote(Done{First: span.First, MACs: piece.MACs})
	return nil
}

// wrote notes chunks that are in the file.
func (r *downloadRun) wrote(d Done) {
	r.mu.Lock()
	r.chunks.add(d)
	r.mu.Unlock()
	if r.download.Part.Wrote != nil {
		r.download.Part.Wrote(d)
	}
}

// write writes a span without its chunks of zeros, unless there may be other bytes in their place.
func (r *downloadRun) write(span crypt.Span, buf []byte) error {
	if r.download.To == nil {
		return nil
	}
	for i := span.First; i < span.First+span.Chunks; i++ {
		start, end := crypt.ChunkRange(i, r.download.Size)
		chunk := buf[start-span.Start : end-span.Start]
		if allZero(chunk) && start >= r.old {
			continue
		}
		if _, err := r.download.To.WriteAt(chunk, start); err != nil {
			return err
		}
	}
	return nil
}

// zeros is what a hole reads as.
var zeros [64 << 10]byte

func allZero(b []byte) bool {
	for len(b) > 0 {
		n := min(len(b), len(zeros))
		if !bytes.Equal(b[:n], zeros[:n]) {
			return false
		}
		b = b[n:]
	}
	return true
}

// address is a download address shared by the spans of a file.
type address struct {
	ask func(context.Context) (string, error)

	mu       sync.Mutex
	url      string
	renewals int
}

func (a *address) get(ctx context.Context) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.url == "" {
		url, err := a.ask(ctx)
		if err != nil {
			return "", err
		}
		a.url = url
	}
	return a.url, nil
}

// expire makes the next get ask for a new address, unless another span was faster. It reports false when
// that happened too often.
func (a *address) expire(url string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.url != url {
		return true
	}
	a.renewals++
	a.url = ""
	return a.renewals <= maxRenewals
}
