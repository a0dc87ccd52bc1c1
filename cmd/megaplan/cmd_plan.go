package main

import (
	"bytes"
	"errors"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/atomicfile"
	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/internal/workflow"
)

func (a *app) planCommand() *cobra.Command {
	var f planFlags
	var to planOutput
	var detailed bool
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what apply would change, and why",
		Long: `Compares the configuration and the local files with the account and shows what apply would do. Changes nothing.

-markdown writes the plan for a comment or a job's summary to standard output (>> "$GITHUB_STEP_SUMMARY"), cut to what a comment
takes; -html=FILE writes it as a page beside what is shown.

` + exitHelp,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.plan(f, to, detailed) },
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&f.destroy, "destroy", false, "plan to take every backup and folder away")
	cmd.Flags().StringVar(&to.file, "out", "", "save the plan to this file, for apply")
	cmd.Flags().BoolVar(&to.markdown, "markdown", false, "write the plan as Markdown")
	cmd.Flags().StringVar(&to.html, "html", "", "write the plan as a page to this file, too")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 when there is something to do, 5 when a check fails")
	return cmd
}

// planOutput says where a plan goes besides the screen.
type planOutput struct {
	file, html string
	markdown   bool
}

func (a *app) plan(f planFlags, to planOutput, detailed bool) (err error) {
	if a.json && to.markdown {
		return errors.New("-json writes events and -markdown a document: give one of them")
	}
	opts, err := f.options()
	if err != nil {
		return err
	}
	p, err := a.open(f.varFlags, f.tune(true))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	planned, err := p.Plan(a.signals.ctx, opts)
	if err != nil {
		return err
	}
	if err := a.present(planned, to); err != nil {
		return err
	}
	a.outcome.partial = planned.Plan.Partial
	if detailed {
		a.outcome.changes = len(planned.Plan.Actions) > 0
		a.outcome.checks = planned.ChecksFailed()
	}
	if err := planned.Refused(); err != nil {
		return err
	}
	if to.file == "" {
		return nil
	}
	if err := p.Save(planned, a.path(to.file)); err != nil {
		return err
	}
	a.view.Say("Saved. To carry it out: megaplan apply " + to.file)
	return nil
}

// present shows a plan in the form that was asked for, and writes the page.
func (a *app) present(planned *workflow.Planned, to planOutput) error {
	if to.html != "" {
		var page bytes.Buffer
		if err := ui.WritePlanHTML(&page, planned.Plan, planned.Now, version, a.screen.Verbose); err != nil {
			return err
		}
		if err := atomicfile.Write(a.path(to.html), page.Bytes(), atomicfile.Options{}); err != nil {
			return err
		}
	}
	if to.markdown {
		return ui.WritePlanMarkdown(a.screen.Out, planned.Plan, planned.Now, version, a.screen.Verbose)
	}
	a.showPlan(planned)
	return nil
}

func (a *app) showPlan(planned *workflow.Planned) {
	if len(planned.Plan.Warnings) > 0 {
		a.view.Diagnostics(planned.Plan.Warnings)
	}
	a.view.Plan(planned.Plan, planned.Now)
}
