package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/internal/workflow"
)

// version is the release; the linker sets it.
var version = "0.1.0-dev"

// app is one run of the program: its streams, global flags and what became of it.
type app struct {
	in      io.Reader
	screen  *ui.Screen
	view    ui.View
	log     *slog.Logger
	logFile *os.File
	signals *signals
	outcome outcome

	chdir, logPath         string
	json, noColor, verbose bool
	input                  bool
}

func newApp(in io.Reader, out, err io.Writer) *app {
	a := &app{in: in, log: slog.New(slog.DiscardHandler), signals: newSignals()}
	a.screen = ui.NewScreen(out, err, false, os.Getenv)
	a.view = a.screen
	return a
}

func (a *app) close() {
	a.signals.stop()
	if a.logFile != nil {
		_ = a.logFile.Close() // every line was written already
	}
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "megaplan",
		Short: "Terraform for backups to MEGA",
		Long: `megaplan keeps backups on MEGA as files in HCL declare them: plan shows what would change and why, apply changes it,
drift tells whether the account still is what was applied.

` + exitHelp,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.start() },
	}
	fs := root.PersistentFlags()
	fs.StringVar(&a.chdir, "chdir", "", "directory of the configuration, instead of the current one")
	fs.BoolVar(&a.json, "json", false, "write JSON for programs")
	fs.BoolVar(&a.noColor, "no-color", false, "no colours (NO_COLOR does the same)")
	fs.BoolVar(&a.verbose, "verbose", false, "list everything, fold nothing")
	fs.BoolVar(&a.input, "input", true, "ask questions on a terminal")
	fs.StringVar(&a.logPath, "log-file", "", "write the log (MEGAPLAN_LOG=debug) to this file")
	root.SetOut(a.screen.Out)
	root.SetErr(a.screen.Err)
	root.AddCommand(
		a.initCommand(), a.validateCommand(), a.fmtCommand(), a.planCommand(), a.applyCommand(), a.destroyCommand(), a.rollbackCommand(), a.driftCommand(), a.restoreCommand(), a.verifyCommand(),
		a.showCommand(), a.outputCommand(), a.stateCommand(), a.forceUnlockCommand(), a.loginCommand(), a.logoutCommand(),
		a.accountCommand(), a.sessionCommand(), a.doctorCommand(), a.emulatorCommand(), a.versionCommand(), a.schemaCommand(),
		a.lsCommand(), a.duCommand(), a.findCommand(), a.diffCommand(), a.snapshotsCommand(), a.versionsCommand(), a.catCommand(), a.explainCommand(),
		a.importCommand(), a.consoleCommand(), a.graphCommand(),
	)
	a.explainArguments(root)
	a.completeAddresses(root)
	return root
}

// start is run before every command, once flags are known.
func (a *app) start() error {
	a.show()
	return a.openLog()
}

// show makes the view that the flags ask for.
func (a *app) show() {
	a.screen = ui.NewScreen(a.screen.Out, a.screen.Err, a.noColor, os.Getenv)
	a.screen.Verbose = a.verbose
	a.view = a.screen
	if a.json {
		a.view = ui.NewStream(a.screen.Out, version)
	}
}

// openLog starts the log that MEGAPLAN_LOG asks for, on standard error or in -log-file. Secrets have types that do not print.
func (a *app) openLog() error {
	level, ok := map[string]slog.Level{
		"debug": slog.LevelDebug, "trace": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}[strings.ToLower(os.Getenv("MEGAPLAN_LOG"))]
	if a.logPath == "" && !ok {
		return nil
	}
	if !ok {
		level = slog.LevelDebug
	}
	w := a.screen.Err
	if a.logPath != "" {
		f, err := os.OpenFile(a.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("open log: %w", err)
		}
		a.logFile, w = f, f
	}
	a.log = slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
	return nil
}

// dir is the configuration's directory.
func (a *app) dir() (string, error) {
	if a.chdir == "" {
		return os.Getwd()
	}
	return filepath.Abs(a.chdir)
}

// path is a path on the command line; as in Terraform a relative one starts at -chdir.
func (a *app) path(p string) string {
	if a.chdir == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(a.chdir, p)
}

// varFlags are the values of variables on the command line, in the order given: the last one wins.
type varFlags struct{ assign *[]config.Assignment }

func (v *varFlags) add(cmd *cobra.Command) {
	v.assign = &[]config.Assignment{}
	cmd.Flags().Var(&assignFlag{v.assign, false}, "var", "NAME=VALUE of a variable (repeatable)")
	cmd.Flags().Var(&assignFlag{v.assign, true}, "var-file", "file with values of variables (repeatable)")
}

// assignFlag appends to a list that -var and -var-file share.
type assignFlag struct {
	list *[]config.Assignment
	file bool
}

// Set implements pflag.Value.
func (f *assignFlag) Set(s string) error {
	if f.file {
		*f.list = append(*f.list, config.Assignment{File: s})
		return nil
	}
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		return fmt.Errorf("%q: write it as NAME=VALUE", s)
	}
	*f.list = append(*f.list, config.Assignment{Name: name, Value: value})
	return nil
}

// String implements pflag.Value.
func (f *assignFlag) String() string { return "" }

// Type implements pflag.Value.
func (f *assignFlag) Type() string { return "string" }

// load reads the configuration; warnings are shown, errors returned all at once.
func (a *app) load(v varFlags) (*config.Config, error) {
	dir, err := a.dir()
	if err != nil {
		return nil, err
	}
	cfg, diags := config.Load(dir, v.configOptions())
	if diags.HasErrors() {
		return nil, diags
	}
	if len(diags) > 0 {
		a.view.Diagnostics(diags)
	}
	return cfg, nil
}

// configOptions is what a configuration may depend on besides its files.
func (v varFlags) configOptions() config.Options {
	var assign []config.Assignment
	if v.assign != nil {
		assign = *v.assign
	}
	home, _ := os.UserHomeDir() // without a home, ~ is an error where it is written
	return config.Options{
		Assign: assign, Environ: os.Environ(), Hostname: workflow.Hostname(), Home: home, Now: time.Now(), Version: version,
	}
}

// open makes a project of the configuration.
func (a *app) open(v varFlags, tune func(*workflow.Options)) (*workflow.Project, error) {
	cfg, err := a.load(v)
	if err != nil {
		return nil, err
	}
	opts := workflow.Options{
		Config: cfg, Host: workflow.Hostname(), Getenv: os.Getenv, Version: version, Observer: a.view, Log: a.log,
		Embedded: a.embedded, Refresh: true,
		StartComparing: func(files, bytes int64) workflow.Comparing { return a.view.StartComparing(files, bytes) },
	}
	if a.canAsk() {
		opts.Ask = a.ask
	}
	if tune != nil {
		tune(&opts)
	}
	return workflow.Open(opts)
}

// report shows the error a command ended with.
func (a *app) report(err error) {
	if err == nil {
		return
	}
	if a.outcome.code() == exitInterrupted && !a.signals.gentle.Load() { // nothing is kept that another run would go on with
		a.view.Diagnostics(diag.List{{Severity: diag.Warning, Summary: "interrupted", Detail: "It did not come to its end: run the command again."}})
		return
	}
	a.view.Diagnostics(workflow.Explain(err))
}

// stopContext ends at the first Ctrl-C.
func (a *app) stopContext() context.Context { return a.signals.ctx }
