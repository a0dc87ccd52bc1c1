package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/ui"
)

func (a *app) validateCommand() *cobra.Command {
	var v varFlags
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check the configuration, without network and without credentials",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.load(v)
			if err != nil {
				return err
			}
			if a.json {
				return ui.WriteJSON(a.screen.Out, map[string]any{"valid": true, "accounts": len(cfg.Accounts), "backups": len(cfg.Backups), "folders": len(cfg.Folders)})
			}
			_, err = fmt.Fprintf(a.screen.Out, "The configuration is valid: %s, %s, %s.\n", ui.Plural(int64(len(cfg.Accounts)), "account"),
				ui.Plural(int64(len(cfg.Backups)), "backup"), ui.Plural(int64(len(cfg.Folders)), "folder"))
			return err
		},
	}
	v.add(cmd)
	return cmd
}
