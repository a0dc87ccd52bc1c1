package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/internal/verify"
	"github.com/megaplan/megaplan/internal/workflow"
)

type verifyFlags struct {
	varFlags
	sample, budget string
	seed           uint64
	snapshot       string
	download       bool
	refresh        bool
}

func (a *app) verifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify [ADDRESS...]",
		Short: "Prove that backups equal their sources, without downloading",
		Long: `Reads every local file and computes the MAC that the key of its remote file holds: equal bytes are proven with nothing
downloaded. Files that were edited since the last apply are told apart from damage. -download fetches the files and proves
the bytes on the server too.

` + exitHelp,
		RunE: func(_ *cobra.Command, args []string) error { return a.verify(f, args) },
	}
	f.add(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.sample, "sample", "", "prove only so many of the files, picked at random, such as 5%")
	fs.Uint64Var(&f.seed, "seed", 0, "draw the sample as another run did; 0 draws anew")
	fs.StringVar(&f.snapshot, "snapshot", "", "prove the snapshot of this NAME, of one backup; without it the newest complete one")
	fs.BoolVar(&f.download, "download", false, "fetch the files and prove the bytes on the server")
	fs.StringVar(&f.budget, "budget", "", "fetch at most so much for each backup, such as 10GiB, picked at random")
	fs.BoolVar(&f.refresh, "refresh", true, "ask MEGA what changed; -refresh=false takes the cached tree")
	return cmd
}

// options turns the flags into a sample.
func (f *verifyFlags) options() (workflow.VerifyOptions, error) {
	o := workflow.VerifyOptions{Download: f.download, Snapshot: f.snapshot, Sample: verify.Sample{Seed: f.seed}}
	if f.seed == 0 {
		o.Sample.Seed = uint64(rand.Uint32()) | 1
	}
	if f.sample != "" {
		percent, err := strconv.ParseFloat(strings.TrimSuffix(f.sample, "%"), 64)
		if err != nil || percent <= 0 || percent > 100 {
			return o, fmt.Errorf("-sample=%s: want a percentage such as 5%%", f.sample)
		}
		o.Sample.Percent = percent
	}
	if f.budget != "" {
		bytes, err := config.ParseSize(f.budget)
		if err != nil {
			return o, fmt.Errorf("-budget: %w", err)
		}
		if !f.download {
			return o, errors.New("-budget is about -download: nothing is fetched without it")
		}
		o.Sample.Budget = bytes
	}
	return o, nil
}

func (a *app) verify(f verifyFlags, args []string) (err error) {
	o, err := f.options()
	if err != nil {
		return err
	}
	if o.Addresses, err = parseAddresses("verify", args); err != nil {
		return err
	}
	p, err := a.open(f.varFlags, func(w *workflow.Options) { w.ReadOnly, w.WritesState, w.Refresh = true, true, f.refresh })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	show := a.view.StartVerify()
	o.Progress = show.Verifying
	found, err := p.Verify(a.signals.ctx, o)
	show.Stop()
	if err != nil {
		return err
	}
	all := make([]ui.Verification, len(found))
	for i := range found {
		all[i] = verification(&found[i], o.Sample)
		a.view.Verified(all[i])
		a.outcome.drift = a.outcome.drift || found[i].Result.Differences() > 0
		a.outcome.partial = a.outcome.partial || found[i].Partial()
	}
	a.view.VerifySummary(all)
	return nil
}

func verification(v *workflow.Verified, s verify.Sample) ui.Verification {
	return ui.Verification{
		Address: v.Address, Source: v.Source, NotHere: v.NotHere, NotThere: v.NotThere, Failure: v.Failure, Local: v.Local,
		Snapshot: v.Snapshot.Name, Began: v.Snapshot.Began, Now: time.Now(),
		Sampled: s.Percent > 0 || s.Budget > 0, Seed: s.Seed, Result: v.Result, Took: v.Took,
	}
}
