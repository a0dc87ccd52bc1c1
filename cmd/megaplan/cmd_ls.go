package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/internal/workflow"
)

// placeHelp says how places are written, for the help of every command that takes one.
const placeHelp = `A place is an address (backup.documents), an address and a path below it (backup.documents/notes), an account's path
(main:/Backups), or a path of the only account (/Backups). A local path below a source stands for what its backup has of it.
Backups of every host are found. Below an address that keeps snapshots a path may begin with one (backup.db/2026-03-01/a, or
backup.db/latest/a); one that does not is looked up in the newest complete one.

` + exitHelp

// look runs a command on a project that only looks. What goes on is told on standard error also with -json, so that standard
// output holds one document.
func (a *app) look(f lookFlags, do func(*workflow.Project) error) (err error) {
	p, err := a.open(f.varFlags, func(o *workflow.Options) { o.ReadOnly, o.Refresh, o.Observer = true, f.refresh, a.screen })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	return do(p)
}

// lookFlags are the flags of every command that looks.
type lookFlags struct {
	varFlags
	refresh bool
}

func (f *lookFlags) add(cmd *cobra.Command) {
	f.varFlags.add(cmd)
	cmd.Flags().BoolVar(&f.refresh, "refresh", true, "ask MEGA what changed; -refresh=false takes the cached tree")
}

func (a *app) lsCommand() *cobra.Command {
	var f lookFlags
	var recursive, long bool
	cmd := &cobra.Command{
		Use:   "ls [PLACE]",
		Short: "List what is on MEGA",
		Long:  "Lists a folder on MEGA; without a place, the top of the only account.\n\n" + placeHelp,
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.look(f, func(p *workflow.Project) error { return a.ls(p, optional(args, 0), recursive, long) })
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&recursive, "recursive", false, "list everything below, too")
	cmd.Flags().BoolVar(&long, "long", false, "show sizes, dates, older versions and owners")
	return cmd
}

func (a *app) ls(p *workflow.Project, place string, recursive, long bool) error {
	view := a.screen.ListText(long)
	if a.json {
		view = a.screen.ListJSON(version)
	}
	if err := p.List(a.signals.ctx, place, recursive, lister{view}); err != nil {
		return err
	}
	return view.Close()
}

// lister hands what is found to a view.
type lister struct{ view ui.Lister }

func (l lister) Listing(found workflow.Listing) error {
	return l.view.Listing(ui.Listing{Account: found.Account, Path: "/" + string(found.Path), Owner: found.Owner}, found.Of)
}

func (l lister) Entry(e workflow.Entry) error { return l.view.Entry(node(e)) }

func nodes(entries []workflow.Entry) []ui.Node {
	out := make([]ui.Node, len(entries))
	for i, e := range entries {
		out[i] = node(e)
	}
	return out
}

func node(e workflow.Entry) ui.Node {
	n := ui.NewNode(e.Account, e.Path, e.Where, e.Owner, e.Node)
	n.InTrash = e.Trashed
	return n
}

// optional is the argument of that place, empty if there is none.
func optional(args []string, i int) string {
	if i < len(args) {
		return args[i]
	}
	return ""
}

// joinedPlace makes one place of the words that name it: ADDRESS PATH is ADDRESS/PATH.
func joinedPlace(args []string) string {
	if len(args) < 2 {
		return optional(args, 0)
	}
	return strings.TrimSuffix(args[0], "/") + "/" + strings.TrimPrefix(args[1], "/")
}
