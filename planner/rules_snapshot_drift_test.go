package planner_test

import (
	"testing"
	"time"
)

func TestRule23_DriftOfSnapshots(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*world, []*node)
		want   string
	}{
		"an older one is gone":       {func(w *world, s []*node) { s[0].trashed = true }, "removed"},
		"an older one is renamed":    {func(w *world, s []*node) { s[0].name = "kept" }, "renamed"},
		"an older one lost a file":   {func(w *world, s []*node) { w.children(s[0].handle)[0].trashed = true }, "changed"},
		"an older one lost its mark": {func(w *world, s []*node) { s[0].mark = "" }, "attributes"},
		"the newest lost a file":     {func(w *world, s []*node) { w.children(s[1].handle)[0].trashed = true }, "removed"},
		"the newest is gone":         {func(w *world, s []*node) { s[1].trashed = true }, "removed"},
		"one nobody knows": {func(w *world, s []*node) {
			w.folder("B/docs/2026-11-21T00-00-00Z")
			w.at("B/docs/2026-11-21T00-00-00Z")[0].mark = s[0].mark
		}, "added"},
	} {
		t.Run(name, func(t *testing.T) {
			w := snapped(t, "a", "b")
			w.wait(time.Hour)
			w.write("a", "changed")
			w.settled(t)
			c.change(w, w.shots())
			w.options.DriftOnly = true
			p := w.plan(t)
			if len(p.Drift) != 1 || string(p.Drift[0].Change) != c.want {
				t.Errorf("want %s\n%s", c.want, describe(p))
			}
		})
	}
}
