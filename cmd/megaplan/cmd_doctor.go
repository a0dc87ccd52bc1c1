package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/internal/workflow"
)

func (a *app) doctorCommand() *cobra.Command {
	var v varFlags
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check sign-in, clock, cache, lock and keyring, each with a remedy",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) (err error) {
			p, err := a.open(v, a.looking)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, p.Close()) }()
			found := p.Doctor(a.signals.ctx)
			findings := make([]ui.Finding, len(found))
			for i, f := range found {
				findings[i] = ui.Finding(f)
			}
			healthy, err := a.screen.Doctor(findings, a.json)
			switch {
			case err != nil || healthy:
				return err
			case a.signals.ctx.Err() != nil:
				return workflow.ErrInterrupted // which is what was found
			}
			return errors.New("something needs attention: see above")
		},
	}
	v.add(cmd)
	return cmd
}
