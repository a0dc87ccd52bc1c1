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

// edited returns a world in which a file was backed up this many times.
func edited(t *testing.T, times int) *world {
	t.Helper()
	w := applied(t, "a", "keep")
	for i := 1; i < times; i++ {
		w.write("a", fmt.Sprintf("edit %d", i))
		w.settled(t)
	}
	return w
}

// contents are those of a file's old versions, the newest first.
func contents(w *world, path string) []string {
	var out []string
	for _, n := range w.versionsOf(w.at("B/docs/" + path)[0].handle) {
		out = append(out, n.content)
	}
	return out
}

func TestVersionsExpireByCount(t *testing.T) {
	w := edited(t, 5)
	w.backup.Retention.Versions = &config.VersionRetention{KeepLast: 2}
	p := w.settled(t)
	expect(t, p, "expire_version a", "expire_version a")
	if got := contents(w, "a"); !slices.Equal(got, []string{"edit 3", "edit 2"}) {
		t.Errorf("versions: %v", got)
	}
	var stay []string
	for _, k := range p.Targets[0].Versions {
		stay = append(stay, string(k.Path)+" "+k.Reason[strings.LastIndex(k.Reason, ":")+1:])
	}
	if !slices.Equal(stay, []string{"a  last", "a  last"}) {
		t.Errorf("what stays: %q", stay)
	}
	a := p.Actions[1]
	if p.Totals().FreedBytes != int64(len("edit 1")+len("content of a")) || !strings.HasPrefix(a.Reason, "version of 2026-") || a.After != planner.AfterContent {
		t.Errorf("%+v", a)
	}
	// The one an update makes counts: the next plan has nothing to do.
	w.write("a", "edit 5")
	expect(t, w.settled(t), "update a", "expire_version a")
	if got := contents(w, "a"); !slices.Equal(got, []string{"edit 4", "edit 3"}) {
		t.Errorf("versions: %v", got)
	}
}

func TestVersionsExpireByAge(t *testing.T) {
	w := edited(t, 4)
	for i, n := range w.versionsOf(w.at("B/docs/a")[0].handle) {
		n.created = start.Add(-time.Duration(i) * 24 * time.Hour).Unix()
	}
	w.backup.Retention.Versions = &config.VersionRetention{KeepWithin: "36h"}
	expect(t, w.settled(t), "expire_version a")
	if got := contents(w, "a"); !slices.Equal(got, []string{"edit 2", "edit 1"}) {
		t.Errorf("versions: %v", got)
	}
}

func TestVersionsOfOtherClientsCount(t *testing.T) {
	w := applied(t, "a", "keep")
	for i := range 3 {
		old := w.at("B/docs/a")[0]
		old.versionOf = w.put("B/docs/a", tree.File, fmt.Sprintf("their %d", i)).handle
	}
	w.backup.Retention.Versions = &config.VersionRetention{KeepLast: 1}
	p := w.settled(t)
	if p.Totals().Actions[planner.ExpireVersion] != 3 || len(contents(w, "a")) != 1 || contents(w, "a")[0] != "their 2" {
		t.Errorf("%v\n%s", contents(w, "a"), describe(p))
	}
}

func TestVersionsStayWhereNothingMayBeConcluded(t *testing.T) {
	for name, doubt := range map[string]func(w *world){
		"rule 22": func(w *world) { w.clockOff = true },
		"rule 6":  func(w *world) { w.unknown("x", tree.Unreadable, "permission denied") },
		"all":     func(w *world) { w.backup.Retention.Versions = &config.VersionRetention{KeepLast: -1} },
	} {
		w := edited(t, 4)
		w.backup.Retention.Versions = &config.VersionRetention{KeepLast: 1}
		doubt(w)
		if p := w.settled(t); len(p.Actions) != 0 {
			t.Errorf("%s: %s", name, describe(p))
		}
	}
}
