package api

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
)

// Events asks what happened since the sequence number sn and hands the answer to read while it arrives: an object with
// packets in "a" and the number they lead to in "sn". It does not wait for anything to happen: "w" in the answer, or
// nothing to read at all, means that there is no more. read runs again from the start when the connection breaks.
// ErrTooOld means that the server has forgotten that far back, and the tree must be fetched.
func (c *Client) Events(ctx context.Context, sn string, read func(io.Reader) error) error {
	r := request{path: "sc", query: url.Values{"sn": {sn}}, sid: c.session.SID, command: "sc"}
	return c.transport.do(ctx, r, func(body *bufio.Reader) error {
		head, err := body.Peek(len(`{"err":`))
		if err == nil && head[0] == '{' && !bytes.Equal(head, []byte(`{"err":`)) {
			return read(body)
		}
		return readNoEvents(body)
	})
}

// readNoEvents reads an answer that is no object with packets: an error, a keep-alive, or too short to be anything.
func readNoEvents(r io.Reader) error {
	body, err := io.ReadAll(io.LimitReader(r, 64<<10))
	if err != nil {
		return err
	}
	body = bytes.TrimSpace(body)
	if string(body) == "0" || string(body) == "{}" {
		return nil
	}
	answers, err := splitAnswers(body, 1, "sc")
	if err == nil {
		err = elementError(answers[0], "sc")
	}
	switch {
	case err == nil:
		return &AnswerError{Command: "sc", Why: "it is not an object"}
	case errors.Is(err, ETOOMANY):
		return ErrTooOld
	}
	return err
}
