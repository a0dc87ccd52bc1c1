package main

import (
	"iter"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/internal/treediff"
	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/internal/workflow"
)

func (a *app) diffCommand() *cobra.Command {
	var f lookFlags
	var at []string
	var detailed bool
	cmd := &cobra.Command{
		Use:   "diff A [B] | ADDRESS [SNAPSHOT [SNAPSHOT]]",
		Short: "Say what differs between two snapshots, or any two places on MEGA",
		Long: `Compares two places; or two snapshots of an address; or one snapshot with the newest complete one; or, with an address that
keeps snapshots alone, the two newest. -at=TIME compares a place with itself of that time; given twice, two times.

Nothing is downloaded: content is equal where the keys are, as after a server-side copy, or where size, date and checksum
are. Where neither says anything, a file may differ, and is told so. The exit code is 0 also when something differs; with
-detailed-exitcode it is 2 then.

` + placeHelp,
		Args: cobra.RangeArgs(1, 3),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.look(f, func(p *workflow.Project) error { return a.diff(p, args, at, detailed) })
		},
	}
	f.add(cmd)
	cmd.Flags().StringArrayVar(&at, "at", nil, "compare with the place as of a TIME: 2026-03-01T12:00:00Z, or so long ago, such as 36h (twice: two times)")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 when something differs")
	return cmd
}

func (a *app) diff(p *workflow.Project, args, at []string, detailed bool) error {
	d, err := p.Diff(a.signals.ctx, args, at)
	if err != nil {
		return err
	}
	a.outcome.changes = detailed && d.Differs()
	view := ui.Diff{A: diffSide(&d.A), B: diffSide(&d.B), Totals: ui.NewDiffTotals(d.Totals), Changes: diffEntries(d)}
	if a.json {
		return a.screen.WriteDiff(version, view)
	}
	a.screen.Diff(view)
	return nil
}

func diffSide(s *workflow.Side) ui.DiffSide {
	return ui.DiffSide{Account: s.Account, Path: "/" + string(s.Path), At: s.At, Missing: s.Missing}
}

// diffEntries makes the views of changes one by one: there may be millions.
func diffEntries(d *workflow.Diffed) iter.Seq[ui.DiffEntry] {
	return func(yield func(ui.DiffEntry) bool) {
		for i := range d.Changes {
			if !yield(diffEntry(d, &d.Changes[i])) {
				return
			}
		}
	}
}

func diffEntry(d *workflow.Diffed, c *treediff.Change) ui.DiffEntry {
	e := ui.DiffEntry{
		Change: diffKind(c), Within: c.Within, Date: c.Aspects.Has(treediff.Date), Mode: c.Aspects.Has(treediff.Mode), Attributes: c.Aspects.Has(treediff.Attributes),
	}
	if c.A != tree.None {
		n, path := d.A.Node(c.A)
		e.Kind, e.Path, e.BytesBefore, e.HandleBefore = n.Kind.String(), string(path), n.Size, n.Handle
	}
	in, id := &d.A, c.A
	if c.B != tree.None {
		n, path := d.B.Node(c.B)
		if c.Kind == treediff.Moved {
			e.From = e.Path
		}
		in, id = &d.B, c.B
		e.Kind, e.Path, e.Bytes, e.Handle = n.Kind.String(), string(path), n.Size, n.Handle
	} else {
		e.Bytes = e.BytesBefore
	}
	if e.Kind == tree.Dir.String() && c.Kind != treediff.Changed {
		below := in.Below(id, c.Kind == treediff.Moved)
		e.Files, e.Bytes = below.Files, below.Bytes
	}
	return e
}

func diffKind(c *treediff.Change) ui.DiffKind {
	switch c.Kind {
	case treediff.Added:
		return ui.DiffAdded
	case treediff.Removed:
		return ui.DiffRemoved
	case treediff.Moved:
		return ui.DiffMoved
	}
	switch {
	case c.Aspects.Has(treediff.Content):
		return ui.DiffChanged
	case c.Aspects.Has(treediff.Unsure):
		return ui.DiffUnsure
	}
	return ui.DiffTouched
}
