package cache

// skip takes one value of any kind, as strictly as encoding/json: what it accepts is valid JSON.
func (s *stream) skip(depth int) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	switch {
	case c == '{' || c == '[':
		if depth++; depth > maxDepth {
			return s.malformed("nested too deeply")
		}
		return s.list(c, func() error {
			if c == '[' {
				return s.skip(depth)
			}
			return s.skipMember(depth)
		})
	case c == '"':
		return s.skipString()
	case c == '-' || c-'0' <= 9:
		return s.skipNumber()
	case c == 't':
		return s.skipWord("true")
	case c == 'f':
		return s.skipWord("false")
	case c == 'n':
		return s.skipWord("null")
	}
	return s.malformed("not a value")
}

func (s *stream) skipMember(depth int) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	if c != '"' {
		return s.malformed("a key that is no string")
	}
	if err := s.skipString(); err != nil {
		return err
	}
	if err := s.expect(':'); err != nil {
		return err
	}
	return s.skip(depth)
}

func (s *stream) skipWord(word string) error {
	for i := range len(word) {
		c, err := s.next()
		if err != nil {
			return err
		}
		if c != word[i] {
			return s.malformed("not a value")
		}
	}
	return nil
}

func (s *stream) skipString() error {
	s.pos++
	for {
		s.pos = plainEnd(s.buf, s.pos)
		c, err := s.next()
		switch {
		case err != nil:
			return err
		case c == '"':
			return nil
		case c < 0x20:
			return s.malformed("a control character in a string")
		case c == '\\':
			if err := s.skipEscape(); err != nil {
				return err
			}
		}
	}
}

func (s *stream) skipEscape() error {
	c, err := s.next()
	if err != nil {
		return err
	}
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		for range 4 {
			c, err := s.next()
			if err != nil {
				return err
			}
			if c-'0' > 9 && (c|0x20)-'a' > 5 {
				return s.malformed("a bad escape")
			}
		}
		return nil
	}
	return s.malformed("a bad escape")
}

// skipNumber takes -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?. A number that the input ends in is whole.
func (s *stream) skipNumber() error {
	if s.is('-') {
		s.pos++
	}
	if s.is('0') {
		s.pos++
	} else if s.digits() == 0 {
		return s.short("a bad number")
	}
	if s.is('.') {
		s.pos++
		if s.digits() == 0 {
			return s.short("a bad number")
		}
	}
	if s.is('e') || s.is('E') {
		s.pos++
		if s.is('+') || s.is('-') {
			s.pos++
		}
		if s.digits() == 0 {
			return s.short("a bad number")
		}
	}
	return nil
}

// is looks at the next byte; at the end there is none.
func (s *stream) is(c byte) bool {
	return (s.pos < len(s.buf) || s.fill() == nil) && s.buf[s.pos] == c
}

func (s *stream) digits() int {
	n := 0
	for (s.pos < len(s.buf) || s.fill() == nil) && s.buf[s.pos]-'0' <= 9 {
		s.pos++
		n++
	}
	return n
}

// short tells a number that is wrong from one that is cut off.
func (s *stream) short(what string) error {
	if s.pos >= len(s.buf) {
		return s.end()
	}
	return s.malformed(what)
}
