package cache

import (
	"errors"
	"io"
)

// Fetched is what an `f` answer says beside its nodes.
type Fetched struct {
	SN      SN
	Tag     string // the sequence tag the tree corresponds to, if there was one
	Self    User   // the account itself, if the list of users names it
	Nodes   int
	Skipped int // nodes without a usable handle or parent
}

// DecodeTree reads the answer of a request that holds one `f` command and hands every node of `f` and `f2` to each, in
// the order they come. The node and its texts are valid during the call only. Memory is bounded whatever the size.
//
// Errors: *api.Error when MEGA answered a number; *api.AnswerError, with Cut if it ends too early; what r or each returned.
func DecodeTree(r io.Reader, each func(*Node) error) (Fetched, error) {
	d := treeDecoder{stream: newStream(r), each: each}
	if err := d.decode(); err != nil {
		return d.got, answerError("read tree", "f", err)
	}
	return d.got, nil
}

type treeDecoder struct {
	*stream
	each func(*Node) error
	got  Fetched
}

func (d *treeDecoder) decode() error {
	c, err := d.peek()
	if err != nil {
		return err
	}
	if c != '[' {
		return d.refusal()
	}
	elements := 0
	err = d.list('[', func() error {
		if elements++; elements > 1 {
			return d.malformed("more than one answer")
		}
		c, err := d.peek()
		if err != nil {
			return err
		}
		if c != '{' {
			return d.refusal()
		}
		return d.object(d.member)
	})
	switch {
	case err != nil:
		return err
	case elements == 0:
		return d.malformed("an empty answer")
	case !d.got.SN.valid():
		return d.malformed("no sequence number")
	}
	return d.atEnd()
}

// refusal reads what stands in place of an answer: a number, or an object that holds one.
func (s *stream) refusal() error {
	raw, err := s.value()
	if err != nil {
		return err
	}
	if raw[0] == '{' {
		if raw, err = errMember(raw); err != nil {
			return err
		}
	}
	if n, ok := plainInt(raw); ok && n < 0 {
		return refused(n)
	}
	return s.malformed("neither data nor an error number")
}

// errMember returns the value of the member "err" of an object.
func errMember(object []byte) (found []byte, err error) {
	s := newBytes(object)
	err = s.object(func(key string) error {
		value, err := s.value()
		if key == "err" {
			found = value
		}
		return err
	})
	return found, err
}

func (d *treeDecoder) member(key string) (err error) {
	switch key {
	case "f", "f2":
		return d.nodes(func(n *rawNode) error {
			if !n.usable() {
				d.got.Skipped++
				return nil
			}
			d.got.Nodes++
			return d.each(&n.Node)
		})
	case "sn":
		var sn string
		sn, err = d.text()
		d.got.SN = SN(sn)
		return err
	case "st":
		d.got.Tag, err = d.text()
		return err
	case "u":
		return d.users()
	case "err":
		return d.refusal()
	}
	return d.skip(2)
}

// nodes reads an array of nodes. The node handed to each is used again.
func (s *stream) nodes(each func(*rawNode) error) error {
	var n rawNode
	return s.list('[', func() error {
		if err := s.node(&n); err != nil {
			return err
		}
		return each(&n)
	})
}

func (s *stream) node(n *rawNode) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	for c == '{' {
		used, res := fastNode(s.buf[s.pos:], n)
		if res == parsed {
			s.pos += used
			return nil
		}
		if res == odd || s.fill() != nil {
			break
		}
	}
	raw, err := s.value()
	if err != nil {
		return err
	}
	slowNode(raw, n)
	return nil
}

// users looks for the account itself in the list of users: the one whose visibility is 2.
func (d *treeDecoder) users() error {
	c, err := d.peek()
	if err != nil || c != '[' {
		return errors.Join(err, d.skip(2))
	}
	return d.list('[', func() error {
		raw, err := d.value()
		if err != nil || raw[0] != '{' {
			return err
		}
		var user User
		var visible int64
		s := newBytes(raw)
		err = s.object(func(key string) error {
			value, err := s.value()
			switch text, _ := unquote(value); key {
			case "u":
				user, _ = parseUser(text)
			case "c":
				visible, _ = plainInt(value)
			}
			return err
		})
		if err == nil && visible == 2 {
			d.got.Self = user
		}
		return err
	})
}

// ParseNodes reads an array of nodes, such as `f` in the answer of a `p` command. Skipped counts those without a usable
// handle or parent. The nodes share memory with raw.
func ParseNodes(raw []byte) (nodes []Node, skipped int, err error) {
	s := newBytes(raw)
	if err := s.appendNodes(&nodes, &skipped); err != nil {
		return nil, 0, answerError("read nodes", "p", err)
	}
	if err := s.atEnd(); err != nil {
		return nil, 0, answerError("read nodes", "p", err)
	}
	return nodes, skipped, nil
}

func (s *stream) appendNodes(nodes *[]Node, skipped *int) error {
	return s.nodes(func(n *rawNode) error {
		if n.usable() {
			*nodes = append(*nodes, n.Node)
		} else {
			*skipped++
		}
		return nil
	})
}
