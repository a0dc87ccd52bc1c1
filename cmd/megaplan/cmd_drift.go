package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/internal/workflow"
)

func (a *app) driftCommand() *cobra.Command {
	var v varFlags
	var ignore []string
	var format string
	cmd := &cobra.Command{
		Use:   "drift",
		Short: "Tell whether the account still is what was applied",
		Long: `Compares the account with the state of the last apply, for every backup whatever its host. It cannot write: its client
refuses every change.

-format=markdown is a report for a page, github warnings of a workflow, junit a test report, json one document.

` + exitHelp,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.drift(v, ignore, format) },
	}
	v.add(cmd)
	cmd.Flags().StringArrayVar(&ignore, "ignore", nil, "GLOB of paths whose drift does not count (repeatable)")
	cmd.Flags().StringVar(&format, "format", "text", "write "+strings.Join(ui.DriftFormats, ", "))
	return cmd
}

func (a *app) drift(v varFlags, ignore []string, format string) (err error) {
	switch {
	case !slices.Contains(ui.DriftFormats, format):
		return fmt.Errorf("-format=%s: there are %s", format, strings.Join(ui.DriftFormats, ", "))
	case a.json && format != "text":
		return fmt.Errorf("-json writes events and -format=%s a document: give one of them", format)
	}
	for _, glob := range ignore {
		if !config.ValidGlob(glob) {
			return fmt.Errorf("-ignore=%s: %q is no pattern: there are *, **, ?, [a-z] and {one,other}", glob, glob)
		}
	}
	p, err := a.open(v, func(o *workflow.Options) { o.ReadOnly = true })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	found, err := p.Drift(a.signals.ctx, ignore)
	if err != nil {
		return err
	}
	if format == "text" {
		a.view.Drift(found.Plan, found.Now)
	} else if err := ui.WriteDrift(a.screen.Out, format, found.Plan, version); err != nil {
		return err
	}
	a.outcome.drift = len(found.Plan.Drift) > 0
	a.outcome.checks = found.ChecksFailed()
	return nil
}
