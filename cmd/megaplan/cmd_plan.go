package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/workflow"
)

func (a *app) planCommand() *cobra.Command {
	var f planFlags
	var out string
	var detailed bool
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what apply would change, and why",
		Long:  "Compares the configuration and the local files with the account and shows what apply would do. Changes nothing.\n\n" + exitHelp,
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return a.plan(f, out, detailed) },
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&f.destroy, "destroy", false, "plan to take every backup and folder away")
	cmd.Flags().StringVar(&out, "out", "", "save the plan to this file, for apply")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 when there is something to do, 5 when a check fails")
	return cmd
}

func (a *app) plan(f planFlags, out string, detailed bool) (err error) {
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
	a.showPlan(planned)
	a.outcome.partial = planned.Plan.Partial
	if detailed {
		a.outcome.changes = len(planned.Plan.Actions) > 0
		a.outcome.checks = planned.ChecksFailed()
	}
	if err := planned.Refused(); err != nil {
		return err
	}
	if out == "" {
		return nil
	}
	if err := p.Save(planned, a.path(out)); err != nil {
		return err
	}
	a.view.Say("Saved. To carry it out: megaplan apply " + out)
	return nil
}

func (a *app) showPlan(planned *workflow.Planned) {
	if len(planned.Plan.Warnings) > 0 {
		a.view.Diagnostics(planned.Plan.Warnings)
	}
	a.view.Plan(planned.Plan, planned.Now)
}
