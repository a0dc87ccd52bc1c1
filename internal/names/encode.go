package names

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Encode returns the name with everything the encoding forbids replaced. It is reversible by Decode for any bytes.
func (e Encoding) Encode(name string) string {
	if e == Raw || name == "" || e == Default && plain(name) {
		return name
	}
	if e.has(Dot) {
		switch name {
		case ".", "..":
			return strings.Repeat(period, len(name))
		case period, period + period:
			return strings.ReplaceAll(name, period, quote+period)
		}
	}
	prefix, name := e.encodeLeft(name)
	suffix, name := e.encodeRight(name)
	var out strings.Builder
	out.Grow(len(prefix) + len(name) + len(suffix) + 3)
	out.WriteString(prefix)
	for i, r := range name {
		e.encodeRune(&out, name[i:], r)
	}
	out.WriteString(suffix)
	return out.String()
}

// plain says that the name is ASCII without anything the default encoding looks at.
func plain(name string) bool {
	for i := range len(name) {
		if c := name[i]; c >= utf8.RuneSelf || c == '/' || c == 0 {
			return false
		}
	}
	return name != "." && name != ".."
}

// encodeRune writes the rune that rest starts with.
func (e Encoding) encodeRune(out *strings.Builder, rest string, r rune) {
	if r == utf8.RuneError {
		if _, size := utf8.DecodeRuneInString(rest); size == 1 {
			if e.has(InvalidUTF8) {
				fmt.Fprintf(out, quote+"%02X", rest[0])
			} else {
				out.WriteByte(rest[0])
			}
			return
		}
	}
	if r < utf8.RuneSelf {
		if by, ok := e.replaced(r); ok {
			r = by
		}
	} else if _, taken := e.original(r); taken || r == '‛' {
		out.WriteString(quote)
	}
	out.WriteRune(r)
}

// encodeLeft replaces or quotes what only counts at the start.
func (e Encoding) encodeLeft(name string) (prefix, rest string) {
	r, size := utf8.DecodeRuneInString(name)
	for _, d := range leftEdges {
		if !e.has(d.class) {
			continue
		}
		if by, ok := d.picture(name[0]); ok {
			return string(by), name[1:]
		}
		if _, ok := d.shows(r); ok {
			return quote + string(r), name[size:]
		}
	}
	return "", name
}

func (e Encoding) encodeRight(name string) (suffix, rest string) {
	if name == "" {
		return "", ""
	}
	last := len(name) - 1
	r, size := utf8.DecodeLastRuneInString(name)
	for _, d := range rightEdges {
		if !e.has(d.class) {
			continue
		}
		if by, ok := d.picture(name[last]); ok {
			return string(by), name[:last]
		}
		if _, ok := d.shows(r); ok {
			return quote + string(r), name[:len(name)-size]
		}
	}
	return "", name
}
