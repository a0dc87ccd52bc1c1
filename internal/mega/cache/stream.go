package cache

import (
	"errors"
	"fmt"
	"io"

	"github.com/megaplan/megaplan/internal/mega/api"
)

const (
	// streamBuffer is what one answer costs while it is read.
	streamBuffer = 256 << 10
	// maxValue bounds one node, packet or other value that has to be whole in memory.
	maxValue = 64 << 20
	// maxDepth is the nesting encoding/json accepts.
	maxDepth = 10000
)

// The ways an answer can be unreadable, until answerError puts them into the API's words.
var (
	errCut = errors.New("it ends too early")
	errBad = errors.New("malformed")
)

// refused is a number MEGA answered in place of data.
type refused api.Code

func (r refused) Error() string { return api.Code(r).Error() }

// answerError tells what went wrong with an answer to command the way the API does, so that whoever retries knows what to
// make of it: *api.Error, *api.AnswerError (Cut if asking again may help), api.ErrTooOld; what r or a callback returned
// stays what it is.
func answerError(doing, command string, err error) error {
	var code refused
	switch {
	case errors.As(err, &code) && command == "sc" && api.Code(code) == api.ETOOMANY:
		err = api.ErrTooOld
	case errors.As(err, &code):
		err = &api.Error{Code: api.Code(code), Command: command}
	case errors.Is(err, errCut), errors.Is(err, errBad):
		err = &api.AnswerError{Command: command, Why: err.Error(), Cut: errors.Is(err, errCut)}
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// stream reads JSON from r through one buffer. With a nil r it reads buf as it is.
type stream struct {
	r    io.Reader
	buf  []byte
	pos  int // next byte
	mark int // what has to stay in the buffer starts here; -1: pos
	done error
}

func newStream(r io.Reader) *stream {
	return &stream{r: r, buf: make([]byte, 0, streamBuffer), mark: -1}
}

func newBytes(b []byte) *stream { return &stream{buf: b, mark: -1, done: io.EOF} }

// fill adds at least one byte behind what is in the buffer, or says why it cannot.
func (s *stream) fill() error {
	if s.done != nil {
		return s.end()
	}
	keep := s.pos
	if s.mark >= 0 {
		keep = s.mark
	}
	if len(s.buf) == cap(s.buf) {
		if err := s.room(keep); err != nil {
			return err
		}
	}
	for range 100 {
		n, err := s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		s.done = err
		if n > 0 {
			return nil
		}
		if err != nil {
			return s.end()
		}
	}
	return io.ErrNoProgress
}

// room drops what lies before keep, or doubles the buffer when that frees less than half.
func (s *stream) room(keep int) error {
	to := s.buf[:0]
	if keep < cap(s.buf)/2 {
		if len(s.buf)-keep >= maxValue {
			return fmt.Errorf("%w: a value of more than %d bytes", errBad, maxValue)
		}
		to = make([]byte, 0, 2*cap(s.buf))
	}
	s.buf = append(to, s.buf[keep:]...)
	s.pos -= keep
	if s.mark >= 0 {
		s.mark -= keep
	}
	return nil
}

func (s *stream) end() error {
	if errors.Is(s.done, io.EOF) || errors.Is(s.done, io.ErrUnexpectedEOF) {
		return errCut
	}
	return s.done
}

// peek returns the next byte that is not white space.
func (s *stream) peek() (byte, error) {
	for {
		s.pos = skipSpace(s.buf, s.pos)
		if s.pos < len(s.buf) {
			return s.buf[s.pos], nil
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
}

// next takes one byte.
func (s *stream) next() (byte, error) {
	for s.pos >= len(s.buf) {
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
	s.pos++
	return s.buf[s.pos-1], nil
}

func (s *stream) malformed(what string) error {
	return fmt.Errorf("%w: %s", errBad, what)
}

// expect takes the token c.
func (s *stream) expect(c byte) error {
	got, err := s.peek()
	if err != nil {
		return err
	}
	if got != c {
		return s.malformed(fmt.Sprintf("%q where %q should be", got, c))
	}
	s.pos++
	return nil
}

// atEnd requires that nothing but white space follows.
func (s *stream) atEnd() error {
	c, err := s.peek()
	if err == nil {
		return s.malformed(fmt.Sprintf("%q behind its end", c))
	}
	if errors.Is(err, errCut) && errors.Is(s.done, io.EOF) {
		return nil
	}
	return err
}

// list walks over the elements between open and its closing bracket; each must take one whole element.
func (s *stream) list(open byte, each func() error) error {
	if err := s.expect(open); err != nil {
		return err
	}
	closing := open + 2 // '[' and ']', '{' and '}' are two apart
	c, err := s.peek()
	if err != nil {
		return err
	}
	if c == closing {
		s.pos++
		return nil
	}
	for {
		if err := each(); err != nil {
			return err
		}
		c, err := s.peek()
		if err != nil {
			return err
		}
		s.pos++
		switch c {
		case closing:
			return nil
		case ',':
		default:
			return s.malformed(fmt.Sprintf("%q between elements", c))
		}
	}
}

// object walks over the members of an object; each must take the value.
func (s *stream) object(each func(key string) error) error {
	return s.list('{', func() error {
		raw, err := s.value()
		if err != nil {
			return err
		}
		key, ok := unquote(raw)
		if !ok {
			return s.malformed("a key that is no string")
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		return each(string(key))
	})
}

// value takes one whole value and returns its text, which is valid until the next call.
func (s *stream) value() ([]byte, error) {
	if _, err := s.peek(); err != nil {
		return nil, err
	}
	s.mark = s.pos
	err := s.skip(0)
	raw := s.buf[s.mark:s.pos:s.pos]
	s.mark = -1
	return raw, err
}

// text takes a value that should be a string; anything else counts as "".
func (s *stream) text() (string, error) {
	raw, err := s.value()
	if err != nil {
		return "", err
	}
	t, _ := unquote(raw)
	return string(t), nil
}
