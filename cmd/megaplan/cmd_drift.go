package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/workflow"
)

func (a *app) driftCommand() *cobra.Command {
	var v varFlags
	var ignore []string
	cmd := &cobra.Command{
		Use:   "drift",
		Short: "Tell whether the account still is what was applied",
		Long: `Compares the account with the state of the last apply, for every backup whatever its host. It cannot write: its client
refuses every change.

` + exitHelp,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.drift(v, ignore) },
	}
	v.add(cmd)
	cmd.Flags().StringArrayVar(&ignore, "ignore", nil, "GLOB of paths whose drift does not count (repeatable)")
	return cmd
}

func (a *app) drift(v varFlags, ignore []string) (err error) {
	p, err := a.open(v, func(o *workflow.Options) { o.ReadOnly = true })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	found, err := p.Drift(a.signals.ctx, ignore)
	if err != nil {
		return err
	}
	a.view.Drift(found.Plan, found.Now)
	a.outcome.drift = len(found.Plan.Drift) > 0
	a.outcome.checks = found.ChecksFailed()
	return nil
}
