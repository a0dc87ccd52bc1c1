package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/workflow"
)

// accountFlags name the account a command is about.
type accountFlags struct {
	varFlags
	account string
}

func (f *accountFlags) add(cmd *cobra.Command) {
	f.varFlags.add(cmd)
	cmd.Flags().StringVar(&f.account, "account", "", "NAME of the account, where there are several")
}

// withAccount opens the project and finds the account that is meant.
func (a *app) withAccount(f accountFlags, do func(*workflow.Project, addr.Address) error) (err error) {
	p, err := a.open(f.varFlags, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	account, err := p.FindAccount(f.account)
	if err != nil {
		return err
	}
	return do(p, account)
}

func (a *app) loginCommand() *cobra.Command {
	var f accountFlags
	var export bool
	var store string
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Sign in and keep the session",
		Long: `Signs in once and keeps the session for all later runs: in the system's keyring, else in a file encrypted under
MEGAPLAN_SESSION_KEY or the password, else not at all unless -store=plain. With -export it prints the session as one
string for MEGAPLAN_SESSION, for CI. Whoever has that string has the account.

` + exitHelp,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.withAccount(f, func(p *workflow.Project, account addr.Address) error {
				text, err := p.Login(a.signals.ctx, account, workflow.LoginOptions{Store: store, Export: export})
				if err != nil {
					return err
				}
				if export {
					_, err = fmt.Fprintln(a.screen.Out, text.Reveal())
				}
				return err
			})
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&export, "export", false, "print the session for MEGAPLAN_SESSION")
	cmd.Flags().StringVar(&store, "store", "", "where to keep it: keyring, file or plain; empty picks the best there is")
	return cmd
}

func (a *app) logoutCommand() *cobra.Command {
	var f accountFlags
	cmd := &cobra.Command{
		Use: "logout", Short: "End the session at MEGA and forget it", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.withAccount(f, func(p *workflow.Project, account addr.Address) error { return p.Logout(a.signals.ctx, account) })
		},
	}
	f.add(cmd)
	return cmd
}

func (a *app) accountCommand() *cobra.Command {
	var f accountFlags
	cmd := &cobra.Command{
		Use: "account", Short: "Show an account's quota and what it holds", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.withAccount(f, func(p *workflow.Project, account addr.Address) error {
				info, err := p.AccountInfo(a.signals.ctx, account)
				if err != nil {
					return err
				}
				return a.screen.Account(info, a.json)
			})
		},
	}
	f.add(cmd)
	return cmd
}

func (a *app) sessionCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "session", Short: "List and revoke an account's sessions"}
	var f accountFlags
	list := &cobra.Command{
		Use: "list", Short: "List the sessions MEGA knows", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.withAccount(f, func(p *workflow.Project, account addr.Address) error {
				sessions, err := p.Sessions(a.signals.ctx, account)
				if err != nil {
					return err
				}
				return a.screen.Sessions(sessions, a.json)
			})
		},
	}
	revoke := &cobra.Command{
		Use: "revoke ID...", Short: "End sessions by their id", Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, ids []string) error {
			return a.withAccount(f, func(p *workflow.Project, account addr.Address) error { return p.Revoke(a.signals.ctx, account, ids) })
		},
	}
	f.add(list)
	f.add(revoke)
	cmd.AddCommand(list, revoke)
	return cmd
}
