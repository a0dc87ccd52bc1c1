package planner_test

import (
	"path/filepath"
	"testing"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/golden"
	"github.com/megaplan/megaplan/internal/tree"
)

// TestGoldenPlans shows whole plans as text, for people to read.
func TestGoldenPlans(t *testing.T) {
	for name, scene := range map[string]func(t *testing.T, w *world){
		"first-run": func(_ *testing.T, w *world) {
			w.write("invoices/2026-11.pdf", "pdf")
			w.write("notes/todo.md", "todo").meta = `{"m":420}`
			w.mkdir("empty")
		},
		"a-day-later": func(t *testing.T, w *world) {
			for _, path := range []string{"budget.xlsx", "notes/todo.md", "old/a.tmp", "old/b.tmp", "scan.jpg", "cache/x"} {
				w.write(path, "content of "+path)
			}
			w.applyAll(t, w.plan(t))
			w.write("notes/todo.md", "more to do")
			w.write("scan.jpg", "content of scan.jpg")
			w.remove("old")
			w.write("old", "a file now")
			w.remove("cache")
			w.unknown("cache", tree.Excluded, "exclude, documents.mega.hcl:14")
			w.put("B/docs/untitled folder/x", tree.File, "x")
			n := w.at("B/docs/budget.xlsx")[0]
			n.versionOf = w.put("B/docs/budget.xlsx", tree.File, "theirs").handle
		},
		"adopted-from-rclone": func(t *testing.T, w *world) {
			for _, path := range []string{"a", "d/b", "d/c"} {
				w.write(path, "content of "+path)
				w.put("B/docs/"+path, tree.File, "content of "+path)
			}
			w.put("B/docs/d/only there", tree.File, "x")
			w.write("d/c", "changed!")
		},
		"without-versions": func(t *testing.T, w *world) {
			w.backup.Versions = false
			w.write("a", "old")
			w.write("d/b", "b")
			w.applyAll(t, w.plan(t))
			w.write("a", "new")
			w.remove("d")
		},
		"destroyed": func(t *testing.T, w *world) {
			w.backup.OnDelete = config.DeleteDestroy
			w.write("a", "a")
			w.write("d/b", "b")
			w.applyAll(t, w.plan(t))
			w.put("B/docs/d/theirs", tree.File, "x")
			w.options.Destroy = true
		},
		"layout": func(t *testing.T, w *world) {
			w.backup = config.Backup{}
			w.folders = []config.Folder{
				{Address: addr.New(addr.Folder, "originals"), Account: mainAccount, Path: "/Photos/Originals"},
				{Address: addr.New(addr.Folder, "photos"), Account: mainAccount, Path: "/Photos", Unmanaged: config.UnmanagedReport},
				{Address: addr.New(addr.Folder, "there"), Account: mainAccount, Path: "/There"},
			}
			w.put("There/x", tree.File, "x")
		},
		"refused": func(t *testing.T, w *world) {
			w.write("a", "a")
			w.applyAll(t, w.plan(t))
			w.host = "server"
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			scene(t, w)
			got := describe(w.plan(t))
			golden.Check(t, filepath.Join("testdata", name+".golden"), got)
		})
	}
}
