package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/internal/workflow"
)

func (a *app) findCommand() *cobra.Command {
	var f lookFlags
	cmd := &cobra.Command{
		Use:   "find PATTERN [PLACE]",
		Short: "Search the tree, older versions and the trash",
		Long: `Searches all accounts, or what is below a place. A pattern with a slash is matched against whole paths (**/raw/*.dng), one
without against names (*.dng); one without wildcards finds names that contain it. Case does not matter.

` + placeHelp,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.look(f, func(p *workflow.Project) error {
				found, err := p.Find(a.signals.ctx, args[0], optional(args, 1))
				if err != nil {
					return err
				}
				if a.json {
					return ui.WriteJSON(a.screen.Out, ui.FoundDocument{Header: ui.NewHeader(version), Found: nodes(found)})
				}
				a.screen.Found(nodes(found), time.Now())
				return nil
			})
		},
	}
	f.add(cmd)
	return cmd
}
