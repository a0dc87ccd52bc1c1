package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// compared are the downloads that a plan asked for: who is fetched, and who is compared with it.
func (w *world) compared() (fetched, others []tree.Handle) {
	for _, q := range w.asked {
		if q.Ask == planner.AskAlike {
			fetched, others = append(fetched, q.Handle), append(others, q.Other)
		}
	}
	slices.Sort(fetched)
	return slices.Compact(fetched), others
}

// wantDownloads requires how many files a plan had fetched.
func wantDownloads(t *testing.T, w *world, p *planner.Plan, want int) {
	t.Helper()
	if fetched, others := w.compared(); len(fetched) != want || (p.Compared != nil) != w.options.VerifyDuplicates || want > 0 && p.Compared.Files == 0 {
		t.Errorf("fetched %v for %v, want %d downloads; %+v", fetched, others, want, p.Compared)
	}
}

// TestRule20_ADownloadProvesDuplicatesInAFolderBlock: only where it is asked for, and nothing else tells.
func TestRule20_ADownloadProvesDuplicatesInAFolderBlock(t *testing.T) {
	printed := func(n *node, mtime int64) { n.printed, n.mtime = true, mtime }
	for name, c := range map[string]struct {
		content string
		as      func(a, b *node)
		want    string
		fetched int
	}{
		"equal":                     {"content", func(_, _ *node) {}, "destroy a", 1},
		"equal, dates differ":       {"content", func(a, b *node) { printed(a, 1); printed(b, 2) }, "destroy a", 1},
		"equal, one fingerprint":    {"content", func(a, _ *node) { printed(a, 1) }, "destroy a", 1},
		"equal fingerprints":        {"content", func(a, b *node) { printed(a, 1); printed(b, 1) }, "destroy a", 0},
		"other bytes":               {"CONTENT", func(_, _ *node) {}, "trash a", 1},
		"other bytes, fingerprints": {"CONTENT", func(a, b *node) { printed(a, 1); printed(b, 1) }, "trash a", 0},
		"another size":              {"other", func(_, _ *node) {}, "trash a", 0},
		"a link":                    {"content", func(_, b *node) { b.kind = tree.Symlink }, "trash a", 0},
		"a MAC that tells nothing":  {"content", func(a, _ *node) { a.noMAC = true }, "trash a", 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := layout(config.DuplicatesOldest, config.DuplicatesMerge)
			w.folders[0].OnDelete = config.DeleteDestroy
			a, b := w.put("B/docs/a", tree.File, "content"), w.put("B/docs/a", tree.File, c.content)
			c.as(a, b)
			without := w.plan(t)
			wantDownloads(t, w, without, 0)
			w.options.VerifyDuplicates = true
			p := w.plan(t)
			wantDownloads(t, w, p, c.fetched)
			expect(t, p, c.want)
			if says := strings.Contains(p.Actions[0].Reason, "the same content stays"); says != strings.HasPrefix(c.want, "destroy") {
				t.Errorf("%q", p.Actions[0].Reason)
			}
			if want := "trash a"; c.fetched > 0 {
				expect(t, without, want)
			}
			w.settled(t)
		})
	}
}

// TestRule20_OneDownloadTellsOfAGroup: the one that stays is fetched, and all others are compared with it at once.
func TestRule20_OneDownloadTellsOfAGroup(t *testing.T) {
	w := layout(config.DuplicatesNewest, config.DuplicatesMerge)
	w.options.VerifyDuplicates = true
	for _, content := range []string{"same", "else", "same", "same"} {
		w.put("B/docs/a", tree.File, content)
	}
	p := w.plan(t)
	expect(t, p, "trash a", "trash a", "trash a")
	wantDownloads(t, w, p, 1)
	if _, others := w.compared(); len(others) != 3 || w.rounds != 1 {
		t.Errorf("%v in %d rounds", others, w.rounds)
	}
	if got := *p.Compared; got.Files != 3 || got.Equal != 2 || got.Unknown != 0 {
		t.Errorf("%+v", got)
	}
}

// TestRule20_WhatWasComparedInVainIsTold: it counts as another, and the plan goes on.
func TestRule20_WhatWasComparedInVainIsTold(t *testing.T) {
	w := layout(config.DuplicatesRename, config.DuplicatesReport)
	w.options.VerifyDuplicates = true
	w.put("B/docs/sub/a", tree.File, "same")
	w.put("B/docs/sub/a", tree.File, "same").noMAC = true
	p := w.plan(t)
	expect(t, p, "move sub/a-1")
	if p.Compared.Unknown != 1 || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].Detail, "1 duplicate of folder.docs") ||
		!strings.Contains(p.Warnings[0].Detail, "/B/docs/sub/a (an old client's)") {
		t.Errorf("%+v %+v", p.Compared, p.Warnings)
	}
}

// TestRule20_AProvenOneIsNotRenamed: its content stays under its name.
func TestRule20_AProvenOneIsNotRenamed(t *testing.T) {
	w := layout(config.DuplicatesRename, config.DuplicatesReport)
	w.put("B/docs/a", tree.File, "same")
	equal, other := w.put("B/docs/a", tree.File, "same"), w.put("B/docs/a", tree.File, "else")
	expect(t, w.plan(t), "move a-1", "move a-2")
	w.options.VerifyDuplicates = true
	expect(t, w.settled(t), "move a-1", "trash a")
	if !equal.trashed || other.name != "a-1" {
		t.Errorf("equal: %+v, other: %+v", equal, other)
	}
}

// TestRule20_NothingIsFetchedThatDecidesNothing: what is reported stays as it is, and what cannot go too.
func TestRule20_NothingIsFetchedThatDecidesNothing(t *testing.T) {
	w := layout(config.DuplicatesReport, config.DuplicatesMerge)
	w.options.VerifyDuplicates = true
	w.put("B/docs/a", tree.File, "same")
	w.put("B/docs/a", tree.File, "same")
	wantDownloads(t, w, w.settled(t), 0)

	b := applied(t, "a", "b")
	b.options.VerifyDuplicates = true
	b.at("B/docs/a")[0].noMAC = true // so that the local file proves nothing
	b.put("B/docs/a", tree.File, "content of a")
	b.write("unread", "").kind = tree.Unknown
	b.disk["unread"].why = tree.Unreadable
	wantDownloads(t, b, b.plan(t), 0)
}

// TestRule20_FilesThatMeetInMergedFoldersAreCompared: at any depth.
func TestRule20_FilesThatMeetInMergedFoldersAreCompared(t *testing.T) {
	w := layout(config.DuplicatesOldest, config.DuplicatesMerge)
	w.folders[0].OnDelete = config.DeleteDestroy
	w.options.VerifyDuplicates = true
	twins(w, "B/docs/dir", "x", "sub/deep/y", "only")
	twins(w, "B/docs/dir", "x", "sub/deep/y")
	p := w.plan(t)
	wantDownloads(t, w, p, 2)
	w.applyAll(t, p)
	if got := kinds(p); !slices.Contains(got, "destroy dir/x") || !slices.Contains(got, "destroy dir/sub/deep/y") {
		t.Errorf("%v", got)
	}
	if n := len(w.at("B/docs/dir/sub/deep/y")); n != 1 {
		t.Errorf("%d files are left", n)
	}
}

// TestRule20_TheLocalFileProvesCheaper: nothing is fetched where its MAC tells.
func TestRule20_TheLocalFileProvesCheaper(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		as      func(w *world, kept, other *node)
		equal   bool
		fetched int
	}{
		"both are the source's":         {"content of a", func(_ *world, _, _ *node) {}, true, 0},
		"one is the source's":           {"CONTENT OF A", func(_ *world, _, _ *node) {}, false, 0},
		"the other's MAC tells nothing": {"content of a", func(_ *world, _, m *node) { m.noMAC = true }, false, 0},
		// The date says that it is equal, and it is not: another client changed it.
		"none is the source's": {"CONTENT of A", func(_ *world, n, _ *node) { n.content = "CONTENT of A" }, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := applied(t, "a", "b")
			w.options.VerifyDuplicates = true
			n, m := w.at("B/docs/a")[0], w.put("B/docs/a", tree.File, c.content)
			c.as(w, n, m)
			p := w.plan(t)
			wantDownloads(t, w, p, c.fetched)
			expect(t, p, "trash a")
			if got := strings.Contains(p.Actions[0].Reason, "the same content stays"); got != c.equal {
				t.Errorf("%q", p.Actions[0].Reason)
			}
		})
	}
}
