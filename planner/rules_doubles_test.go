package planner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

func TestRule20_DuplicatesOfAnInterruptedRunAreResolved(t *testing.T) {
	w := applied(t, "a", "b")
	n := w.at("B/docs/a")[0]
	twin := w.put("B/docs/a", tree.File, n.content) // uploaded again, its answer lost
	twin.printed, twin.mtime = true, n.mtime
	bare := w.put("B/docs/a", tree.File, n.content) // another client's, without a fingerprint
	p := w.settled(t)
	expect(t, p, "trash a", "trash a")
	if !twin.trashed || !bare.trashed || n.trashed || p.Partial {
		t.Errorf("the one in the manifest should stay: %s", describe(p))
	}
}

func TestRule20_TheOneWithTheRightFingerprintStaysWithoutState(t *testing.T) {
	w := applied(t, "a")
	n := w.at("B/docs/a")[0]
	n.printed = false
	twin := w.put("B/docs/a", tree.File, n.content)
	twin.printed, twin.mtime = true, n.mtime
	w.prior = nil
	clear(w.proofs)
	expect(t, w.settled(t), "trash a")
	if !n.trashed || twin.trashed {
		t.Error("the wrong one went")
	}
}

func TestRule20_IfNoneIsEqualTheNewestIsUpdated(t *testing.T) {
	w := applied(t, "a")
	newest := w.put("B/docs/a", tree.File, "newest")
	w.write("a", "the source's")
	p := w.settled(t)
	expect(t, p, "update a", "trash a") // the other one is in the manifest
	if p.Actions[0].Remote.Handle != newest.handle || !slices.Equal(p.Actions[1].Needs, []planner.ActionID{1}) {
		t.Errorf("%s", describe(p))
	}
}

// What a check counts is what is there once the plan is applied: not what leaves its name to another file.
func TestChecks_DuplicatesThatGoDoNotCount(t *testing.T) {
	w := applied(t, "a", "b", "dir/a", "dir/sub/b")
	w.cfg.Checks = []config.Check{{Address: addr.New(addr.Check, "c"), Backup: docs, MinFiles: 4, MaxFiles: 4}}
	w.put("B/docs/a", tree.File, w.at("B/docs/a")[0].content)
	w.put("B/docs/b", tree.File, "another content")
	w.write("b", "the source's")
	twins(w, "B/docs/dir", "a", "sub/b")
	p := w.plan(t)
	if !p.Checks[0].OK {
		t.Errorf("%s", p.Checks[0].Detail)
	}
	w.applyAll(t, p)
	if p := w.plan(t); !p.Checks[0].OK || len(p.Actions) > 0 {
		t.Errorf("%s: %s", p.Checks[0].Detail, describe(p))
	}
}

// Each policy picks from three files of a name: the manifest's, which is the source's, a later larger and a still later smaller
// one. What is picked is compared with the source; the others go.
func TestRule20_FilePolicies(t *testing.T) {
	const ours, large, small = 0, 1, 2
	for policy, c := range map[config.Duplicates]struct {
		keeps   int
		actions []string
	}{
		config.DuplicatesSource:   {ours, []string{"trash a", "trash a"}},
		config.DuplicatesNewest:   {small, []string{"update a", "trash a", "trash a"}},
		config.DuplicatesOldest:   {ours, []string{"trash a", "trash a"}},
		config.DuplicatesLargest:  {large, []string{"update a", "trash a", "trash a"}},
		config.DuplicatesSmallest: {small, []string{"update a", "trash a", "trash a"}},
		config.DuplicatesFirst:    {ours, []string{"trash a", "trash a"}},
		config.DuplicatesRename:   {ours, []string{"move a-1", "move a-2"}},
		config.DuplicatesReport:   {ours, []string{}},
	} {
		t.Run(string(policy), func(t *testing.T) {
			w := applied(t, "a", "b")
			w.backup.DuplicateFiles = policy
			nodes := []*node{w.at("B/docs/a")[0], w.put("B/docs/a", tree.File, "a larger file than ours"), w.put("B/docs/a", tree.File, "small")}
			p := w.settled(t)
			expect(t, p, c.actions...)
			says := "the " + string(policy) + " one "
			if policy == config.DuplicatesSource {
				says = "another one "
			}
			for i := range p.Actions {
				if a := &p.Actions[i]; a.Kind == planner.Trash && !strings.Contains(a.Reason, says) {
					t.Errorf("%s is trashed because %q, want %q", a.Path, a.Reason, says)
				}
			}
			for i, n := range nodes {
				stays := i == c.keeps && n.versionOf == 0 || policy == config.DuplicatesRename || policy == config.DuplicatesReport
				if i == c.keeps && !n.trashed || stays == !n.trashed {
					continue
				}
				t.Errorf("file %d: trashed=%v\n%s", i, n.trashed, describe(p))
			}
		})
	}
}

// TestRule20_RenamedOnesAreNobodys: under their new name they are not the source's, and nobody deletes them.
func TestRule20_RenamedOnesAreNobodys(t *testing.T) {
	w := applied(t, "a.txt", "keep")
	w.write("a-1.txt", "the source has this name already")
	w.backup.DuplicateFiles = config.DuplicatesRename
	other := w.put("B/docs/a.txt", tree.File, "other")
	w.put("B/docs/a-2.txt", tree.File, "and MEGA this")
	p := w.settled(t)
	expect(t, p, "upload a-1.txt", "move a-3.txt")
	again := w.plan(t)
	if other.name != "a-3.txt" || other.trashed || len(again.Targets[0].Unmanaged) != 2 || len(again.Drift) != 2 {
		t.Errorf("%s is %v\n%s", other.name, other.trashed, describe(again))
	}
	w.backup.Unmanaged = config.UnmanagedTrash // where it would be trashed by the next plan
	w.put("B/docs/a.txt", tree.File, "another")
	expect(t, w.settled(t), "trash a-2.txt", "trash a-3.txt", "trash a.txt")
}

// TestRule20_OnlyProvenOnesAreDestroyed: what may differ from the one that stays goes to the trash, and so do versions.
func TestRule20_OnlyProvenOnesAreDestroyed(t *testing.T) {
	same := func(n, m *node) { m.printed, m.mtime = true, n.mtime }
	for name, c := range map[string]struct {
		content string
		as      func(n, m *node)
		update  bool
		want    string
	}{
		"equal fingerprints":           {"content of a", same, false, "destroy a"},
		"equal MACs":                   {"content of a", func(_, _ *node) {}, false, "destroy a"},
		"no MAC":                       {"content of a", func(_, m *node) { m.noMAC = true }, false, "trash a"},
		"other bytes":                  {"CONTENT OF A", func(_, _ *node) {}, false, "trash a"},
		"another size":                 {"other", func(_, _ *node) {}, false, "trash a"},
		"empty":                        {"", func(_, _ *node) {}, false, "trash a"},
		"equal to what is overwritten": {"content of a", same, true, "trash a"},
	} {
		t.Run(name, func(t *testing.T) {
			w := applied(t, "a", "b")
			w.backup.OnDelete = config.DeleteDestroy
			m := w.put("B/docs/a", tree.File, c.content)
			c.as(w.at("B/docs/a")[0], m)
			if c.update {
				w.write("a", "edited")
			}
			p := w.settled(t)
			if got := kinds(p); got[len(got)-1] != c.want {
				t.Errorf("%v, want %s last", got, c.want)
			}
		})
	}
	w := applied(t, "a")
	w.backup.OnDelete = config.DeleteDestroy
	m := w.put("B/docs/a", tree.File, "content of a")
	old := w.put("B/docs/a", tree.File, "older")
	old.versionOf = m.handle
	expect(t, w.settled(t), "trash a")
}

// TestRule02_MegaplansOwnNodesAreNoDuplicates: nothing else loses against them, and they do not lose.
func TestRule02_MegaplansOwnNodesAreNoDuplicates(t *testing.T) {
	for _, policy := range filePolicies {
		w := applied(t, "a", "b")
		w.backup.DuplicateFiles = policy
		for range 2 {
			w.put("B/docs/a", tree.File, "a lease").own = true
		}
		expect(t, w.settled(t))
		w.at("B/docs/a")[0].own = true
		expect(t, w.settled(t), "upload a")
	}
}

func TestRule20_AFileThatCannotBeReadSettlesNothing(t *testing.T) {
	w := applied(t, "a", "b")
	w.put("B/docs/a", tree.File, "content of a")
	w.write("a", "content of a").unreadable = true
	expect(t, w.plan(t))
}

// twins makes a second folder of a name with these files in it.
func twins(w *world, path string, files ...string) *node {
	parent := w.folder(dirOf(path))
	dir := w.putIn(parent, baseOf(path), tree.Dir, "")
	for _, f := range files {
		at := dir.handle
		for d := range strings.SplitSeq(f, "/") {
			if strings.HasSuffix(f, d) {
				w.putIn(at, d, tree.File, "content of "+strings.TrimPrefix(path+"/"+f, "B/docs/"))
				continue
			}
			next := slices.IndexFunc(w.children(at), func(n *node) bool { return n.name == d })
			if next >= 0 {
				at = w.children(at)[next].handle
			} else {
				at = w.putIn(at, d, tree.Dir, "").handle
			}
		}
	}
	return dir
}

func TestRule20_FoldersOfOneNameAreMerged(t *testing.T) {
	for name, c := range map[string]struct {
		make    func(w *world) *node
		actions []string
		after   []string // what is in the one folder
	}{
		"empty": {func(w *world) *node { return twins(w, "B/docs/dir") }, []string{"merge_folder dir"}, []string{"a", "sub"}},
		"the same again": {
			func(w *world) *node { return twins(w, "B/docs/dir", "a", "sub/b") },
			[]string{"merge_folder dir"},
			[]string{"a", "sub"},
		},
		"somebody's file": {
			func(w *world) *node { return twins(w, "B/docs/dir", "a", "x") },
			[]string{"move dir/x", "merge_folder dir"},
			[]string{"a", "sub", "x"},
		},
		"somebody's folder below": {
			func(w *world) *node { return twins(w, "B/docs/dir", "sub/b", "sub/deep/x", "other/y") },
			[]string{"move dir/other", "move dir/sub/deep", "merge_folder dir"},
			[]string{"a", "other", "sub"},
		},
		"what the first one lacks": {
			func(w *world) *node {
				w.at("B/docs/dir/sub")[0].trashed = true
				return twins(w, "B/docs/dir", "sub/b")
			},
			[]string{"move dir/sub", "touch dir/sub/b", "merge_folder dir"},
			[]string{"a", "sub"},
		},
		"a file where a folder should be": {
			func(w *world) *node { return twins(w, "B/docs/dir", "sub") },
			[]string{"merge_folder dir"},
			[]string{"a", "sub"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := applied(t, "dir/a", "dir/sub/b", "keep")
			dir := w.at("B/docs/dir")[0]
			twin := c.make(w)
			p := w.settled(t)
			got := kinds(p)
			slices.Sort(got)
			want := slices.Sorted(slices.Values(c.actions))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("actions (-want +got):\n%s\n%s", diff, describe(p))
			}
			var names []string
			for _, n := range w.children(dir.handle) {
				names = append(names, n.name)
			}
			slices.Sort(names)
			if diff := cmp.Diff(c.after, names); diff != "" || !twin.trashed || dir.trashed {
				t.Errorf("in the folder (-want +got):\n%s", diff)
			}
			if d := w.plan(t).Drift; len(d) > 0 && d[0].Change != planner.DriftAdded {
				t.Errorf("drift: %+v", d)
			}
		})
	}
}

// TestRule20_AMergeSettlesWhatMeets: of two files that meet the files policy keeps one, in the folder that stays.
func TestRule20_AMergeSettlesWhatMeets(t *testing.T) {
	w := applied(t, "dir/a", "keep")
	twin := twins(w, "B/docs/dir", "a")
	w.children(twin.handle)[0].content = "newer, and not ours"
	w.backup.DuplicateFiles = config.DuplicatesNewest
	p := w.settled(t)
	expect(t, p, "move dir/a", "update dir/a", "merge_folder dir", "trash dir/a")
	if u := p.Actions[1]; u.Remote.Parent != w.at("B/docs/dir")[0].handle || !slices.Equal(u.Needs, []planner.ActionID{1}) {
		t.Errorf("%+v", u)
	}
}

// TestRule20_WhatHasNoPlaceStays: two strangers of one name are nobody's business, so neither is lost.
func TestRule20_WhatHasNoPlaceStays(t *testing.T) {
	w := applied(t, "dir/a", "keep")
	w.put("B/docs/dir/x", tree.File, "one")
	twin := twins(w, "B/docs/dir", "a", "x", "y")
	p := w.settled(t)
	expect(t, p, "move dir/y", "trash dir/a")
	if again := w.plan(t); twin.trashed || len(again.Warnings) != 1 || len(again.Targets[0].Unmanaged) != 4 {
		t.Errorf("%s", describe(again))
	}
}

// TestRule16_AMergedFolderMustBeAsPlanned: the action carries what is to be left of it.
func TestRule16_AMergedFolderMustBeAsPlanned(t *testing.T) {
	w := applied(t, "dir/a", "keep")
	twins(w, "B/docs/dir", "x")
	p := w.plan(t)
	a := p.Actions[len(p.Actions)-1]
	if a.Kind != planner.MergeFolder || a.Subtree == nil || a.Subtree.Nodes != 0 || !slices.Equal(a.Needs, []planner.ActionID{1}) || a.After != planner.AfterNew {
		t.Errorf("%+v", a)
	}
}

// Three folders of a name: the manifest's, a later fuller and a still later empty one.
func TestRule20_FolderPolicies(t *testing.T) {
	for policy, c := range map[config.Duplicates]struct {
		keeps   int
		actions []string
	}{
		config.DuplicatesMerge:    {0, []string{"merge_folder dir", "merge_folder dir"}},
		config.DuplicatesNewest:   {2, []string{"move dir/a", "trash dir", "trash dir"}},
		config.DuplicatesOldest:   {0, []string{"trash dir", "trash dir"}},
		config.DuplicatesLargest:  {1, []string{"update dir/a", "trash dir", "trash dir"}},
		config.DuplicatesSmallest: {2, []string{"move dir/a", "trash dir", "trash dir"}},
		config.DuplicatesFirst:    {0, []string{"trash dir", "trash dir"}},
		config.DuplicatesRename:   {0, []string{"move dir-1", "move dir-2"}},
		config.DuplicatesReport:   {0, []string{}},
	} {
		t.Run(string(policy), func(t *testing.T) {
			w := applied(t, "dir/a", "keep")
			w.backup.DuplicateFolders = policy
			full := twins(w, "B/docs/dir", "a")
			w.children(full.handle)[0].content += ", and more"
			dirs := []*node{w.at("B/docs/dir")[0], full, twins(w, "B/docs/dir")}
			p := w.settled(t)
			expect(t, p, c.actions...)
			for i, d := range dirs {
				if d.trashed == (i == c.keeps) && policy != config.DuplicatesRename && policy != config.DuplicatesReport {
					t.Errorf("folder %d: trashed=%v\n%s", i, d.trashed, describe(p))
				}
			}
		})
	}
}

// TestRule01_AFolderWithSomebodysFilesDoesNotLose: picking another folder would trash what is not megaplan's.
func TestRule01_AFolderWithSomebodysFilesDoesNotLose(t *testing.T) {
	w := applied(t, "dir/a", "keep")
	w.backup.DuplicateFolders = config.DuplicatesOldest
	twin := twins(w, "B/docs/dir", "a", "x")
	p := w.settled(t)
	expect(t, p)
	if twin.trashed || len(p.Targets[0].Unmanaged) != 1 {
		t.Errorf("%s", describe(p))
	}
}

// TestRule16_AMergeSaysWhatGoesAlong: how much, and whether all of it is elsewhere.
func TestRule16_AMergeSaysWhatGoesAlong(t *testing.T) {
	w := applied(t, "dir/a", "dir/b", "keep")
	twin := twins(w, "B/docs/dir", "a", "b")
	for _, n := range w.children(twin.handle) {
		if first := w.at("B/docs/dir/a")[0]; n.name == "a" {
			n.printed, n.mtime = true, first.mtime
		}
	}
	p := w.plan(t)
	expect(t, p, "merge_folder dir")
	a := p.Actions[0]
	if !strings.HasSuffix(a.Reason, "the rest goes to the trash: 1 file not proven equal to what stays") || a.Files != 2 || a.Subtree.Nodes != 2 {
		t.Errorf("%+v", a)
	}
}

// TestRule17_LosersCount: what goes with a merged folder counts as deleted.
func TestRule17_LosersCount(t *testing.T) {
	w := newWorld()
	var files []string
	for i := range 30 {
		name := string(rune('A' + i))
		w.write("dir/"+name, "content of dir/"+name)
		files = append(files, name)
	}
	w.applyAll(t, w.plan(t))
	twins(w, "B/docs/dir", files...)
	w.backup.Lifecycle.MaxDelete = config.Limit{Set: true, Count: 29}
	refused(t, w.plan(t), 17, "30 of")
}

// What a filter leaves out hinders no folder from losing where it goes for that: the first plan settles both.
func TestRule20_WhatIsExcludedHindersNoFolder(t *testing.T) {
	w := applied(t, "dir/a", "keep")
	w.backup.DuplicateFolders, w.backup.DeleteExcluded = config.DuplicatesNewest, true
	w.backup.Unmanaged = config.UnmanagedTrash
	twins(w, "B/docs/dir", "x")
	w.unknown("dir/x", tree.Excluded, "exclude")
	if p := w.settled(t); len(p.Targets[0].Unmanaged) != 0 {
		t.Errorf("it is left beside the other one:\n%s", describe(p))
	}
	if n := len(w.at("B/docs/dir")); n != 1 {
		t.Errorf("%d folders are left", n)
	}
}

// A file that the source spells otherwise (rule 14) is the source's in whichever of several folders it lies: the first plan settles them.
func TestRule20_SpellingHindersNoFolder(t *testing.T) {
	w := applied(t, "dir/keep", "keep")
	w.backup.DuplicateFolders = config.DuplicatesNewest
	twins(w, "B/docs/dir", "\u00e9")
	w.write("dir/e\u0301", "content")
	if p := w.settled(t); len(p.Targets[0].Unmanaged) != 0 || len(w.at("B/docs/dir")) != 1 {
		t.Errorf("it is left beside the other one:\n%s", describe(p))
	}
}

// While something of the source cannot be read, a folder that would go beside ours stays, and stays nobody's: as ours it might be the one
// that stays the next time.
func TestRule20_AFolderThatStaysForAReadErrorIsNotOurs(t *testing.T) {
	w := newWorld()
	theirs := w.put("B/aside", tree.Dir, "")
	w.putIn(theirs.handle, "", tree.Undecryptable, "")
	w.mkdir("dir")
	w.applyAll(t, w.plan(t))
	theirs.parent, theirs.name = w.at("B/docs")[0].handle, "dir"
	w.unknown("unread", tree.Unreadable, "permission denied")
	w.write("dir/a", "content")
	expect(t, w.settled(t), "upload dir/a")
	if w.prior.Manifest.Owned()(theirs.handle) {
		t.Errorf("it is in the manifest: %v", w.prior.Manifest)
	}
}

// A folder that another client put beside ours stays where ignore_drift hides it; it does not take the place of ours either.
func TestRule25_AHiddenFolderIsNotPicked(t *testing.T) {
	w := newWorld()
	w.backup.DuplicateFolders = config.DuplicatesSmallest
	w.backup.Lifecycle.IgnoreDrift = []string{"dir"}
	w.mkdir("dir")
	w.applyAll(t, w.plan(t))
	ours := w.at("B/docs/dir")[0]
	w.putIn(ours.parent, "dir", tree.Dir, "")
	w.write("dir/a", "content")
	expect(t, w.settled(t), "upload dir/a")
	if len(w.children(ours.handle)) != 1 || len(w.at("B/docs/dir")) != 2 {
		t.Errorf("ours holds %d nodes", len(w.children(ours.handle)))
	}
}

// So it is with files.
func TestRule25_AHiddenFileIsNotPicked(t *testing.T) {
	w := applied(t, "a", "keep")
	w.backup.DuplicateFiles, w.backup.Versions = config.DuplicatesSmallest, false
	w.backup.Lifecycle.IgnoreDrift = []string{"a"}
	w.write("a", "what another client has, too")
	theirs := w.put("B/docs/a", tree.File, "what another client has, too")
	theirs.printed, theirs.mtime = true, w.disk["a"].mtime/1e9
	expect(t, w.settled(t), "update a", "trash a")
	if theirs.trashed || len(w.at("B/docs/a")) != 2 {
		t.Errorf("%v", w.remote())
	}
}

// A name that a hidden file has too takes no other node: nothing is moved to where something is.
func TestRule25_NothingChangesPlacesWithAHiddenTwin(t *testing.T) {
	w := applied(t, "a", "b")
	w.backup.Lifecycle.IgnoreDrift = []string{"a"}
	theirs := w.put("B/docs/a", tree.File, "theirs")
	w.rename("a", "c")
	w.rename("b", "a")
	w.rename("c", "b")
	expect(t, w.settled(t), "update a", "update b")
	if theirs.trashed {
		t.Error("the hidden one is gone")
	}
}
