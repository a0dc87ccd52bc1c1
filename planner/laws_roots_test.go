package planner_test

import (
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// root is the backup's folder as the state knows it, wherever it is, or the one at its path; 0 for none.
func (w *world) root() tree.Handle {
	if w.prior != nil {
		if h := w.prior.Resource.Root; w.nodes[h] != nil && !w.inTrash(h) {
			return h
		}
	}
	for _, n := range w.at(w.home()) {
		if n.kind == tree.Dir {
			return n.handle
		}
	}
	return 0
}

// home is the path of the backup's folder, or of the folder block where there is no backup.
func (w *world) home() string {
	if w.backup.Path == "" {
		return "B/docs"
	}
	return strings.TrimPrefix(w.backup.Path, "/")
}

// inside says whether a node is a folder or lies in it.
func (w *world) inside(h, dir tree.Handle) bool {
	for ; h != dir; h = w.nodes[h].parent {
		if h == rootHandle {
			return false
		}
	}
	return true
}

// rel is the path of a node below the root.
func (w *world) rel(h tree.Handle) string {
	at := w.root()
	if at == 0 || !w.inside(h, at) {
		return w.pathOf(h)
	}
	return strings.TrimPrefix(strings.TrimPrefix(w.pathOf(h), w.pathOf(at)), "/")
}

// editAround changes what is around the backup's folder: other clients move it, throw it away or make another one of its name, or
// somebody declares the folder above it.
func (s storm) editAround() {
	w := s.w
	above, root := w.folder("B"), w.root()
	switch s.pick("around", 10) {
	case 8: // what megaplan keeps for itself
		if dirs := s.dirs(); len(dirs) > 0 {
			w.putIn(dirs[s.pick("own's dir", len(dirs))], ".megaplan-lock", tree.File, "{}").own = true
		}
	case 9: // time passes, and what is in the bin expires
		w.later += time.Duration(s.pick("hours", 48)) * time.Hour
		w.keep = rapid.SampledFrom([]time.Duration{0, 24 * time.Hour}).Draw(s.t, "keep")
	case 0:
		if root != 0 {
			w.nodes[root].name = "aside"
		}
	case 1:
		if root != 0 {
			w.nodes[root].parent, w.nodes[root].name = w.folder("B/deeper"), s.name()
		}
	case 2:
		if root != 0 && s.pick("thrown away", 3) == 0 {
			w.nodes[root].trashed = true
		}
	case 3:
		if root != 0 {
			s.twin(w.nodes[root], above)
		}
	case 4:
		w.putIn(above, s.name(), tree.File, s.content())
	case 5:
		w.putIn(above, s.name(), tree.Dir, "")
	default:
		w.folders = nil
		if rapid.Bool().Draw(s.t, "declared above") {
			w.folders = []config.Folder{{
				Address: addr.New(addr.Folder, "above"), Account: mainAccount, Path: "/B",
				DuplicateFiles:   rapid.SampledFrom(filePolicies[2:]).Draw(s.t, "files above"),
				DuplicateFolders: rapid.SampledFrom(folderPolicies).Draw(s.t, "folders above"),
				OnDelete:         rapid.SampledFrom([]config.OnDelete{config.DeleteTrash, config.DeleteDestroy}).Draw(s.t, "on_delete above"),
				Unmanaged:        rapid.SampledFrom([]config.Unmanaged{config.UnmanagedReport, config.UnmanagedIgnore, config.UnmanagedTrash}).Draw(s.t, "unmanaged above"),
			}}
		}
	}
}

// dirs are the backup's folder and those in it.
func (s storm) dirs() []tree.Handle {
	var dirs []tree.Handle
	if root := s.w.root(); root != 0 {
		dirs = append(dirs, root)
	}
	for _, n := range s.below() {
		if n.kind == tree.Dir {
			dirs = append(dirs, n.handle)
		}
	}
	return dirs
}

// clear moves out of the way what has the root's path while that is elsewhere: a person has to.
func (s storm) clear() {
	root := s.w.root()
	for _, n := range s.w.at(s.w.home()) {
		if n.handle != root && n.kind == tree.Dir && s.w.pathOf(root) != s.w.home() {
			n.name = "what was in the way"
		}
	}
}

// checkAbove requires a deletion in the folder above to leave the backup alone.
func (s storm) checkAbove(p *planner.Plan, a *planner.Action) {
	root := s.w.root()
	if root == 0 || strings.HasPrefix(s.w.pathOf(root), "B/deeper") { // it leaves that first
		return
	}
	if h := a.Remote.Handle; s.w.inside(h, root) || s.w.inside(root, h) {
		s.t.Fatalf("action %d of the folder above takes the backup's %s:\n%s", a.ID, s.w.pathOf(h), describe(p))
	}
}
