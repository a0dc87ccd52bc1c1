package http

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // what the protocol checks transfers with
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/megaplan/megaplan/internal/redact"
	"github.com/megaplan/megaplan/internal/retry"
)

const (
	// maxAnswer bounds what is read of an answer: some dozen times what is warned of.
	maxAnswer = 256 << 20
	// attemptTime bounds one request with its answer.
	attemptTime = 5 * time.Minute
	// budget is how long to repeat what fails for the moment: runs save now and then and wait at their end.
	budget = 2 * time.Minute
	// firstContact is the patience with a server that has not answered once: its address may be mistyped.
	firstContact = 10 * time.Second
)

// client sends requests to one server.
type client struct {
	http      http.Client
	username  string
	password  redact.Secret
	agent     string
	policy    retry.Policy
	onWait    func(retry.Wait)
	contacted atomic.Bool
}

func newClient(o *Options) *client {
	c := &client{username: o.Username, password: o.Password, agent: cmp.Or(o.UserAgent, "megaplan"), policy: o.Retry, onWait: o.OnWait}
	if c.policy.Budget == 0 {
		c.policy.Budget = budget
	}
	c.http.Transport = o.Transport
	if o.Transport == nil {
		c.http.Transport = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 20 * time.Second}).DialContext,
			TLSHandshakeTimeout:   20 * time.Second,
			ResponseHeaderTimeout: 2 * time.Minute,
			IdleConnTimeout:       90 * time.Second,
			ForceAttemptHTTP2:     true,
			TLSClientConfig:       &tls.Config{InsecureSkipVerify: o.SkipCertVerification}, //nolint:gosec // only if the configuration says so
		}
	}
	// Following would carry the password elsewhere, and turn a POST into a GET that seems to succeed.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// answer is what the server said.
type answer struct {
	status   int
	body     []byte
	location string // where a redirect leads
	after    time.Duration
}

// send makes one attempt. Every answer is a success here, whatever its status; an error means that there is none, and that the
// server may or may not have done what was asked.
func (c *client) send(ctx context.Context, method string, to *url.URL, body []byte) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, to.String(), bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("User-Agent", c.agent)
	if c.username != "" || !c.password.Empty() {
		req.SetBasicAuth(c.username, c.password.Reveal())
	}
	if len(body) > 0 {
		sum := md5.Sum(body) //nolint:gosec // as above
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Content-MD5", base64.StdEncoding.EncodeToString(sum[:]))
	}
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, c.broken(method, to, err)
	}
	defer func() { _ = res.Body.Close() }() // it was read, or the connection is of no more use
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return answer{}, c.broken(method, to, err)
	case len(text) > maxAnswer:
		return answer{}, &Error{Method: method, Where: where(to), Reason: "what the server keeps is too large to be a state"}
	}
	c.contacted.Store(true)
	if sum := md5.Sum(text); res.Header.Get("Content-MD5") != "" && res.Header.Get("Content-MD5") != base64.StdEncoding.EncodeToString(sum[:]) { //nolint:gosec // as above
		return answer{}, c.broken(method, to, errors.New("the answer was damaged on its way"))
	}
	return answer{status: res.StatusCode, body: text, location: res.Header.Get("Location"), after: retryAfter(res.Header)}, nil
}

// broken is the error of an attempt without an answer.
func (c *client) broken(method string, to *url.URL, err error) error {
	var addressed *url.Error
	if errors.As(err, &addressed) {
		err = addressed.Err // the address may hold a token
	}
	e := &Error{Method: method, Where: where(to), Err: err}
	var cert *tls.CertificateVerificationError
	e.temporary = !errors.As(err, &cert)
	if !c.contacted.Load() {
		e.patience = firstContact
	}
	return e
}

// repeat calls attempt until it succeeds or fails for good.
func (c *client) repeat(ctx context.Context, attempt func(context.Context) error) error {
	_, err := retry.Do(ctx, c.policy, c.onWait, func(ctx context.Context) (struct{}, error) { return struct{}{}, attempt(ctx) })
	return err
}
