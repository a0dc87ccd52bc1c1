package main

import (
	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/ui"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the configuration language as JSON", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return ui.WriteJSON(a.screen.Out, config.Schema()) },
	}
}
