package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/atomicfile"
)

func (a *app) fmtCommand() *cobra.Command {
	var check, diff, recursive bool
	cmd := &cobra.Command{
		Use:   "fmt [DIR]",
		Short: "Rewrite configuration files in the standard form",
		Long:  "Rewrites the files of a directory and names those it changed. With -check it only says which ones it would change and exits with 2.",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir, err := a.dir()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				dir = args[0]
			}
			return a.format(dir, check, diff, recursive)
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "change nothing; exit with 2 if something would change")
	cmd.Flags().BoolVar(&diff, "diff", false, "show the lines that change")
	cmd.Flags().BoolVar(&recursive, "recursive", false, "also the directories below")
	return cmd
}

func (a *app) format(dir string, check, diff, recursive bool) error {
	files, err := config.FormatFiles(dir, recursive)
	if err != nil {
		return err
	}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		formatted, diags := config.Format(name, source)
		if diags.HasErrors() {
			return diags
		}
		if bytes.Equal(source, formatted) {
			continue
		}
		fmt.Fprintln(a.screen.Out, name)
		if diff {
			a.screen.LineDiff(string(source), string(formatted))
		}
		if check {
			a.outcome.changes = true
			continue
		}
		info, err := os.Stat(name) // a file may hold a password: who could not read it still cannot
		if err != nil {
			return err
		}
		if err := atomicfile.Write(name, formatted, atomicfile.Options{Mode: info.Mode().Perm()}); err != nil {
			return err
		}
	}
	return nil
}
