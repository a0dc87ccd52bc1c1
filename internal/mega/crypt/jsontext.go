package crypt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonScanner cuts a JSON object into members without interpreting the values. encoding/json would do,
// but for two things: it replaces invalid UTF-8, and it loses the order of members.
type jsonScanner struct {
	b []byte
	i int
}

var errJSON = errors.New("not a JSON object")

// object calls member with the raw text of each name and value.
func (s *jsonScanner) object(member func(label, value []byte)) error {
	s.space()
	if !s.take('{') {
		return errJSON
	}
	s.space()
	if s.take('}') {
		return nil
	}
	for {
		s.space()
		label, err := s.value()
		if err != nil || label[0] != '"' {
			return fmt.Errorf("%w: name expected at %d", errJSON, s.i)
		}
		s.space()
		if !s.take(':') {
			return fmt.Errorf("%w: colon expected at %d", errJSON, s.i)
		}
		s.space()
		value, err := s.value()
		if err != nil {
			return err
		}
		member(label, value)
		s.space()
		if s.take('}') {
			return nil
		}
		if !s.take(',') {
			return fmt.Errorf("%w: comma expected at %d", errJSON, s.i)
		}
	}
}

func (s *jsonScanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\r', '\n':
			s.i++
		default:
			return
		}
	}
}

func (s *jsonScanner) take(c byte) bool {
	if s.i < len(s.b) && s.b[s.i] == c {
		s.i++
		return true
	}
	return false
}

// value finds where the next value ends and lets encoding/json judge what lies in between.
func (s *jsonScanner) value() ([]byte, error) {
	start, depth := s.i, 0
	if s.plainString() {
		return s.b[start:s.i:s.i], nil
	}
scan:
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case '"':
			s.skipString()
			if depth == 0 {
				break scan
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				break scan
			}
			depth--
			if depth == 0 {
				s.i++
				break scan
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				break scan
			}
		}
		s.i++
	}
	raw := s.b[start:s.i:s.i]
	if !json.Valid(raw) {
		return nil, fmt.Errorf("%w: bad value at %d", errJSON, start)
	}
	return raw, nil
}

// plainString takes a string as almost all values are: without escapes, or with those of one letter. It takes nothing if there
// is none.
func (s *jsonScanner) plainString() bool {
	if s.i >= len(s.b) || s.b[s.i] != '"' {
		return false
	}
	for i := s.i + 1; i < len(s.b); i++ {
		switch c := s.b[i]; {
		case c == '"':
			s.i = i + 1
			return true
		case c < 0x20:
			return false
		case c == '\\':
			if i++; i == len(s.b) || strings.IndexByte(`"\/bfnrt`, s.b[i]) < 0 {
				return false
			}
		}
	}
	return false
}

func (s *jsonScanner) skipString() {
	for s.i++; s.i < len(s.b); s.i++ {
		switch s.b[s.i] {
		case '\\':
			s.i++
		case '"':
			s.i++
			return
		}
	}
	s.i = len(s.b)
}

// encodeString writes s as a JSON string. Only what JSON demands is escaped; all other bytes stay.
func encodeString(s string) []byte {
	const hex = "0123456789abcdef"
	b := make([]byte, 0, len(s)+2)
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// decodeString reads a valid JSON value and reports false if it is no string. Bytes that are not UTF-8
// stay as they are; a lone surrogate escape becomes U+FFFD.
func decodeString(raw []byte) (string, bool) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", false
	}
	raw = raw[1 : len(raw)-1]
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw), true
	}
	b := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			b = append(b, raw[i])
			continue
		}
		i++
		if raw[i] != 'u' {
			b = append(b, unescape(raw[i]))
			continue
		}
		r := hexRune(raw[i+1:])
		i += 4
		if utf16.IsSurrogate(r) {
			var second rune
			if len(raw) > i+6 && raw[i+1] == '\\' && raw[i+2] == 'u' {
				second = hexRune(raw[i+3:])
			}
			if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
				i += 6
			}
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b), true
}

func unescape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

func hexRune(b []byte) rune {
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= 'a':
			c -= 'a' - 10
		case c >= 'A':
			c -= 'A' - 10
		default:
			c -= '0'
		}
		r = r<<4 | rune(c)
	}
	return r
}
