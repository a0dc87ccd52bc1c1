package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/internal/workflow"
)

func (a *app) showCommand() *cobra.Command {
	var v varFlags
	cmd := &cobra.Command{
		Use:   "show [PLAN]",
		Short: "Show a saved plan, or the state",
		Long:  "With a file that plan -out saved, shows that plan. Without one, shows what the last applies left behind.",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return a.showSaved(args[0])
			}
			return a.showState(v)
		},
	}
	v.add(cmd)
	return cmd
}

func (a *app) showSaved(path string) error {
	planned, err := workflow.ReadPlan(a.path(path))
	if err != nil {
		return err
	}
	if a.json {
		return ui.WriteJSON(a.screen.Out, ui.NewDocument(planned.Plan, version))
	}
	a.screen.Plan(planned.Plan, planned.Now)
	return nil
}

func (a *app) showState(v varFlags) (err error) {
	p, err := a.open(v, a.looking)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	doc, err := p.State(a.signals.ctx)
	if err != nil {
		return err
	}
	if a.json {
		return ui.WriteJSON(a.screen.Out, ui.NewStateDocument(doc, version))
	}
	a.screen.State(doc, time.Now())
	return nil
}

// looking opens a project whose clients refuse every change, for a command whose JSON is one document: what goes on meanwhile is
// told beside it.
func (a *app) looking(o *workflow.Options) { o.ReadOnly, o.Observer = true, a.screen }

func (a *app) outputCommand() *cobra.Command {
	var v varFlags
	var raw bool
	cmd := &cobra.Command{
		Use:   "output [NAME]",
		Short: "Print output values of the last apply",
		Args:  cobra.MaximumNArgs(1),
		RunE:  func(_ *cobra.Command, args []string) error { return a.output(v, args, raw) },
	}
	v.add(cmd)
	cmd.Flags().BoolVar(&raw, "raw", false, "print a string as it is, without quotes")
	return cmd
}

func (a *app) output(v varFlags, args []string, raw bool) (err error) {
	p, err := a.open(v, a.looking)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	doc, err := p.State(a.signals.ctx)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return a.screen.Outputs(doc.Outputs, a.json)
	}
	value, ok := doc.Outputs[args[0]]
	if !ok {
		return fmt.Errorf("there is no output %q in the state: outputs are written by apply", args[0])
	}
	return a.screen.Output(value, raw)
}
