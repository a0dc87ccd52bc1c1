package transfer

import (
	"context"
	"errors"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// Part lets a download go on where a former process was cut off. Losing what is known of it costs time and nothing else.
type Part struct {
	// Have are chunks that the file should hold. Each is read again, and counts only if its MAC still is the one it came with:
	// what reached the file need not have reached the disk.
	Have []Done
	// Wrote is told of chunks that are in the file now, from any goroutine; nil: nobody is.
	Wrote func(Done)
	// Pause, once closed, ends a large download whose Wrote is set with [ErrPaused]; nil never does.
	Pause <-chan struct{}
}

// resumes says whether there is something to take over.
func (r *downloadRun) resumes() bool {
	return r.download.To != nil && r.download.Size > SmallBody && len(r.download.Part.Have) > 0
}

// takeOver keeps the chunks of a former attempt that are what they were. The others are fetched again.
func (r *downloadRun) takeOver(ctx context.Context) error {
	info, err := r.download.To.Stat()
	if err != nil {
		return err
	}
	r.old = info.Size()
	claimed := newProgressMap(r.download.Size)
	for _, d := range r.download.Part.Have {
		if !claimed.add(d) {
			return nil // it is about another content
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, span := range claimed.spans(true, r.manager.options.Span) {
		buf, free, err := r.manager.spanBuffer(ctx, span)
		if err != nil {
			return groupError(group, ctx)
		}
		group.Go(func() error {
			defer free()
			return r.prove(span, buf, claimed.macs)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	r.counter.add(r.chunks.stored())
	return nil
}

// prove reads a span of the file and takes over its chunks that have these MACs.
func (r *downloadRun) prove(span crypt.Span, buf []byte, macs []crypt.MAC) error {
	n, err := r.download.To.ReadAt(buf, span.Start)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	clear(buf[n:]) // a hole at the end
	piece := crypt.Piece{Cipher: r.cipher, Buf: buf, First: span.First}
	crypt.MACPieces([]*crypt.Piece{&piece})
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, mac := range piece.MACs {
		if mac == macs[span.First+i] {
			r.chunks.add(Done{First: span.First + i, MACs: piece.MACs[i : i+1]})
		}
	}
	return nil
}
