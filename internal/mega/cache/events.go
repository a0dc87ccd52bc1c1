package cache

import (
	"bytes"
	"io"
)

// Events is what an answer of the event channel says beside its packets.
type Events struct {
	SN   SN     // the position after these packets; empty if there was nothing new
	Wait string // the URL to wait on; empty while there is more to read
	More bool   // further packets are ready at once
}

// Packet is one change as the event channel tells it. Action decides which fields mean something; packets of kinds the
// cache has no use for are kept by name only.
type Packet struct {
	Action string // "t" new nodes, "u" attributes, "d" gone, "fa" file attributes, others
	Tag    string // sequence tag
	Marker string // the client's own mark on what it did, where it set one
	Handle Handle // u, d, fa
	// Moved marks a deletion that is half a move: the node comes back in the "t" that follows.
	Moved    bool
	Attr     []byte // u; nil if not sent
	Time     int64  // u; 0 if not sent
	FileAttr []byte // fa
	Nodes    []Node // t; old versions among them
	Skipped  int    // nodes of a t without a usable handle or parent
}

// DecodeEvents reads one answer of the event channel and hands every packet to each, which may keep it. A keep-alive
// (the body 0) is no packets and no SN.
//
// Errors: api.ErrTooOld when the tree has to be fetched again; *api.Error when MEGA answered another number;
// *api.AnswerError, with Cut if it ends too early; what r or each returned.
func DecodeEvents(r io.Reader, each func(Packet) error) (Events, error) {
	got, err := decodeEvents(newStream(r), each)
	if err != nil {
		return got, answerError("read events", "sc", err)
	}
	return got, nil
}

func decodeEvents(s *stream, each func(Packet) error) (got Events, err error) {
	c, err := s.peek()
	if err != nil {
		return got, err
	}
	if c == '0' {
		s.pos++
		return got, s.atEnd()
	}
	if c == '[' { // [-3] means what -3 means
		if err := s.list('[', s.refusal); err != nil {
			return got, err
		}
		return got, s.malformed("an empty answer")
	}
	if c != '{' {
		return got, s.refusal()
	}
	packets := 0
	err = s.object(func(key string) (err error) {
		switch key {
		case "a":
			return s.packets(func(p Packet) error { packets++; return each(p) })
		case "sn":
			var sn string
			sn, err = s.text()
			got.SN = SN(sn)
			return err
		case "w":
			got.Wait, err = s.text()
			return err
		case "ir":
			n, err := s.integer()
			got.More = n == 1
			return err
		case "err":
			return s.refusal()
		}
		return s.skip(1)
	})
	if err != nil {
		return got, err
	}
	if !got.SN.valid() && (packets > 0 || got.SN != "") {
		return got, s.malformed("no sequence number")
	}
	return got, s.atEnd()
}

// integer takes a value that should be an integer, quoted perhaps; anything else counts as 0.
func (s *stream) integer() (int64, error) {
	raw, err := s.value()
	if text, ok := unquote(raw); ok {
		raw = text
	}
	n, _ := plainInt(raw)
	return n, err
}

func (s *stream) packets(each func(Packet) error) error {
	return s.list('[', func() error {
		raw, err := s.value()
		if err != nil {
			return err
		}
		p, err := parsePacket(bytes.Clone(raw))
		if err != nil {
			return err
		}
		return each(p)
	})
}

// ParsePacket reads one packet, whose texts share memory with raw.
func ParsePacket(raw []byte) (Packet, error) {
	p, err := parsePacket(raw)
	if err != nil {
		return Packet{}, answerError("read packet", "sc", err)
	}
	return p, nil
}

func parsePacket(raw []byte) (p Packet, err error) {
	s := newBytes(raw)
	err = s.object(func(key string) error { return s.packetMember(key, &p) })
	if err != nil {
		return p, err
	}
	return p, s.atEnd()
}

func (s *stream) packetMember(key string, p *Packet) (err error) {
	switch key {
	case "a":
		p.Action, err = s.text()
	case "st":
		p.Tag, err = s.text()
	case "i":
		p.Marker, err = s.text()
	case "n":
		var text string
		text, err = s.text()
		p.Handle, _ = parseHandle([]byte(text))
	case "m":
		var n int64
		n, err = s.integer()
		p.Moved = n == 1
	case "ts":
		p.Time, err = s.integer()
	case "at":
		p.Attr, err = s.bytes()
	case "fa":
		p.FileAttr, err = s.bytes()
	case "t":
		return s.packetNodes(p)
	default:
		return s.skip(1)
	}
	return err
}

// bytes takes a value that should be a string; nil stands for anything else.
func (s *stream) bytes() ([]byte, error) {
	raw, err := s.value()
	if err != nil {
		return nil, err
	}
	text, _ := unquote(raw)
	return text, nil
}

// packetNodes reads the object with `f` and `f2` of a "t" packet. Packets of other kinds may use the key differently.
func (s *stream) packetNodes(p *Packet) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	if c != '{' {
		return s.skip(1)
	}
	return s.object(func(key string) error {
		c, err := s.peek()
		if err != nil {
			return err
		}
		if (key == "f" || key == "f2") && c == '[' {
			return s.appendNodes(&p.Nodes, &p.Skipped)
		}
		return s.skip(2)
	})
}
