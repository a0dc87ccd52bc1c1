package planner_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/snapshot"
)

func TestTagsGoToTheSnapshotThatIsMade(t *testing.T) {
	w := keeping()
	w.write("a", "one")
	w.options.Tags = []string{"before", "release"}
	p := w.settled(t)
	if len(p.Warnings) > 0 {
		t.Errorf("warned: %v", p.Warnings)
	}
	m, ok := snapshot.ParseMark(w.newest(t).mark)
	if diff := cmp.Diff(w.options.Tags, m.Tags); !ok || diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// Nothing changed: none is made, and whoever tags is told.
	p = w.plan(t)
	if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].Detail, "snapshots tag 'backup.docs' latest before release") {
		t.Errorf("warnings: %v", p.Warnings)
	}
	mirror := applied(t, "a", "b")
	mirror.options.Tags = []string{"release"}
	if p := mirror.plan(t); len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].Detail, "No backup") {
		t.Errorf("warnings: %v", p.Warnings)
	}
}
