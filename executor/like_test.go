package executor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// A copy of an upload of the same plan takes the node that upload made, and none that holds something else (rules 13, 27).
func TestRule13_ACopyTakesWhatWasUploadedBefore(t *testing.T) {
	planned := planner.Local{Path: "f", Size: 1, MTime: 5, Inode: 7}
	for name, c := range map[string]struct {
		found planner.Local // by the upload
		fail  error
		calls []string
	}{
		"as planned":        {planned, nil, []string{"upload f into 1", "copy 101 into 1 as g with  at 9"}},
		"another one":       {planner.Local{Path: "f", Size: 1, MTime: 6, Inode: 7}, nil, []string{"upload f into 1"}},
		"it was not loaded": {planned, errors.New("no room"), []string{"upload f into 1"}},
	} {
		a := newAccount()
		e, _ := env(a)
		a.fail["upload f into 1"] = c.fail
		r := newRun(plan(
			planner.Action{Kind: planner.Upload, Parent: planner.Ref{Handle: 1}, Name: "f", Local: planned},
			planner.Action{
				Kind: planner.Copy, Parent: planner.Ref{Handle: 1}, Name: "g", Like: 1, Needs: []planner.ActionID{1},
				Fingerprint: planner.Fingerprint{MTime: 9},
			},
		), e)
		up := r.action(1)
		if _, err := a.Upload(t.Context(), mega.Upload{Parent: 1, Name: "f"}); err == nil {
			_ = r.record(t.Context(), up, planner.Result{Handle: tree.Handle(101), Source: c.found})
			_, err = r.perform(t.Context(), r.action(2))
			if (err != nil) != (c.found != planned) || err != nil && !errors.Is(err, ErrChanged) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if !slices.Equal(a.calls, c.calls) {
			t.Errorf("%s: %v, want %v", name, a.calls, c.calls)
		}
	}
}

// An update takes the content that another one uploads over the node that was there.
func TestRule13_AnUpdateTakesWhatWasUploadedBefore(t *testing.T) {
	a := newAccount()
	e, _ := env(a)
	planned := planner.Local{Path: "f", Size: 3, MTime: 5, Inode: 7}
	old := a.add(1, "g", tree.File, 2)
	r := newRun(plan(
		planner.Action{Kind: planner.Update, Parent: planner.Ref{Handle: 1}, Name: "f", Local: planned},
		planner.Action{
			Kind: planner.Update, Parent: planner.Ref{Handle: 1}, Name: "g", Like: 1, Needs: []planner.ActionID{1}, Local: planned,
			Remote: planner.Remote{Handle: old, Parent: 1, Name: "g", Size: 2}, Replace: true, KeepVersion: true, Fingerprint: planner.Fingerprint{MTime: 9},
		},
	), e)
	first := a.add(1, "f", tree.File, 3)
	if err := r.record(t.Context(), r.action(1), planner.Result{Handle: first, Source: planned}); err != nil {
		t.Fatal(err)
	}
	got, err := r.perform(t.Context(), r.action(2))
	if err != nil || got.Handle == 0 || got.Fingerprint.MTime != 9 || len(a.calls) != 1 || !strings.HasPrefix(a.calls[0], fmt.Sprintf("copy %d into 1 as g", first)) {
		t.Errorf("%+v, %v: %v", got, err, a.calls)
	}
}
