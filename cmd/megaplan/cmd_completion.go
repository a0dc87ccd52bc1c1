package main

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
)

// oneDash answers a shell that asks how a flag goes on which was begun with one dash, as Terraform's are: shells drop what
// does not begin as the word did.
func oneDash(args []string, out io.Writer) io.Writer {
	if len(args) < 2 || args[0] != cobra.ShellCompRequestCmd && args[0] != cobra.ShellCompNoDescRequestCmd {
		return out
	}
	if word := args[len(args)-1]; !strings.HasPrefix(word, "-") || strings.HasPrefix(word, "--") {
		return out
	}
	return dashCutter{out}
}

// dashCutter takes one dash from each line that begins with two. Cobra writes a line at a time.
type dashCutter struct{ to io.Writer }

// Write implements io.Writer.
func (d dashCutter) Write(line []byte) (int, error) {
	if bytes.HasPrefix(line, []byte("--")) {
		n, err := d.to.Write(line[1:])
		return n + 1, err
	}
	return d.to.Write(line)
}

// completeAddresses offers the backups and folders of the configuration for arguments and flags that take addresses.
func (a *app) completeAddresses(root *cobra.Command) {
	for _, name := range []string{"restore", "verify", "import", "snapshots", "versions", "ls", "du"} {
		if cmd, _, err := root.Find([]string{name}); err == nil && cmd != root && cmd.ValidArgsFunction == nil {
			cmd.ValidArgsFunction = a.addresses
		}
	}
	for _, name := range []string{"plan", "apply", "destroy"} {
		cmd, _, err := root.Find([]string{name})
		if err != nil {
			continue
		}
		for _, flag := range []string{"target", "exclude", "take-over", "allow-mass-delete"} {
			if cmd.Flags().Lookup(flag) != nil {
				_ = cmd.RegisterFlagCompletionFunc(flag, a.addresses) // it fails for unknown flags only
			}
		}
	}
}

// addresses lists what the configuration declares. A configuration with a mistake offers nothing.
func (a *app) addresses(_ *cobra.Command, given []string, begun string) ([]string, cobra.ShellCompDirective) {
	dir, err := a.dir()
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	cfg, diags := config.Load(dir, varFlags{}.configOptions())
	if diags.HasErrors() {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var out []string
	for _, address := range cfg.Managed() {
		if text := address.String(); strings.HasPrefix(text, begun) && !slices.Contains(given, text) {
			out = append(out, cobra.CompletionWithDesc(text, declaredPath(cfg, address)))
		}
	}
	return out, cobra.ShellCompDirectiveDefault
}

func declaredPath(cfg *config.Config, address addr.Address) string {
	for i := range cfg.Backups {
		if b := &cfg.Backups[i]; b.Address == address {
			return b.Source.Written + " -> " + b.Path
		}
	}
	for i := range cfg.Folders {
		if f := &cfg.Folders[i]; f.Address == address {
			return f.Path
		}
	}
	return ""
}
