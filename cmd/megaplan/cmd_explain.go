package main

import (
	"cmp"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/megaplan/megaplan/internal/ui"
	"github.com/megaplan/megaplan/internal/workflow"
)

func (a *app) explainCommand() *cobra.Command {
	var f lookFlags
	cmd := &cobra.Command{
		Use:   "explain PATH",
		Short: "Say which rule keeps a file in or out of a backup, and whose it is on MEGA",
		Long: `Takes a local path, or a place on MEGA. For each backup it concerns: whether the path is taken, the pattern, file and line
that decided, where it goes, what is there, and which address owns that.

` + placeHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.look(f, func(p *workflow.Project) error { return a.explain(p, args[0]) })
		},
	}
	f.add(cmd)
	return cmd
}

func (a *app) explain(p *workflow.Project, path string) error {
	found, err := p.Explain(a.signals.ctx, path)
	if err != nil {
		return err
	}
	all := make([]ui.Explanation, len(found))
	var unasked error
	for i, e := range found {
		all[i] = explanation(e)
		unasked = cmp.Or(unasked, e.Unasked)
		a.outcome.partial = a.outcome.partial || e.Unasked != nil || e.Local.Problem != nil
	}
	if a.json {
		return errors.Join(ui.WriteJSON(a.screen.Out, ui.ExplainDocument{Header: ui.NewHeader(version), Explanations: all}), unasked)
	}
	a.screen.Explain(all, time.Now())
	return unasked
}

func explanation(e workflow.Explanation) ui.Explanation {
	out := ui.Explanation{
		Address: e.Address, Source: e.Source, Host: e.Host, Path: e.Path, Account: e.Account, Remote: "/" + string(e.Remote), Snapshots: e.Snapshots, Snapshot: e.Snapshot,
		Unasked: text(e.Unasked), Nodes: []ui.OwnedNode{},
	}
	if e.Source != "" && e.Host == "" {
		out.Local = judged(e.Local)
	}
	for _, n := range e.Nodes {
		view := ui.NewNode(e.Account, e.Remote, workflow.InDrive, e.Address, n.Node)
		out.Nodes = append(out.Nodes, ui.OwnedNode{Node: view, Owner: n.Owner})
	}
	return out
}

func judged(j workflow.Judged) *ui.Judged {
	out := &ui.Judged{
		Exists: j.Exists, Taken: j.Taken, At: j.At, Reason: j.Reason, Pattern: j.Pattern, Where: j.Where, Problem: text(j.Problem),
	}
	if j.Exists {
		out.Kind = j.Kind.String()
		if !j.Taken {
			out.Why = j.Why.String()
		}
	}
	return out
}

// text is an error's message, empty for none.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
