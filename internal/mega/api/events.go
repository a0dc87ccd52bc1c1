package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/url"
)

// Packet is one event: something changed in the account.
type Packet struct {
	Kind     string     // "t" new or moved nodes, "u" attributes, "d" gone, "fa", "ph", "ua" and others
	Handle   Handle     // of u, d, fa and ph
	Owner    UserHandle // of u; the user concerned in ua
	Nodes    []Node     // of t: a known handle with another parent has moved
	Versions []Node     // of t: old versions
	Moved    bool       // of d: the node comes back in the next t
	Attr     string     // of u: encrypted attributes in base64
	Key      string     // of u: a new key string, empty if unchanged
	Time     int64      // of u and ph
	Names    []string   // of ua: the user attributes that changed
	Odd      int        // of t: nodes that were not understood and left out
	Raw      json.RawMessage
}

type wirePacket struct {
	A  string          `json:"a"`
	N  json.RawMessage `json:"n"`
	H  json.RawMessage `json:"h"`
	U  json.RawMessage `json:"u"`
	M  integer         `json:"m"`
	At string          `json:"at"`
	K  json.RawMessage `json:"k"`
	Ts integer         `json:"ts"`
	Ua json.RawMessage `json:"ua"`
	T  json.RawMessage `json:"t"`
}

// UnmarshalJSON reads a packet. Kinds it does not know keep their text in Raw and nothing else.
func (p *Packet) UnmarshalJSON(text []byte) error {
	*p = Packet{Raw: bytes.Clone(text)}
	var kind struct {
		A string `json:"a"`
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return err
	}
	p.Kind = kind.A
	var w wirePacket
	switch kind.A {
	case "t", "u", "d", "fa", "ph", "ua":
		if err := json.Unmarshal(text, &w); err != nil {
			return err
		}
	default:
		return nil
	}
	switch kind.A {
	case "t":
		return p.readNodes(w.T)
	case "ua":
		return errors.Join(unmarshalIf(w.U, &p.Owner), unmarshalIf(w.Ua, &p.Names))
	case "ph":
		p.Time = int64(w.Ts)
		return unmarshalIf(w.H, &p.Handle)
	}
	p.Attr, p.Time, p.Moved = w.At, int64(w.Ts), w.M != 0
	return errors.Join(unmarshalIf(w.N, &p.Handle), unmarshalIf(w.U, &p.Owner), unmarshalIf(w.K, &p.Key))
}

func unmarshalIf(text json.RawMessage, v any) error {
	if len(text) == 0 {
		return nil
	}
	return json.Unmarshal(text, v)
}

func (p *Packet) readNodes(text json.RawMessage) error {
	var w struct {
		F  json.RawMessage `json:"f"`
		F2 json.RawMessage `json:"f2"`
	}
	if err := unmarshalIf(text, &w); err != nil {
		return err
	}
	var odd, odd2 int
	var err, err2 error
	p.Nodes, odd, err = parseNodes(w.F)
	p.Versions, odd2, err2 = parseNodes(w.F2)
	p.Odd = odd + odd2
	return errors.Join(err, err2)
}

// Events asks for everything that happened since the sequence number sn and returns at once when there is no more.
// apply gets the packets of each answer with the sequence number they lead to, in order; it is not called when
// nothing happened. The result is the newest sequence number that was applied. ErrTooOld means that the server has
// forgotten that far back, and the tree must be fetched.
func (c *Client) Events(ctx context.Context, sn string, apply func(packets []Packet, sn string) error) (string, error) {
	for {
		e, err := c.eventBatch(ctx, sn)
		if err != nil {
			return sn, err
		}
		if len(e.Packets) > 0 {
			if e.SN == "" || e.SN == sn {
				return sn, &AnswerError{Command: "sc", Why: "it has events but no new sequence number"}
			}
			if err := apply(e.Packets, e.SN); err != nil {
				return sn, err
			}
		}
		progress := e.SN != "" && e.SN != sn
		if e.SN != "" {
			sn = e.SN
		}
		// The address to wait at means that there is nothing more; so does an answer that leads nowhere.
		if e.More == 0 && (e.Wait != "" || !progress) {
			return sn, nil
		}
		if !progress {
			return sn, &AnswerError{Command: "sc", Why: "it promises more events but stays where it is"}
		}
	}
}

type eventBatch struct {
	Wait    string   `json:"w"`
	Packets []Packet `json:"a"`
	More    integer  `json:"ir"`
	SN      string   `json:"sn"`
}

// eventBatch asks the plain event path, which answers either packets or an address to wait at, and never waits.
func (c *Client) eventBatch(ctx context.Context, sn string) (eventBatch, error) {
	r := request{
		path: "sc", query: url.Values{"sn": {sn}}, sid: c.session.SID, command: "sc",
	}
	var e eventBatch
	err := c.transport.do(ctx, r, func(body *bufio.Reader) error {
		var err error
		e, err = readEvents(body)
		return err
	})
	return e, err
}

func readEvents(r io.Reader) (eventBatch, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxAnswer+1))
	if err != nil {
		return eventBatch{}, err
	}
	if len(body) > maxAnswer {
		return eventBatch{}, &AnswerError{Command: "sc", Why: "it is too large"}
	}
	body = bytes.TrimSpace(body)
	switch code, failed := errorCode(body); {
	case failed && code == ETOOMANY:
		return eventBatch{}, ErrTooOld
	case failed:
		return eventBatch{}, &Error{Code: code, Command: "sc"}
	case len(body) == 0:
		return eventBatch{}, &AnswerError{Command: "sc", Why: "it is empty", Cut: true}
	case string(body) == "0":
		return eventBatch{}, nil
	}
	if answers, err := splitAnswers(body, 1, "sc"); err == nil {
		// The error of the whole request may come in an array here, too.
		if err := elementError(answers[0], "sc"); err != nil {
			if errors.Is(err, ETOOMANY) {
				return eventBatch{}, ErrTooOld
			}
			return eventBatch{}, err
		}
	}
	var e eventBatch
	if err := json.Unmarshal(body, &e); err != nil {
		return eventBatch{}, &AnswerError{Command: "sc", Why: err.Error(), Cut: body[len(body)-1] != '}'}
	}
	return e, nil
}
