package planner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

// remote lists what is below the backup as path, content and attributes.
func (w *world) remote() map[string]string {
	all := map[string][]string{}
	for h, n := range w.nodes {
		if h == rootHandle || n.versionOf != 0 || w.inTrash(h) || !strings.HasPrefix(w.pathOf(h), "B/docs/") {
			continue
		}
		all[w.pathOf(h)] = append(all[w.pathOf(h)], n.content+" "+n.meta)
	}
	out := map[string]string{}
	for path, list := range all {
		slices.Sort(list)
		out[path] = strings.Join(list, "; ")
	}
	return out
}

// takeBack plans a rollback, applies it and requires that state and account agree afterwards.
func (w *world) takeBack(t *testing.T) *planner.Plan {
	t.Helper()
	w.options.Rollback = true
	p := w.plan(t)
	w.applyAll(t, p)
	w.options.Rollback = false
	for _, d := range w.plan(t).Drift {
		if d.Change != planner.DriftAdded && d.Change != planner.DriftDuplicated {
			t.Errorf("drift after the rollback: %+v\n%s", d, describe(p))
		}
	}
	return p
}

// TestRollbackTakesAwayOnce: a rollback that was cut off goes on where the folder it made holds one that it found, which holds
// what the run made.
func TestRollbackTakesAwayOnce(t *testing.T) {
	w := applied(t, "a/a", "b", "keep")
	w.at("B/docs/a")[0].parent = w.folder("B/docs/b") // another client's, beside the file
	w.write("a/b", "new")
	w.settled(t)
	w.options.Rollback = true
	w.apply(t, w.plan(t), first, func(a *planner.Action) bool { return a.Kind == planner.Trash || a.Kind == planner.RestoreFromTrash })
	p := w.takeBack(t)
	trashed := map[tree.Handle]bool{}
	for _, a := range p.Actions {
		if a.Kind == planner.Trash && trashed[a.Remote.Handle] {
			t.Errorf("%s is trashed twice:\n%s", a.Path, describe(p))
		}
		trashed[a.Remote.Handle] = a.Kind == planner.Trash
	}
	if len(w.at("B/docs/b/a/a")) != 1 || len(w.at("B/docs/b/a/b")) != 0 {
		t.Errorf("%v", w.remote())
	}
}

// A folder that goes back takes what the run made in it along, out of one that the run made.
func TestRollbackTakesAwayWhatLeaves(t *testing.T) {
	w := applied(t, "a/a", "keep")
	w.rename("a", "b/a")
	w.write("b/a/b", "new")
	w.settled(t)
	w.takeBack(t)
	if got := w.remote(); len(got) != 3 || len(w.at("B/docs/a/a")) != 1 {
		t.Errorf("%v", got)
	}
}

func TestRollback(t *testing.T) {
	for name, c := range map[string]struct {
		tune func(w *world)
		edit func(w *world)
		want []string
	}{
		"uploads":        {edit: func(w *world) { w.write("new", "x"); w.write("more/deep", "y") }, want: []string{"trash more", "trash new"}},
		"deletions":      {edit: func(w *world) { w.remove("a") }, want: []string{"restore_from_trash a"}},
		"a folder":       {edit: func(w *world) { w.remove("dir") }, want: []string{"restore_from_trash dir"}},
		"new content":    {edit: func(w *world) { w.write("a", "other") }, want: []string{"update a"}},
		"no versions":    {func(w *world) { w.backup.Versions = false }, func(w *world) { w.write("a", "other") }, []string{"restore_from_trash a", "trash a"}},
		"renames":        {edit: func(w *world) { w.rename("a", "z") }, want: []string{"move a"}},
		"a moved folder": {edit: func(w *world) { w.rename("dir", "far/away") }, want: []string{"move dir", "trash far"}},
		"another mode":   {edit: func(w *world) { w.disk["a"].meta = `{"m":448}` }, want: []string{"set_attributes a"}},
		"another date":   {edit: func(w *world) { w.write("a", "content of a") }, want: []string{"touch a"}},
		"a file in a folder's place": {
			edit: func(w *world) { w.remove("dir"); w.write("dir", "a file now") },
			want: []string{"restore_from_trash dir", "trash dir"},
		},
		"two that change places": {
			edit: func(w *world) { w.rename("a", "swap"); w.rename("keep", "a"); w.rename("swap", "keep") },
			want: []string{"move keep", "move a"},
		},
		"moved out of what is gone": {
			edit: func(w *world) { w.rename("dir/b", "b"); w.remove("dir") },
			want: []string{"restore_from_trash dir", "move dir/b"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.options.AllowMassDeleteAll = true
			if c.tune != nil {
				c.tune(w)
			}
			for _, f := range []string{"a", "dir/b", "dir/sub/c", "keep"} {
				w.write(f, "content of "+f)
			}
			w.settled(t)
			before := w.remote()
			c.edit(w)
			w.settled(t)
			after := w.remote()
			p := w.takeBack(t)
			expect(t, p, c.want...)
			if diff := cmp.Diff(before, w.remote()); diff != "" || p.Partial {
				t.Errorf("not as it was (-before +after the rollback):\n%s", diff)
			}
			// A rollback is a run like any other: it is taken back in its turn.
			w.takeBack(t)
			if diff := cmp.Diff(after, w.remote()); diff != "" {
				t.Errorf("not as it was before the rollback:\n%s", diff)
			}
			w.takeBack(t)
			w.settled(t)
			if diff := cmp.Diff(after, w.remote()); diff != "" {
				t.Errorf("an apply does not bring it where it was:\n%s", diff)
			}
		})
	}
}

// TestRollbackTakesBackItsOwnRunOnly: what others did before or after it stays as they left it.
func TestRollbackTakesBackItsOwnRunOnly(t *testing.T) {
	w := applied(t, "a", "b", "keep")
	w.write("adopted", "content of adopted")
	n := w.put("B/docs/adopted", tree.File, "content of adopted")
	n.printed, n.mtime = true, w.disk["adopted"].mtime/1e9
	w.at("B/docs/b")[0].trashed = true // by another client, before the run
	w.remove("b")
	w.write("dir/new", "x")
	w.settled(t)
	w.put("B/docs/dir/theirs", tree.File, "theirs")
	p := w.takeBack(t)
	expect(t, p, "trash dir/new")
	if len(w.at("B/docs/adopted")) != 1 || len(w.at("B/docs/dir/theirs")) != 1 || len(w.at("B/docs/b")) != 0 || p.Partial {
		t.Errorf("%v", w.remote())
	}
}

// TestRollbackBringsBackWhatWasNotMegaplans: an exact mirror trashes it, and so does the settling of duplicates.
func TestRollbackBringsBackWhatWasNotMegaplans(t *testing.T) {
	w := applied(t, "a", "dir/b", "keep")
	w.backup.Unmanaged = config.UnmanagedTrash
	w.put("B/docs/theirs", tree.File, "theirs")
	w.put("B/docs/folder/deep", tree.File, "theirs")
	w.put("B/docs/dir/in", tree.File, "theirs")
	twin := w.put("B/docs/a", tree.File, "other")
	before := w.remote()
	w.settled(t)
	if len(w.remote()) == len(before) || !twin.trashed {
		t.Fatalf("nothing was trashed: %v", w.remote())
	}
	owned := len(w.prior.Manifest)
	w.takeBack(t)
	if diff := cmp.Diff(before, w.remote()); diff != "" {
		t.Errorf("not as it was (-before +after the rollback):\n%s", diff)
	}
	if len(w.prior.Manifest) != owned {
		t.Errorf("the state has %d entries, and had %d", len(w.prior.Manifest), owned)
	}
}

// TestRollbackBringsBackWhatOthersHadThere: what the run overwrote was another client's, in the place of a file of megaplan's or
// where there was none.
func TestRollbackBringsBackWhatOthersHadThere(t *testing.T) {
	for _, versions := range []bool{true, false} {
		w := applied(t, "a", "keep")
		w.backup.Versions = versions
		w.at("B/docs/a")[0].trashed = true // by another client
		for _, name := range []string{"a", "new"} {
			n := w.put("B/docs/"+name, tree.File, "theirs: "+name)
			n.printed, n.mtime = true, 77
		}
		w.write("new", "mine")
		before := w.remote()
		w.settled(t)
		after := w.remote()
		if p := w.takeBack(t); p.Partial {
			t.Errorf("%s", describe(p))
		}
		if diff := cmp.Diff(before, w.remote()); diff != "" {
			t.Errorf("versions %v: not as it was (-before +after the rollback):\n%s", versions, diff)
		}
		w.takeBack(t)
		if diff := cmp.Diff(after, w.remote()); diff != "" {
			t.Errorf("versions %v: not as it was before the rollback:\n%s", versions, diff)
		}
	}

	// What it adopted and dated, and a folder it gave a mode, it did not make.
	w := applied(t, "keep")
	w.put("B/docs/dir/theirs", tree.File, "theirs")
	w.write("dir/theirs", "theirs")
	w.disk["dir/theirs"].meta, w.disk["dir"].meta = `{"m":448}`, `{"m":448}`
	if p := w.settled(t); p.Totals().Actions[planner.Touch] != 1 || p.Totals().Actions[planner.SetAttributes] == 0 {
		t.Fatalf("%s", describe(p))
	}
	if p := w.takeBack(t); len(w.at("B/docs/dir/theirs")) != 1 || p.Totals().Actions[planner.Trash] != 0 {
		t.Errorf("%s", describe(p))
	}

	// Whose date is not known stays a version, and what took its place is not taken away with it.
	w = applied(t, "keep")
	w.put("B/docs/new", tree.File, "theirs")
	w.write("new", "mine")
	w.settled(t)
	p := w.takeBack(t)
	expect(t, p)
	if diff := cmp.Diff([]planner.Kept{{Path: "new", Reason: "its date was not known; it stays a version of the file there", Files: 1}}, p.Targets[0].Lost); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
}

// TestRollbackOfDuplicates: what was renamed gets its name again; a folder that became one with another stays so.
func TestRollbackOfDuplicates(t *testing.T) {
	w := applied(t, "a", "dir/b", "dir/sub/c", "keep")
	twins(w, "B/docs/dir", "theirs")
	before := w.remote()
	w.settled(t)
	p := w.takeBack(t)
	if p.Partial {
		t.Errorf("%s", describe(p))
	}
	if diff := cmp.Diff(before, w.remote()); diff != "" && len(w.at("B/docs/dir")) != 1 {
		t.Errorf("(-before +after the rollback):\n%s", diff)
	}
	if len(w.at("B/docs/dir/b")) != 1 || len(w.at("B/docs/dir/theirs")) != 1 {
		t.Errorf("%v", w.remote())
	}

	w = applied(t, "a", "keep")
	other := w.put("B/docs/a-1", tree.File, "other") // as the run left it
	w.began = append(slices.Clone(w.prior.Manifest), state.Entry{Path: "a", Handle: other.handle, Size: 5})
	p = w.takeBack(t)
	expect(t, p, "move a")
	if p.Partial || other.name != "a" {
		t.Errorf("%v\n%s", w.remote(), describe(p))
	}
}

// TestRollbackOfAMergedFolder: one that was megaplan's comes back with all that went along, though another has its path.
func TestRollbackOfAMergedFolder(t *testing.T) {
	w := applied(t, "dir/a", "dir/sub/b", "keep")
	w.copy("dir", "dir2")
	w.settled(t)
	w.at("B/docs/dir2")[0].name = "dir"
	w.remove("dir2")
	merged := w.settled(t)
	expect(t, merged, "merge_folder dir")
	before := merged.Actions[0].Remote.Handle
	p := w.takeBack(t)
	expect(t, p, "restore_from_trash dir")
	if w.inTrash(before) || len(p.Targets[0].Lost) > 0 {
		t.Errorf("%s", describe(p))
	}
	expect(t, w.settled(t), "merge_folder dir")
}

// TestRollbackLeavesWhatCameFromAMergedFolder: another client's file that stays in the place of ours was not made by the run.
func TestRollbackLeavesWhatCameFromAMergedFolder(t *testing.T) {
	w := applied(t, "dir/a", "keep")
	w.backup.DuplicateFiles = config.DuplicatesNewest
	ours := w.at("B/docs/dir/a")[0]
	theirs := w.putIn(twins(w, "B/docs/dir").handle, "a", tree.File, ours.content)
	theirs.printed, theirs.mtime = true, ours.mtime
	expect(t, w.settled(t), "move dir/a", "merge_folder dir", "trash dir/a")
	expect(t, w.takeBack(t), "restore_from_trash dir/a")
	if w.inTrash(ours.handle) || w.inTrash(theirs.handle) {
		t.Errorf("%v", w.remote())
	}
}

// TestRollbackSaysWhatIsLost: what was destroyed, and what others took since; exit code 3.
func TestRollbackSaysWhatIsLost(t *testing.T) {
	for name, c := range map[string]struct {
		tune, since func(w *world)
		lost        []planner.Kept
		want        []string
	}{
		"destroyed": {
			tune: func(w *world) { w.backup.OnDelete, w.backup.Versions = config.DeleteDestroy, false },
			lost: []planner.Kept{{Path: "a", Reason: "gone from MEGA", Files: 1}, {Path: "dir", Reason: "gone from MEGA", Files: 2, Dir: true}, {Path: "u", Reason: "gone from MEGA", Files: 1}},
		},
		"emptied by hand": {
			since: func(w *world) { w.forget(w.trashedNode("dir").handle) },
			lost:  []planner.Kept{{Path: "dir", Reason: "gone from MEGA", Files: 2, Dir: true}},
			want:  []string{"restore_from_trash a", "update u"},
		},
		"replaced since": {
			since: func(w *world) {
				old := w.at("B/docs/u")[0]
				old.versionOf = w.put("B/docs/u", tree.File, "theirs").handle
			},
			lost: []planner.Kept{{Path: "u", Reason: "replaced by another client since", Files: 1}},
			want: []string{"restore_from_trash a", "restore_from_trash dir"},
		},
		"taken out of the trash": {
			since: func(w *world) { n := w.trashedNode("a"); n.trashed, n.trashedBy, n.parent = false, "", rootHandle },
			lost:  []planner.Kept{{Path: "a", Reason: "another client took it to /a", Files: 1}},
			want:  []string{"restore_from_trash dir", "update u"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.options.AllowMassDeleteAll = true
			if c.tune != nil {
				c.tune(w)
			}
			for _, f := range []string{"a", "dir/b", "dir/c", "keep", "u"} {
				w.write(f, "content of "+f)
			}
			w.settled(t)
			w.remove("a")
			w.remove("dir")
			w.write("u", "new")
			w.settled(t)
			if c.since != nil {
				c.since(w)
			}
			w.options.Rollback = true
			p := w.plan(t)
			if diff := cmp.Diff(c.lost, p.Targets[0].Lost); diff != "" || !p.Partial {
				t.Errorf("lost (-want +got):\n%s", diff)
			}
			if got := kinds(p); !slices.Equal(got, c.want) && len(got)+len(c.want) > 0 {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestRule23_ASnapshotIsTakenBack: it goes to the trash, and the one before it is the newest again, file by file.
func TestRule23_ASnapshotIsTakenBack(t *testing.T) {
	w := keeping()
	w.write("a", "one")
	w.write("sub/b", "two")
	w.applyAll(t, w.plan(t))
	first, known := w.newest(t), w.prior.Manifest
	w.options.Rollback = true
	if got := rules(w.plan(t)); !slices.Equal(got, []int{17}) { // the only one
		t.Errorf("refused by rules %v, want 17", got)
	}
	w.backup.Lifecycle.PreventDestroy = true
	if got := rules(w.plan(t)); !slices.Contains(got, 18) {
		t.Errorf("refused by rules %v, want 18", got)
	}
	w.options.Rollback, w.backup.Lifecycle.PreventDestroy = false, false

	w.later = time.Hour
	w.write("a", "another")
	w.applyAll(t, w.plan(t))
	if w.newest(t) == first || len(w.shots()) != 2 {
		t.Fatal("there is no second one")
	}
	second := w.newest(t)
	p := w.takeBack(t)
	if len(p.Actions) != 1 || p.Actions[0].Kind != planner.ExpireSnapshot || p.Partial || !second.trashed || len(w.shots()) != 1 || w.shots()[0] != first {
		t.Errorf("%s", describe(p))
	}
	if diff := cmp.Diff(known, w.prior.Manifest); diff != "" || len(w.prior.Resource.Snapshots) != 1 {
		t.Errorf("the state (-before +after the rollback):\n%s", diff)
	}
	w.options.Rollback = true // which does not take the older one, too
	if p := w.plan(t); len(p.Actions) != 0 {
		t.Errorf("%s", describe(p))
	}
	w.options.Rollback = false
	w.later = 2 * time.Hour
	p = w.plan(t)
	if n := p.Totals().Actions; n[planner.PublishSnapshot] != 1 {
		t.Errorf("the next apply makes none:\n%s", describe(p))
	}
}

// TestRule5_ARollbackOnAnotherHost: the remedies are those that a rollback has.
func TestRule5_ARollbackOnAnotherHost(t *testing.T) {
	w := applied(t, "a")
	w.host, w.options.Rollback = "elsewhere", true
	p := w.plan(t)
	if len(p.Refusals) != 1 || p.Refusals[0].Rule != 5 || strings.Contains(p.Refusals[0].Diagnostic.Detail, "-take-over") || !strings.Contains(p.Refusals[0].Diagnostic.Detail, "MEGAPLAN_HOST=") {
		t.Errorf("%+v", p.Refusals)
	}
}

// TestRule17_ARollbackKeepsToTheLimits: taking the first apply back would leave the backup empty.
func TestRule17_ARollbackKeepsToTheLimits(t *testing.T) {
	w := applied(t, "a", "b")
	w.options.Rollback = true
	if got := rules(w.plan(t)); !slices.Equal(got, []int{17}) {
		t.Errorf("refused by rules %v, want 17", got)
	}
}

// TestLawRollbackLeadsBack: after an apply and its rollback the account holds for every node that was owned before what it held,
// where it can, and of what the apply made nothing is left.
func TestLawRollbackLeadsBack(t *testing.T) {
	attack(t, func(t *rapid.T) {
		w := drawWorld(t)
		s := storm{t, w, someNames}
		for range rapid.IntRange(0, 10).Draw(t, "steps") {
			s.anything()
		}
		s.clear()
		w.apply(t, w.plan(t), first, never)
		for range rapid.IntRange(1, 8).Draw(t, "edits") {
			rapid.SampledFrom([]func(storm){storm.editLocal, storm.editLocal, storm.editRemote, storm.editSettings}).Draw(t, "side")(s)
		}
		w.backup.Retention.Versions = nil // what expires does not come back
		visible := w.files()
		rate := s.pick("failures", 4) // what is done is recorded: the state knows of nothing else
		w.apply(t, w.plan(t), func(n int) int { return s.pick("next", n) }, func(*planner.Action) bool {
			return rate > 0 && s.pick("fails", 5) < rate
		})
		if w.run != fmt.Sprint(w.runs) { // it changed nothing: an earlier one is taken back
			clear(visible)
		}
		began := w.owned(w.began)
		now := w.owned(w.prior.Manifest)
		foreign := w.strangers(now, began)
		s.editSettings()
		w.options.Rollback = true
		p := w.plan(t)
		lostAtFirst := p.Targets[0].Lost
		for stops := s.pick("stops", 4); ; stops-- { // it may be cut short, and goes on then
			done := w.apply(t, p, func(n int) int { return s.pick("back", n) }, func(*planner.Action) bool { return stops > 0 && s.pick("fails", 5) < stops })
			if done == len(p.Actions) {
				break
			}
			p = w.plan(t)
		}
		w.options.Rollback = false
		lost := func(e state.Entry) bool {
			return slices.ContainsFunc(append(lostAtFirst, p.Targets[0].Lost...), func(k planner.Kept) bool { return e.Path == k.Path || k.Dir && e.Path.Within(k.Path) })
		}
		for h, e := range began {
			switch n := w.nodes[h]; {
			case lost(e):
			case e.Dir && n != nil && w.inTrash(h) && len(w.children(h)) == 0 && len(w.at("B/docs/"+string(e.Path))) > 0: // became one with another
			case n == nil || w.inTrash(h):
				t.Fatalf("%s is not back:\n%s", e.Path, describe(p))
			case n.versionOf != 0: // its content is
				back := w.at("B/docs/" + string(e.Path))
				if !slices.ContainsFunc(back, func(m *node) bool { return m.kind == n.kind && m.content == n.content }) {
					t.Fatalf("%s has not its old content:\n%s", e.Path, describe(p))
				}
			case w.pathOf(h) != "B/docs/"+string(e.Path):
				t.Fatalf("%s is at %s:\n%s", e.Path, w.pathOf(h), describe(p))
			}
		}
		for h, e := range now {
			_, old := began[h]
			n := w.nodes[h]
			if !old && !e.Dir && n != nil && !w.inTrash(h) && n.versionOf == 0 && !lost(e) {
				t.Fatalf("%s was made by the run and is there:\n%s", e.Path, describe(p))
			}
		}
		for h, path := range visible {
			n := w.nodes[h]
			if _, old := began[h]; !old && n != nil && w.inTrash(h) && !lost(state.Entry{Path: tree.Path(path)}) {
				t.Fatalf("%s was nobody's, and is in the bin:\n%s", path, describe(p))
			}
		}
		for h, n := range foreign {
			if w.nodes[h] != n || w.inTrash(h) {
				t.Fatalf("%s was not made by the run, and is gone:\n%s", n.name, describe(p))
			}
		}
		s.checkDrift(w.plan(t))
	})
}

// files are those in the tree below the root, with their paths.
func (w *world) files() map[tree.Handle]string {
	out := map[tree.Handle]string{}
	for h, n := range w.nodes {
		if n.kind.HasContent() && n.versionOf == 0 && !w.inTrash(h) {
			out[h] = strings.TrimPrefix(w.pathOf(h), "B/docs/")
		}
	}
	return out
}

func (w *world) owned(m state.Manifest) map[tree.Handle]state.Entry {
	out := map[tree.Handle]state.Entry{}
	for _, e := range m {
		out[e.Handle] = e
	}
	return out
}

// strangers are the nodes in the tree that are in none of the manifests.
func (w *world) strangers(manifests ...map[tree.Handle]state.Entry) map[tree.Handle]*node {
	out := map[tree.Handle]*node{}
	for h, n := range w.nodes {
		known := h == rootHandle || n.versionOf != 0 || w.inTrash(h)
		for _, m := range manifests {
			_, in := m[h]
			known = known || in
		}
		if !known {
			out[h] = n
		}
	}
	return out
}
