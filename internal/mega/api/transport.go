package api

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/megaplan/megaplan/internal/redact"
	"github.com/megaplan/megaplan/internal/retry"
)

// DefaultEndpoint is MEGA itself.
const DefaultEndpoint = "https://g.api.mega.co.nz"

const (
	defaultStall = 2 * time.Minute
	// defaultFirstContact is the patience with a server that has not answered once: a mistyped endpoint or a
	// machine without network should not look busy for minutes.
	defaultFirstContact = 15 * time.Second
	// maxChallenges bounds how many hashcash challenges in a row one attempt accepts.
	maxChallenges = 4
	// maxAnswer bounds an answer that is held in memory.
	maxAnswer = 256 << 20
)

// Options tune a Transport. The zero value is right for MEGA.
type Options struct {
	Endpoint  string // base address; http only on a loopback host. Empty: DefaultEndpoint
	UserAgent string // empty: "megaplan"
	// RoundTripper carries the requests; nil: an own http.Transport with the proxy of the environment.
	RoundTripper http.RoundTripper
	Retry        retry.Policy
	// FirstContact bounds Retry.Budget until the server has answered once. Zero: 15 s.
	FirstContact time.Duration
	// OnWait is told about pauses before a request is repeated, not more often than four times a second.
	OnWait func(retry.Wait)
	// Limiter bounds the requests of everything that shares the Transport; nil: no limit.
	Limiter *rate.Limiter
	// Stall is how long a request may make no progress at all. Zero: two minutes.
	Stall  time.Duration
	Logger *slog.Logger // nil: silent
}

// Transport is the way to one API server. Make it with NewTransport and share it.
type Transport struct {
	options   Options
	base      *url.URL
	clock     clock
	contacted atomic.Bool

	mu        sync.Mutex
	waitUntil time.Time // end of the last pause that OnWait heard of
}

// NewTransport checks the endpoint and fills in the defaults. It does not contact the server.
func NewTransport(o Options) (*Transport, error) {
	if o.Endpoint == "" {
		o.Endpoint = DefaultEndpoint
	}
	base, err := parseEndpoint(o.Endpoint)
	if err != nil {
		return nil, err
	}
	if o.UserAgent == "" {
		o.UserAgent = "megaplan"
	}
	if o.RoundTripper == nil {
		o.RoundTripper = newRoundTripper()
	}
	if o.Stall <= 0 {
		o.Stall = defaultStall
	}
	if o.FirstContact <= 0 {
		o.FirstContact = defaultFirstContact
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Transport{options: o, base: base}, nil
}

// Endpoint is the address requests go to, without a trailing slash.
func (t *Transport) Endpoint() string { return t.base.String() }

// CloseIdle closes the connections that nothing uses.
func (t *Transport) CloseIdle() {
	if c, ok := t.options.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func parseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(text, "/"))
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("endpoint %q is not an address like %s", text, DefaultEndpoint)
	}
	switch {
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return u, nil
	case u.Scheme == "http":
		return nil, fmt.Errorf("endpoint %q: plain http is allowed on a loopback address only, use https", text)
	}
	return nil, fmt.Errorf("endpoint %q: the scheme must be https", text)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func newRoundTripper() *http.Transport {
	dialer := &net.Dialer{Timeout: 20 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   20 * time.Second,
		ExpectContinueTimeout: time.Second,
		MaxIdleConnsPerHost:   4,
		IdleConnTimeout:       90 * time.Second,
	}
}

// request is one HTTP request, the same on every attempt.
type request struct {
	path    string     // "cs" or "sc"
	query   url.Values // without the session id
	sid     redact.Secret
	body    []byte
	command string // for errors and logs
	count   int    // commands in body
	// budget is how long to repeat it at most; zero: as long as the transport's policy says.
	budget time.Duration
}

func (r request) url(base *url.URL) *url.URL {
	u := *base
	// Not JoinPath: below an empty path it makes a relative one, which is no request target.
	u.Path, u.RawPath = base.Path+"/"+r.path, ""
	query := url.Values{}
	for name, values := range r.query {
		query[name] = values
	}
	if !r.sid.Empty() {
		query.Set("sid", r.sid.Reveal())
	}
	u.RawQuery = query.Encode()
	return &u
}

// do sends r until it is answered with status 200 and consume accepts the answer, or until the failure is not
// temporary or the budget is spent. consume is called anew on every attempt that gets an answer.
func (t *Transport) do(ctx context.Context, r request, consume func(*bufio.Reader) error) error {
	policy := t.options.Retry
	if r.budget > 0 {
		policy.Budget = min(cmp.Or(policy.Budget, retry.DefaultBudget), r.budget)
	}
	_, err := retry.Do(ctx, policy, t.notify, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, t.attempt(ctx, r, consume)
	})
	return err
}

// notify passes a pause on unless one that ends about then was just reported: a thousand commands waiting for the
// same busy server are one thing to see.
func (t *Transport) notify(w retry.Wait) {
	t.options.Logger.Debug("mega waits", "reason", w.Reason, "attempt", w.Attempt, "delay", w.Delay)
	if t.options.OnWait == nil {
		return
	}
	t.mu.Lock()
	known := w.Until.Before(t.waitUntil.Add(250 * time.Millisecond))
	if !known {
		t.waitUntil = w.Until
	}
	t.mu.Unlock()
	if !known {
		t.options.OnWait(w)
	}
}

// attempt is one try: the rate limit, the request, the work a 402 asks for, and the answer.
func (t *Transport) attempt(ctx context.Context, r request, consume func(*bufio.Reader) error) error {
	var proof string
	for range maxChallenges {
		if t.options.Limiter != nil {
			if err := t.options.Limiter.Wait(ctx); err != nil {
				return err
			}
		}
		header, err := t.roundTrip(ctx, r, proof, consume)
		if header == "" {
			return err
		}
		asked, err := parseChallenge(header)
		if err != nil {
			return &AnswerError{Command: r.command, Why: err.Error()}
		}
		started := time.Now()
		if proof, err = asked.solve(ctx); err != nil {
			return fmt.Errorf("solve the server's hashcash challenge: %w", err)
		}
		t.options.Logger.Debug("mega hashcash solved", "took", time.Since(started))
	}
	return &HTTPError{Status: http.StatusPaymentRequired}
}

// roundTrip sends the request once. A non-empty challenge is the work to do before it is sent again.
func (t *Transport) roundTrip(ctx context.Context, r request, proof string, consume func(*bufio.Reader) error) (challenge string, err error) {
	guard := newStallGuard(ctx, t.options.Stall)
	defer guard.stop()
	started := time.Now()
	response, err := t.options.RoundTripper.RoundTrip(t.httpRequest(guard, r, proof))
	if err != nil {
		err = t.unreached(guard.explain(ctx, err))
		t.options.Logger.Debug("mega request failed", "path", r.path, "id", r.query.Get("id"), "command", r.command, "err", err)
		return "", err
	}
	defer response.Body.Close()
	guard.progress()
	t.contacted.Store(true)
	t.clock.observe(response.Header)
	body := &guardedReader{ctx: ctx, guard: guard, body: response.Body}
	switch {
	case response.StatusCode == http.StatusPaymentRequired && response.Header.Get(hashcashHeader) != "":
		challenge = response.Header.Get(hashcashHeader)
	case response.StatusCode != http.StatusOK:
		err = &HTTPError{Status: response.StatusCode, After: retryAfter(response.Header)}
	default:
		err = consume(bufio.NewReaderSize(body, 64<<10))
		if body.err != nil {
			// What the reader of a broken answer made of it does not matter.
			err = body.err
		}
	}
	if body.err == nil {
		// Reading on to the end lets the connection be used again.
		_, _ = io.CopyN(io.Discard, body, 64<<10)
	}
	t.options.Logger.Debug("mega request", "path", r.path, "id", r.query.Get("id"), "command", r.command, "commands", r.count,
		"status", response.StatusCode, "sent", len(r.body), "received", body.n, "took", time.Since(started), "err", err)
	return challenge, err
}

// unreached shortens the patience with a server that has never answered.
func (t *Transport) unreached(err error) error {
	var network *NetworkError
	if errors.As(err, &network) && !t.contacted.Load() {
		network.patience = t.options.FirstContact
	}
	return err
}

func (t *Transport) httpRequest(guard *stallGuard, r request, proof string) *http.Request {
	body := bytes.NewReader(r.body)
	request := (&http.Request{
		Method: http.MethodPost,
		URL:    r.url(t.base),
		Header: http.Header{
			"Content-Type": {"application/json"},
			"User-Agent":   {t.options.UserAgent},
			// Not sent: an empty list tells net/http that it may repeat the request when a kept connection turns out
			// to be closed. The request id makes that safe.
			"Idempotency-Key": {},
		},
		Host:          t.base.Host,
		Body:          io.NopCloser(guard.reading(body)),
		ContentLength: int64(len(r.body)),
		GetBody:       func() (io.ReadCloser, error) { return io.NopCloser(guard.reading(bytes.NewReader(r.body))), nil },
	}).WithContext(guard.ctx)
	if len(r.body) == 0 {
		request.Body, request.GetBody = http.NoBody, nil
	}
	if proof != "" {
		request.Header.Set(hashcashHeader, proof)
	}
	return request
}
