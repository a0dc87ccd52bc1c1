package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/filter"
	"github.com/megaplan/megaplan/internal/restore"
	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/internal/workflow"
)

type restoreFlags struct {
	varFlags
	workflow.RestoreOptions
	account, overwrite string
	dryRun, refresh    bool
	parallelism        int
}

func (a *app) restoreCommand() *cobra.Command {
	var f restoreFlags
	cmd := &cobra.Command{
		Use:   "restore ADDRESS | PATH",
		Short: "Get a backup back, with its dates and modes",
		Long: `Shows what would be written and writes it: into DIR with -to, else in place, where nothing is overwritten unless
-overwrite says so; always proves files of the same size and date too, and replaces what is damaged. Content is proven before a file gets its name. A remote path that is not managed can be restored too
(-account=main /Photos -to=DIR). Of a backup in mode snapshots it takes the newest complete one, or the one that -snapshot or
-at names; it reads only that one. A restore that was cut off goes on when it is run again,
in the middle of a large file too.

` + exitHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := notEmpty(cmd, "to", "at", "snapshot", "include", "account"); err != nil {
				return err
			}
			f.What = args[0]
			return a.restore(&f)
		},
	}
	f.add(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.To, "to", "", "directory to restore into; it is made if it is missing (default: the backup's source)")
	fs.StringVar(&f.At, "at", "", "restore what was there at a TIME: 2026-03-01T12:00:00Z, or so long ago, such as 36h")
	fs.StringVar(&f.Snapshot, "snapshot", "", "restore the snapshot of this NAME; the beginning of one will do, or latest")
	fs.StringArrayVar(&f.Include, "include", nil, "restore only what matches GLOB, in gitignore's language (repeatable)")
	fs.StringArrayVar(&f.Exclude, "exclude", nil, "leave out what matches GLOB (repeatable)")
	fs.StringVar(&f.overwrite, "overwrite", "never", "files that are there and differ: never, older, or always, which also reads those that look equal")
	fs.BoolVar(&f.Unknown, "include-unknown", false, "with -at: take trashed files of which nobody knows since when they are in the trash")
	fs.BoolVar(&f.dryRun, "dry-run", false, "show the plan and stop")
	fs.StringVar(&f.account, "account", "", "NAME of the account of a remote path")
	fs.BoolVar(&f.refresh, "refresh", true, "ask MEGA what changed; -refresh=false takes the cached tree")
	fs.IntVar(&f.parallelism, "parallelism", 0, "files in flight; 0 keeps the connections busy")
	return cmd
}

// options turns the flags into what the workflow reads.
func (f *restoreFlags) options() (o workflow.RestoreOptions, err error) {
	o = f.RestoreOptions
	if o.At != "" && o.Snapshot != "" {
		return o, errors.New("-at and -snapshot cannot be given together")
	}
	if f.account != "" {
		o.Account = addr.New(addr.Account, strings.TrimPrefix(f.account, "account."))
	}
	for _, pattern := range slices.Concat(o.Include, o.Exclude) {
		if filter.Malformed(pattern) {
			return o, fmt.Errorf("%q is no pattern: a bracket or a backslash in it is not closed; a backslash before a character takes it as it is", pattern)
		}
	}
	if o.Overwrite, err = restore.ParseOverwrite(f.overwrite); err != nil {
		return o, fmt.Errorf("-%w", err)
	}
	return o, nil
}

func (a *app) restore(f *restoreFlags) (err error) {
	o, err := f.options()
	if err != nil {
		return err
	}
	if o.To != "" {
		o.To = a.path(o.To)
	}
	p, err := a.open(f.varFlags, func(w *workflow.Options) { w.ReadOnly, w.Refresh, w.Parallelism = true, f.refresh, f.parallelism })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	shown := func() {}
	if o.Overwrite == restore.Always {
		show := a.view.StartVerify()
		o.Progress, shown = func(n int64) { show.Verifying(n, 0) }, show.Stop
	}
	r, err := p.Restore(a.signals.ctx, o)
	shown()
	if err != nil {
		return err
	}
	head := ui.RestoreHead{From: r.From, Target: r.Target, At: r.At, Paths: r.Paths, Now: r.Now, Short: r.Plan.Short(r.Target)}
	if s := r.Snapshot; s.Name != "" {
		head.Snapshot, head.Began, head.Incomplete = s.Name, s.Began, !s.Complete
	}
	a.view.RestorePlan(head, r.Plan)
	a.outcome.partial = r.Plan.Partial()
	if f.dryRun || r.Plan.Idle() && len(r.Plan.Leftovers) == 0 {
		return nil
	}
	return a.carryOut(r, head)
}

// carryOut runs a restore and shows how it goes.
func (a *app) carryOut(r *workflow.Restoring, head ui.RestoreHead) error {
	show := a.view.StartRestore(r.Plan)
	a.signals.beGentle(func() { show.Say("Finishing what is in flight, then stopping. Press Ctrl-C again to stop now.") })
	began := time.Now()
	report, err := r.Run(a.signals.ctx, show.Restoring, show.Waiting, a.signals.finish)
	show.Stop()
	a.view.Restored(head, r.Plan, report, time.Since(began))
	a.outcome.partial = a.outcome.partial || report.Partial()
	return err
}
