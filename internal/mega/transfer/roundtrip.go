package transfer

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// NewRoundTripper returns a transport tuned for storage servers: one kept-alive connection for each of up
// to perHost requests under way, and never HTTP/2, which would squeeze them into a single one.
func NewRoundTripper(perHost int) *http.Transport {
	dialer := net.Dialer{Timeout: 20 * time.Second, KeepAlive: 30 * time.Second}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		Protocols:             protocols,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   20 * time.Second,
		MaxIdleConns:          4 * perHost,
		MaxIdleConnsPerHost:   perHost,
		IdleConnTimeout:       60 * time.Second,
		ExpectContinueTimeout: time.Second,
		DisableCompression:    true,
		WriteBufferSize:       64 << 10,
		ReadBufferSize:        64 << 10,
	}
}

// exchange is one request and its answer.
type exchange struct {
	manager *Manager
	op      string
	method  string
	url     string
	body    *payload // nil: none
	// answer reads the response and tells the watch about every piece.
	answer func(ctx context.Context, r *http.Response, watch *stallWatch) error
}

// do sends the request once. Errors are [Error], or the context's.
func (x exchange) do(ctx context.Context) error {
	ctx, watch := watchStall(ctx, x.manager.options.Stall)
	defer watch.end()
	req, err := x.request(ctx, watch)
	if err != nil {
		return err
	}
	x.manager.stats.requests.Add(1)
	resp, err := x.manager.client.Do(req)
	if err != nil {
		return x.failed(ctx, err)
	}
	defer resp.Body.Close()
	watch.moved()
	if err := x.refusal(resp); err != nil {
		_, _ = io.CopyN(io.Discard, resp.Body, 4<<10) // so that the connection can be used again
		return err
	}
	if err := x.answer(ctx, resp, watch); err != nil {
		return x.failed(ctx, err)
	}
	return nil
}

func (x exchange) request(ctx context.Context, watch *stallWatch) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, x.method, x.url, nil)
	if err != nil {
		return nil, &Error{Op: x.op, Err: withoutURL(err)}
	}
	req.Header.Set("User-Agent", x.manager.options.UserAgent)
	if x.body != nil {
		x.body.attach(ctx, req, watch)
	}
	return req, nil
}

func (x exchange) refusal(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusOK, http.StatusPartialContent:
		return nil
	case statusOverQuota:
		return &Error{Op: x.op, Status: resp.StatusCode, Left: timeLeft(resp.Header)}
	}
	return &Error{Op: x.op, Status: resp.StatusCode}
}

// failed tells whose fault an error is: the caller's, the stall watch's or the network's.
func (x exchange) failed(ctx context.Context, err error) error {
	var refused *Error
	if errors.As(err, &refused) {
		return err
	}
	if cause := context.Cause(ctx); cause != nil {
		if !errors.Is(cause, ErrStalled) {
			return cause
		}
		err = cause
	}
	return &Error{Op: x.op, Err: withoutURL(err)}
}

// withoutURL drops the address from an error: who knows it can read or write the file.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// timeLeft reads how long the transfer quota is used up. Official clients wait an hour where the server
// does not say.
func timeLeft(h http.Header) time.Duration {
	if left, err := time.ParseDuration(h.Get("X-MEGA-Time-Left") + "s"); err == nil && left >= 0 {
		return left
	}
	return time.Hour
}

// stallWatch cancels a request that moves no byte for too long.
type stallWatch struct {
	mu     sync.Mutex
	timer  *time.Timer
	after  time.Duration
	cancel context.CancelCauseFunc
	ended  bool
}

func watchStall(ctx context.Context, after time.Duration) (context.Context, *stallWatch) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &stallWatch{after: after, cancel: cancel}
	w.timer = time.AfterFunc(after, func() { cancel(ErrStalled) })
	return ctx, w
}

// moved starts the clock anew.
func (w *stallWatch) moved() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.timer.Reset(w.after)
	}
}

// pause stops the clock while the delay is our own, as with a bandwidth limit.
func (w *stallWatch) pause() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Stop()
}

func (w *stallWatch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.timer.Stop()
	w.cancel(nil)
}
