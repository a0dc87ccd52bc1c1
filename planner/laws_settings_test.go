package planner_test

import (
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

func drawWorld(t *rapid.T) *world {
	w := newWorld()
	w.drawSettings(t)
	w.options.AllowMassDeleteAll = true
	return w
}

// drawSettings gives the backup settings at random.
func (w *world) drawSettings(t *rapid.T) {
	b := &w.backup
	b.OnDelete = rapid.SampledFrom([]config.OnDelete{config.DeleteTrash, config.DeleteTrash, config.DeleteDestroy, config.DeleteKeep}).Draw(t, "on_delete")
	b.Unmanaged = rapid.SampledFrom([]config.Unmanaged{config.UnmanagedReport, config.UnmanagedIgnore, config.UnmanagedTrash}).Draw(t, "unmanaged")
	b.Versions = rapid.Bool().Draw(t, "versions")
	b.DeleteExcluded = rapid.Bool().Draw(t, "delete_excluded")
	b.DuplicateFiles = rapid.SampledFrom(filePolicies).Draw(t, "files")
	b.DuplicateFolders = rapid.SampledFrom(folderPolicies).Draw(t, "folders")
	b.Compare = rapid.SampledFrom([]config.Compare{config.CompareMTime, config.CompareFingerprint, config.CompareContent}).Draw(t, "compare")
	b.CopyFrom = rapid.SampledFrom([]config.CopyFrom{config.CopyFromNone, config.CopyFromBackup, config.CopyFromAccount}).Draw(t, "copy_from")
	b.Retention.Versions = nil
	if n := rapid.IntRange(-1, 3).Draw(t, "keep_last"); n > 0 {
		b.Retention.Versions = &config.VersionRetention{KeepLast: n}
	} else if n < 0 {
		b.Retention.Versions = &config.VersionRetention{KeepWithin: "1h"}
	}
	b.Mode = config.ModeMirror
	if rapid.IntRange(0, 4).Draw(t, "archive") == 0 {
		b.Mode = config.ModeArchive
	}
}

// anything is a step, or somebody edits the configuration or calls megaplan with other flags.
func (s storm) anything() {
	switch s.pick("settings", 15) {
	case 0:
		s.editSettings()
	case 1:
		s.editAround()
	default:
		s.step()
	}
}

func (s storm) editSettings() {
	w := s.w
	if rapid.Bool().Draw(s.t, "other settings") {
		w.drawSettings(s.t)
	}
	s.drawHidden()
	w.options.VerifyDuplicates = rapid.Bool().Draw(s.t, "verify duplicates")
	s.editReading()
}

func (s storm) drawHidden() {
	s.w.backup.Lifecycle.IgnoreDrift = rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c/d x"}), 0, 2).Draw(s.t, "ignore_drift")
}

// editReading changes how the source is read, and what can be read when it is compared; the scan sees its size and date.
func (s storm) editReading() {
	w := s.w
	w.backup.Source.Growing = nil
	for _, name := range rapid.SliceOfN(rapid.SampledFrom(s.names), 0, 2).Draw(s.t, "growing") {
		w.backup.Source.Growing = append(w.backup.Source.Growing, config.Pattern{Text: name})
	}
	w.options.DeleteDespiteErrors = rapid.Bool().Draw(s.t, "delete despite errors")
	w.options.Checksum = rapid.Bool().Draw(s.t, "checksum")
	if p := s.existing(); p != "" && w.disk[p].kind.HasContent() {
		w.disk[p].unreadable = !w.disk[p].unreadable
	}
}

// calm makes everything readable that was only compared in vain: what a plan leaves out for that the next one would bring. It also
// makes room for the root.
func (s storm) calm() {
	s.clear()
	for _, f := range s.w.disk {
		f.unreadable = false
	}
}

// hidden says whether ignore_drift leaves alone what is at a path of the source.
func (s storm) hidden(path string) bool {
	return slices.ContainsFunc(s.w.backup.Lifecycle.IgnoreDrift, func(pattern string) bool {
		if strings.Contains(pattern, "/") {
			return path == pattern || strings.HasPrefix(path, pattern+"/")
		}
		return slices.Contains(strings.Split(path, "/"), pattern)
	})
}

// known lists the paths of files that are on MEGA as state knows them.
func (s storm) known() []string {
	var paths []string
	if s.w.prior == nil {
		return nil
	}
	for _, e := range s.w.prior.Manifest {
		if n := s.w.nodes[e.Handle]; n != nil && n.kind == tree.File && s.w.root() != 0 && s.w.inside(e.Handle, s.w.root()) && !s.w.inTrash(e.Handle) &&
			n.versionOf == 0 && s.w.rel(e.Handle) == string(e.Path) && n.printed && n.mtime == e.MTime && n.meta == e.Meta {
			paths = append(paths, string(e.Path))
		}
	}
	return paths
}

// unread says whether something of the source could not be read, by the scan or when it was compared.
func (w *world) unread(p *planner.Plan) bool {
	for _, f := range w.disk {
		if f.kind == tree.Unknown && f.why == tree.Unreadable || f.incomplete == tree.Unreadable {
			return true
		}
	}
	return slices.ContainsFunc(p.Targets, func(t planner.Target) bool {
		return t.Address == w.backup.Address && slices.ContainsFunc(t.Skipped, func(k planner.Kept) bool { return k.Reason == unreadable })
	})
}
