package filter

import "strings"

func has(set *[4]uint64, c byte) bool { return set[c/64]&(1<<(c%64)) != 0 }

func add(set *[4]uint64, lo, hi byte) {
	for c := int(lo); c <= int(hi); c++ {
		set[c/64] |= 1 << (c % 64)
	}
}

// classReader reads one bracket expression. A zero byte stands for the end of the pattern, which holds none.
type classReader struct {
	p   string
	at  int
	set [4]uint64
}

func (r *classReader) peek(i int) byte {
	if i < len(r.p) {
		return r.p[i]
	}
	return 0
}

// compileClass reads the bracket expression at p[i]; next is the place after it. It is not ok when it is malformed.
func compileClass(p string, i int) (set *[4]uint64, next int, ok bool) {
	r := &classReader{p: p, at: i + 1}
	c := r.peek(r.at)
	negated := c == '!' || c == '^'
	if negated {
		r.at++
	}
	var last byte // the start of a possible range
	for first := true; first || r.peek(r.at) != ']'; first = false {
		if last, ok = r.item(last); !ok {
			return nil, len(p), false
		}
		r.at++
	}
	if negated {
		for w := range r.set {
			r.set[w] = ^r.set[w]
		}
	}
	return &r.set, r.at + 1, true
}

// item reads one member, leaving at on its last byte, and returns the byte a range could start from.
func (r *classReader) item(last byte) (byte, bool) {
	c := r.peek(r.at)
	next := r.peek(r.at + 1)
	switch {
	case c == 0:
		return 0, false
	case c == '\\':
		r.at++
		add(&r.set, next, next)
		return next, next != 0
	case c == '-' && last != 0 && next != 0 && next != ']':
		r.at++
		if next == '\\' {
			r.at++
			next = r.peek(r.at)
		}
		add(&r.set, last, next)
		return 0, next != 0
	case c == '[' && next == ':':
		return r.named()
	}
	add(&r.set, c, c)
	return c, true
}

// named reads [:alpha:] and its like; without ":]" the bracket is a member like any other.
func (r *classReader) named() (byte, bool) {
	start := r.at + 2
	n := strings.IndexByte(r.p[start:], ']')
	if n < 0 {
		return 0, false
	}
	if n == 0 || r.p[start+n-1] != ':' {
		add(&r.set, '[', '[')
		return '[', true
	}
	ranges, ok := named[r.p[start:start+n-1]]
	for i := 0; i < len(ranges); i += 2 {
		add(&r.set, ranges[i], ranges[i+1])
	}
	r.at = start + n
	return 0, ok
}

// named lists the classes as pairs of first and last byte, as git counts them.
var named = map[string]string{
	"alnum":  "09AZaz",
	"alpha":  "AZaz",
	"blank":  "\t\t  ",
	"cntrl":  "\x00\x1f\x7f\x7f",
	"digit":  "09",
	"graph":  "!~",
	"lower":  "az",
	"print":  " ~",
	"punct":  "!/:@[`{~",
	"space":  "\t\n\r\r  ",
	"upper":  "AZ",
	"xdigit": "09AFaf",
}
