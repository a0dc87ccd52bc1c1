package planner_test

import (
	"fmt"
	"strings"

	"github.com/megaplan/megaplan/planner"
)

// describe writes a plan for golden comparison.
func describe(p *planner.Plan) string {
	var b strings.Builder
	for _, t := range p.Targets {
		fmt.Fprintf(&b, "%s %s /%s files=%d bytes=%d equal=%d\n", t.Address, t.Status, t.Path, t.Files, t.Bytes, t.Equal)
		for _, k := range t.Kept {
			fmt.Fprintf(&b, "    kept %s (%s) %d\n", k.Path, k.Reason, k.Files)
		}
		for _, k := range t.Unmanaged {
			fmt.Fprintf(&b, "    unmanaged %s (%s) %d\n", k.Path, k.Reason, k.Files)
		}
		for _, k := range t.Skipped {
			fmt.Fprintf(&b, "    skipped %s (%s)\n", k.Path, k.Reason)
		}
	}
	for _, d := range p.Drift {
		fmt.Fprintf(&b, "drift %s %s -> %s (%s) %d\n", d.Change, d.Path, d.To, d.Detail, d.Files)
	}
	for _, a := range p.Actions {
		fmt.Fprintf(&b, "%d %s /%s: %s", a.ID, a.Kind, a.Path, a.Reason)
		if len(a.Needs) > 0 {
			fmt.Fprintf(&b, " needs=%v", a.Needs)
		}
		if a.After != planner.AfterNeeds {
			fmt.Fprintf(&b, " after-%s", a.After)
		}
		fmt.Fprintf(&b, " files=%d bytes=%d\n", a.Files, a.Bytes)
	}
	for _, r := range p.Refusals {
		fmt.Fprintf(&b, "refused by rule %d: %s: %s\n", r.Rule, r.Diagnostic.Summary, r.Diagnostic.Detail)
	}
	for _, w := range p.Warnings {
		fmt.Fprintf(&b, "warning: %s: %s\n", w.Summary, w.Detail)
	}
	if p.Partial {
		b.WriteString("partial\n")
	}
	return b.String()
}

// kinds counts a plan's actions by kind and path below the backup, as "trash a.txt".
func kinds(p *planner.Plan) []string {
	out := []string{}
	for _, a := range p.Actions {
		out = append(out, string(a.Kind)+" "+strings.TrimPrefix(string(a.Path), "B/docs/"))
	}
	return out
}

// rules returns the rules that refuse a plan.
func rules(p *planner.Plan) []int {
	var out []int
	for _, r := range p.Refusals {
		out = append(out, r.Rule)
	}
	return out
}
