package ui

import (
	_ "embed" // the page
	"html/template"
	"io"
	"time"

	"github.com/megaplan/megaplan/planner"
)

//go:embed report.html
var reportPage string

var reportTemplate = template.Must(template.New("report").Parse(reportPage))

// WritePlanHTML writes a plan as one page that needs nothing else: no script, no network.
func WritePlanHTML(w io.Writer, p *planner.Plan, now time.Time, version string, verbose bool) error {
	return reportTemplate.Execute(w, newReport(p, now, version, verbose))
}
