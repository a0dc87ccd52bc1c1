// Package diag holds what went wrong in a form people can act on: a fixed summary, a detail that names the thing and
// the remedy, and the place in a file it is about, rendered as text or as JSON.
//
// A List is an error; collect everything there is to say before returning one.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says whether a diagnostic stops the command. The zero value is Error.
type Severity int

// The severities.
const (
	Error Severity = iota
	Warning
)

// String returns "error" or "warning".
func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	}
	panic(fmt.Sprintf("diag: unknown severity %d", int(s)))
}

// MarshalText writes what String returns.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *Severity) UnmarshalText(text []byte) error {
	switch string(text) {
	case "error":
		*s = Error
	case "warning":
		*s = Warning
	default:
		return fmt.Errorf("severity %q is neither error nor warning", text)
	}
	return nil
}

// Pos is a place in a file. Line and Column count from 1, Byte from 0.
type Pos struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

// Range is a stretch of a file; End is exclusive. The zero value is nowhere.
type Range struct {
	Filename string `json:"filename"`
	Start    Pos    `json:"start"`
	End      Pos    `json:"end"`
}

// IsZero says whether the range is nowhere.
func (r Range) IsZero() bool { return r == Range{} }

// String returns file:line, the form people click on.
func (r Range) String() string {
	if r.Start.Line == 0 {
		return r.Filename
	}
	return fmt.Sprintf("%s:%d", r.Filename, r.Start.Line)
}

// Snippet is the source text a diagnostic is about, whole lines. Whoever fills it in keeps secrets out of it.
type Snippet struct {
	// Context is the block around the place, as in `backup "documents"`; it may be empty.
	Context string `json:"context,omitempty"`
	Code    string `json:"code"`
	// StartLine is the number of Code's first line.
	StartLine int `json:"start_line"`
}

// Diagnostic is one thing to tell a person.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	// Summary says what is wrong in a few fixed words, lower case, without a full stop.
	Summary string `json:"summary"`
	// Detail names the objects and the remedy in full sentences.
	Detail string `json:"detail,omitempty"`
	// Address is the configured thing it is about, as in backup.photos["laptop"]; it may be empty.
	Address string   `json:"address,omitempty"`
	Subject Range    `json:"range,omitzero"`
	Snippet *Snippet `json:"snippet,omitempty"`
}

// String returns one line: place, summary, and the detail with its line breaks folded.
func (d Diagnostic) String() string {
	var parts []string
	if !d.Subject.IsZero() {
		parts = append(parts, d.Subject.String())
	}
	if d.Severity == Warning {
		parts = append(parts, "warning")
	}
	parts = append(parts, d.Summary)
	if d.Detail != "" {
		parts = append(parts, strings.Join(strings.Fields(d.Detail), " "))
	}
	return strings.Join(parts, ": ")
}

// List is what a step has to say; nil is "all is well". As an error it prints one line each.
type List []Diagnostic

// Errorf makes a list of one error; format and args make the detail.
func Errorf(summary, format string, args ...any) List {
	return List{{Summary: summary, Detail: fmt.Sprintf(format, args...)}}
}

// HasErrors says whether anything in the list stops the command.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Err returns the list as an error if it holds one, and nil for warnings alone.
func (l List) Err() error {
	if l.HasErrors() {
		return l
	}
	return nil
}

// Only returns the diagnostics of one severity.
func (l List) Only(s Severity) List {
	var out List
	for _, d := range l {
		if d.Severity == s {
			out = append(out, d)
		}
	}
	return out
}

// Error implements error.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, d := range l {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// Sorted returns the list in order of file and place, those without a place first, exact repetitions dropped.
func (l List) Sorted() List {
	out := slices.Clone(l)
	slices.SortStableFunc(out, func(a, b Diagnostic) int {
		return cmp.Or(
			strings.Compare(a.Subject.Filename, b.Subject.Filename),
			cmp.Compare(a.Subject.Start.Line, b.Subject.Start.Line),
			cmp.Compare(a.Subject.Start.Column, b.Subject.Start.Column),
			strings.Compare(a.Summary, b.Summary),
			strings.Compare(a.Detail, b.Detail),
		)
	})
	return slices.CompactFunc(out, func(a, b Diagnostic) bool {
		return a.Subject == b.Subject && a.Summary == b.Summary && a.Detail == b.Detail && a.Severity == b.Severity
	})
}
