package executor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

const (
	unfinishedName = ".megaplan-2026-03-01T02-30-00Z"
	publishedName  = "2026-03-01T02-30-00Z"
)

// building is a plan that builds a snapshot of two files, publishes it and lets an older one expire.
func building(old tree.Handle) *planner.Plan {
	mark := snapshot.Mark{Complete: true, Files: 2, Bytes: 2}
	return plan(
		planner.Action{Kind: planner.CreateFolder, Parent: planner.Ref{Handle: 1}, Name: unfinishedName, Mark: mark.Text()},
		planner.Action{Kind: planner.Upload, Parent: planner.Ref{Action: 1}, Name: "a", Files: 1, Bytes: 1, Local: planner.Local{Path: "a"}, Needs: []planner.ActionID{1}},
		planner.Action{Kind: planner.Upload, Parent: planner.Ref{Action: 1}, Name: "b", Files: 1, Bytes: 1, Local: planner.Local{Path: "b"}, Needs: []planner.ActionID{1}},
		planner.Action{
			Kind: planner.PublishSnapshot, Path: "db/" + publishedName, From: "db/" + unfinishedName, Parent: planner.Ref{Handle: 1}, Name: publishedName,
			Folder: planner.Ref{Action: 1}, Remote: planner.Remote{Dir: true}, Mark: mark.Text(), After: planner.AfterContent,
		},
		planner.Action{
			Kind: planner.ExpireSnapshot, Path: "db/old", Remote: planner.Remote{Handle: old, Parent: 1, Name: "old", Dir: true}, Subtree: &planner.Subtree{},
			After: planner.AfterContent, Needs: []planner.ActionID{4},
		},
	)
}

// publishes carries a plan out and returns the mark that the snapshot was published with, "" if it was not.
func publishes(t *testing.T, a *account, p *planner.Plan, change func(*Env)) (mark string, report Report) {
	t.Helper()
	e, _ := env(a)
	record := e.Record
	e.Record = func(ctx context.Context, act *planner.Action, r planner.Result) error {
		if act.Kind == planner.PublishSnapshot {
			mark = r.Mark
		}
		return record(ctx, act, r)
	}
	if change != nil {
		change(&e)
	}
	report, err := Run(t.Context(), p, e)
	if err != nil {
		t.Fatal(err)
	}
	return mark, report
}

func TestRule23_NameAndMarkAreOneChange(t *testing.T) {
	a := newAccount()
	old := a.add(1, "old", tree.Dir, 0)
	mark, report := publishes(t, a, building(old), nil)
	if report.Done != 5 || len(report.Failures) > 0 {
		t.Fatalf("%+v", report)
	}
	if m, ok := snapshot.ParseMark(mark); !ok || !m.Complete || m.Files != 2 {
		t.Errorf("published with %s", mark)
	}
	want := []string{
		fmt.Sprintf("attributes 102 map[_mpsnap:%s n:%s]", mark, publishedName), "trash 101 of backup.b from /db/old",
	}
	if diff := cmp.Diff(want, a.calls[len(a.calls)-2:]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A local file that cannot be read is missed, and what the snapshot would let expire stays; anything else holds it up.
func TestRule23_WhatCannotBeReadIsMissed(t *testing.T) {
	unreadable := func(e *Env) {
		e.Open = func(_ planner.Target, l planner.Local) (File, error) {
			if l.Path == "b" {
				return File{}, errors.New("permission denied")
			}
			return File{Target: []byte("x")}, nil
		}
	}
	for name, tt := range map[string]struct {
		change func(*Env)
		fail   error
		want   string // what the mark says, "" if nothing is published
	}{
		"it cannot be opened":          {unreadable, nil, "incomplete 1 1"},
		"it changes while it is read":  {nil, mega.ErrSourceChanged, "incomplete 1 1"},
		"it cannot be read":            {nil, &fs.PathError{Op: "read", Path: "/src/b", Err: errors.New("input/output error")}, "incomplete 1 1"},
		"something else cannot be":     {nil, &fs.PathError{Op: "write", Path: "/cache/journal", Err: errors.New("no space left")}, ""},
		"the server refuses the bytes": {nil, errors.New("no room"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount()
			old := a.add(1, "old", tree.Dir, 0)
			a.fail["upload b into 102"] = tt.fail
			mark, report := publishes(t, a, building(old), tt.change)
			got := ""
			if m, ok := snapshot.ParseMark(mark); ok {
				got = fmt.Sprintf("%s %d %d", map[bool]string{true: "complete", false: "incomplete"}[m.Complete], m.Files, m.Bytes)
			}
			if got != tt.want {
				t.Errorf("published %q, want %q", got, tt.want)
			}
			if slices.ContainsFunc(a.calls, func(c string) bool { return strings.HasPrefix(c, "trash") }) {
				t.Error("the older one expired")
			}
			if last := report.Failures[len(report.Failures)-1]; last.Action != 5 || last.Because == 0 {
				t.Errorf("%+v", report.Failures)
			}
		})
	}
}

func TestRule27_WhatPublishingRequires(t *testing.T) {
	for name, change := range map[string]func(*account){
		"the name is taken": func(a *account) { a.add(1, publishedName, tree.Dir, 0) },
		"it was renamed":    func(a *account) { a.rename(unfinishedName, "mine") },
		"it is in the bin":  func(a *account) { a.trash(unfinishedName) },
		"it holds more":     func(a *account) { a.add(102, "not ours", tree.File, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount()
			old := a.add(1, "old", tree.Dir, 0)
			begun := false
			mark, report := publishes(t, a, building(old), func(e *Env) {
				open := e.Open
				e.Open = func(target planner.Target, l planner.Local) (File, error) {
					a.mu.Lock()
					if !begun {
						begun = true
						change(a)
					}
					a.mu.Unlock()
					return open(target, l)
				}
			})
			if mark != "" || len(report.Failures) != 2 || !errors.Is(report.Failures[0].Err, ErrChanged) {
				t.Errorf("mark %q, %+v", mark, report)
			}
		})
	}
}

func (a *account) rename(from, to string) {
	for h, p := range a.nodes {
		if p.Node.Name == from {
			p.Node.Name = to
			a.nodes[h] = p
		}
	}
}

func (a *account) trash(name string) {
	for h, p := range a.nodes {
		if p.Node.Name == name {
			p.InTrash = true
			a.nodes[h] = p
		}
	}
}

// A snapshot that is destroyed loses its files first, then its folders, each once it is empty; before, its mark says that it is
// no snapshot to rely on.
func TestRule16_ASnapshotIsDestroyedFromTheBottom(t *testing.T) {
	a := newAccount()
	top := a.add(1, "old", tree.Dir, 0)
	dir := a.add(top, "dir", tree.Dir, 0)
	a.add(dir, "file", tree.File, 3)
	a.add(top, "other", tree.File, 3)
	sum := planner.NewSubtreeSum()
	if err := addSubtree(a, planner.Remote{Handle: top}, sum); err != nil {
		t.Fatal(err)
	}
	seen := sum.Subtree()
	p := plan(planner.Action{
		Kind: planner.ExpireSnapshot, Remote: planner.Remote{Handle: top, Parent: 1, Name: "old", Dir: true}, Subtree: &seen, Purge: true, Mark: "not complete",
	})
	if _, report := publishes(t, a, p, nil); report.Done != 1 {
		t.Fatalf("%+v", report)
	}
	slices.Sort(a.calls[1:3])
	want := []string{"attributes 101 map[_mpsnap:not complete]", "delete 103", "delete 104", "delete 102", "delete 101"}
	if diff := cmp.Diff(want, a.calls); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	a = newAccount()
	top = a.add(1, "old", tree.Dir, 0)
	a.add(top, "put here since", tree.File, 3)
	p = plan(planner.Action{
		Kind: planner.ExpireSnapshot, Remote: planner.Remote{Handle: top, Parent: 1, Name: "old", Dir: true}, Subtree: &planner.Subtree{}, Purge: true,
	})
	if _, report := publishes(t, a, p, nil); len(report.Failures) != 1 || !errors.Is(report.Failures[0].Err, ErrChanged) || len(a.calls) > 0 {
		t.Errorf("%+v, calls %v", report, a.calls)
	}
}

// What people say of a snapshot after the plan was made keeps it.
func TestRule27_APinnedSnapshotDoesNotExpire(t *testing.T) {
	seen := snapshot.Mark{Complete: true, Tags: []string{"a"}}
	for _, now := range []snapshot.Mark{{Complete: true, Tags: []string{"a"}, Pin: true}, {Complete: true, Tags: []string{"a", "b"}}, {Complete: true}} {
		a := newAccount()
		old := a.add(1, "old", tree.Dir, 0)
		place := a.nodes[old]
		place.Node.Snapshot = now.Text()
		a.nodes[old] = place
		p := plan(planner.Action{
			Kind: planner.ExpireSnapshot, Remote: planner.Remote{Handle: old, Parent: 1, Name: "old", Dir: true}, Subtree: &planner.Subtree{}, Mark: seen.Text(),
		})
		if _, report := publishes(t, a, p, nil); len(report.Failures) != 1 || !errors.Is(report.Failures[0].Err, ErrChanged) || len(a.calls) > 0 {
			t.Errorf("%s: %+v, calls %v", now.Text(), report, a.calls)
		}
	}
}
