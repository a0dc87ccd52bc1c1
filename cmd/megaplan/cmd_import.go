package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/internal/workflow"
)

type importFlags struct {
	varFlags
	workflow.DraftOptions
	account, rclone, out string
}

func (a *app) importCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import ADDRESS PATH | [PLACE...] | -rclone-config=FILE [REMOTE:PATH...]",
		Short: "Take over what is on MEGA already, or write the configuration for it",
		Long: `With an ADDRESS of the configuration and a PATH on MEGA it notes in the state that the folder is the address's, as an import
block does: nothing on MEGA changes, and the next plan shows what makes it the source's. What is equal is not uploaded.

With places on MEGA (/Photos, main:/Photos), or none for every folder at the top, it writes the blocks that declare them:
folder blocks, or with -source=DIR a backup. -path=PATH declares the place elsewhere, with an import block that moves it.

With -rclone-config it writes the accounts, and the places that are named, from rclone's configuration. No password is
written: it stays where it is.

` + exitHelp,
		RunE: func(_ *cobra.Command, args []string) error { return a.importAny(&f, args) },
	}
	f.add(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.account, "account", "", "NAME of the account that paths are in")
	fs.StringVar(&f.Source, "source", "", "local directory that the place is the backup of")
	fs.StringVar(&f.Path, "path", "", "declare the place at this PATH on MEGA and move it there")
	fs.StringVar(&f.rclone, "rclone-config", "", "FILE with rclone's configuration")
	fs.StringVar(&f.out, "out", "", "write the blocks to a new FILE, such as imported.mega.hcl, instead of standard output")
	return cmd
}

func (a *app) importAny(f *importFlags, args []string) error {
	if f.rclone == "" && len(args) > 0 {
		if address, err := addr.Parse(args[0]); err == nil && (address.Kind == addr.Backup || address.Kind == addr.Folder) {
			return a.importAddress(f, address, args[1:])
		}
	}
	drafted, err := a.draft(f, args)
	if err != nil {
		return err
	}
	for _, note := range drafted.Notes {
		a.screen.Note("%s", ui.Printable(note))
	}
	if len(drafted.Blocks) == 0 {
		a.screen.Note("There is nothing to write.")
		return nil
	}
	return a.writeDraft(f.out, config.Write(drafted.Blocks))
}

// importAddress adopts a folder into the state.
func (a *app) importAddress(f *importFlags, address addr.Address, args []string) (err error) {
	if len(args) != 1 {
		return fmt.Errorf("which folder is %s? Write it as: megaplan import %s /PATH", address, address)
	}
	if f.out != "" || f.Source != "" || f.Path != "" {
		return errors.New("-source, -path and -out are for writing configuration; the configuration has this address already")
	}
	place := args[0]
	if f.account != "" && strings.HasPrefix(place, "/") {
		place = strings.TrimPrefix(f.account, "account.") + ":" + place
	}
	p, err := a.open(f.varFlags, func(o *workflow.Options) { o.ReadOnly, o.WritesState = true, true })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	return p.Import(a.signals.ctx, address, place)
}

// draft makes the blocks, from rclone's file or from an account.
func (a *app) draft(f *importFlags, places []string) (drafted workflow.Drafted, err error) {
	if f.rclone != "" {
		return a.draftRclone(f, places)
	}
	err = a.look(lookFlags{f.varFlags, true}, func(p *workflow.Project) error {
		drafted, err = p.Draft(a.signals.ctx, strings.TrimPrefix(f.account, "account."), places, f.DraftOptions)
		return err
	})
	return drafted, err
}

func (a *app) draftRclone(f *importFlags, places []string) (workflow.Drafted, error) {
	if f.account != "" {
		return workflow.Drafted{}, errors.New("-account is for paths on MEGA; with -rclone-config a place is REMOTE:PATH")
	}
	file := a.path(f.rclone)
	if rest, ok := strings.CutPrefix(f.rclone, "~/"); ok { // shells leave it where it follows a =
		home, err := os.UserHomeDir()
		if err != nil {
			return workflow.Drafted{}, err
		}
		file = filepath.Join(home, rest)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return workflow.Drafted{}, err
	}
	dir, err := a.dir()
	if err != nil {
		return workflow.Drafted{}, err
	}
	var cfg *config.Config // there need not be one yet
	if exists, err := config.Exists(dir); err != nil || exists {
		if cfg, err = a.load(f.varFlags); err != nil {
			return workflow.Drafted{}, err
		}
	}
	return workflow.DraftRclone(file, text, places, f.DraftOptions, cfg)
}

// writeDraft writes to standard output, or to a file that is not there yet.
func (a *app) writeDraft(out string, text []byte) error {
	if out == "" || out == "-" {
		_, err := a.screen.Out.Write(text)
		return err
	}
	f, err := os.OpenFile(a.path(out), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.screen.Out, "Wrote %s. `megaplan plan` shows what it leads to.\n", out)
	return err
}
