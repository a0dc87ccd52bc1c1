package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/mega/session"
	"github.com/megaplan/megaplan/internal/redact"
)

// fake answers requests inside the process, so that tests can run on synctest's clock.
type fake struct {
	latency time.Duration
	// answer makes the answer to the n-th request (from 0). An error is a broken connection.
	answer func(n int, r fakeRequest) (fakeAnswer, error)

	mu       sync.Mutex
	requests []fakeRequest
}

type fakeRequest struct {
	path, id, sid, sn, proof string
	body                     string
	at                       time.Time
}

// commands takes the request's body apart.
func (r fakeRequest) commands() []map[string]any {
	var commands []map[string]any
	if err := json.Unmarshal([]byte(r.body), &commands); err != nil {
		panic(fmt.Sprintf("request body %q: %v", r.body, err))
	}
	return commands
}

type fakeAnswer struct {
	status int // 0: 200
	header map[string]string
	body   string
	reader io.Reader // instead of body
}

func text(body string) (fakeAnswer, error) { return fakeAnswer{body: body}, nil }

func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	query := r.URL.Query()
	seen := fakeRequest{
		path: strings.TrimPrefix(r.URL.Path, "/"), id: query.Get("id"), sid: query.Get("sid"), sn: query.Get("sn"),
		proof: r.Header.Get(hashcashHeader), body: string(body), at: time.Now(),
	}
	f.mu.Lock()
	n := len(f.requests)
	f.requests = append(f.requests, seen)
	f.mu.Unlock()
	if err := pause(r.Context(), f.latency); err != nil {
		return nil, err
	}
	a, err := f.answer(n, seen)
	if err != nil {
		return nil, err
	}
	if a.reader == nil {
		a.reader = strings.NewReader(a.body)
	}
	response := &http.Response{
		StatusCode: max(a.status, 0), Header: http.Header{}, Request: r,
		Body: io.NopCloser(contextReader{r.Context(), a.reader}),
	}
	if a.status == 0 {
		response.StatusCode = http.StatusOK
	}
	for name, value := range a.header {
		response.Header.Set(name, value)
	}
	return response, nil
}

func (f *fake) seen() []fakeRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]fakeRequest(nil), f.requests...)
}

func pause(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// contextReader fails like a real body when the request was cancelled.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	if c.ctx.Err() != nil {
		return 0, c.ctx.Err()
	}
	return n, err
}

var errReset = errors.New("connection reset by peer")

const testSID = "c2Vzc2lvbi1pZC10aGF0LW11c3QtbmV2ZXItc2hvdy1hbnl3aGVyZS1hdC1hbGw"

func newFakeTransport(t *testing.T, f *fake, change func(*Options)) *Transport {
	t.Helper()
	o := Options{Endpoint: "https://mega.test", RoundTripper: f}
	if change != nil {
		change(&o)
	}
	transport, err := NewTransport(o)
	if err != nil {
		t.Fatal(err)
	}
	return transport
}

func newFakeClient(t *testing.T, f *fake, change func(*Options)) *Client {
	t.Helper()
	c, err := NewClient(newFakeTransport(t, f, change), session.Session{
		Endpoint: "https://mega.test", User: "AAAAAAAAAAE", SID: redact.New(testSID), Master: crypt.Key{1},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
