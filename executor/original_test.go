package executor

import (
	"errors"
	"testing"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// TestRule20_ADuplicateIsDestroyedOnlyWhileTheOtherStays: its content would be lost.
func TestRule20_ADuplicateIsDestroyedOnlyWhileTheOtherStays(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*mega.Place)
		done   int
	}{
		"there":     {func(*mega.Place) {}, 1},
		"moved":     {func(p *mega.Place) { p.Parent, p.Node.Name = 7, "g" }, 1},
		"gone":      {func(p *mega.Place) { *p = mega.Place{} }, 0},
		"trashed":   {func(p *mega.Place) { p.InTrash = true }, 0},
		"a version": {func(p *mega.Place) { p.Version = true }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount()
			e, _ := env(a)
			stays, loser := a.add(1, "f", tree.File, 3), a.add(1, "f", tree.File, 3)
			place := a.nodes[stays]
			c.change(&place)
			a.nodes[stays] = place
			report, err := Run(t.Context(), plan(planner.Action{
				Kind: planner.Destroy, Remote: planner.Remote{Handle: loser, Parent: 1, Name: "f", Size: 3}, Original: stays,
			}), e)
			if err != nil || report.Done != c.done || c.done == 0 && !errors.Is(report.Failures[0].Err, ErrChanged) {
				t.Errorf("Run = %+v, %v", report, err)
			}
			if there := a.nodes[loser].Found; there == (c.done == 1) {
				t.Errorf("it is there: %v", there)
			}
		})
	}
}
