package main

import (
	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/internal/workflow"
)

func (a *app) duCommand() *cobra.Command {
	var f lookFlags
	cmd := &cobra.Command{
		Use:   "du [PLACE]",
		Short: "Say what takes how much room on MEGA",
		Long: `Sums up each address, what no address declares, and the trash; with a place, each folder in it. Older versions count
against the quota like everything else and are summed up apart.

` + placeHelp,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.look(f, func(p *workflow.Project) error { return a.du(p, optional(args, 0)) })
		},
	}
	f.add(cmd)
	return cmd
}

func (a *app) du(p *workflow.Project, place string) error {
	found, err := p.Usage(a.signals.ctx, place)
	if err != nil {
		return err
	}
	parts := make([]ui.Usage, len(found))
	for i, u := range found {
		parts[i] = ui.Usage(u)
	}
	total := ui.Usage(workflow.Total(found))
	if a.json {
		return ui.WriteJSON(a.screen.Out, ui.UsageDocument{Header: ui.NewHeader(version), Parts: parts, Total: total})
	}
	a.screen.Usages(parts, total)
	return nil
}
