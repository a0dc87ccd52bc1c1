package main

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/state"
)

// template is what init writes where there is no configuration yet.
//
//go:embed template.mega.hcl
var template []byte

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init",
		Short: "Write a first configuration, or check the one that is there",
		Long:  "Never required: plan and apply work without it. In an empty directory it writes backups.mega.hcl to start from.",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return a.initialize() },
	}
}

func (a *app) initialize() error {
	dir, err := a.dir()
	if err != nil {
		return err
	}
	exists, err := config.Exists(dir)
	if err != nil {
		return err
	}
	if !exists {
		name := filepath.Join(dir, "backups.mega.hcl")
		if err := os.WriteFile(name, template, 0o600); err != nil {
			return err
		}
		if a.json {
			return ui.WriteJSON(a.screen.Out, map[string]string{"wrote": name})
		}
		_, err := fmt.Fprintf(a.screen.Out, "Wrote %s. Put your e-mail and folders into it, then: megaplan login, megaplan plan\n", name)
		return err
	}
	if err := a.withState(func(*state.Document) error { return nil }); err != nil {
		return err
	}
	if a.json {
		return ui.WriteJSON(a.screen.Out, map[string]bool{"valid": true})
	}
	_, err = fmt.Fprintln(a.screen.Out, "The configuration is valid, and the state can be read. Next: megaplan doctor, megaplan plan")
	return err
}
