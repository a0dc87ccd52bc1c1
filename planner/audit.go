package planner

import (
	"slices"
	"strings"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// audit compares the remote tree with what state says about a target: the differences are drift, which only informs (rule
// 25); what state has to learn goes into Adopt and Drop.
func (p *planning) audit(t *target) {
	if t.prior == nil || t.account == nil || !t.takesPart() || t.refused && !p.in.Options.DriftOnly {
		return
	}
	a := auditor{target: t, known: t.prior.Resource.Root}
	if t.root == tree.None || t.remote().Handle(t.root) != a.known && a.known != 0 {
		a.rootGone()
		return
	}
	a.rootMoved()
	if t.backup != nil || t.folder == nil {
		a.survey()
		a.entries()
		a.auditSnapshots()
		// Of a folder that was only imported (rule 4) state knows nothing that could be told from what is new.
		if len(t.owned.entries) > 0 || !t.prior.Resource.LastApplied.IsZero() {
			a.added(t.root, "")
		}
	}
	slices.SortStableFunc(a.found, func(x, y Difference) int { return strings.Compare(string(x.Path), string(y.Path)) })
	p.plan.Drift = append(p.plan.Drift, a.found...)
}

// auditor is the audit of one target. The slices are parallel to the manifest.
type auditor struct {
	*target
	known tree.Handle
	found []Difference

	seen    []tree.ID // where below the root each entry's node is, tree.None where it is not
	strayed []bool    // the node's path differs from the entry's
	lost    []int32   // for a node that is not here: the topmost missing folder's difference in found, plus one
	dirs    map[tree.Path]int32
	// explained are nodes that took another's place and are reported with it.
	explained map[tree.ID]bool
	shut      map[tree.Path]bool // see veiled
}

// rootMoved reports a root that another client moved; everything of the manifest is still below it.
func (a *auditor) rootMoved() {
	if !a.moves() || a.prior == nil || canonical(string(a.was)) == canonical(a.prior.Resource.Path) {
		return
	}
	a.found = append(a.found, Difference{
		Address: a.out.Address, Change: DriftMoved, To: a.was, Dir: true, Files: a.countFiles(a.root), Detail: "moved by another client",
	})
}

// rootGone reports a root that is not at the declared path; nothing of the manifest is below the root any more.
func (a *auditor) rootGone() {
	if a.known == 0 {
		return
	}
	var files int64
	for _, e := range a.owned.entries {
		if !e.Dir {
			files++
		}
		a.out.Drop = append(a.out.Drop, e.Handle)
	}
	where, ok := a.p.whereIs(a.target, a.known)
	if !ok {
		return
	}
	d := a.absence(where, tree.Path(""), true)
	d.Files = files
	a.p.plan.Drift = append(a.p.plan.Drift, d)
}

// absence describes a node that is not where state has it.
func (a *auditor) absence(w Where, path tree.Path, dir bool) Difference {
	d := Difference{Address: a.out.Address, Change: DriftRemoved, Path: path, Dir: dir, Detail: "gone"}
	switch {
	case w.Found && w.InTrash:
		d.Detail, d.When = "gone; in the trash", unix(w.TrashedAt)
		if w.TrashedBy != "" {
			d.Detail += ", put there by " + w.TrashedBy
		}
	case w.Found && w.Version:
		d.Change, d.Detail = DriftChanged, "replaced by another client"
	case w.Found:
		d.Change, d.To, d.Detail = DriftMoved, w.Path, "moved by another client"
	}
	return d
}

func (a *auditor) survey() {
	n := len(a.owned.entries)
	a.seen, a.strayed, a.lost = make([]tree.ID, n), make([]bool, n), make([]int32, n)
	a.dirs, a.explained, a.shut = map[tree.Path]int32{}, map[tree.ID]bool{}, map[tree.Path]bool{}
	for i := range a.seen {
		a.seen[i] = tree.None
	}
	for id := range a.remote().Walk(a.root) {
		if i := a.owned.find(a.remote().Handle(id)); i >= 0 {
			a.seen[i] = id
		}
	}
}

// entries looks at every entry of the manifest, parents before what is below them.
func (a *auditor) entries() {
	for i, e := range a.owned.entries {
		if e.Dir {
			a.dirs[e.Path] = int32(i)
		}
		if a.veiled(e.Path) {
			continue
		}
		above, hasParent := a.dirs[e.Path.Dir()]
		hasParent = hasParent && e.Path.Dir() != ""
		switch at, ours := a.folderOf(a.seen[i], e); {
		case at >= 0:
			above = at
		case hasParent && !ours: // it is in another folder of that path, which nobody knows
			hasParent = false
		}
		if a.seen[i] == tree.None {
			a.missing(int32(i), e, above, hasParent)
		} else {
			a.present(int32(i), e, above, hasParent)
		}
	}
}

// folderOf returns the entry of the folder a node is in, if that has the path the node's entry names; several folders may
// have one path. It is -1 otherwise; ours is false if the folder is in no entry and has that path.
func (a *auditor) folderOf(id tree.ID, e state.Entry) (at int32, ours bool) {
	if id == tree.None || e.Path.Dir() == "" {
		return -1, true
	}
	i := a.owned.find(a.remote().Handle(a.remote().Parent(id)))
	switch {
	case i < 0:
		return -1, a.below(id).Dir() != e.Path.Dir()
	case a.owned.entries[i].Path != e.Path.Dir():
		return -1, true
	}
	return int32(i), true
}

// present compares an entry whose node is still below the root. What lies below a moved folder has not moved itself.
func (a *auditor) present(i int32, e state.Entry, above int32, hasParent bool) {
	id := a.seen[i]
	home := a.root
	if hasParent {
		home = a.seen[above]
	}
	name, parent := a.remote().Name(id), a.remote().Parent(id)
	moved := parent != home
	if !hasParent && e.Path.Dir() != "" { // the folder itself is not in the manifest
		moved = a.below(id).Dir() != e.Path.Dir()
	}
	a.strayed[i] = moved || name != e.Path.Base() || hasParent && a.strayed[above]
	path := e.Path
	if a.strayed[i] {
		path = a.below(id)
	}
	now := a.entry(id, path)
	// What ignore_drift hides the state does not learn of: the next plan would not know it for drift.
	hides := !a.strayed[i] && !a.p.in.Options.RefreshOnly && a.hidden.match(path)
	if now != e && !hides {
		a.out.Adopt = append(a.out.Adopt, now)
	}
	d := Difference{Address: a.out.Address, Path: e.Path, Dir: e.Dir}
	known := a.remote().Kind(id) != tree.Undecryptable
	switch {
	case moved:
		d.Change, d.To, d.Detail = DriftMoved, a.remote().Path(id), "moved by another client"
	case name != e.Path.Base() && a.publishedSince(id, e):
		return
	case name != e.Path.Base():
		d.Change, d.To, d.Detail = DriftRenamed, a.remote().Path(id), "renamed by another client"
	case known && (now.MTime != e.MTime || now.CRC != e.CRC):
		d.Change, d.Detail = DriftAttributes, "its date or fingerprint is another one"
	case known && now.Meta != e.Meta:
		d.Change, d.Detail = DriftAttributes, "its mode or other metadata is another one"
	default:
		return
	}
	if e.Dir {
		d.Files = a.countFiles(id)
	}
	a.note(d)
}

// missing handles an entry whose node is not below the root. What was in a folder that is missing too is counted with it.
func (a *auditor) missing(i int32, e state.Entry, above int32, hasParent bool) {
	a.out.Drop = append(a.out.Drop, e.Handle)
	if hasParent && a.seen[above] == tree.None {
		a.lost[i] = a.lost[above]
		if top := a.lost[above]; top > 0 && !e.Dir {
			a.found[top-1].Files++
		}
		return
	}
	where, ok := a.p.whereIs(a.target, e.Handle)
	if !ok {
		return
	}
	d := a.absence(where, e.Path, e.Dir)
	if d.Change != DriftMoved {
		a.succeed(&d, e, where, above, hasParent)
	}
	if !e.Dir {
		d.Files = 1
	}
	if a.note(d) {
		a.lost[i] = int32(len(a.found))
	}
}

// succeed finds the node that took the place of a missing one.
func (a *auditor) succeed(d *Difference, e state.Entry, w Where, above int32, hasParent bool) {
	home := a.root
	if hasParent {
		home = a.seen[above]
	}
	first, end := a.remote().Find(home, e.Path.Base())
	for id := first; id < end; id++ {
		k := a.remote().Kind(id)
		if (k == tree.Dir) != e.Dir || k == tree.Undecryptable || a.owned.has(a.remote().Handle(id)) || a.explained[id] {
			continue
		}
		a.explained[id] = true
		d.Change, d.When, d.User = DriftChanged, unix(a.remote().Node(id).Created), a.maker(id)
		d.Detail = "replaced by another client" + a.ifOther(d.User)
		if a.p.in.Options.RefreshOnly && w.Version && w.Parent == a.remote().Handle(id) {
			a.out.Adopt = append(a.out.Adopt, a.entry(id, a.below(id)))
		}
		return
	}
}

// added reports what is below the root and not in the manifest, topmost folders only. The names megaplan was told to ignore
// or wrote for itself are left out.
func (a *auditor) added(dir tree.ID, path tree.Path) {
	if a.backup != nil && a.policy.unmanaged == config.UnmanagedIgnore {
		return
	}
	remote := a.remote()
	first, end := remote.Children(dir)
	for id := first; id < end; id++ {
		if a.snapshotsOwn(dir, id) {
			continue
		}
		if a.owned.has(remote.Handle(id)) {
			if remote.Kind(id) == tree.Dir {
				a.added(id, path.Join(remote.Name(id)))
			}
			continue
		}
		n := remote.Node(id)
		at := path.Join(n.Name)
		if a.account.in.Own[n.Handle] || a.explained[id] {
			continue
		}
		d := Difference{Address: a.out.Address, Change: DriftAdded, Path: at, Dir: n.Kind == tree.Dir, Files: 1, Detail: "not ours", When: unix(n.Created)}
		if !a.hidden.match(at) {
			d.User = a.maker(id)
		}
		switch {
		case n.Kind == tree.Undecryptable:
			d.Detail = "not ours, and it cannot be decrypted"
		case dir == a.root && a.published(id):
			d.Detail = "a snapshot that the state does not know"
		case a.twin(id, n):
			d.Change, d.Detail = DriftDuplicated, "another one of the same name"
		}
		if d.Dir {
			d.Files = a.filesIn(id)
		}
		d.Detail += a.ifOther(d.User)
		a.note(d)
	}
}

// twin says whether an owned sibling of the same class has the node's name.
func (a *auditor) twin(id tree.ID, n tree.Node) bool {
	remote := a.remote()
	first, end := remote.Find(remote.Parent(id), n.Name)
	for other := first; other < end; other++ {
		if other != id && class(remote.Kind(other)) == class(n.Kind) && a.owned.has(remote.Handle(other)) {
			return true
		}
	}
	return false
}

// note adds a difference, unless ignore_drift hides its path.
func (a *auditor) note(d Difference) bool {
	if a.hidden.match(d.Path) {
		return false
	}
	a.found = append(a.found, d)
	return true
}

// countFiles counts the files below a remote folder.
func (t *target) countFiles(id tree.ID) int64 {
	var n int64
	for c := range t.remote().Walk(id) {
		if t.remote().Kind(c).HasContent() {
			n++
		}
	}
	return n
}

// below returns a remote node's path from the target's root.
func (t *target) below(id tree.ID) tree.Path {
	return relative(t.remote().Path(id), t.at())
}

// relative returns p as seen from dir, which holds it.
func relative(p, dir tree.Path) tree.Path {
	if dir == "" || p == dir {
		if p == dir {
			return ""
		}
		return p
	}
	return p[len(dir)+1:]
}

// entry is what the manifest says about a remote node.
func (t *target) entry(id tree.ID, path tree.Path) state.Entry {
	n := t.remote().Node(id)
	e := state.Entry{Path: path, Dir: n.Kind == tree.Dir, Handle: n.Handle, Meta: n.Meta}
	if !e.Dir {
		e.Size = n.Size
	}
	if n.HasFingerprint {
		e.MTime, e.CRC = n.MTime/1e9, n.CRC
	}
	return e
}
