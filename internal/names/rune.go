package names

import "strings"

const (
	quote    = "‛"
	nul      = "␀"
	space    = "␠"
	period   = "．"
	full     = 0xFEE0 // from a printable ASCII character to its full-width form
	symbol   = '␀'    // from a control character to its picture
	breaks   = "\t\n\v\r"
	lastCtrl = 0x1F
)

// printable maps each class of printable characters to its members; they are replaced by their full-width forms.
var printable = map[Encoding]string{
	Slash: "/", LtGt: "<>", DoubleQuote: `"`, SingleQuote: "'", BackQuote: "`", Dollar: "$", Colon: ":", Question: "?",
	Asterisk: "*", Pipe: "|", Hash: "#", Percent: "%", BackSlash: `\`, SquareBracket: "[]", Semicolon: ";",
}

// classOf is printable turned round, for the ASCII characters.
var classOf = func() (out [128]Encoding) {
	for class, members := range printable {
		for i := range len(members) {
			out[members[i]] = class
		}
	}
	return out
}()

// replaced says whether e replaces the ASCII character wherever it stands, and by what.
func (e Encoding) replaced(c rune) (rune, bool) {
	switch {
	case c == 0:
		return symbol, true
	case c <= lastCtrl:
		return symbol + c, e.has(Ctl) || e.has(CrLf) && (c == '\r' || c == '\n')
	case c == 0x7F:
		return '␡', e.has(Del)
	}
	return c + full, e.has(classOf[c])
}

// original is the reverse: the character that e writes as r, if there is one.
func (e Encoding) original(r rune) (rune, bool) {
	var c rune
	switch {
	case r >= symbol && r <= symbol+lastCtrl:
		c = r - symbol
	case r == '␡':
		c = 0x7F
	case r > full+' ' && r < full+0x7F:
		c = r - full
	default:
		return 0, false
	}
	_, ok := e.replaced(c)
	return c, ok
}

// edge is a character that is replaced only at one end of a name.
type edge struct {
	class Encoding
	chars string
	by    rune // the picture, or what is added to the character
}

var (
	leftEdges  = []edge{{LeftSpace, " ", '␠'}, {LeftPeriod, ".", '．'}, {LeftTilde, "~", '～'}, {LeftCrLfHtVt, breaks, symbol}}
	rightEdges = []edge{{RightSpace, " ", '␠'}, {RightPeriod, ".", '．'}, {RightCrLfHtVt, breaks, symbol}}
)

// picture returns what stands for the byte.
func (d edge) picture(c byte) (rune, bool) {
	if strings.IndexByte(d.chars, c) < 0 {
		return 0, false
	}
	if d.by == symbol {
		return symbol + rune(c), true
	}
	return d.by, true
}

// shows returns the byte for which the rune stands.
func (d edge) shows(r rune) (byte, bool) {
	if d.by != symbol {
		return d.chars[0], r == d.by
	}
	if c := r - symbol; c >= 0 && c <= lastCtrl && strings.IndexByte(breaks, byte(c)) >= 0 {
		return byte(c), true
	}
	return 0, false
}
