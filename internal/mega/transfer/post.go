package transfer

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

const (
	// tokenSize is the length of the token that ends an upload asked for with u v:2 or later.
	tokenSize = 36
	// maxAnswer is more than any answer to a post is long.
	maxAnswer = 256
	// maxRefusals is how often a storage server may refuse the same post before the upload starts over with
	// a new address, as official clients do.
	maxRefusals = 4
)

// post is a piece of a file on its way to a storage server.
type post struct {
	url    string
	offset int64
	body   []byte // encrypted
	sum    crypt.Checksum
	moved  func(n int64)
	// overload is told that the server asks for fewer requests; may be nil.
	overload func()
}

// send posts until the server has the piece, and returns the token if that completed the file. The buffer
// is free again when it returns.
func (m *Manager) send(ctx context.Context, p post) (token []byte, err error) {
	target := p.url + "/" + strconv.FormatInt(p.offset, 10) + "?d=" + p.sum.String()
	refusals := 0
	moved := func(n int64) {
		m.stats.sent.Add(max(n, 0))
		if p.moved != nil {
			p.moved(n)
		}
	}
	token, err = repeat(ctx, m, func(ctx context.Context) ([]byte, error) {
		body := &payload{limit: m.options.Upload, moved: moved, data: p.body}
		token, err := m.postOnce(ctx, target, body)
		body.detach(err == nil)
		if err == nil {
			return token, nil
		}
		if p.overload != nil && isOverload(err) {
			p.overload()
		}
		if refused := new(Error); errors.As(err, &refused) && refused.Code != 0 {
			if refusals++; refusals > maxRefusals {
				return nil, &renewError{err}
			}
		}
		return nil, err
	})
	if isExpired(err) {
		err = &renewError{err}
	}
	return token, err
}

func (m *Manager) postOnce(ctx context.Context, target string, body *payload) (token []byte, err error) {
	x := exchange{manager: m, op: "upload", method: http.MethodPost, url: target, body: body}
	x.answer = func(_ context.Context, r *http.Response, _ *stallWatch) error {
		text, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer))
		if err != nil {
			return err
		}
		token, err = readAnswer(text)
		return err
	}
	err = x.do(ctx)
	return token, err
}

// readAnswer tells the answers to a post apart: nothing or "0" for a stored piece, a token for a complete
// file, a negative number for a refusal.
func readAnswer(text []byte) (token []byte, err error) {
	switch {
	case len(text) == 0 || string(text) == "0":
		return nil, nil
	case len(text) == tokenSize:
		return text, nil
	}
	code, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || code >= 0 {
		return nil, errors.New("storage server answered something unknown")
	}
	return nil, &Error{Op: "upload", Code: code}
}
