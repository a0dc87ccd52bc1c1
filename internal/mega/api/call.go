package api

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"sync"

	"github.com/megaplan/megaplan/internal/redact"
)

// channel numbers the requests of one sequence. An id stays the same while its request is repeated, so the server
// can answer again instead of doing it again.
type channel struct {
	mu   sync.Mutex
	last [10]byte // ten lower-case letters, counted like an odometer
}

// newChannel starts somewhere at random: other processes of the same session must not draw the same ids.
func newChannel() *channel {
	c := &channel{}
	copy(c.last[:], strings.ToLower(rand.Text()))
	for i := range c.last {
		if c.last[i] < 'a' || c.last[i] > 'z' {
			// rand.Text has the digits 2 to 7 besides letters.
			c.last[i] += 'a' - '2'
		}
	}
	return c
}

func (c *channel) next() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.last) - 1; i >= 0; i-- {
		if c.last[i] < 'z' {
			c.last[i]++
			break
		}
		c.last[i] = 'a'
	}
	return string(c.last[:])
}

// commandRequest is the request that carries the encoded commands.
func commandRequest(c *channel, sid redact.Secret, commands [][]byte) request {
	name := ""
	if len(commands) == 1 {
		name = commandName(commands[0])
	}
	return request{
		path:    "cs",
		query:   url.Values{"id": {c.next()}},
		sid:     sid,
		body:    joinCommands(commands),
		command: name,
		count:   len(commands),
	}
}

// call sends commands in one request and returns one element for each. Errors of single commands are in the
// elements; an error of the whole request is returned.
func (t *Transport) call(ctx context.Context, c *channel, sid redact.Secret, commands [][]byte) ([]json.RawMessage, error) {
	r := commandRequest(c, sid, commands)
	var answers []json.RawMessage
	err := t.do(ctx, r, func(body *bufio.Reader) (err error) {
		answers, err = readAnswers(body, len(commands), r.command)
		return err
	})
	return answers, err
}

// stream sends a single command and hands its answer to read while it arrives: the whole body, "[{…}]". An answer
// that is an error does not reach read. read runs again from the start when the connection breaks.
func (t *Transport) stream(ctx context.Context, c *channel, sid redact.Secret, command any, read func(io.Reader) error) error {
	encoded, err := encode(command)
	if err != nil {
		return err
	}
	r := commandRequest(c, sid, [][]byte{encoded})
	return t.do(ctx, r, func(body *bufio.Reader) error {
		// Enough to tell a result from an error; a shorter body is an error anyway.
		head, err := body.Peek(len(`[{"err":`))
		if err == nil && head[0] == '[' && head[1] == '{' && !bytes.Equal(head[1:], []byte(`{"err":`)) {
			return read(body)
		}
		answers, err := readAnswers(io.LimitReader(body, 64<<10), 1, r.command)
		if err != nil {
			return err
		}
		if err := elementError(answers[0], r.command); err != nil {
			return err
		}
		return &AnswerError{Command: r.command, Why: "it is not an object"}
	})
}
