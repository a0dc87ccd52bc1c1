package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// get is one span on its way here.
type get struct {
	run      *downloadRun
	span     crypt.Span
	buf      []byte
	got      int64
	overload func() // may be nil
}

// all fetches until the buffer is full. A request that broke off is continued where it ended.
func (g *get) all(ctx context.Context) error {
	for {
		url, err := g.run.address.get(ctx)
		if err != nil {
			return err
		}
		_, err = repeat(ctx, g.run.manager, func(ctx context.Context) (struct{}, error) {
			err := g.once(ctx, url)
			if g.overload != nil && isOverload(err) {
				g.overload()
			}
			return struct{}{}, err
		})
		if err == nil || !isExpired(err) || !g.run.address.expire(url) {
			return err
		}
	}
}

// once asks for what the buffer still lacks.
func (g *get) once(ctx context.Context, url string) error {
	first, last := g.span.Start+g.got, g.span.End-1
	x := exchange{
		manager: g.run.manager,
		op:      "download",
		method:  http.MethodGet,
		url:     fmt.Sprintf("%s/%d-%d", url, first, last),
		answer:  g.read,
	}
	return x.do(ctx)
}

// read fills the buffer from a response.
func (g *get) read(ctx context.Context, r *http.Response, watch *stallWatch) error {
	rest := g.buf[g.got:]
	if r.ContentLength >= 0 && r.ContentLength != int64(len(rest)) {
		return g.wrongLength(r)
	}
	limit := g.run.manager.options.Download
	for len(rest) > 0 {
		piece := rest
		if limit != nil {
			var err error
			if piece, err = limited(ctx, limit, rest, watch); err != nil {
				return err
			}
		}
		n, err := r.Body.Read(piece)
		g.arrived(int64(n))
		watch.moved()
		rest = rest[n:]
		switch {
		case err == io.EOF && len(rest) > 0:
			return io.ErrUnexpectedEOF
		case err != nil && err != io.EOF:
			return err
		}
	}
	return nil
}

func (g *get) arrived(n int64) {
	g.got += n
	g.run.manager.stats.received.Add(n)
	g.run.counter.add(n)
}

// wrongLength reads what came in the place of the content: a number where the server refuses.
func (g *get) wrongLength(r *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer))
	if err != nil {
		return err
	}
	if code, err := strconv.Atoi(string(bytes.TrimSpace(text))); err == nil && code < 0 {
		return &Error{Op: "download", Code: code}
	}
	return errors.New("answer has another length than was asked for")
}
