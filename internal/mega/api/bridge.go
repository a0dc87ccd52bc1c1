package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/megaplan/megaplan/internal/redact"
	"github.com/megaplan/megaplan/internal/retry"
)

var errNoKeys = errors.New("the account has no keys")

// errNoRepeat marks a refusal that must not be repeated during a sign-in.
type errNoRepeat struct{ error }

func (e errNoRepeat) Unwrap() error { return e.error }

// Temporary is false, whatever the wrapped error says.
func (errNoRepeat) Temporary() bool { return false }

// loginBudget bounds the patience of a sign-in. A sign-in whose answer was lost is done anew by the server, and too many
// of them block the account.
const loginBudget = 2 * time.Minute

const (
	bridgeTree   = `[{"f":[],"ok":[],"s":[],"u":[],"sn":"AAAAAAAAAAA"}]`
	bridgeWait   = "/megaplan-wait"
	bridgeEvents = `{"w":"%s","sn":"AAAAAAAAAAA"}`
)

// loginBridge stands between go-mega and the server during one sign-in. Commands go through the transport, with its
// retries, hashcash and limiter. What go-mega does after a sign-in is answered here: the tree is empty, nothing has
// happened, and the request that would wait for events ends the goroutine that makes it, because go-mega has no way
// to stop it and polls without a pause when it gets an error.
type loginBridge struct {
	ctx       context.Context // go-mega passes none on
	transport *Transport
	channel   *channel
	parked    chan struct{} // closed when go-mega's event goroutine ends
	park      sync.Once

	mu   sync.Mutex
	last error
}

func newLoginBridge(ctx context.Context, t *Transport) *loginBridge {
	return &loginBridge{ctx: ctx, transport: t, channel: newChannel(), parked: make(chan struct{})}
}

// client has no timeout of its own: it would run requests in further goroutines, which cannot be ended like that.
func (b *loginBridge) client() *http.Client { return &http.Client{Transport: b} }

// failure is the last error that the server or the network caused.
func (b *loginBridge) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

func (b *loginBridge) fail(err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = err
	return err
}

// RoundTrip implements http.RoundTripper.
func (b *loginBridge) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		defer r.Body.Close()
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	switch {
	case strings.HasSuffix(r.URL.Path, bridgeWait):
		b.park.Do(func() { close(b.parked) })
		runtime.Goexit()
	case strings.HasSuffix(r.URL.Path, "/sc"):
		return bridgeAnswer(r, fmt.Sprintf(bridgeEvents, b.transport.Endpoint()+bridgeWait)), nil
	}
	answer, err := b.command(body)
	if err != nil {
		return nil, b.fail(err)
	}
	return bridgeAnswer(r, answer), nil
}

func bridgeAnswer(r *http.Request, body string) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}

// command passes go-mega's one command on.
func (b *loginBridge) command(body []byte) (string, error) {
	command := bytes.TrimSuffix(bytes.TrimPrefix(body, []byte("[")), []byte("]"))
	name := commandName(command)
	if name == "f" {
		return bridgeTree, nil
	}
	answer, err := retry.Do(b.ctx, b.transport.options.Retry, b.transport.notify, func(ctx context.Context) (json.RawMessage, error) {
		return b.call(ctx, command, name)
	})
	if err == nil && name == "us" {
		err = checkKeys(answer)
	}
	if err != nil {
		return "", err
	}
	return "[" + string(answer) + "]", nil
}

// call sends one command under a new id. A server that finds there are too many sign-ins is not asked again.
func (b *loginBridge) call(ctx context.Context, command []byte, name string) (json.RawMessage, error) {
	var answers []json.RawMessage
	r := commandRequest(b.channel, redact.Secret{}, [][]byte{command})
	r.budget = loginBudget
	err := b.transport.do(ctx, r, func(body *bufio.Reader) (err error) {
		answers, err = readAnswers(body, 1, name)
		return unlessLimited(err)
	})
	if err != nil {
		return nil, err
	}
	return answers[0], unlessLimited(elementError(answers[0], name))
}

func unlessLimited(err error) error {
	if errors.Is(err, ERATELIMIT) || errors.Is(err, ETOOMANY) {
		return errNoRepeat{err}
	}
	return err
}

// checkKeys finds an account that never got a key pair: its session id comes in the clear, which go-mega does not
// know.
func checkKeys(answer json.RawMessage) error {
	var w struct {
		K     string `json:"k"`
		Csid  string `json:"csid"`
		Privk string `json:"privk"`
	}
	if err := decode(answer, "us", &w); err != nil {
		return err
	}
	if w.K == "" || w.Csid == "" || w.Privk == "" {
		return errNoKeys
	}
	return nil
}
