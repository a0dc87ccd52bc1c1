package ui

import (
	"fmt"
	"time"

	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/planner"
)

// report is a plan for a page: a job's summary, a comment, a browser. It says what Screen says. Names are safe to show, but not
// escaped for any format.
type report struct {
	Head     string // all of it in a line
	Sums     []string
	Refusals []planner.Refusal
	Warnings diag.List
	Drift    []reportRow
	Targets  []reportTarget
	Checks   []reportCheck
	Version  string
	Made     string
}

// reportTarget is an address with what is planned for it.
type reportTarget struct {
	Address, About string
	Rows           []reportRow
	Notes          []reportNote
}

// reportRow is an action, a folded group of them, or a difference.
type reportRow struct {
	Sign, Class, Word string
	Path, Size, Why   string
}

// reportNote is a line about a name, or about none.
type reportNote struct{ What, Path, Why string }

type reportCheck struct {
	Address string
	OK      bool
	Detail  string
}

func newReport(p *planner.Plan, now time.Time, version string, verbose bool) *report {
	r := &report{Refusals: p.Refusals, Warnings: p.Warnings, Version: version, Made: stamp(now)}
	totals := p.Totals()
	switch {
	case len(p.Actions) > 0:
		r.Head = "Plan: " + planSum(p, totals)
		r.Sums = append(quotaSums(totals), trashSums(totals, now)...)
	case len(p.Refusals) > 0:
		r.Head = "The plan is refused"
	case p.Refresh:
		r.Head = refreshSum(p)
	default:
		r.Head = nothing(p, now)
	}
	if text := comparedSum(p.Compared); text != "" {
		r.Sums = append(r.Sums, text)
	}
	for _, d := range p.Drift {
		l := changeLooks[d.Change]
		r.Drift = append(r.Drift, reportRow{l.sign, classes[l.sign], d.Address.String(), display(d.Path, d.Dir), stamp(d.When), oneLine(d)})
	}
	byAddress := actionsOf(p)
	for i := range p.Targets {
		t := &p.Targets[i]
		actions := byAddress[t.Address]
		if why := apart(t, actions); why != "" {
			r.Targets = append(r.Targets, reportTarget{Address: t.Address.String(), About: why})
		} else if !silent(t, actions) {
			r.Targets = append(r.Targets, newReportTarget(t, actions, verbose))
		}
	}
	for _, c := range p.Checks {
		r.Checks = append(r.Checks, reportCheck{c.Address.String(), c.OK, verdict(c)})
	}
	return r
}

func newReportTarget(t *planner.Target, actions []*planner.Action, verbose bool) reportTarget {
	r := reportTarget{Address: t.Address.String(), About: route(t)}
	for _, l := range rowsOf(t, actions, verbose) {
		look := looks[l.kind]
		why := l.reason
		if l.under != "" {
			why += " (" + l.under + ")"
		}
		r.Rows = append(r.Rows, reportRow{look.sign, classes[look.sign], look.word, l.title(), l.size, why})
	}
	if t.Undoes != "" {
		r.Notes = append(r.Notes, reportNote{What: "takes back " + t.Undoes})
	}
	for _, k := range besides(t) {
		shown := len(k.all)
		if !verbose {
			shown = min(shown, keptShown)
		}
		for _, one := range k.all[:shown] {
			r.Notes = append(r.Notes, reportNote{k.what, display(one.Path, one.Dir), one.Reason})
		}
		if rest := int64(len(k.all) - shown); rest > 0 {
			r.Notes = append(r.Notes, reportNote{What: fmt.Sprintf("%s: %s more", k.what, Count(rest))})
		}
	}
	for _, text := range retentionSums(t, actions) {
		r.Notes = append(r.Notes, reportNote{What: "retention of " + text})
	}
	return r
}

// classes are what the signs of a screen are called on a page.
var classes = map[string]string{"+": "creating", "~": "changing", "^": "changing", ">": "moving", "=": "moving", "-": "deleting", "!": "dim"}
