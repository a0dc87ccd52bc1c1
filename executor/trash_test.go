package executor

import (
	"errors"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// Just before something expires it must be what the plan saw, in the bin and by its mark (rule 21).
func TestRule21_OnlyWhatIsAsThePlanSawItExpires(t *testing.T) {
	const bin = 9
	for name, c := range map[string]struct {
		change func(a *account, file, dir tree.Handle)
		done   int
	}{
		"as planned": {func(*account, tree.Handle, tree.Handle) {}, 2},
		"taken out": {func(a *account, file, _ tree.Handle) {
			a.edit(file, func(p *mega.Place) { p.InTrash, p.Parent = false, 1 })
		}, 1},
		"in a folder":   {func(a *account, file, dir tree.Handle) { a.edit(file, func(p *mega.Place) { p.Parent = dir + 100 }) }, 1},
		"trashed again": {func(a *account, file, _ tree.Handle) { a.edit(file, func(p *mega.Place) { p.Node.TrashedAt = 2000 }) }, 1},
		"mark gone":     {func(a *account, _, dir tree.Handle) { a.edit(dir, func(p *mega.Place) { p.Node.TrashedAt = 0 }) }, 1},
		"gained a file": {func(a *account, _, dir tree.Handle) { a.add(dir, "theirs", tree.File, 1) }, 1},
		"gone":          {func(a *account, file, _ tree.Handle) { delete(a.nodes, file) }, 1},
	} {
		a := newAccount()
		e, _ := env(a)
		file, dir := a.add(bin, "f", tree.File, 3), a.add(bin, "d", tree.Dir, 0)
		for _, h := range []tree.Handle{file, dir} {
			a.edit(h, func(p *mega.Place) { p.InTrash, p.Node.TrashedAt = true, 1000 })
		}
		sum := planner.NewSubtreeSum()
		sum.Add(a.add(dir, "in", tree.File, 1), dir, "in")
		held := sum.Subtree()
		p := plan(
			planner.Action{Kind: planner.ExpireTrash, Remote: planner.Remote{Handle: file, Parent: bin, Name: "f", Size: 3, TrashedAt: 1000}},
			planner.Action{Kind: planner.ExpireTrash, Remote: planner.Remote{Handle: dir, Parent: bin, Name: "d", Dir: true, TrashedAt: 1000}, Subtree: &held},
		)
		c.change(a, file, dir)
		report, err := Run(t.Context(), p, e)
		if err != nil || report.Done != c.done || len(a.calls) != c.done {
			t.Errorf("%s: Run = %+v, %v, calls %v", name, report, err, a.calls)
		}
		for _, f := range report.Failures {
			if !errors.Is(f.Err, ErrChanged) {
				t.Errorf("%s: %v", name, f.Err)
			}
		}
	}
}

// What a node held when it was trashed goes into its mark (rule 21); a file held nothing.
func TestRule21_TheMarkNotesWhatANodeHeld(t *testing.T) {
	r := run{env: Env{Run: "r1", Now: func() time.Time { return time.Unix(5, 0) }}}
	held := planner.Subtree{Nodes: 2, Digest: [32]byte{7}}
	for name, c := range map[string]struct {
		action planner.Action
		want   *mega.Held
	}{
		"folder":            {planner.Action{Remote: planner.Remote{Dir: true}, Subtree: &held}, &mega.Held{Nodes: 2, Digest: [32]byte{7}}},
		"file":              {planner.Action{}, &mega.Held{}},
		"folder, not known": {planner.Action{Remote: planner.Remote{Dir: true}}, nil},
	} {
		got := r.mark(&c.action)
		if (got.Held == nil) != (c.want == nil) || got.Held != nil && *got.Held != *c.want || !got.At.Equal(time.Unix(5, 0)) || got.Run != "r1" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func (a *account) edit(h tree.Handle, change func(*mega.Place)) {
	place := a.nodes[h]
	change(&place)
	a.nodes[h] = place
}

// A folder comes out of the bin only as the plan saw it.
func TestRule21_AFolderThatGainedAFileStaysInTheBin(t *testing.T) {
	a := newAccount()
	e, _ := env(a)
	dir := a.add(9, "d", tree.Dir, 0)
	a.edit(dir, func(p *mega.Place) { p.InTrash = true })
	held := planner.NewSubtreeSum().Subtree()
	p := plan(planner.Action{
		Kind: planner.RestoreFromTrash, Name: "d", Parent: planner.Ref{Handle: 1}, Remote: planner.Remote{Handle: dir, Parent: 9, Name: "d", Dir: true}, Subtree: &held,
	})
	stranger := a.add(dir, "theirs", tree.File, 1)
	if report, _ := Run(t.Context(), p, e); len(report.Failures) != 1 || !errors.Is(report.Failures[0].Err, ErrChanged) {
		t.Errorf("Run = %+v, calls %v", report, a.calls)
	}
	delete(a.nodes, stranger)
	if report, _ := Run(t.Context(), p, e); report.Done != 1 {
		t.Errorf("Run = %+v, calls %v", report, a.calls)
	}
}

// What is taken out of a folder in the bin is told to its mark, once for all of it.
func TestRule21_AFolderInTheBinIsToldWhatWasTakenOutOfIt(t *testing.T) {
	const bin = 9
	a := newAccount()
	e, _ := env(a)
	dir := a.add(bin, "d", tree.Dir, 0)
	single := a.add(bin, "single", tree.File, 1)
	var actions []planner.Action
	for _, name := range []string{"x", "y"} {
		file := a.add(dir, name, tree.File, 1)
		actions = append(actions, planner.Action{
			Kind: planner.RestoreFromTrash, Name: name, Parent: planner.Ref{Handle: 1}, Remote: planner.Remote{Handle: file, Parent: dir, Name: name, Size: 1},
		})
	}
	actions = append(actions, planner.Action{
		Kind: planner.RestoreFromTrash, Name: "s", Parent: planner.Ref{Handle: 1}, Remote: planner.Remote{Handle: single, Parent: bin, Name: "single", Size: 1},
	})
	for h := range a.nodes {
		a.edit(h, func(p *mega.Place) { p.InTrash = p.Parent != 0 })
	}
	report, err := Run(t.Context(), plan(actions...), e)
	if err != nil || report.Done != 3 {
		t.Fatalf("Run = %+v, %v", report, err)
	}
	if last := a.calls[len(a.calls)-1]; len(a.calls) != 4 || last != "took 2 nodes out of 101" {
		t.Errorf("calls %v", a.calls)
	}
}
