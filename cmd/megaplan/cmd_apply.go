package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/internal/workflow"
	"github.com/megaplan/megaplan/planner"
)

type applyFlags struct {
	planFlags
	approved bool
}

func (a *app) applyCommand() *cobra.Command {
	var f applyFlags
	cmd := &cobra.Command{
		Use:   "apply [PLAN]",
		Short: "Make the account as declared",
		Long: `Plans, shows the plan, asks, and carries it out. With a file that plan -out saved, carries exactly that out, or refuses
when the account or the configuration changed since.

Ctrl-C finishes what is in flight and saves; a second one stops now. Either way the next apply completes it.

` + exitHelp,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.applyWith("apply", f, args) },
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&f.destroy, "destroy", false, "take every backup and folder away, as destroy does")
	cmd.Flags().BoolVar(&f.approved, "auto-approve", false, "do not ask")
	return cmd
}

func (a *app) destroyCommand() *cobra.Command {
	f := applyFlags{planFlags: planFlags{destroy: true}}
	cmd := &cobra.Command{
		Use:   "destroy",
		Short: "Take backups and folders away, as their on_delete says",
		Long:  "Plans to take every declared backup and folder away (or those of -target), asks, and does it.\n\n" + exitHelp,
		Args:  cobra.NoArgs,
		RunE:  func(_ *cobra.Command, args []string) error { return a.applyWith("destroy", f, args) },
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&f.approved, "auto-approve", false, "do not ask")
	return cmd
}

// applyWith is apply, destroy and rollback: without a terminal they need an approval or a plan file, and say so before any scan (rule 31).
func (a *app) applyWith(operation string, f applyFlags, args []string) (err error) {
	if len(args) == 0 && !f.approved && !a.canAsk() {
		remedy := "-auto-approve"
		if operation == "apply" {
			remedy += " or a plan file"
		}
		return fmt.Errorf("%s needs an approval: there is no terminal to ask on, so give %s", operation, remedy)
	}
	if len(args) == 1 && len(f.tags) > 0 {
		return errors.New("a saved plan is carried out as it is: -tag belongs to the plan command")
	}
	if len(args) == 1 && f.compareDoubles {
		return errors.New("a saved plan is carried out as it is: -verify-duplicates belongs to the plan command")
	}
	opts, err := f.options()
	if err != nil {
		return err
	}
	p, err := a.open(f.varFlags, f.tune(false))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	run, err := p.Begin(a.signals.ctx, operation, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run.End()) }()
	var planned *workflow.Planned
	if len(args) == 1 {
		planned, err = run.Load(a.signals.ctx, a.path(args[0]))
	} else {
		planned, err = run.Plan(a.signals.ctx)
	}
	if err != nil {
		return err
	}
	a.showPlan(planned)
	if err := planned.Refused(); err != nil {
		return err
	}
	changed, gone := ui.Refreshes(planned.Plan)
	if (len(planned.Plan.Actions) > 0 || planned.Plan.Refresh && changed+gone > 0) && len(args) == 0 && !f.approved {
		if err := a.confirm("Carry this out?"); err != nil {
			return err
		}
	}
	return a.execute(run, planned)
}

// execute carries an approved plan out and shows how it goes.
func (a *app) execute(run *workflow.Run, planned *workflow.Planned) error {
	if !planned.Plan.Rollback { // which is not in rule 30's list
		defer func() { a.outcome.checks = planned.ChecksFailed() }()
	}
	if len(planned.Plan.Actions) == 0 {
		a.outcome.partial = planned.Plan.Partial
		report, err := run.Execute(a.signals.ctx, planned, workflow.Execution{})
		if a.json { // a program waits for the same last line as ever
			a.view.Applied(planned.Plan, report, 0)
		}
		return err
	}
	show := a.view.StartApply(planned.Plan)
	a.signals.beGentle(func() { show.Say("Finishing what is in flight, then stopping. Press Ctrl-C again to stop now.") })
	began := time.Now()
	report, err := run.Execute(a.signals.ctx, planned, workflow.Execution{
		Stop: a.signals.finish, Event: show.Event, Waiting: show.Waiting, Say: show.Say,
	})
	show.Stop()
	a.view.Applied(planned.Plan, report, time.Since(began))
	a.outcome.partial = planned.Plan.Partial || len(report.Failures) > 0 || report.Left > 0 || err != nil && report.Done > 0
	if planned.Plan.Rollback && report.Done > 0 {
		text := "The sources are as they were: the next apply makes the account like them again."
		if !slices.ContainsFunc(planned.Plan.Actions, func(a planner.Action) bool { return a.Kind == planner.ExpireSnapshot }) {
			text += " Another rollback takes this one back."
		}
		a.view.Say(text)
	}
	return err
}
