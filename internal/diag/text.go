package diag

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// TextOptions tunes WriteText; the zero value is plain text that is not wrapped.
type TextOptions struct {
	// Color marks the severity with terminal colours.
	Color bool
	// Width wraps details at that many characters; 0 does not wrap.
	Width int
}

// WriteText writes the list for people, one diagnostic after the other with an empty line between.
func (l List) WriteText(w io.Writer, o TextOptions) error {
	for i, d := range l {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if _, err := io.WriteString(w, d.text(o)); err != nil {
			return err
		}
	}
	return nil
}

func (d Diagnostic) text(o TextOptions) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", d.label(o.Color), d.Summary)
	d.writePlace(&b)
	if d.Detail != "" {
		b.WriteString("\n")
		for line := range strings.SplitSeq(strings.TrimRight(d.Detail, "\n"), "\n") {
			b.WriteString(Wrap(line, o.Width))
			b.WriteString("\n")
		}
	}
	return b.String()
}

func (d Diagnostic) label(color bool) string {
	word, code := "Error:", "31"
	if d.Severity == Warning {
		word, code = "Warning:", "33"
	}
	if !color {
		return word
	}
	return "\x1b[1;" + code + "m" + word + "\x1b[0m"
}

// writePlace writes "on FILE line N, in BLOCK:" and the source lines; without a place it names the address.
func (d Diagnostic) writePlace(b *strings.Builder) {
	if d.Subject.IsZero() {
		if d.Address != "" {
			fmt.Fprintf(b, "\n  in %s\n", d.Address)
		}
		return
	}
	fmt.Fprintf(b, "\n  on %s", d.Subject.Filename)
	if d.Subject.Start.Line > 0 {
		fmt.Fprintf(b, " line %d", d.Subject.Start.Line)
	}
	switch {
	case d.Snippet != nil && d.Snippet.Context != "":
		fmt.Fprintf(b, ", in %s", d.Snippet.Context)
	case d.Address != "":
		fmt.Fprintf(b, ", in %s", d.Address)
	}
	if d.Snippet == nil || d.Snippet.Code == "" {
		b.WriteString("\n")
		return
	}
	b.WriteString(":\n")
	line := d.Snippet.StartLine
	for code := range strings.SplitSeq(strings.TrimRight(d.Snippet.Code, "\n"), "\n") {
		fmt.Fprintf(b, "%4d: %s\n", line, strings.TrimRight(code, "\r"))
		line++
	}
}

// Wrap breaks a line at spaces; indented lines are examples and stay as they are.
func Wrap(line string, width int) string {
	if width <= 0 || utf8.RuneCountInString(line) <= width || strings.HasPrefix(line, " ") {
		return line
	}
	var b strings.Builder
	column := 0
	for word := range strings.SplitSeq(line, " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case column == 0:
		case column+1+n > width:
			b.WriteString("\n")
			column = 0
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}
