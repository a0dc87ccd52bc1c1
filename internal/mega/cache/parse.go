package cache

import (
	"encoding/binary"
	"encoding/json"
	"math/bits"
)

// The outcomes of one step of the fast parser.
type outcome uint8

const (
	parsed outcome = iota
	more           // the bytes end before the object does
	odd            // valid perhaps, but nothing the fast path knows: encoding/json decides
)

// maxDigits keeps integers inside int64 without an overflow check.
const maxDigits = 18

// fastNode reads one flat object of plain strings and integers without allocating, and says how many bytes it took. The
// node's texts alias b. Whatever it accepts means the same to encoding/json (FuzzNode holds it to that); escapes, other
// value types and other than ASCII are odd.
func fastNode(b []byte, n *rawNode) (int, outcome) {
	n.reset()
	i := skipSpace(b, 1)
	if i < len(b) && b[i] == '}' {
		return i + 1, parsed
	}
	for {
		key, next, res := fastString(b, i)
		if res != parsed {
			return 0, res
		}
		i = skipSpace(b, next)
		if i >= len(b) {
			return 0, more
		}
		if b[i] != ':' {
			return 0, odd
		}
		if i = skipSpace(b, i+1); i >= len(b) {
			return 0, more
		}
		if b[i] == '"' {
			var text []byte
			if text, i, res = fastString(b, i); res != parsed {
				return 0, res
			}
			n.setText(key, text)
		} else {
			var number int64
			if number, i, res = fastInt(b, i); res != parsed {
				return 0, res
			}
			n.setInt(key, number, true)
		}
		if i = skipSpace(b, i); i >= len(b) {
			return 0, more
		}
		switch b[i] {
		case '}':
			return i + 1, parsed
		case ',':
			i = skipSpace(b, i+1)
		default:
			return 0, odd
		}
	}
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' && isSpace(b[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// fastString reads a string without escapes that starts at b[i]; it returns its content and the index behind it.
func fastString(b []byte, i int) ([]byte, int, outcome) {
	if i >= len(b) {
		return nil, 0, more
	}
	if b[i] != '"' {
		return nil, 0, odd
	}
	end := plainEnd(b, i+1)
	if end >= len(b) {
		return nil, 0, more
	}
	if b[end] != '"' {
		return nil, 0, odd
	}
	return b[i+1 : end : end], end + 1, parsed
}

// plainEnd finds the first byte from i on that is a quote, a backslash, a control character or not ASCII, eight bytes at
// a time: a byte below 0x20 borrows into its top bit when 0x20 is subtracted, as a zero byte does for 1. A borrow may
// spoil the bytes above a hit, never the lowest hit.
func plainEnd(b []byte, i int) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for i+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		hit := (((w - ones*0x20) &^ w) | ((quote - ones) &^ quote) | ((slash - ones) &^ slash) | w) & tops
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
		i += 8
	}
	for i < len(b) && b[i] >= 0x20 && b[i] < 0x80 && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

func fastInt(b []byte, i int) (int64, int, outcome) {
	start := i
	if b[i] == '-' {
		i++
	}
	first := i
	var v int64
	for i < len(b) && b[i]-'0' <= 9 {
		if i-first == maxDigits {
			return 0, 0, odd
		}
		v = v*10 + int64(b[i]-'0')
		i++
	}
	switch {
	case i >= len(b):
		return 0, 0, more
	case i == first, b[first] == '0' && i > first+1, b[i] == '.', b[i] == 'e', b[i] == 'E':
		return 0, 0, odd
	}
	if first > start {
		v = -v
	}
	return v, i, parsed
}

// slowNode reads what the fast path found odd. The object is known to be valid JSON.
func slowNode(raw []byte, n *rawNode) {
	n.reset()
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return // not an object: nothing in it
	}
	for key, value := range fields {
		name := []byte(key)
		if text, ok := unquote(value); ok {
			n.setText(name, text)
			continue
		}
		number, ok := plainInt(value)
		n.setInt(name, number, ok)
	}
}

// unquote returns the content of a valid JSON string; it may alias value.
func unquote(value []byte) ([]byte, bool) {
	if len(value) < 2 || value[0] != '"' {
		return nil, false
	}
	if end := plainEnd(value, 1); end == len(value)-1 {
		return value[1:end:end], true
	}
	var s string
	if json.Unmarshal(value, &s) != nil {
		return nil, false
	}
	return []byte(s), true
}

// plainInt reads an integer in plain digits.
func plainInt(b []byte) (int64, bool) {
	digits := b
	if len(b) > 0 && b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > maxDigits {
		return 0, false
	}
	var v int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	if len(digits) < len(b) {
		v = -v
	}
	return v, true
}

// rawNode is a Node being read. A field that comes twice counts as it came last, whatever its type, as in encoding/json.
type rawNode struct {
	Node
	badParent bool
}

func (n *rawNode) reset() { *n = rawNode{Node: Node{Type: NoType, Size: -1}} }

// usable says whether the node can be filed: it has a handle, and a parent that is none or a handle. Old accounts list
// contacts as nodes with a user's handle; those are not files.
func (n *rawNode) usable() bool { return n.Handle != 0 && !n.badParent }

func (n *rawNode) setText(key, text []byte) {
	switch len(key) {
	case 1:
		switch key[0] {
		case 'h':
			n.Handle, _ = parseHandle(text)
		case 'p':
			var ok bool
			n.Parent, ok = parseHandle(text)
			n.badParent = !ok && len(text) > 0
		case 'u':
			n.Owner, _ = parseUser(text)
		case 'a':
			n.Attr = text
		case 'k':
			n.Key = text
		case 't', 's':
			v, ok := plainInt(text) // integers may be quoted
			n.setInt(key, v, ok)
		}
	case 2:
		if key[0] == 'f' && key[1] == 'a' {
			n.FileAttr = text
		} else if key[0] == 't' && key[1] == 's' {
			v, ok := plainInt(text)
			n.setInt(key, v, ok)
		}
	}
}

// setInt takes a value that is no string; ok is false if it is no integer either, and then the field counts as not sent.
func (n *rawNode) setInt(key []byte, v int64, ok bool) {
	switch string(key) {
	case "t":
		n.Type = NoType
		if ok && v >= 0 && v < int64(NoType) {
			n.Type = Type(v)
		}
	case "s":
		n.Size = -1
		if ok && v >= 0 {
			n.Size = v
		}
	case "ts":
		n.Time = 0
		if ok {
			n.Time = v
		}
	case "h":
		n.Handle = 0
	case "p":
		n.Parent, n.badParent = 0, false
	case "u":
		n.Owner = 0
	case "a":
		n.Attr = nil
	case "k":
		n.Key = nil
	case "fa":
		n.FileAttr = nil
	}
}
