package ui

import (
	"time"

	"github.com/megaplan/megaplan/executor"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/planner"
)

// View is what a command shows of planning and applying. Screen shows it to people, Stream to programs.
type View interface {
	// AccountRead tells that an account's tree is known.
	AccountRead(account addr.Address, r mega.Refreshed)
	// SourceScanned tells that a backup's source was walked.
	SourceScanned(backup addr.Address, path string, files, bytes int64)
	// Waiting tells about a back-off before an apply runs; Apply has its own.
	Waiting(w mega.Wait)
	// Say tells what a person should know but need not act on.
	Say(message string)
	// StartComparing begins to show duplicates being downloaded.
	StartComparing(files, bytes int64) Comparing
	Plan(p *planner.Plan, now time.Time)
	Drift(p *planner.Plan, now time.Time)
	// StartApply begins to show an apply.
	StartApply(p *planner.Plan) Apply
	// Applied sums an apply up.
	Applied(p *planner.Plan, r executor.Report, took time.Duration)
	// Diagnostics shows errors and warnings.
	Diagnostics(l diag.List)
	RestoreView
	VerifyView
}

// Apply shows a running apply. Its methods may be called from any goroutine.
type Apply interface {
	Event(executor.Event)
	Waiting(mega.Wait)
	Say(string)
	Stop()
}

var (
	_ View  = (*Screen)(nil)
	_ View  = (*Stream)(nil)
	_ Apply = (*Progress)(nil)
)
