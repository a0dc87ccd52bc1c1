package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// maxGap is how far apart the earliest unfinished and the latest span may be: a storage server refuses
// more than 256 MiB.
const maxGap = 192 << 20

// largeUpload sends one file in spans. The embedded run is shared by its attempts.
type largeUpload struct {
	*uploadRun
	id     Identity
	url    string
	key    crypt.FileKey // its meta-MAC is not known yet
	cipher *crypt.FileCipher

	mu     sync.Mutex
	chunks *progressMap
	token  []byte
}

func (r *uploadRun) large(ctx context.Context, id Identity) (Stored, error) {
	l := &largeUpload{uploadRun: r, id: id, chunks: newProgressMap(id.Size)}
	resumed, err := l.resume(ctx)
	if err != nil {
		return Stored{}, err
	}
	if !resumed {
		if err := l.begin(ctx); err != nil {
			return Stored{}, err
		}
	}
	l.cipher = l.key.Cipher()
	l.counter.add(l.chunks.stored())
	pause := l.upload.Pause
	if l.upload.Resume == "" {
		pause = nil
	}
	if err := l.spans(ctx, l.chunks.missing(r.manager.options.Span), pause); err != nil {
		return Stored{}, err
	}
	if err := l.askForToken(ctx); err != nil {
		return Stored{}, err
	}
	return l.finish()
}

// resume takes over what a former process has sent, if the file is still the same.
func (l *largeUpload) resume(ctx context.Context) (bool, error) {
	if l.upload.Resume == "" {
		return false, nil
	}
	e, found, err := l.manager.options.Journal.Load(ctx, l.upload.Resume)
	if err != nil {
		return false, fmt.Errorf("upload journal: %w", err)
	}
	if !found || e.Source != l.id || e.URL == "" || time.Since(e.Started) > journalLife {
		return false, nil
	}
	for _, d := range e.Done {
		if !l.chunks.add(d) {
			l.chunks = newProgressMap(l.id.Size)
			return false, nil
		}
	}
	l.url, l.key = e.URL, e.Key
	if l.source.prefix == nil {
		return true, nil
	}
	same, err := l.begins(ctx)
	if !same {
		l.chunks = newProgressMap(l.id.Size)
	}
	return same, err
}

func (l *largeUpload) begin(ctx context.Context) error {
	url, err := l.upload.URL(ctx, l.id.Size)
	if err != nil {
		return err
	}
	l.url = url
	l.key = crypt.NewFileKey(crypt.NewKey(), crypt.NewNonce(), [8]byte{})
	if l.upload.Resume == "" {
		return nil
	}
	entry := Entry{Source: l.id, URL: url, Key: l.key, Started: time.Now()}
	if err := l.manager.options.Journal.Begin(ctx, l.upload.Resume, entry); err != nil {
		return fmt.Errorf("upload journal: %w", err)
	}
	return nil
}

// spans sends the given spans, several at a time, until it is told to pause. Its goroutines end before it returns.
func (l *largeUpload) spans(ctx context.Context, spans []crypt.Span, pause <-chan struct{}) error {
	group, ctx := errgroup.WithContext(ctx)
	ended := make([]chan struct{}, len(spans))
	earliest := 0
	for i, span := range spans {
		ended[i] = make(chan struct{})
		for span.End-spans[earliest].Start > maxGap {
			select {
			case <-ended[earliest]:
				earliest++
			case <-ctx.Done():
				return groupError(group, ctx)
			}
		}
		buf, free, err := l.manager.spanBuffer(ctx, span)
		if err != nil {
			return groupError(group, ctx)
		}
		if closed(pause) {
			free()
			return cmp.Or(group.Wait(), ErrPaused)
		}
		group.Go(func() error {
			defer close(ended[i])
			defer free()
			return l.span(ctx, span, buf)
		})
	}
	return group.Wait()
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// groupError waits for a group whose context has ended and says why it did.
func groupError(group *errgroup.Group, ctx context.Context) error {
	if err := group.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// span reads, encrypts and sends one span.
func (l *largeUpload) span(ctx context.Context, span crypt.Span, buf []byte) error {
	if err := l.source.read(buf, span.Start, l.id); err != nil {
		return err
	}
	// A file that changed is noticed here rather than after the rest of it was sent for nothing.
	if err := l.source.unchanged(l.id); err != nil {
		return err
	}
	piece := crypt.Piece{Cipher: l.cipher, Buf: buf, First: span.First}
	piece.Encrypt()
	token, err := l.manager.send(ctx, post{
		url: l.url, offset: span.Start, body: buf, sum: piece.Sum, moved: l.counter.add,
	})
	return l.record(ctx, Done{First: span.First, MACs: piece.MACs}, token, err)
}

// record notes what became of a span. A token says that the server has all spans, so an answer that is
// missing then is of no interest.
func (l *largeUpload) record(ctx context.Context, d Done, token []byte, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var refused *Error
	if err != nil && (l.token == nil || !errors.As(err, &refused)) {
		return err
	}
	l.chunks.add(d)
	if token != nil {
		l.token = token
	}
	if l.upload.Resume == "" {
		return nil
	}
	if err := l.manager.options.Journal.Add(ctx, l.upload.Resume, d); err != nil {
		// The entry lacks a span, which will be sent again if it comes to that.
		l.manager.options.Log.Warn("upload journal", "error", err)
	}
	return nil
}

// askForToken sends the last span once more if all spans are stored and the answer with the token was
// lost, with this process or with the one before.
func (l *largeUpload) askForToken(ctx context.Context) error {
	if l.token != nil {
		return nil
	}
	var last crypt.Span
	for s := range crypt.Spans(l.id.Size, l.manager.options.Span) {
		last = s
	}
	l.counter.add(-last.Len())
	if err := l.spans(ctx, []crypt.Span{last}, nil); err != nil {
		return err
	}
	if l.token == nil {
		return &renewError{errNoToken}
	}
	return nil
}

func (l *largeUpload) finish() (Stored, error) {
	crc, crcErr := crypt.ComputeCRC(l.source, l.id.Size)
	if err := errors.Join(l.source.unchanged(l.id), crcErr); err != nil {
		return Stored{}, err
	}
	key := l.key.AES()
	return Stored{
		Token:  l.token,
		Key:    crypt.NewFileKey(key, l.key.Nonce(), crypt.MetaMAC(key, l.chunks.macs)),
		Size:   l.id.Size,
		CRC:    crc,
		Source: l.id,
	}, nil
}
