package main

import (
	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/internal/workflow"
)

func (a *app) versionsCommand() *cobra.Command {
	var f lookFlags
	cmd := &cobra.Command{
		Use:   "versions PLACE",
		Short: "List a file's versions on MEGA, newest first",
		Long: "Lists the content that MEGA still has of a file, whichever client made it. Of a backup that keeps snapshots it lists what each\n" +
			"of them has of it. ADDRESS PATH is the same as ADDRESS/PATH.\n\n" + placeHelp,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.look(f, func(p *workflow.Project) error { return a.versions(p, joinedPlace(args)) })
		},
	}
	f.add(cmd)
	return cmd
}

func (a *app) versions(p *workflow.Project, place string) error {
	found, err := p.History(a.signals.ctx, place)
	if err != nil {
		return err
	}
	files := make([]ui.FileVersions, len(found))
	for i, file := range found {
		files[i].File = node(file.Entry)
		for _, v := range file.Versions {
			e := file.Entry
			e.Node, e.Path = v.Node, v.Path
			if !v.Current && v.Snapshot == "" {
				e.Where = workflow.AsVersion
			}
			files[i].Versions = append(files[i].Versions, ui.Version{Number: v.Number, Current: v.Current, Snapshot: v.Snapshot, Unchanged: v.Unchanged, Node: node(e)})
		}
	}
	if a.json {
		return ui.WriteJSON(a.screen.Out, ui.VersionsDocument{Header: ui.NewHeader(version), Files: files})
	}
	a.screen.Versions(files)
	return nil
}
