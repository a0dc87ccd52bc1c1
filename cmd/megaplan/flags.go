package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/megaplan/megaplan/internal/ui"
)

// notEmpty refuses flags that are given without a value, as a script does whose variable is not set: they would mean what
// they mean when they are not given.
func notEmpty(cmd *cobra.Command, names ...string) error {
	for _, name := range names {
		f := cmd.Flags().Lookup(name)
		if v := f.Value.String(); f.Changed && (v == "" || v == "[]") {
			return fmt.Errorf("-%s is empty: give it a value or leave it out", name)
		}
	}
	return nil
}

// explainArguments makes a command and those below it say how they are called when they are called wrongly, in JSON where that
// is asked for: cobra looks at arguments before anything is started.
func (a *app) explainArguments(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		a.explainArguments(sub)
	}
	check := cmd.Args
	if check == nil || cmd.HasSubCommands() {
		return
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if check(cmd, args) == nil {
			return nil
		}
		a.show()
		use := strings.TrimSuffix(cmd.UseLine(), " [flags]")
		switch name := cmd.CommandPath(); {
		case len(args) == 0:
			return fmt.Errorf("%s needs to be told what: %s\n`%s -help` says more", name, use, name)
		case use == name:
			return fmt.Errorf("%s takes flags and no arguments, but there is %q\n`%s -help` lists them", name, args[0], name)
		default:
			return fmt.Errorf("%s does not take %s: %s\n`%s -help` says more", name, ui.Plural(int64(len(args)), "argument"), use, name)
		}
	}
}

// normalize turns Terraform's single-dash long flags into the double-dash ones that pflag reads: -out=x becomes --out=x.
// A flag's value that is an argument of its own is left alone, and so is everything after "--".
func normalize(root *cobra.Command, args []string) []string {
	takesValue := map[string]bool{}
	collect := func(f *pflag.Flag) { takesValue[f.Name] = f.NoOptDefVal == "" }
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		c.LocalFlags().VisitAll(collect)
		c.PersistentFlags().VisitAll(collect)
		for _, sub := range c.Commands() {
			visit(sub)
		}
	}
	visit(root)
	out := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(out, args[i:]...)
		}
		if arg == "-h" {
			arg = "--help"
		}
		if len(arg) > 2 && arg[0] == '-' && arg[1] != '-' {
			arg = "-" + arg
		}
		out = append(out, arg)
		name, _, hasValue := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		if strings.HasPrefix(arg, "--") && !hasValue && takesValue[name] && i+1 < len(args) {
			i++
			out = append(out, args[i])
		}
	}
	return out
}
