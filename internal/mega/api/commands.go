package api

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/megaplan/megaplan/internal/retry"
)

type nodeCommand struct {
	A    string `json:"a"`
	Node Handle `json:"n"`
}

// UploadURL asks for an address that takes the encrypted bytes of a file of this size. tls asks for https.
func (c *Client) UploadURL(ctx context.Context, size int64, tls bool) (string, error) {
	command := struct {
		A       string `json:"a"`
		TLS     int    `json:"ssl,omitempty"`
		Version int    `json:"v"`
		Size    int64  `json:"s"`
	}{A: "u", TLS: sslFlag(tls), Version: 2, Size: size}
	element, err := c.run(ctx, c.changes, true, command)
	if err != nil {
		return "", err
	}
	var answer struct {
		URL string `json:"p"`
	}
	if err := decode(element, "u", &answer); err != nil {
		return "", err
	}
	if answer.URL == "" {
		return "", &AnswerError{Command: "u", Why: "it has no address"}
	}
	return answer.URL, nil
}

func sslFlag(tls bool) int {
	if tls {
		return 2
	}
	return 0
}

// Download is where a file's encrypted bytes are.
type Download struct {
	URL  string
	Size int64
	Attr string // encrypted attributes in base64
}

// DownloadURL asks for the address of a file's content.
func (c *Client) DownloadURL(ctx context.Context, h Handle, tls bool) (Download, error) {
	command := struct {
		A    string `json:"a"`
		G    int    `json:"g"`
		TLS  int    `json:"ssl,omitempty"`
		Node Handle `json:"n"`
	}{A: "g", G: 1, TLS: sslFlag(tls), Node: h}
	var answer struct {
		URL  string  `json:"g"`
		Size integer `json:"s"`
		Attr string  `json:"at"`
		Err  integer `json:"e"`
	}
	if err := c.ask(ctx, command, &answer); err != nil {
		return Download{}, err
	}
	switch {
	case answer.Err < 0:
		return Download{}, &Error{Code: Code(answer.Err), Command: "g"}
	case answer.URL == "" || answer.Size < 0:
		return Download{}, &AnswerError{Command: "g", Why: "it has no address or size"}
	}
	return Download{URL: answer.URL, Size: int64(answer.Size), Attr: answer.Attr}, nil
}

// Move hangs a node under another folder.
func (c *Client) Move(ctx context.Context, h, target Handle) error {
	_, err := c.Do(ctx, moveCommand(h, target))
	return err
}

type wireMove struct {
	A      string `json:"a"`
	Node   Handle `json:"n"`
	Target Handle `json:"t"`
}

func moveCommand(h, target Handle) wireMove { return wireMove{A: "m", Node: h, Target: target} }

// SetAttributes replaces all attributes of a node by the encrypted ones given.
func (c *Client) SetAttributes(ctx context.Context, h Handle, attr string) error {
	_, err := c.Do(ctx, attrCommand(h, attr))
	return err
}

type wireAttr struct {
	A    string `json:"a"`
	Node Handle `json:"n"`
	Attr string `json:"at"`
}

func attrCommand(h Handle, attr string) wireAttr { return wireAttr{A: "a", Node: h, Attr: attr} }

// SetAttributesAndMove does both in one request, attributes first, as official clients rename into another folder
// or mark what goes to the bin. When the attributes are refused the move is still tried; the error tells which failed.
func (c *Client) SetAttributesAndMove(ctx context.Context, h Handle, attr string, target Handle) error {
	return c.sequence(ctx, attrCommand(h, attr), moveCommand(h, target))
}

// sequence sends changes in one request, in this order. Those that are refused for the moment are repeated; the
// first lasting refusal is returned after all have been tried.
func (c *Client) sequence(ctx context.Context, commands ...any) error {
	u := &unit{}
	for _, command := range commands {
		encoded, err := encode(command)
		if err != nil {
			return err
		}
		u.commands = append(u.commands, encoded)
		u.size += len(encoded) + 1
	}
	_, err := retry.Do(ctx, c.transport.options.Retry, c.transport.notify, func(ctx context.Context) (struct{}, error) {
		o := c.changes.submit(ctx, u)
		if o.err != nil {
			return struct{}{}, o.err
		}
		refused, err := refusals(u.commands, o.elements)
		u = refused
		return struct{}{}, err
	})
	return err
}

// refusals picks the commands that were refused for the moment. The error is the first lasting one, or else the
// first temporary one.
func refusals(commands [][]byte, elements []json.RawMessage) (*unit, error) {
	again := &unit{}
	var lasting, passing error
	for i, element := range elements {
		err := elementError(element, commandName(commands[i]))
		switch {
		case err == nil:
		case retry.Temporary(err):
			again.commands = append(again.commands, commands[i])
			again.size += len(commands[i]) + 1
			passing = cmp.Or(passing, err)
		default:
			lasting = cmp.Or(lasting, err)
		}
	}
	return again, cmp.Or(lasting, passing)
}

// Delete destroys a node and all below it; for a file also its old versions.
func (c *Client) Delete(ctx context.Context, h Handle) error {
	return c.delete(ctx, nodeCommand{A: "d", Node: h})
}

// DeleteVersion destroys one version of a file and leaves the others.
func (c *Client) DeleteVersion(ctx context.Context, h Handle) error {
	return c.delete(ctx, struct {
		nodeCommand
		V int `json:"v"`
	}{nodeCommand{A: "d", Node: h}, 1})
}

// delete also reads the form of the answer that carries a list of codes.
func (c *Client) delete(ctx context.Context, command any) error {
	element, err := c.Do(ctx, command)
	if err != nil || len(element) == 0 || element[0] != '{' {
		return err
	}
	var answer struct {
		R []integer `json:"r"`
	}
	if err := decode(element, "d", &answer); err != nil {
		return err
	}
	for _, code := range answer.R {
		if code < 0 {
			return &Error{Code: Code(code), Command: "d"}
		}
	}
	return nil
}
