package ui

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/internal/golden"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// hostile is a plan whose names and texts try to be more than text.
func hostile() *planner.Plan {
	p := small()
	p.Actions = append(p.Actions, planner.Action{
		ID: 7, Kind: planner.Upload, Address: documents, Path: "Backups/laptop/documents/<script>alert(1)</script>|`x`|[a](b)", Reason: "new <b>here</b>", Bytes: 1,
	})
	p.Drift = []planner.Difference{{Address: documents, Change: planner.DriftRemoved, Path: "a|b<i>", Detail: "gone; in the trash", When: now}}
	p.Checks = []planner.CheckResult{{Address: addr.New(addr.Check, "fresh"), Detail: "last applied 3 days ago; max_age is 36h"}}
	p.Warnings = diag.List{{Severity: diag.Warning, Summary: "names that differ in case", Detail: "A and <a>.\nA disk that ignores case holds one of them."}}
	p.Refusals = []planner.Refusal{{Rule: 17, Address: documents, Diagnostic: diag.Diagnostic{Summary: "too many deletions", Detail: "It would take 21 of 30 files away."}}}
	return p
}

func TestPlanReports(t *testing.T) {
	var md, page bytes.Buffer
	if err := WritePlanMarkdown(&md, hostile(), now, "1.0", false); err != nil {
		t.Fatal(err)
	}
	if err := WritePlanHTML(&page, hostile(), now, "1.0", false); err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "testdata/plan.md", md.String())
	golden.Check(t, "testdata/plan.html", page.String())
	for name, text := range map[string]string{"markdown": md.String(), "html": page.String()} {
		for _, mark := range []string{"<script>", "<b>", "<i>", "<a>", "\x1b"} {
			if strings.Contains(text, mark) {
				t.Errorf("%s holds %q", name, mark)
			}
		}
	}
}

func TestReportOfNothing(t *testing.T) {
	p := sample()
	p.Targets[0].Skipped, p.Targets[0].Kept = nil, nil
	var md bytes.Buffer
	if err := WritePlanMarkdown(&md, p, now, "1.0", false); err != nil {
		t.Fatal(err)
	}
	if got, want := md.String(), "### Nothing to do. backup.documents: 1,204 files equal their backup, last applied 3 hours ago.\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// However long a plan is, its report fits into a comment, the sums are whole, and it says how much is left out.
func TestMarkdownFitsIntoAComment(t *testing.T) {
	var actions []planner.Action
	for i := range 5000 {
		actions = append(actions, planner.Action{
			Kind: planner.Upload, Path: tree.Path(fmt.Sprintf("dir/some file name %06d", i)), Bytes: 1, Files: 1, Local: planner.Local{Path: "x", Size: 1}, Reason: "new here",
		})
	}
	var md bytes.Buffer
	if err := WritePlanMarkdown(&md, sample(actions...), now, "1.0", true); err != nil {
		t.Fatal(err)
	}
	lines := strings.Count(md.String(), "| + upload |")
	if md.Len() > 65_536 || md.Len() < 50_000 || !strings.HasPrefix(md.String(), "### Plan: 5,000 to upload") {
		t.Errorf("%d bytes: %.100s", md.Len(), md.String())
	}
	// What is left out are actions, an empty line, and two notes.
	if want := fmt.Sprintf("… and %s more: `megaplan plan -verbose` lists all.\n", Plural(int64(5000-lines+3), "line")); !strings.HasSuffix(md.String(), want) {
		t.Errorf("it ends with %q, want %q", md.String()[md.Len()-100:], want)
	}
}
