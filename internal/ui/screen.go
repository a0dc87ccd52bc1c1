package ui

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/mattn/go-runewidth"
	"golang.org/x/term"

	"github.com/megaplan/megaplan/internal/diag"
)

// Screen is where text goes and what it can show.
type Screen struct {
	Out, Err io.Writer
	// Width is the terminal's width in cells.
	Width int
	// Color and Live say whether colours and lines redrawn in place may be used on Err; OutColor is about Out.
	Color, Live, OutColor bool
	// Wrap says that Out is a terminal: what does not fit a line goes on a second one, where programs would want one.
	Wrap bool
	// Verbose unfolds everything.
	Verbose bool
}

// defaultWidth is used where the width cannot be known; minWidth keeps the columns apart.
const (
	defaultWidth = 100
	minWidth     = 60
)

// NewScreen finds out what the two streams can show. NO_COLOR, TERM=dumb and noColor turn colours off.
func NewScreen(out, err io.Writer, noColor bool, getenv func(string) string) *Screen {
	s := &Screen{Out: out, Err: err, Width: defaultWidth}
	plain := noColor || getenv("NO_COLOR") != "" || getenv("TERM") == "dumb"
	if w, ok := terminalWidth(out); ok {
		s.OutColor, s.Wrap, s.Width = !plain, true, max(w, minWidth)
	}
	if w, ok := terminalWidth(err); ok {
		s.Color, s.Live, s.Width = !plain, getenv("TERM") != "dumb", max(w, minWidth)
	}
	return s
}

func terminalWidth(w io.Writer) (int, bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	return width, true
}

// Style is a colour's meaning.
type Style = text.Colors

// The styles of SCREENS.md: green creates, yellow changes, cyan moves and copies, red deletes, dim is folded.
var (
	Plain    Style
	Creating = Style{text.FgGreen}
	Changing = Style{text.FgYellow}
	Moving   = Style{text.FgCyan}
	Deleting = Style{text.FgRed}
	Dim      = Style{text.Faint}
	Bold     = Style{text.Bold}
)

func (s *Screen) paint(style Style, str string) string {
	if !s.OutColor || len(style) == 0 {
		return str
	}
	return style.EscapeSeq() + str + text.EscapeReset
}

func (s *Screen) printf(format string, args ...any) { fmt.Fprintf(s.Out, format, args...) }

// Note writes one line about what is going on.
func (s *Screen) Note(format string, args ...any) { fmt.Fprintf(s.Err, format+"\n", args...) }

// fit shortens str to width cells, cutting in the middle so that both ends of a path can be read.
func fit(str string, width int) string {
	if runewidth.StringWidth(str) <= width {
		return str
	}
	if width <= 3 {
		return runewidth.Truncate(str, width, "")
	}
	tail := (width - 1) / 2
	head := runewidth.Truncate(str, width-1-tail, "")
	return head + "…" + runewidth.TruncateLeft(str, runewidth.StringWidth(str)-tail, "")
}

// cut is fit, unless everything is to be seen.
func (s *Screen) cut(str string, width int) string {
	if s.Verbose {
		return str
	}
	return fit(str, width)
}

// prose breaks a text at spaces where a terminal would break it inside a word. Its further lines are indented.
func (s *Screen) prose(text string, indent int) string {
	if !s.Wrap || runewidth.StringWidth(text) <= s.Width-indent {
		return text
	}
	return strings.ReplaceAll(diag.Wrap(text, s.Width-indent), "\n", "\n"+strings.Repeat(" ", indent))
}

func pad(str string, width int) string { return runewidth.FillRight(str, width) }

func padLeft(str string, width int) string { return runewidth.FillLeft(str, width) }

// Printable makes a name safe to show: control characters and broken UTF-8 become escapes, so that a hostile name
// cannot move the cursor or hide in the line above.
func Printable(name string) string {
	clean := func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }
	if strings.IndexFunc(name, clean) < 0 {
		return name
	}
	var b strings.Builder
	for i, r := range name {
		switch {
		case r == unicode.ReplacementChar && !strings.HasPrefix(name[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, name[i])
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// printableLines is Printable for text of several lines.
func printableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		words := strings.Split(l, "\t")
		for j, w := range words {
			words[j] = Printable(w)
		}
		lines[i] = strings.Join(words, "\t")
	}
	return strings.Join(lines, "\n")
}
