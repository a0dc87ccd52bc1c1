package main

import "github.com/spf13/cobra"

func (a *app) rollbackCommand() *cobra.Command {
	f := applyFlags{planFlags: planFlags{rollback: true, refresh: true}}
	cmd := &cobra.Command{
		Use:   "rollback",
		Short: "Take the last apply back",
		Long: `Plans to take back what the last apply (or rollback) did to the account, asks, and does it. What it trashed comes back from the
trash, what it overwrote from its version, what it moved goes back, and what it made, a snapshot too, goes to the trash. A rollback
destroys nothing and uploads nothing. What is gone for good, or was changed by another client since, is named and left (exit code 3).

The backups that the last run changed take part; with -target, the last run of that backup. A rollback is a run like any other: the
next one takes it back, but for a snapshot, of which the next apply makes another. The source stays as it is, so the next apply
makes the account like it again.

` + exitHelp,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.applyWith("rollback", f, nil) },
	}
	f.addScope(cmd)
	cmd.Flags().BoolVar(&f.approved, "auto-approve", false, "do not ask")
	return cmd
}
