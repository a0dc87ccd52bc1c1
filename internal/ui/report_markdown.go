package ui

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/megaplan/megaplan/planner"
)

// markdownRoom is how long a report may become, in bytes: GitHub takes 65,536 characters in a comment, and more in a job's summary.
const markdownRoom = 60_000

// WritePlanMarkdown writes a plan for a pull request or a job's summary. What is too long for that is cut, the sums never.
func WritePlanMarkdown(w io.Writer, p *planner.Plan, now time.Time, version string, verbose bool) error {
	_, err := io.WriteString(w, newReport(p, now, version, verbose).markdown(markdownRoom))
	return err
}

// markdownReport is a report being written.
type markdownReport struct {
	strings.Builder
	room int
	left int64 // lines that had no room
}

func (r *report) markdown(room int) string {
	m := &markdownReport{room: room}
	head, rest, _ := strings.Cut(r.Head, "\n")
	fmt.Fprintf(m, "### %s\n", cell(head))
	for line := range strings.Lines(rest) {
		fmt.Fprintf(m, "\n%s\n", cell(strings.TrimSpace(line)))
	}
	for _, text := range r.Sums {
		fmt.Fprintf(m, "\n%s\n", cell(text))
	}
	for _, f := range r.Refusals {
		m.quote("Refused: "+f.Diagnostic.Summary, f.Diagnostic.Detail)
	}
	for _, d := range r.Warnings {
		m.quote("Warning: "+d.Summary, d.Detail)
	}
	for i, c := range r.Checks {
		if i == 0 {
			m.WriteString("\n| check | |\n| --- | --- |\n")
		}
		fmt.Fprintf(m, "| %s | %s |\n", cell(c.Address), cell(c.Detail))
	}
	for i, d := range r.Drift {
		if i == 0 {
			m.WriteString("\n**Changed on MEGA since the last apply**\n\n| | path | what | when |\n| --- | --- | --- | --- |\n")
		}
		m.line("| %s | %s | %s | %s |\n", cell(d.Word), code(d.Path), cell(d.Why), d.Size)
	}
	for i := range r.Targets {
		m.target(&r.Targets[i])
	}
	if m.left > 0 {
		fmt.Fprintf(m, "\n… and %s more: `megaplan plan -verbose` lists all.\n", Plural(m.left, "line"))
	}
	return m.String()
}

func (m *markdownReport) target(t *reportTarget) {
	m.line("\n**%s** %s\n", cell(t.Address), cell(t.About))
	for i, a := range t.Rows {
		if i == 0 {
			m.line("\n| | path | size | why |\n| --- | --- | ---: | --- |\n")
		}
		m.line("| %s | %s | %s | %s |\n", cell(a.Sign+" "+a.Word), code(a.Path), a.Size, cell(a.Why))
	}
	for i, n := range t.Notes {
		if i == 0 {
			m.line("\n")
		}
		if n.Path == "" {
			m.line("- %s\n", cell(n.What))
		} else {
			m.line("- %s: %s%s\n", cell(n.What), code(n.Path), cell(inParens(n.Why)))
		}
	}
}

// line writes a line if there is room for it, and for all that come before it.
func (m *markdownReport) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if m.left > 0 || m.Len()+len(text) > m.room {
		m.left++
		return
	}
	m.WriteString(text)
}

func (m *markdownReport) quote(head, text string) {
	fmt.Fprintf(m, "\n> **%s**\n", cell(head))
	for line := range strings.Lines(text) {
		fmt.Fprintf(m, "> %s\n", cell(strings.TrimRight(line, "\n")))
	}
}
