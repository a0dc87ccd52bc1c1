package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/planner"
)

var changeLooks = map[planner.Change]look{
	planner.DriftAdded:      {"+", Creating, "not ours"},
	planner.DriftChanged:    {"~", Changing, "changed"},
	planner.DriftRemoved:    {"-", Deleting, "gone"},
	planner.DriftMoved:      {">", Moving, "moved"},
	planner.DriftRenamed:    {">", Moving, "renamed"},
	planner.DriftDuplicated: {"!", Changing, "doubled"},
	planner.DriftAttributes: {"^", Changing, "attributes"},
}

// Drift shows what `megaplan drift` found.
func (s *Screen) Drift(p *planner.Plan, now time.Time) {
	if len(p.Drift) == 0 {
		s.printf("No drift: the account is as it was applied.\n")
	}
	for i := 0; i < len(p.Drift); {
		j := i
		for j < len(p.Drift) && p.Drift[j].Address == p.Drift[i].Address {
			j++
		}
		s.driftHead(p, p.Drift[i].Address)
		s.differences(p.Drift[i:j], now)
		i = j
	}
	s.checks(p)
	if n := int64(len(p.Drift)); n > 0 {
		s.printf("%s. `megaplan plan` shows what apply would do about them.\n", Plural(n, "difference"))
	}
}

func (s *Screen) driftHead(p *planner.Plan, a addr.Address) {
	s.printf("%s has drifted%s:\n", s.paint(Bold, a.String()), driftSince(p, a))
}

// driftSince says when an address was applied last, and by whom.
func driftSince(p *planner.Plan, a addr.Address) string {
	for i := range p.Targets {
		if t := &p.Targets[i]; t.Address == a && !t.Resource.LastApplied.IsZero() {
			return fmt.Sprintf(" since %s (applied by %s)", t.Resource.LastApplied.Local().Format("2006-01-02 15:04"), t.Resource.Host)
		}
	}
	return ""
}

func (s *Screen) differences(all []planner.Difference, now time.Time) {
	shown := len(all)
	if !s.Verbose {
		shown = min(shown, foldAbove)
	}
	width := 0
	for _, d := range all[:shown] {
		width = max(width, runewidth.StringWidth(display(d.Path, d.Dir)))
	}
	width = min(width, max(24, s.Width/2))
	for _, d := range all[:shown] {
		l := changeLooks[d.Change]
		head := fmt.Sprintf("  %s %s", l.sign, pad(s.cut(display(d.Path, d.Dir), width), width))
		if about := s.about(d, now); runewidth.StringWidth(head)+3+runewidth.StringWidth(about) <= s.Width {
			s.printf("%s   %s\n", s.paint(l.style, head), about)
		} else {
			s.printf("%s\n      %s\n", s.paint(l.style, strings.TrimRight(head, " ")), s.prose(about, 6))
		}
	}
	if rest := int64(len(all) - shown); rest > 0 {
		s.printf("  %s\n", s.paint(Dim, Count(rest)+" more (-verbose lists all)"))
	}
}

func (s *Screen) about(d planner.Difference, now time.Time) string {
	text := oneLine(d)
	if !d.When.IsZero() {
		text += ", " + Ago(d.When, now)
	}
	return text
}
