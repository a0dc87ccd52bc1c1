package planner_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// layout is a world with a folder block and no backup.
func layout(files, folders config.Duplicates) *world {
	w := newWorld()
	w.backup = config.Backup{}
	w.folders = []config.Folder{{
		Address: addr.New(addr.Folder, "docs"), Account: mainAccount, Path: "/B/docs", DuplicateFiles: files, DuplicateFolders: folders,
	}}
	w.options.AllowMassDeleteAll = true
	w.folder("B/docs")
	return w
}

func TestRule20_AFolderBlockReportsByDefault(t *testing.T) {
	w := layout("", "")
	w.put("B/docs/a", tree.File, "x")
	w.put("B/docs/a", tree.File, "x")
	twins(w, "B/docs/dir")
	twins(w, "B/docs/dir")
	expect(t, w.settled(t))
}

func TestRule20_DuplicatesInAFolderBlock(t *testing.T) {
	for name, c := range map[string]struct {
		files, folders config.Duplicates
		want           []string
	}{
		"newest and merge":   {config.DuplicatesNewest, config.DuplicatesMerge, []string{"merge_folder dir", "move dir/one", "trash a"}},
		"largest":            {config.DuplicatesLargest, config.DuplicatesReport, []string{"trash a"}},
		"rename and rename":  {config.DuplicatesRename, config.DuplicatesRename, []string{"move a-1", "move dir-1"}},
		"report and merge":   {config.DuplicatesReport, config.DuplicatesMerge, []string{"move dir/one"}},
		"oldest and newest":  {config.DuplicatesOldest, config.DuplicatesNewest, []string{"trash a", "trash dir"}},
		"first and smallest": {config.DuplicatesFirst, config.DuplicatesSmallest, []string{"trash a", "trash dir"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := layout(c.files, c.folders)
			w.put("B/docs/a", tree.File, "older and larger")
			w.put("B/docs/a", tree.File, "newer")
			twins(w, "B/docs/dir", "same", "sub/x")
			twins(w, "B/docs/dir", "same", "one")
			got := kinds(w.settled(t))
			got = slices.DeleteFunc(got, func(k string) bool { return strings.HasSuffix(k, "dir/same") })
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// TestRule20_ARootIsNeverMergedAway: what another address has for its root, and the way to it, stays; nothing is added to it.
func TestRule20_ARootIsNeverMergedAway(t *testing.T) {
	w := layout(config.DuplicatesNewest, config.DuplicatesMerge)
	w.backup = newWorld().backup
	w.backup.Path = "/B/docs/way/backup"
	w.write("f", "the backup's")
	w.applyAll(t, w.plan(t))
	root := w.at("B/docs/way/backup")[0]
	twin := twins(w, "B/docs/way", "x", "backup/stranger")
	p := w.settled(t)
	expect(t, p, "move way/x")
	if root.trashed || twin.trashed || len(w.children(root.handle)) != 1 {
		t.Errorf("%s", describe(p))
	}
}

// TestRule20_OnlyEqualFingerprintsAreProofInAFolderBlock: nothing else is known of two files there.
func TestRule20_OnlyEqualFingerprintsAreProofInAFolderBlock(t *testing.T) {
	for printed, want := range map[bool]string{true: "destroy a", false: "trash a"} {
		w := layout(config.DuplicatesNewest, config.DuplicatesMerge)
		w.folders[0].OnDelete = config.DeleteDestroy
		for range 2 {
			n := w.put("B/docs/a", tree.File, "equal")
			n.printed, n.mtime = printed, 7
		}
		expect(t, w.settled(t), want)
	}
}

// TestLawDuplicatesInAFolderConverge: the law of duplicates, in a folder block.
func TestLawDuplicatesInAFolderConverge(t *testing.T) {
	attack(t, func(t *rapid.T) {
		files := rapid.SampledFrom(filePolicies[2:]).Draw(t, "files")
		folders := rapid.SampledFrom(folderPolicies).Draw(t, "folders")
		w := layout(files, folders)
		w.folders[0].OnDelete = rapid.SampledFrom([]config.OnDelete{config.DeleteTrash, config.DeleteDestroy}).Draw(t, "on_delete")
		w.folders[0].Unmanaged = rapid.SampledFrom([]config.Unmanaged{config.UnmanagedReport, config.UnmanagedIgnore, config.UnmanagedTrash}).Draw(t, "unmanaged")
		w.options.VerifyDuplicates = rapid.Bool().Draw(t, "verify duplicates")
		s := storm{t, w, someNames[:3]}
		for range rapid.IntRange(1, 15).Draw(t, "edits") {
			s.editRemote()
			if n := s.node(); n != nil && s.pick("twin", 2) == 0 {
				s.twin(n, n.parent)
			}
		}
		before := s.everything()
		p := w.plan(t)
		rate := s.pick("failures", 3)
		w.apply(t, p, func(n int) int { return s.pick("next", n) }, func(*planner.Action) bool { return s.pick("fails", 5) < rate })
		s.checkLosses(before, p)
		before = s.everything()
		p = w.plan(t)
		w.apply(t, p, func(n int) int { return s.pick("order", n) }, never)
		s.checkLosses(before, p)
		if again := w.plan(t); len(again.Actions) > 0 {
			t.Fatalf("plan:\n%s\nthe plan after its apply is not empty:\n%s", describe(p), describe(again))
		}
		if folders != config.DuplicatesMerge || files == config.DuplicatesReport {
			return
		}
		for _, n := range s.below() { // every name is there once, but for what cannot be decrypted
			for _, m := range s.below() {
				if n != m && n.kind != tree.Undecryptable && n.kind == m.kind && w.pathOf(n.handle) == w.pathOf(m.handle) && !s.veiled(n.handle) && !s.veiled(m.handle) {
					t.Fatalf("%s is there twice:\n%s", w.pathOf(n.handle), describe(p))
				}
			}
		}
	})
}

// veiled says whether something below or beside a node cannot be decrypted, so that its folder stays.
func (s storm) veiled(h tree.Handle) bool {
	return slices.ContainsFunc(s.below(), func(n *node) bool {
		return n.kind == tree.Undecryptable && strings.HasPrefix(s.w.pathOf(n.handle), s.w.pathOf(h)+"/")
	})
}
