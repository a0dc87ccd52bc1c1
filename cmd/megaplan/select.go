package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/workflow"
	"github.com/megaplan/megaplan/planner"
)

// planFlags are the flags of every command that plans.
type planFlags struct {
	varFlags
	targets, excludes, takeOver, massDelete []string
	destroy, refreshOnly, refresh, checksum bool
	despiteErrors, rollback, compareDoubles bool
	tags                                    []string
	parallelism                             int
	lockTimeout                             time.Duration
}

// addScope adds the flags that make sense for every plan, those that compare with a source or not.
func (f *planFlags) addScope(cmd *cobra.Command) {
	f.varFlags.add(cmd)
	fs := cmd.Flags()
	fs.StringArrayVar(&f.targets, "target", nil, "plan this ADDRESS only (repeatable)")
	fs.StringArrayVar(&f.excludes, "exclude", nil, "leave this ADDRESS out (repeatable)")
	fs.StringArrayVar(&f.massDelete, "allow-mass-delete", nil, "lift the deletion limits of ADDRESS, or of '*' (repeatable)")
	fs.IntVar(&f.parallelism, "parallelism", 0, "actions in flight; 0 keeps the connections busy")
	fs.DurationVar(&f.lockTimeout, "lock-timeout", 0, "wait so long for a lock, such as 10m")
}

func (f *planFlags) add(cmd *cobra.Command) {
	f.addScope(cmd)
	fs := cmd.Flags()
	fs.StringArrayVar(&f.takeOver, "take-over", nil, "let this host take over ADDRESS from another (repeatable)")
	fs.BoolVar(&f.despiteErrors, "delete-despite-errors", false, "plan deletions even where the source could not be read in full")
	fs.BoolVar(&f.refreshOnly, "refresh-only", false, "accept the account as it is into the state, change nothing on MEGA")
	fs.BoolVar(&f.refresh, "refresh", true, "ask MEGA what changed; -refresh=false takes the cached tree")
	fs.BoolVar(&f.checksum, "checksum", false, "compare by content, whatever compare says")
	fs.BoolVar(&f.compareDoubles, "verify-duplicates", false, "download duplicates of one size that nothing else tells apart, and compare their content")
	fs.StringArrayVar(&f.tags, "tag", nil, "give the snapshots that are made this TAG (repeatable)")
}

// options turns the flags into what the planner reads.
func (f *planFlags) options() (planner.Options, error) {
	o := planner.Options{
		Destroy: f.destroy, RefreshOnly: f.refreshOnly, DeleteDespiteErrors: f.despiteErrors, Checksum: f.checksum,
		Rollback: f.rollback, VerifyDuplicates: f.compareDoubles,
	}
	var err error
	if o.Target, err = parseAddresses("target", f.targets); err != nil {
		return o, err
	}
	if o.Exclude, err = parseAddresses("exclude", f.excludes); err != nil {
		return o, err
	}
	if o.TakeOver, err = parseAddresses("take-over", f.takeOver); err != nil {
		return o, err
	}
	if o.Tags, err = snapshot.Tags(f.tags); err != nil {
		return o, fmt.Errorf("-tag: %w", err)
	}
	var mass []string
	for _, s := range f.massDelete {
		if s == "*" {
			o.AllowMassDeleteAll = true
		} else {
			mass = append(mass, s)
		}
	}
	o.AllowMassDelete, err = parseAddresses("allow-mass-delete", mass)
	return o, err
}

// tune sets what the flags say about the project.
func (f *planFlags) tune(readOnly bool) func(*workflow.Options) {
	return func(o *workflow.Options) {
		o.Refresh, o.ReadOnly, o.LockTimeout, o.Parallelism = f.refresh, readOnly, f.lockTimeout, f.parallelism
	}
}

func parseAddresses(flag string, texts []string) ([]addr.Address, error) {
	out := make([]addr.Address, len(texts))
	for i, s := range texts {
		a, err := addr.Parse(s)
		if err != nil {
			return nil, fmt.Errorf("-%s: %w", flag, err)
		}
		out[i] = a
	}
	return out, nil
}
