package main

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/config"
)

func (a *app) consoleCommand() *cobra.Command {
	var v varFlags
	cmd := &cobra.Command{
		Use:   "console",
		Short: "Evaluate expressions of the configuration",
		Long: `Reads expressions, one a line, and writes their values: functions, variables, and what blocks are read as, such as
backup.documents.path. At a terminal it asks for the next until "exit"; in a pipe it ends at the first mistake.
Nothing is asked of MEGA, and sensitive values are not shown.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.console(v) },
	}
	v.add(cmd)
	return cmd
}

func (a *app) console(v varFlags) error {
	dir, err := a.dir()
	if err != nil {
		return err
	}
	c, diags := config.OpenConsole(dir, v.configOptions())
	if diags.HasErrors() {
		return diags
	}
	a.view.Diagnostics(diags)
	person := a.canAsk()
	lines := bufio.NewScanner(a.in)
	lines.Buffer(nil, 1<<20)
	for a.prompt(person) && lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		switch line {
		case "":
			continue
		case "exit", "quit":
			return nil
		}
		text, diags := c.Evaluate(line)
		switch {
		case !diags.HasErrors():
			fmt.Fprintln(a.screen.Out, text)
		case person:
			a.view.Diagnostics(diags)
		default:
			return diags
		}
	}
	return lines.Err()
}

// prompt shows a person that it is their turn.
func (a *app) prompt(person bool) bool {
	if person {
		fmt.Fprint(a.screen.Err, "> ")
	}
	return true
}
