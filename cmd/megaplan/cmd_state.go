package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/internal/workflow"
	"github.com/megaplan/megaplan/state"
)

func (a *app) stateCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "state", Short: "Look at the state and mend it"}
	cmd.AddCommand(a.stateListCommand(), a.stateShowCommand(), a.stateMoveCommand(), a.stateRemoveCommand(), a.statePullCommand(), a.statePushCommand())
	return cmd
}

func (a *app) stateListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the addresses in the state", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.withState(func(doc *state.Document) error {
				if a.json {
					all := make([]addr.Address, len(doc.Resources))
					for i := range doc.Resources {
						all[i] = doc.Resources[i].Address
					}
					return ui.WriteJSON(a.screen.Out, all)
				}
				for _, r := range doc.Resources {
					fmt.Fprintln(a.screen.Out, r.Address)
				}
				return nil
			})
		},
	}
}

func (a *app) stateShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show ADDRESS", Short: "Show one address of the state", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			want, err := addr.Parse(args[0])
			if err != nil {
				return err
			}
			return a.withState(func(doc *state.Document) error {
				r, ok := doc.Resource(want)
				if !ok {
					return fmt.Errorf("%s is not in the state: `megaplan state list` shows what is", want)
				}
				return ui.WriteJSON(a.screen.Out, r)
			})
		},
	}
}

func (a *app) stateMoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "mv FROM TO", Short: "Give an address of the state a new name", Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			from, err := addr.Parse(args[0])
			if err != nil {
				return err
			}
			to, err := addr.Parse(args[1])
			if err != nil {
				return err
			}
			return a.withProject(func(p *workflow.Project) error { return p.MoveState(a.signals.ctx, from, to) })
		},
	}
}

func (a *app) stateRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "rm ADDRESS", Short: "Forget an address; nothing on MEGA changes", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			gone, err := addr.Parse(args[0])
			if err != nil {
				return err
			}
			return a.withProject(func(p *workflow.Project) error { return p.RemoveState(a.signals.ctx, gone) })
		},
	}
}

func (a *app) statePullCommand() *cobra.Command {
	var manifests bool
	cmd := &cobra.Command{
		Use: "pull", Short: "Print the state document", Args: cobra.NoArgs,
		Long: "Prints the state document. With -manifests it prints all of the state, to keep it or to push it into another backend.",
		RunE: func(*cobra.Command, []string) error {
			return a.with(a.looking, func(p *workflow.Project) error {
				if manifests {
					text, err := p.WholeState(a.signals.ctx)
					if err != nil {
						return err
					}
					_, err = a.screen.Out.Write(text)
					return err
				}
				doc, err := p.RawState(a.signals.ctx)
				if err != nil {
					return err
				}
				return ui.WriteJSON(a.screen.Out, doc)
			})
		},
	}
	cmd.Flags().BoolVar(&manifests, "manifests", false, "with the manifests, which name every file of a backup; sealed if they come from a remote backend")
	return cmd
}

func (a *app) statePushCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use: "push FILE", Short: "Replace the state by a file's", Args: cobra.ExactArgs(1),
		Long: "Replaces the state by what `state pull` printed into the file. From another backend that takes pull -manifests.",
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := os.ReadFile(a.path(args[0]))
			if err != nil {
				return err
			}
			return a.withProject(func(p *workflow.Project) error { return p.PushState(a.signals.ctx, text, force) })
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "also if it is older or of another lineage")
	return cmd
}

func (a *app) forceUnlockCommand() *cobra.Command {
	return &cobra.Command{
		Use: "force-unlock ID", Short: "Free a lease or lock whose run is dead", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.withProject(func(p *workflow.Project) error { return p.ForceUnlock(a.signals.ctx, args[0]) })
		},
	}
}

func (a *app) withProject(f func(*workflow.Project) error) error { return a.with(nil, f) }

func (a *app) with(tune func(*workflow.Options), f func(*workflow.Project) error) (err error) {
	p, err := a.open(varFlags{}, tune)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	return f(p)
}

func (a *app) withState(f func(*state.Document) error) error {
	return a.with(a.looking, func(p *workflow.Project) error {
		doc, err := p.State(a.signals.ctx)
		if err != nil {
			return err
		}
		return f(doc)
	})
}
