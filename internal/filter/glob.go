package filter

import "strings"

// glob is one compiled pattern. It must match the whole text. Git's own matcher is the law here, oddities included: "**"
// crosses slashes only where it fills a whole path element.
type glob struct {
	prefix string // literal start, compared before anything else
	tokens []token
	suffix string // literal end, when the tokens are one star
	simple bool   // prefix, one star that may not cross a slash, suffix
	never  bool   // malformed: matches nothing
}

type kind uint8

const (
	literal   kind = iota // text
	anyByte               // ?
	class                 // [...]
	star                  // *: bytes other than a slash
	deepStar              // **: all bytes
	deepSlash             // **/: nothing, or anything that ends in a slash
)

type token struct {
	kind kind
	text string
	set  *[4]uint64
}

// special are the bytes that end a pattern's literal start.
const special = `*?[\`

// compile reads a pattern. Under basename, the text will hold no slash and every run of stars is one star.
func compile(pattern string, basename bool) glob {
	g := glob{}
	n := strings.IndexAny(pattern, special)
	if n < 0 {
		g.prefix = pattern
		return g
	}
	// What follows the literal start is read as if it were a pattern of its own, so that "a**/b" crosses slashes. Git
	// cuts there too; it matters only for "**".
	g.prefix = pattern[:n]
	p := pattern[n:]
	for i := 0; i < len(p) && !g.never; {
		i = g.token(p, i, basename)
	}
	g.shortcut()
	return g
}

// token compiles what starts at p[i] and returns where the next one starts.
func (g *glob) token(p string, i int, basename bool) int {
	switch p[i] {
	case '?':
		g.tokens = append(g.tokens, token{kind: anyByte})
		return i + 1
	case '[':
		set, next, ok := compileClass(p, i)
		g.never = g.never || !ok
		g.tokens = append(g.tokens, token{kind: class, set: set})
		return next
	case '*':
		return g.starRun(p, i, basename)
	case '\\':
		if i+1 == len(p) {
			g.never = true
			return i + 1
		}
		g.literal(p[i+1 : i+2])
		return i + 2
	}
	g.literal(p[i : i+1])
	return i + 1
}

func (g *glob) literal(s string) {
	if n := len(g.tokens); n > 0 && g.tokens[n-1].kind == literal {
		g.tokens[n-1].text += s
		return
	}
	g.tokens = append(g.tokens, token{kind: literal, text: s})
}

func (g *glob) starRun(p string, i int, basename bool) int {
	end := i
	for end < len(p) && p[end] == '*' {
		end++
	}
	bounded := end-i > 1 && (i == 0 || p[i-1] == '/')
	rest := p[end:]
	switch {
	case basename || !bounded:
		g.tokens = append(g.tokens, token{kind: star})
	case strings.HasPrefix(rest, "/"):
		g.tokens = append(g.tokens, token{kind: deepSlash})
		return end + 1
	case rest == "" || strings.HasPrefix(rest, `\/`):
		g.tokens = append(g.tokens, token{kind: deepStar})
	default:
		g.tokens = append(g.tokens, token{kind: star})
	}
	return end
}

// shortcut recognises the commonest patterns, "*.tmp" and "core.*".
func (g *glob) shortcut() {
	if len(g.tokens) > 2 || len(g.tokens) == 0 || g.tokens[0].kind != star {
		return
	}
	if len(g.tokens) == 2 {
		if g.tokens[1].kind != literal {
			return
		}
		g.suffix = g.tokens[1].text
	}
	g.simple = strings.IndexByte(g.suffix, '/') < 0
}

func (g *glob) match(text string) bool {
	if g.never || !strings.HasPrefix(text, g.prefix) {
		return false
	}
	text = text[len(g.prefix):]
	if len(g.tokens) == 0 {
		return text == ""
	}
	if g.simple {
		return strings.HasSuffix(text, g.suffix) && strings.IndexByte(text, '/') < 0
	}
	m := matcher{tokens: g.tokens, text: text}
	return m.from(0, 0) == matched
}

// matcher tries one glob on one text.
type matcher struct {
	tokens []token
	text   string
}

// result is more than yes and no, so that patterns of many stars fail in good time: an outer star does not try again what
// an inner one has already tried to its end.
type result uint8

const (
	matched result = iota
	failed
	atSlash // an inner star met a slash: a longer outer star helps only if it crosses slashes
	atEnd   // the text ran out: no longer star helps
)

func (m *matcher) from(t, at int) result {
	for ; t < len(m.tokens); t++ {
		tok := &m.tokens[t]
		if tok.kind >= star {
			return m.wild(t, at)
		}
		if at == len(m.text) {
			return atEnd
		}
		switch tok.kind {
		case literal:
			if !strings.HasPrefix(m.text[at:], tok.text) {
				return failed
			}
			at += len(tok.text)
		default:
			if m.text[at] == '/' || tok.kind == class && !has(tok.set, m.text[at]) {
				return failed
			}
			at++
		}
	}
	if at == len(m.text) {
		return matched
	}
	return failed
}

// wild tries every length for the star at token t, the shortest first.
func (m *matcher) wild(t, at int) result {
	kind := m.tokens[t].kind
	if kind == deepSlash {
		if r := m.from(t+1, at); r == matched || r == atEnd {
			return r
		}
	}
	for end := at; ; end++ {
		// A deepSlash of some length ends in the slash before end.
		if kind != deepSlash || end > at && m.text[end-1] == '/' {
			r := m.from(t+1, end)
			if r == matched || r == atEnd || r == atSlash && kind == star {
				return r
			}
		}
		if end == len(m.text) {
			return atEnd
		}
		if kind == star && m.text[end] == '/' {
			return atSlash
		}
	}
}
