package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/megaplan/megaplan/internal/mega/session"
	"github.com/megaplan/megaplan/internal/retry"
)

// Client acts for one session. Changes go through one lane and look-ups through another, so a download URL does not
// wait for a large change.
type Client struct {
	transport *Transport
	session   session.Session
	changes   *Lane
	lookups   *Lane
	trees     *channel
}

// NewClient contacts nobody; a session that is no longer valid shows itself as ErrSessionDead in the first answer.
// It refuses a session of another endpoint, whose secrets the transport's server must not see.
func NewClient(t *Transport, s session.Session) (*Client, error) {
	if s.Endpoint != t.Endpoint() {
		return nil, fmt.Errorf("the session belongs to %s, not to %s", s.Endpoint, t.Endpoint())
	}
	c := &Client{transport: t, session: s, trees: newChannel()}
	c.changes, c.lookups = c.newLane(), c.newLane()
	return c, nil
}

func (c *Client) newLane() *Lane {
	ids := newChannel()
	return newLane(func(ctx context.Context, commands [][]byte) ([]json.RawMessage, error) {
		return c.transport.call(ctx, ids, c.session.SID, commands)
	})
}

// Session returns the session the client acts for.
func (c *Client) Session() session.Session { return c.session }

// Transport returns the client's way to the server.
func (c *Client) Transport() *Transport { return c.transport }

// BeginBody tells the lane for changes that a small file is being uploaded (see Lane).
func (c *Client) BeginBody() *Body { return c.changes.BeginBody() }

// Do sends a change, any value that encodes to a command object with "a" first, and returns its result. A temporary
// refusal is repeated.
func (c *Client) Do(ctx context.Context, command any) (json.RawMessage, error) {
	return c.run(ctx, c.changes, false, command)
}

// Ask sends a look-up through the second lane.
func (c *Client) Ask(ctx context.Context, command any) (json.RawMessage, error) {
	return c.run(ctx, c.lookups, false, command)
}

func (c *Client) run(ctx context.Context, lane *Lane, patient bool, command any) (json.RawMessage, error) {
	encoded, err := encode(command)
	if err != nil {
		return nil, err
	}
	name := commandName(encoded)
	return retry.Do(ctx, c.transport.options.Retry, c.transport.notify, func(ctx context.Context) (json.RawMessage, error) {
		o := lane.submit(ctx, &unit{commands: [][]byte{encoded}, patient: patient, size: len(encoded) + 1})
		if o.err != nil {
			return nil, o.err
		}
		if err := elementError(o.elements[0], name); err != nil {
			return nil, err
		}
		return o.elements[0], nil
	})
}

// ask sends a look-up and decodes its result.
func (c *Client) ask(ctx context.Context, command, v any) error {
	element, err := c.Ask(ctx, command)
	if err != nil || v == nil {
		return err
	}
	encoded, err := encode(command)
	if err != nil {
		return err
	}
	return decode(element, commandName(encoded), v)
}

// Put creates nodes and returns them in the order they were asked for. Puts that wait together share commands. An
// error of one of several joined puts does not touch the others.
func (c *Client) Put(ctx context.Context, p Put) ([]Node, error) {
	u, err := newPutUnit(p)
	if err != nil {
		p.Body.End()
		return nil, err
	}
	defer p.Body.End()
	return retry.Do(ctx, c.transport.options.Retry, c.transport.notify, func(ctx context.Context) ([]Node, error) {
		o := c.changes.submit(ctx, u)
		return o.nodes, o.err
	})
}

// FetchTree asks for the whole tree and hands the answer to read while it arrives: the body as received, "[{…}]",
// with nodes in "f", old versions in "f2" and the sequence number in "sn". read runs again from the start when the
// connection breaks. With fresh the server must not use a dump it has kept, as it should not after ErrTooOld.
func (c *Client) FetchTree(ctx context.Context, fresh bool, read func(io.Reader) error) error {
	command := struct {
		A  string `json:"a"`
		C  int    `json:"c"`
		R  int    `json:"r"`
		Ca int    `json:"ca,omitempty"`
	}{A: "f", C: 1, R: 1, Ca: 1}
	if fresh {
		command.Ca = 0
	}
	return c.transport.stream(ctx, c.trees, c.session.SID, command, read)
}
