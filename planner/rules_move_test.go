package planner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// handles notes which node has which path below the backup.
func handles(w *world) map[string]tree.Handle {
	out := map[string]tree.Handle{}
	for h, n := range w.nodes {
		if h != rootHandle && !w.inTrash(h) && n.versionOf == 0 && strings.HasPrefix(w.pathOf(h), "B/docs/") {
			out[strings.TrimPrefix(w.pathOf(h), "B/docs/")] = h
		}
	}
	return out
}

func TestRule13_ARenamedFileIsMoved(t *testing.T) {
	w := applied(t, "a.txt", "keep.txt")
	before := handles(w)
	w.rename("a.txt", "new/b.txt")
	p := w.settled(t)
	expect(t, p, "create_folder new", "move new/b.txt")
	if m := p.Actions[1]; m.From != "B/docs/a.txt" || !strings.Contains(m.Reason, "proven by MAC") {
		t.Errorf("%+v", m)
	}
	if handles(w)["new/b.txt"] != before["a.txt"] {
		t.Error("it is another node")
	}
	w.rename("new/b.txt", "new/B.txt") // case only
	expect(t, w.settled(t), "move new/B.txt")
}

func TestRule13_ARenamedFolderOfAnySizeIsOneAction(t *testing.T) {
	w := newWorld()
	for i := range 300 {
		w.write(fmt.Sprintf("photos/%d/%d.jpg", i%7, i), fmt.Sprintf("photo %d", i/2))
	}
	w.mkdir("photos/empty")
	w.write("photos/nothing", "")
	w.settled(t)
	w.rename("photos", "archive/2025/photos")
	w.write("archive/2025/photos/3/more.jpg", "more")
	p := w.settled(t)
	expect(t, p, "create_folder archive", "create_folder archive/2025", "move archive/2025/photos", "upload archive/2025/photos/3/more.jpg")
	m := p.Actions[2]
	if m.Files != 301 || m.Subtree == nil || !slices.Equal(p.Actions[3].Needs, []planner.ActionID{m.ID}) {
		t.Errorf("%s", describe(p))
	}
	for _, d := range w.plan(t).Drift {
		t.Errorf("drift after it: %+v", d)
	}
}

// TestRule13_ThousandsOfEqualFiles: a folder is found by its names whatever its files hold; loose files of a crowded size are
// not searched, and the plan says so.
func TestRule13_ThousandsOfEqualFiles(t *testing.T) {
	w := newWorld()
	for i := range 1100 {
		w.write(fmt.Sprintf("same/%d", i), "equal bytes")
	}
	w.write("other/x", "y")
	w.settled(t)
	w.rename("same", "renamed")
	expect(t, w.settled(t), "move renamed")
	if w.rounds > 3 {
		t.Errorf("%d rounds of questions", w.rounds)
	}
	w.options.AllowMassDeleteAll = true
	for i := range 1050 {
		w.rename(fmt.Sprintf("renamed/%d", i), fmt.Sprintf("other/%d", i))
	}
	p := w.settled(t)
	if p.Totals().Actions[planner.Move] != 0 || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].Detail, "not searched") {
		t.Errorf("warnings: %v", p.Warnings)
	}
	for i := range 300 {
		w.rename(fmt.Sprintf("other/%d", i), fmt.Sprintf("renamed/new%d", i))
	}
	if p := w.settled(t); p.Totals().Actions[planner.Move] != 300 || len(p.Actions) != 300 {
		t.Errorf("%v", p.Totals().Actions)
	}
}

func TestRule13_AFolderMovesAsOneOnlyIfAllMatches(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *world)
		want   []string
	}{
		"an edited file": {
			func(w *world) { w.write("new/a", "edited!") },
			[]string{"create_folder new", "upload new/a", "move new/sub", "trash old"},
		},
		"something unmanaged in it": {
			func(w *world) { w.put("B/docs/old/sub/theirs", tree.File, "x") },
			[]string{"create_folder new", "move new/a", "create_folder new/sub", "move new/sub/b", "move new/sub/c"},
		},
		"something that cannot be decrypted": {
			func(w *world) { w.putIn(w.folder("B/docs/old"), "", tree.Undecryptable, "") },
			[]string{"create_folder new", "move new/a", "move new/sub"},
		},
		"something excluded in it": {
			func(w *world) { w.remove("new/sub/c"); w.unknown("new/sub/c", tree.Excluded, "exclude") },
			[]string{"create_folder new", "move new/a", "create_folder new/sub", "move new/sub/b", "trash old"},
		},
		"a file less": {
			func(w *world) { w.remove("new/sub/b") },
			[]string{"create_folder new", "move new/a", "create_folder new/sub", "move new/sub/c", "trash old"},
		},
		"another mode": {
			func(w *world) { w.disk["new"].meta = `{"m":448}` },
			[]string{"set_attributes old", "move new"},
		},
		"another date inside": {
			func(w *world) { w.write("new/sub/b", "content of b") },
			[]string{"move new", "touch new/sub/b"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			for _, f := range []string{"old/a", "old/sub/b", "old/sub/c", "keep"} {
				w.write(f, "content of "+baseOf(f))
			}
			w.settled(t)
			w.rename("old", "new")
			c.change(w)
			expect(t, w.settled(t), c.want...)
		})
	}
}

func TestRule13_SwapsAndCirclesOfNames(t *testing.T) {
	w := applied(t, "a1", "b1", "c1", "d1/x")
	before := handles(w)
	w.rename("a1", "t")
	w.rename("b1", "a1")
	w.rename("c1", "b1")
	w.rename("t", "c1")
	p := w.settled(t)
	if n := p.Totals(); n.Actions[planner.Move] != 4 || len(p.Actions) != 4 {
		t.Errorf("%s", describe(p))
	}
	after := handles(w)
	want := map[string]tree.Handle{"a1": before["b1"], "b1": before["c1"], "c1": before["a1"], "d1": before["d1"], "d1/x": before["d1/x"]}
	if diff := cmp.Diff(want, after); diff != "" {
		t.Errorf("nodes (-want +got):\n%s", diff)
	}
	for _, n := range w.nodes {
		if len(n.versions) > 0 {
			t.Errorf("%s has versions", n.name)
		}
	}
}

// TestRule13_ChainsOfNames: a log that is rotated keeps its nodes, except where a name is written anew.
func TestRule13_ChainsOfNames(t *testing.T) {
	w := applied(t, "log.0", "log.1", "log.2", "keep")
	before := handles(w)
	w.rename("log.2", "log.3")
	w.rename("log.1", "log.2")
	w.rename("log.0", "log.1")
	p := w.settled(t)
	expect(t, p, "move log.3", "move log.2", "move log.1")
	if after := handles(w); after["log.3"] != before["log.2"] || after["log.2"] != before["log.1"] || after["log.1"] != before["log.0"] {
		t.Errorf("%v", after)
	}
	// A copy made before an edit: the edited file keeps its node's history.
	w.copy("keep", "keep.bak")
	w.write("keep", "something else")
	p = w.settled(t)
	if k := kinds(p); !slices.Contains(k, "update keep") || p.Totals().Actions[planner.Move] != 0 {
		t.Errorf("%v", k)
	}
}

func TestRule13_AFileBecomesAFolderThatHoldsItAndBack(t *testing.T) {
	w := applied(t, "x", "keep")
	before := handles(w)["x"]
	w.rename("x", "t")
	w.rename("t", "x/x")
	expect(t, w.settled(t), "create_folder x", "move x/x")
	w.rename("x/x", "t")
	w.rename("t", "x")
	expect(t, w.settled(t), "move x", "trash x")
	if handles(w)["x"] != before {
		t.Error("it is another node")
	}
}

// A name is taken by what waits for a file to leave into a folder of a tree that is new or moves itself: that tree comes first.
func TestRule13_AChainOfNamesThatEndsInAMovedFolder(t *testing.T) {
	w := applied(t, "0", "dir/other", "dir/sub/k", "z")
	before := handles(w)
	w.mkdir("a")
	w.rename("dir", "a/dir")
	w.rename("0", "a/dir/sub/new/0")
	w.rename("z", "0")
	w.write("a/dir/sub/more", "written beside it")
	w.write("a/b", "beside the folder")
	w.settled(t)
	if after := handles(w); after["a/dir"] != before["dir"] || after["a/dir/sub/new/0"] != before["0"] || after["0"] != before["z"] {
		t.Errorf("%v, before: %v", after, before)
	}
}

func TestRule13_AFolderTakesTheNameOfAFileThatMovesIntoIt(t *testing.T) {
	w := applied(t, "x", "dir/other", "dir/sub/k")
	before := handles(w)
	w.rename("x", "t")
	w.rename("dir", "x")
	w.rename("t", "x/sub/x")
	w.write("x/sub/more", "written beside it")
	w.settled(t)
	if after := handles(w); after["x/sub/x"] != before["x"] || after["x/other"] != before["dir/other"] {
		t.Errorf("%v, before: %v", after, before)
	}
}

// TestRule13_OnlyWhatWouldGoIsMoved: what stays, what is not ours, and what nobody knows to be gone is no source of moves.
func TestRule13_OnlyWhatWouldGoIsMoved(t *testing.T) {
	t.Run("keep", func(t *testing.T) {
		w := applied(t, "a.txt", "b.txt")
		w.backup.OnDelete = config.DeleteKeep
		w.rename("a.txt", "new.txt")
		if p := w.settled(t); p.Totals().Actions[planner.Move] != 0 {
			t.Errorf("%s", describe(p))
		}
	})
	t.Run("not ours", func(t *testing.T) {
		w := applied(t, "b.txt")
		w.put("B/docs/theirs.txt", tree.File, "content")
		w.write("new.txt", "content")
		if p := w.settled(t); p.Totals().Actions[planner.Move] != 0 {
			t.Errorf("%s", describe(p))
		}
	})
	t.Run("unknown", func(t *testing.T) {
		w := applied(t, "dir/a.txt", "b.txt")
		w.rename("dir/a.txt", "new.txt")
		w.disk["dir"].incomplete = tree.OtherFileSystem
		if p := w.settled(t); p.Totals().Actions[planner.Move] != 0 {
			t.Errorf("%s", describe(p))
		}
	})
	t.Run("read errors", func(t *testing.T) {
		w := applied(t, "dir/a.txt", "b.txt")
		w.rename("dir/a.txt", "new.txt")
		w.unknown("locked", tree.Unreadable, "permission denied")
		if p := w.settled(t); p.Totals().Actions[planner.Move] != 0 {
			t.Errorf("%s", describe(p))
		}
	})
	t.Run("empty files", func(t *testing.T) {
		w := applied(t, "b.txt")
		w.write("empty", "")
		w.settled(t)
		w.rename("empty", "void")
		expect(t, w.settled(t), "upload void", "trash empty")
	})
	t.Run("not proven", func(t *testing.T) {
		w := applied(t, "a.txt", "b.txt")
		w.at("B/docs/a.txt")[0].noMAC = true
		w.rename("a.txt", "new.txt")
		if p := w.settled(t); p.Totals().Actions[planner.Move] != 0 {
			t.Errorf("%s", describe(p))
		}
	})
}

func TestRule13_CandidatesInOrder(t *testing.T) {
	w := newWorld()
	for _, f := range []string{"p/q/one", "p/two", "z/three", "z/name"} {
		w.write(f, "equal")
	}
	w.write("p/q/stays", "other")
	w.settled(t)
	before := handles(w)
	for _, f := range []string{"p/q/one", "p/two", "z/three", "z/name"} {
		w.remove(f)
	}
	w.write("p/q/new", "equal")
	w.write("p/name", "equal")
	p := w.settled(t)
	after := handles(w)
	if after["p/name"] != before["z/name"] || after["p/q/new"] != before["p/q/one"] {
		t.Errorf("%s", describe(p))
	}
}

func TestRule13_ASymlinkIsMovedAsOne(t *testing.T) {
	w := applied(t, "keep")
	f := w.write("link", "target")
	f.kind, f.meta = tree.Symlink, `{"l":1}`
	w.settled(t)
	w.rename("link", "dir/link")
	w.write("file", "target")
	if p := w.settled(t); len(p.Actions) == 0 {
		t.Errorf("%s", describe(p))
	}
}

// TestRule17_MovesAreNotDeletions: everything may change its name under max_delete = 0.
func TestRule17_MovesAreNotDeletions(t *testing.T) {
	w := newWorld()
	for i := range 30 {
		w.write(fmt.Sprintf("old/%d", i), fmt.Sprintf("photo %d", i))
		w.write(fmt.Sprintf("loose%d", i), fmt.Sprintf("loose %d", i))
	}
	w.settled(t)
	w.rename("old", "new")
	for i := range 30 {
		w.rename(fmt.Sprintf("loose%d", i), fmt.Sprintf("new/renamed%d", i))
	}
	w.backup.Lifecycle.MaxDelete = config.Limit{Set: true}
	if p := w.settled(t); p.Totals().Actions[planner.Move] != 31 || len(p.Actions) != 31 {
		t.Errorf("%s", describe(p))
	}
}
