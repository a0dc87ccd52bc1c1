package names

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Decode undoes Encode. Names that Encode did not make are read as well as may be: what stands for nothing stays.
func (e Encoding) Decode(name string) string {
	if e == Raw || name == "" {
		return name
	}
	if e.has(Dot) {
		switch name {
		case period, period + period:
			return strings.ReplaceAll(name, period, ".")
		case quote + period, quote + period + quote + period:
			return strings.ReplaceAll(name, quote, "")
		}
	}
	prefix, name := e.decodeLeft(name)
	suffix, name := e.decodeRight(name)
	var out strings.Builder
	out.Grow(len(prefix) + len(name) + len(suffix))
	out.WriteString(prefix)
	for name != "" {
		name = name[e.decodeRune(&out, name):]
	}
	out.WriteString(suffix)
	return out.String()
}

// decodeRune writes what rest starts with and returns how many bytes of rest that was.
func (e Encoding) decodeRune(out *strings.Builder, rest string) int {
	r, size := utf8.DecodeRuneInString(rest)
	if r != '‛' {
		if c, ok := e.original(r); ok {
			out.WriteRune(c)
		} else {
			out.WriteString(rest[:size])
		}
		return size
	}
	next, width := utf8.DecodeRuneInString(rest[size:])
	if _, ok := e.original(next); ok && width > 0 || next == '‛' {
		out.WriteString(rest[size : size+width])
		return size + width
	}
	if e.has(InvalidUTF8) && len(rest) >= size+2 {
		if b, err := strconv.ParseUint(rest[size:size+2], 16, 8); err == nil {
			out.WriteByte(byte(b))
			return size + 2
		}
	}
	out.WriteString(quote)
	return size
}

func (e Encoding) decodeLeft(name string) (prefix, rest string) {
	r, size := utf8.DecodeRuneInString(name)
	for _, d := range leftEdges {
		if c, ok := d.shows(r); ok && e.has(d.class) {
			return string(rune(c)), name[size:]
		}
	}
	if r != '‛' {
		return "", name
	}
	next, width := utf8.DecodeRuneInString(name[size:])
	for _, d := range leftEdges {
		if _, ok := d.shows(next); ok && e.has(d.class) {
			return string(next), name[size+width:]
		}
	}
	return "", name
}

func (e Encoding) decodeRight(name string) (suffix, rest string) {
	r, size := utf8.DecodeLastRuneInString(name)
	for _, d := range rightEdges {
		c, ok := d.shows(r)
		if !ok || !e.has(d.class) {
			continue
		}
		rest = name[:len(name)-size]
		if marked(rest) {
			return string(r), rest[:len(rest)-len(quote)]
		}
		return string(rune(c)), rest
	}
	return "", name
}

// marked says that what follows s is marked: an odd number of quotes stands before it, since two are one quote.
func marked(s string) bool {
	bare := strings.TrimRight(s, quote)
	return (len(s)-len(bare))/len(quote)%2 == 1
}
