package main

import (
	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/workflow"
)

func (a *app) catCommand() *cobra.Command {
	var f lookFlags
	var which string
	cmd := &cobra.Command{
		Use:   "cat PLACE",
		Short: "Print a file that is on MEGA",
		Long: `Downloads one file and writes it to standard output once all of it is there and proven by its MAC. ADDRESS PATH is the
same as ADDRESS/PATH.

` + placeHelp,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.look(f, func(p *workflow.Project) error { return p.Cat(a.signals.ctx, joinedPlace(args), which, a.screen.Out) })
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&which, "version", "", "number or handle of an older version, as megaplan versions shows them")
	return cmd
}
