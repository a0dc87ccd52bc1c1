package executor

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/planner"
)

// grower is an account that uploads what a file began with, and says whether it had grown.
type grower struct {
	*account
	took  *mega.Identity
	grown bool
	err   error
}

func (g *grower) Upload(_ context.Context, u mega.Upload) (mega.Uploaded, error) {
	g.took = u.Prefix
	return mega.Uploaded{Handle: 101, Source: mega.Identity{Size: 7, MTime: 8, CTime: 9, Inode: 11}, Grown: g.grown}, g.err
}

// TestRule11_WhatHadGrownIsNoProof: the scan's size and times are not those of what was read.
func TestRule11_WhatHadGrownIsNoProof(t *testing.T) {
	local := planner.Local{Path: "a.log", Size: 7, MTime: 8, CTime: 9, Dev: 10, Inode: 11}
	for _, c := range []struct {
		grows, grown bool
		want         planner.Local
	}{{false, false, local}, {true, false, local}, {true, true, planner.Local{}}} {
		g := &grower{account: newAccount(), grown: c.grown}
		result, _ := uploadOf(t, g, local, c.grows)
		if diff := cmp.Diff(c.want, result.Source); diff != "" {
			t.Errorf("grows %v, grown %v (-want +got):\n%s", c.grows, c.grown, diff)
		}
		if prefix := g.took != nil; prefix != c.grows || prefix && *g.took != (mega.Identity{Size: 7, MTime: 8, CTime: 9, Inode: 11}) {
			t.Errorf("grows %v: the prefix is %+v", c.grows, g.took)
		}
	}
}

func TestAFileThatKeepsChangingNamesTheWayOut(t *testing.T) {
	for _, grows := range []bool{false, true} {
		_, err := uploadOf(t, &grower{account: newAccount(), err: mega.ErrSourceChanged}, planner.Local{Path: "a.log"}, grows)
		if err == nil || !ofSource(err) || strings.Contains(err.Error(), DeclareGrowing) == grows {
			t.Errorf("declared %v: %v", grows, err)
		}
	}
}

func uploadOf(t *testing.T, c remote, l planner.Local, grows bool) (planner.Result, error) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	e, _ := env(newAccount())
	e.Open = func(planner.Target, planner.Local) (File, error) { return File{Open: f, Grows: grows}, nil }
	r := newRun(plan(planner.Action{Kind: planner.Upload, Local: l}), e)
	return r.upload(t.Context(), c, &r.plan.Targets[0], &r.plan.Actions[0])
}
