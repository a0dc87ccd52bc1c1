package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/internal/workflow"
)

func (a *app) snapshotsCommand() *cobra.Command {
	var f lookFlags
	cmd := &cobra.Command{
		Use:   "snapshots [PLACE...]",
		Short: "List snapshots, what retention keeps of them, and what they cost",
		Long: `Lists the snapshots of places, or of every backup with mode = "snapshots": when each began, what it holds, tags and pins,
and which of them retention lets go at the next apply. Snapshots that are not finished, or lack what could not be read, are
shown as such. The commands below change tags and pins; what is in a snapshot never changes.

` + placeHelp,
		RunE: func(_ *cobra.Command, args []string) error {
			return a.look(f, func(p *workflow.Project) error { return a.snapshots(p, args) })
		},
	}
	f.add(cmd)
	cmd.AddCommand(
		a.markCommand("tag ADDRESS NAME TAG...", "Give a snapshot tags, which retention's keep_tags may keep", 3, func(m *snapshot.Mark, tags []string) {
			m.Tags = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(m.Tags), tags...))))
		}),
		a.markCommand("untag ADDRESS NAME TAG...", "Take tags off a snapshot", 3, func(m *snapshot.Mark, tags []string) {
			m.Tags = slices.DeleteFunc(slices.Clone(m.Tags), func(tag string) bool { return slices.Contains(tags, tag) })
		}),
		a.markCommand("pin ADDRESS NAME", "Keep a snapshot whatever retention says", 2, func(m *snapshot.Mark, _ []string) { m.Pin = true }),
		a.markCommand("unpin ADDRESS NAME", "Leave a snapshot to retention again", 2, func(m *snapshot.Mark, _ []string) { m.Pin = false }),
	)
	return cmd
}

func (a *app) snapshots(p *workflow.Project, places []string) error {
	found, err := p.Snapshots(a.signals.ctx, places)
	if err != nil {
		return err
	}
	lists := make([]ui.SnapshotList, len(found))
	for i := range found {
		lists[i] = snapshotList(&found[i])
	}
	if a.json {
		return ui.WriteJSON(a.screen.Out, ui.SnapshotsDocument{Header: ui.NewHeader(version), Backups: lists})
	}
	a.screen.Snapshots(lists, time.Now())
	return nil
}

func snapshotList(of *workflow.Snapshots) ui.SnapshotList {
	list := ui.NewSnapshotList(of.Account, of.Path, of.Owner, of.Zone, of.Judged)
	for _, f := range of.Fates {
		one := ui.ListedSnapshot{Snapshot: ui.NewSnapshot(f.Snapshot), Keep: f.Keep, Reasons: append([]string{}, f.Reasons...)}
		if v := of.Holds[f.Snapshot.Handle]; v.Files != one.Files || v.Bytes != one.Bytes {
			one.Holds = &ui.Held{Files: v.Files, Bytes: v.Bytes}
		}
		list.Snapshots = append(list.Snapshots, one)
	}
	for _, u := range of.Unfinished {
		list.Unfinished = append(list.Unfinished, ui.UnfinishedSnapshot{Name: u.Node.Name, Handle: u.Node.Handle, Files: u.Files, Bytes: u.Bytes})
	}
	return list
}

// markCommand is a command that changes what a snapshot's mark says. It takes so many arguments, and more where those are tags.
func (a *app) markCommand(use, short string, least int, change func(m *snapshot.Mark, tags []string)) *cobra.Command {
	var f markFlags
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Long: short + ".\n\nNAME is a snapshot's name, the beginning of one where only one begins so, or latest for the newest complete one. The backup\n" +
			"is leased meanwhile, as by apply.\n\n" + exitHelp,
		Args: cobra.MinimumNArgs(least),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > least && least == 2 {
				return fmt.Errorf("%s takes an address and a snapshot's name", cmd.Name())
			}
			tags, err := snapshot.Tags(args[2:])
			if err != nil {
				return err
			}
			return a.mark(f, args[0], args[1], cmd.Name(), func(m *snapshot.Mark) { change(m, tags) })
		},
	}
	f.varFlags.add(cmd)
	cmd.Flags().DurationVar(&f.lockTimeout, "lock-timeout", 0, "wait so long for a lock, such as 10m")
	return cmd
}

type markFlags struct {
	varFlags
	lockTimeout time.Duration
}

func (a *app) mark(f markFlags, address, name, operation string, change func(*snapshot.Mark)) (err error) {
	to, err := addr.Parse(address)
	if err != nil {
		return err
	}
	p, err := a.open(f.varFlags, func(o *workflow.Options) { o.Refresh, o.LockTimeout, o.Observer = true, f.lockTimeout, a.screen })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	marked, err := p.MarkSnapshot(a.signals.ctx, to, name, operation, change)
	if err != nil {
		return err
	}
	view := ui.NewSnapshot(marked.Snapshot)
	if a.json {
		return ui.WriteJSON(a.screen.Out, ui.SnapshotDocument{Header: ui.NewHeader(version), Address: marked.Address, Changed: marked.Changed, Snapshot: view})
	}
	a.screen.SnapshotMarked(marked.Address, view, marked.Changed)
	return nil
}
