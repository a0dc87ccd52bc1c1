package main

import (
	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/internal/workflow"
)

func (a *app) graphCommand() *cobra.Command {
	var v varFlags
	cmd := &cobra.Command{
		Use:   "graph [PLAN]",
		Short: "Draw what depends on what, for Graphviz",
		Long: `Writes the blocks of the configuration with what each refers to, in DOT: megaplan graph | dot -Tsvg > graph.svg
With a file that plan -out saved, writes its actions with what each waits for.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				planned, err := workflow.ReadPlan(a.path(args[0]))
				if err != nil {
					return err
				}
				return ui.PlanGraph(a.screen.Out, planned.Plan)
			}
			return a.graph(v)
		},
	}
	v.add(cmd)
	return cmd
}

func (a *app) graph(v varFlags) error {
	dir, err := a.dir()
	if err != nil {
		return err
	}
	g, diags := config.Dependencies(dir, v.configOptions())
	if diags.HasErrors() {
		return diags
	}
	return ui.Graph(a.screen.Out, g.Nodes, g.Edges)
}
