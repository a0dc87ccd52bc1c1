package planner_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

var (
	pickingPolicies = []config.Duplicates{
		config.DuplicatesNewest, config.DuplicatesOldest, config.DuplicatesLargest, config.DuplicatesSmallest, config.DuplicatesFirst,
	}
	filePolicies   = append([]config.Duplicates{config.DuplicatesSource, config.DuplicatesSource, config.DuplicatesRename, config.DuplicatesReport}, pickingPolicies...)
	folderPolicies = append([]config.Duplicates{config.DuplicatesMerge, config.DuplicatesMerge, config.DuplicatesMerge, config.DuplicatesRename, config.DuplicatesReport}, pickingPolicies...)
)

// there is a file that was in the account, and where.
type there struct {
	path, content string
	old           bool        // an old version
	trashed       tree.Handle // the node in the bin that it is or lies in
}

// everything returns the files of the account by handle, old versions too.
func (s storm) everything() map[tree.Handle]there {
	all := map[tree.Handle]there{}
	for h, n := range s.w.nodes {
		if n.kind.HasContent() {
			was := there{content: n.content, old: n.versionOf != 0}
			was.trashed, _ = s.w.trashedBy(h)
			if !was.old && !s.w.inTrash(h) {
				was.path = s.w.pathOf(h)
			}
			all[h] = was
		}
	}
	return all
}

// checkLosses requires every file that was in the account to be there still, in the tree, in the bin or as a version, but for
// what the plan says is destroyed. Of several files of a name only one goes that way whose content stays.
func (s storm) checkLosses(before map[tree.Handle]there, p *planner.Plan) {
	lost := map[tree.Handle]string{}
	expires := map[tree.Handle]bool{}
	for i := range p.Actions {
		switch a := &p.Actions[i]; {
		case a.Kind == planner.ExpireTrash:
			expires[a.Remote.Handle] = true
		case a.Kind == planner.Destroy && a.Original == 0 && strings.Contains(a.Reason, "the same content stays"):
			s.t.Fatalf("%s is destroyed for the sake of nothing:\n%s", a.Path, describe(p))
		case a.Kind == planner.Destroy, a.Kind == planner.ExpireVersion, a.Kind == planner.Update && a.Replace && !a.KeepVersion:
			lost[a.Remote.Handle] = a.Reason
		}
	}
	for h, was := range before {
		if s.w.nodes[h] != nil || was.old || expires[was.trashed] {
			continue
		}
		why, meant := lost[h]
		if !meant {
			s.t.Fatalf("%s was lost with %q:\n%s", was.path, was.content, describe(p))
		}
		if strings.HasPrefix(why, "one of several") && !s.holds(was) {
			s.t.Fatalf("%s was destroyed with %q, which is nowhere else:\n%s", was.path, was.content, describe(p))
		}
	}
	for i := range p.Actions {
		a := &p.Actions[i]
		if was := before[a.Remote.Handle]; a.Kind == planner.Trash && strings.Contains(a.Reason, "the same content stays") && !s.holds(was) {
			s.t.Fatalf("%s was trashed with %q as equal to what stays:\n%s", was.path, was.content, describe(p))
		}
	}
}

// holds says whether a content is in the tree under its name; the folder may have been renamed.
func (s storm) holds(was there) bool {
	for h, n := range s.w.nodes {
		if n.versionOf == 0 && !s.w.inTrash(h) && n.content == was.content && n.kind.HasContent() && sameName(n.name, baseOf(was.path)) {
			return true
		}
	}
	return false
}

// TestLawDuplicatesConverge: whatever other clients doubled, at any depth and under any policy, an interrupted apply and the
// one after it leave nothing to do, lose nothing, and leave the source's content in its place.
func TestLawDuplicatesConverge(t *testing.T) {
	attack(t, func(t *rapid.T) {
		w := drawWorld(t)
		w.backup.OnDelete = rapid.SampledFrom([]config.OnDelete{config.DeleteTrash, config.DeleteDestroy}).Draw(t, "on_delete")
		w.options.VerifyDuplicates = rapid.Bool().Draw(t, "verify duplicates")
		s := storm{t, w, someNames[:4]}
		if s.pick("hidden", 3) == 0 {
			s.drawHidden()
		}
		for range rapid.IntRange(1, 10).Draw(t, "edits") {
			s.editLocal()
		}
		s.w.apply(t, w.plan(t), first, never)
		for range rapid.IntRange(1, 3).Draw(t, "days") {
			for range rapid.IntRange(1, 6).Draw(t, "doubles") {
				if n := s.node(); n != nil {
					s.twin(n, n.parent)
				}
				if s.pick("edits too", 3) == 0 {
					s.step()
				}
			}
			before := s.everything()
			p := w.plan(t)
			s.check(p)
			rate := s.pick("failures", 4)
			w.forgetful = func() bool { return rate > 0 && s.pick("unrecorded", 6) == 0 }
			w.apply(t, p, func(n int) int { return s.pick("next", n) }, func(*planner.Action) bool { return rate > 0 && s.pick("fails", 5) < rate })
			w.forgetful = nil
			s.checkLosses(before, p)
		}
		before := s.everything()
		p := w.plan(t)
		w.apply(t, p, func(n int) int { return s.pick("order", n) }, never)
		if again := w.plan(t); len(again.Actions) > 0 || len(again.Refusals) > 0 {
			t.Fatalf("plan:\n%s\nthe plan after its apply is not empty:\n%s", describe(p), describe(again))
		}
		s.checkLosses(before, p)
		s.checkMirror()
		s.checkSingle()
	})
}

// checkSingle requires that under policies that leave nothing in doubt every name of the source is there once.
func (s storm) checkSingle() {
	b := &s.w.backup
	if b.DuplicateFiles == config.DuplicatesReport || b.DuplicateFolders != config.DuplicatesMerge || len(b.Lifecycle.IgnoreDrift) > 0 {
		return
	}
	for _, f := range s.w.disk {
		if f.kind == tree.Unknown || f.incomplete != 0 { // what is unknown may hold anything in place
			return
		}
	}
	for p, f := range s.w.disk {
		n := 0
		for _, x := range s.w.at("B/docs/" + p) {
			if x.kind != tree.Undecryptable && (x.kind == tree.Dir) == (f.kind == tree.Dir) {
				n++
			}
		}
		if n > 1 && !s.stuck("B/docs/"+p) {
			s.t.Fatalf("%s is %d times on MEGA:\n%s", p, n, describe(s.w.plan(s.t)))
		}
	}
}

// stuck says whether a name is there several times for a reason: something in or beside it is not the source's, and has no
// place elsewhere.
func (s storm) stuck(path string) bool {
	top := strings.TrimPrefix(path, "B/docs/")
	if i := strings.IndexByte(top, '/'); i >= 0 {
		top = top[:i]
	}
	for _, n := range s.below() {
		p := s.w.rel(n.handle)
		f := s.w.disk[p]
		if (p == top || strings.HasPrefix(p, top+"/")) && (f == nil || (f.kind == tree.Dir) != (n.kind == tree.Dir)) {
			return true
		}
	}
	return false
}
