package planner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

var large = strings.Repeat("content ", 8<<10)

// TestRule13_EqualNewFilesAreUploadedOnce: the first is uploaded, the others are copies of it.
func TestRule13_EqualNewFilesAreUploadedOnce(t *testing.T) {
	w := copying(t, config.CopyFromAccount, "keep")
	w.write("a", large)
	w.write("d/b", large)
	w.write("d/c", strings.ToUpper(large))
	p := w.settled(t)
	expect(t, p, "upload a", "create_folder d", "copy d/b", "upload d/c")
	c := p.Actions[2]
	if c.Like != 1 || c.Remote != (planner.Remote{}) || !slices.Equal(c.Needs, []planner.ActionID{1, 2}) || c.From != "B/docs/a" {
		t.Errorf("%+v", c)
	}
	if got := p.Totals(); got.UploadBytes != 2*int64(len(large)) || got.CopiedBytes != int64(len(large)) || got.Quota[0].After != 3*int64(len(large)) {
		t.Errorf("%+v", got)
	}
	if d := w.plan(t).Drift; len(d) > 0 {
		t.Errorf("drift: %+v", d)
	}
}

func TestRule13_WhichNewFilesAreCompared(t *testing.T) {
	small := large[:1000]
	for name, c := range map[string]struct {
		from   config.CopyFrom
		make   func(w *world)
		copies int64
		asked  int // questions about content
	}{
		"small":          {config.CopyFromAccount, func(w *world) { w.write("a", small); w.write("b", small) }, 0, 0},
		"of one link":    {config.CopyFromAccount, func(w *world) { w.write("a", small); w.link("a", "b"); w.link("a", "c") }, 2, 1},
		"large and link": {config.CopyFromBackup, func(w *world) { w.write("a", large); w.link("a", "b"); w.write("c", large) }, 2, 4},
		"not copied":     {config.CopyFromNone, func(w *world) { w.write("a", large); w.link("a", "b") }, 0, 0},
		"one size":       {config.CopyFromAccount, func(w *world) { w.write("a", large); w.write("b", strings.ToUpper(large)) }, 0, 2},
		"a link to it":   {config.CopyFromAccount, func(w *world) { w.write("a", large); w.write("b", large).kind = tree.Symlink }, 0, 0},
		"unreadable":     {config.CopyFromAccount, func(w *world) { w.write("a", large); w.write("b", large).unreadable = true }, 0, 2},
	} {
		w := copying(t, c.from, "keep")
		c.make(w)
		p := w.plan(t)
		asked := 0
		for _, q := range w.asked {
			if q.Ask == planner.AskCRC || q.Ask == planner.AskDigest {
				asked++
			}
		}
		if got := p.Totals().Actions[planner.Copy]; got != c.copies || asked != c.asked {
			t.Errorf("%s: %d copies after %d questions, want %d after %d", name, got, asked, c.copies, c.asked)
		}
	}
}

// TestRule13_CrowdedSizesOfNewFilesAreNotCompared: the plan says so.
func TestRule13_CrowdedSizesOfNewFilesAreNotCompared(t *testing.T) {
	w := copying(t, config.CopyFromAccount, "keep")
	for i := range planner.Crowd + 1 {
		w.write(fmt.Sprintf("%04d", i), large)
	}
	p := w.plan(t)
	if len(w.asked) > 1 || p.Totals().Actions[planner.Copy] > 0 || len(p.Warnings) != 1 {
		t.Errorf("%d questions, %v", len(w.asked), p.Warnings)
	}
}

// TestRule13_ACopyOfAFailedUploadWaits: a copy of an upload that failed is skipped, and the next plan makes up for it.
func TestRule13_ACopyOfAFailedUploadWaits(t *testing.T) {
	w := copying(t, config.CopyFromAccount, "keep")
	w.write("a", large)
	w.write("b", large)
	w.apply(t, w.plan(t), first, func(a *planner.Action) bool { return a.Kind == planner.Upload })
	if len(w.at("B/docs/b")) > 0 {
		t.Error("it was copied from nothing")
	}
	expect(t, w.settled(t), "upload a", "copy b")
}

// TestRule13_ChangedFilesThatAreEqualAreUploadedOnce: beside new ones, and under every policy of what they overwrite.
func TestRule13_ChangedFilesThatAreEqualAreUploadedOnce(t *testing.T) {
	for name, set := range map[string]func(*config.Backup){
		"versions": func(*config.Backup) {},
		"trash":    func(b *config.Backup) { b.Versions = false },
		"destroy":  func(b *config.Backup) { b.Versions, b.OnDelete = false, config.DeleteDestroy },
	} {
		t.Run(name, func(t *testing.T) {
			w := copying(t, config.CopyFromAccount, "a", "b", "keep", "d")
			set(&w.backup)
			w.write("a", large)
			w.write("b", large)
			w.write("c", large)
			w.write("d", strings.ToUpper(large))
			p := w.settled(t)
			expect(t, w.plan(t))
			if got := kinds(p)[:4]; !slices.Equal(got, []string{"update a", "update b", "copy c", "update d"}) {
				t.Fatalf("%v", got)
			}
			b, c := p.Actions[1], p.Actions[2]
			if b.Like != 1 || b.Sends() || b.Remote.Handle == 0 || !slices.Equal(b.Needs, []planner.ActionID{1}) || b.From != "B/docs/a" || c.Like != 1 {
				t.Errorf("%+v", b)
			}
			if !strings.HasPrefix(b.Reason, "equal to a changed file that is uploaded once, by all its bytes; the old one ") {
				t.Errorf("%q", b.Reason)
			}
			if got := p.Totals(); got.UpdateBytes != 2*int64(len(large)) || got.CopiedBytes != 2*int64(len(large)) {
				t.Errorf("%+v", got)
			}
		})
	}
	w := copying(t, config.CopyFromAccount, "a", "b", "keep")
	w.write("a", large[:1000])
	w.link("a", "b") // in the place of b
	p := w.settled(t)
	if expect(t, p, "update a", "update b"); p.Actions[1].Like != 1 || !strings.HasPrefix(p.Actions[1].Reason, "another name of a file that is uploaded once") {
		t.Errorf("%+v", p.Actions[1])
	}
}

// TestRule13_WhatGrowsIsNotCopied: it may hold more than the plan saw by the time it is uploaded, and its copy would be refused.
func TestRule13_WhatGrowsIsNotCopied(t *testing.T) {
	w := copying(t, config.CopyFromAccount, "keep")
	w.backup.Source.Growing = []config.Pattern{{Text: "logs/"}}
	for _, name := range []string{"logs/a", "logs/sub/b", "c", "d"} {
		w.write(name, large)
	}
	p := w.plan(t)
	if got := p.Totals(); got.Actions[planner.Upload] != 3 || got.Actions[planner.Copy] != 1 {
		t.Errorf("%v", kinds(p))
	}
}

// The server's clock has whole seconds: what was written within the one that has begun is not of the future.
func TestUpdateSaysWhenTheFileChanged(t *testing.T) {
	for after, want := range map[time.Duration]string{
		-time.Minute: "changed 1 minute ago; ", -time.Millisecond: "changed just now; ", 700 * time.Millisecond: "changed just now; ", time.Hour: "changed 1 hour in the future; ",
	} {
		w := applied(t, "a")
		w.write("a", "edited").mtime = start.Add(after).UnixNano()
		if p := w.plan(t); len(p.Actions) != 1 || !strings.HasPrefix(p.Actions[0].Reason, want) {
			t.Errorf("%s after now: %s", after, describe(p))
		}
	}
}
