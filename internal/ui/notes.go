package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/megaplan/megaplan/executor"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/planner"
)

// AccountRead is a line such as "Reading account main … 48,213 nodes (12 changed since the last run)".
func (s *Screen) AccountRead(account addr.Address, r mega.Refreshed) {
	how := fmt.Sprintf("%s changed since the last run", Count(int64(r.Changed)))
	switch {
	case r.Full:
		how = "read in full"
	case r.Cached:
		how = "as they were at the last run: MEGA was not asked"
	}
	s.Note("Reading account %s … %s (%s)", account.Name, Plural(int64(r.Nodes), "node"), how)
}

// SourceScanned is a line such as "Scanning source ~/Documents … 1,204 files, 3.1 GiB".
func (s *Screen) SourceScanned(_ addr.Address, path string, files, bytes int64) {
	s.Note("Scanning source %s … %s, %s", Printable(path), Plural(files, "file"), Size(bytes))
}

// Waiting is a line about a back-off.
func (s *Screen) Waiting(w mega.Wait) {
	s.Note("Waiting: %s, next try in %s (try %d)", w.Reason, max(time.Second, time.Until(w.Until).Round(time.Second)), w.Attempt+1)
}

// Say writes a line.
func (s *Screen) Say(message string) { s.Note("%s", printableLines(message)) }

// StartApply begins to show an apply.
func (s *Screen) StartApply(p *planner.Plan) Apply { return s.StartProgress(p) }

// failuresShown is how many failures are listed without -verbose.
const failuresShown = 20

// Applied sums an apply up: what was done, what was not, and why.
func (s *Screen) Applied(p *planner.Plan, r executor.Report, took time.Duration) {
	shown := 0
	stopped, held := 0, map[planner.After]int{}
	for _, f := range r.Failures {
		if errors.Is(f.Err, context.Canceled) {
			stopped++ // Ctrl-C is no news to who pressed it
			continue
		}
		if f.Because != 0 {
			if a := &p.Actions[f.Action-1]; a.Kind != planner.PublishSnapshot {
				held[a.After]++
			}
			continue
		}
		if shown++; shown > failuresShown && !s.Verbose {
			continue
		}
		s.printf("%s %s\n", s.paint(Deleting, "not done:"), Printable(f.Err.Error()))
	}
	if rest := shown - failuresShown; rest > 0 && !s.Verbose {
		s.printf("and %s more (-verbose lists all)\n", Count(int64(rest)))
	}
	s.heldBack(held[planner.AfterNew], "nothing goes to the trash until all that is new in its backup is there")
	s.heldBack(held[planner.AfterContent], "what goes for good, and what a changed file may hold now, waits until all the content of its backup is there")
	parts := []string{fmt.Sprintf("%s of %s done", Count(int64(r.Done)), Plural(int64(len(p.Actions)), "action"))}
	if r.Uploaded > 0 {
		parts = append(parts, Size(r.Uploaded)+" uploaded")
	}
	if n := len(r.Failures) - stopped; n > 0 {
		parts = append(parts, Count(int64(n))+" not done")
	}
	if left := r.Left + stopped; left > 0 {
		parts = append(parts, Count(int64(left))+" left for the next apply")
	}
	s.printf("%s %s in %s.\n", s.paint(Bold, "Applied:"), strings.Join(parts, ", "), took.Round(10*time.Millisecond))
}

// heldBack tells of deletions that were not done because content they wait for is missing.
func (s *Screen) heldBack(n int, why string) {
	if n > 0 {
		s.printf("%s held back: %s.\n", Plural(int64(n), "deletion"), why)
	}
}

// Diagnostics writes errors and warnings as people read them. Names in them may come from anybody.
func (s *Screen) Diagnostics(l diag.List) {
	l = slices.Clone(l)
	for i := range l {
		l[i].Summary, l[i].Detail = printableLines(l[i].Summary), printableLines(l[i].Detail)
	}
	// A closed standard error has nowhere to tell.
	_ = l.WriteText(s.Err, diag.TextOptions{Width: min(s.Width, 120), Color: s.Color})
}
