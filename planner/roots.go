package planner

import (
	"fmt"
	"strings"

	"github.com/megaplan/megaplan/internal/tree"
)

// moves says whether the plan moves the target's root to the declared path.
func (t *target) moves() bool { return t.was != "" }

// at is the root's path in the remote tree, before anything is done.
func (t *target) at() tree.Path {
	if t.moves() {
		return t.was
	}
	return t.out.Path
}

// checkRoot compares the root with the one state knows, or the one an import block names (rule 4).
func (p *planning) checkRoot(t *target) {
	known := p.knownRoot(t)
	if known == 0 || t.root != tree.None && t.remote().Handle(t.root) == known {
		return
	}
	where, ok := p.whereIs(t, known)
	if !ok || !where.Found || where.InTrash || where.Version {
		return
	}
	looks := p.in.Options.DriftOnly || p.in.Options.RefreshOnly
	id, here := t.account.find(known)
	if looks && !t.declared() {
		return
	}
	if !t.declared() || t.out.Status == Destroyed {
		t.root, t.out.Root = tree.None, Ref{}
		if here {
			t.root, t.out.Root, t.out.Path = id, Ref{Handle: known}, where.Path
		}
		return
	}
	if t.root == tree.None && here {
		t.root, t.out.Root, t.was = id, Ref{Handle: known}, where.Path
		t.account.roots[id] = t
	}
	if looks {
		return
	}
	if !t.moves() {
		p.refuse(4, t, "the new path is taken", fmt.Sprintf(
			"%s is at /%s, and /%s exists already. To take over what is at the new path, forget the old place first (megaplan state rm %s) and "+
				"import the new one; otherwise set the path back, or move what is there out of the way.", t.out.Address, where.Path, t.out.Path, t.out.Address))
	} else if t.out.Path.Within(t.was) {
		p.refuse(4, t, "a folder cannot move into itself", fmt.Sprintf(
			"%s is at /%s; its new path /%s lies inside. Choose a path beside it.", t.out.Address, t.was, t.out.Path))
	}
}

// knownRoot is the folder that is the target's whatever its path: the one state knows, or without state the one an import
// block names.
func (p *planning) knownRoot(t *target) tree.Handle {
	if t.prior != nil {
		return t.prior.Resource.Root
	}
	path, ok := p.in.Imports[t.out.Address]
	if !ok || !t.declared() || canonical(string(path)) == canonical(string(t.out.Path)) {
		return 0
	}
	var names []string
	for name := range path.Names() {
		names = append(names, name)
	}
	id, depth := walker{t: t.remote()}.walk(tree.Root, names)
	if depth == len(names) && len(names) > 0 {
		return t.remote().Handle(id)
	}
	p.refuse(4, t, "nothing to import", fmt.Sprintf(
		"There is no folder /%s in %s. Correct the path in the import block of %s, or remove the block.", path, t.out.Account, t.out.Address))
	return 0
}

// checkPassengers refuses to move a root that would carry another address's root along to where that is not declared.
func (p *planning) checkPassengers() {
	if p.in.Options.DriftOnly || p.in.Options.RefreshOnly {
		return
	}
	for _, t := range p.targets {
		if !t.moves() || t.refused || t.out.Status != Active {
			continue
		}
		for _, other := range p.targets {
			if other != t && other.account == t.account && other.declared() && t.disturbs(other) {
				p.refuse(4, t, "the new path would take another address along", fmt.Sprintf(
					"%s moves from /%s to /%s, and the folder of %s lies in it. Apply the one with -target=%s first, or change both paths together.",
					t.out.Address, t.was, t.out.Path, other.out.Address, t.out.Address))
			}
		}
	}
}

// disturbs says whether the move of a root takes another one away from its path, or brings a folder there.
func (t *target) disturbs(other *target) bool {
	switch {
	case other.moves():
		return false
	case other.root == tree.None:
		return other.out.Path.Within(t.out.Path) && t.holds(relative(other.out.Path, t.out.Path))
	case !other.at().Within(t.was):
		return false
	}
	return t.out.Path.Join(string(relative(other.at(), t.was))) != other.out.Path
}

// holds says whether there is a folder at a path below the root.
func (t *target) holds(path tree.Path) bool {
	id := t.root
	for name := range path.Names() {
		found := tree.None
		first, end := t.remote().Find(id, name)
		for c := first; c < end; c++ {
			if t.remote().Kind(c) == tree.Dir {
				found = c
			}
		}
		if found == tree.None {
			return false
		}
		id = found
	}
	return true
}

// ensureRoot brings a target's folder to its path: it creates what does not exist of the way and the folder, or moves it.
func (p *planning) ensureRoot(t *target) {
	if t.root != tree.None && !t.moves() || !t.moves() && !t.sourceTaken() {
		return
	}
	if t.moves() && t.arrives() {
		return
	}
	names := strings.Split(string(t.out.Path), "/")
	at := made{ref: Ref{Handle: t.remote().Handle(tree.Root)}, node: tree.Root}
	done := tree.Path("")
	for _, name := range names[:len(names)-1] {
		done = done.Join(name)
		at = p.way(t, at, done, name)
	}
	if !t.moves() {
		at = p.way(t, at, t.out.Path, names[len(names)-1])
		t.out.Root = at.ref
		return
	}
	reason := "its path has changed; nothing is uploaded"
	if t.prior == nil {
		reason = "taken over by an import block; nothing is uploaded"
	} else if canonical(t.prior.Resource.Path) == canonical(t.path()) {
		reason = "moved by another client; back to its place"
	}
	a := Action{
		Address: t.out.Address, Kind: Move, Path: t.out.Path, From: t.was, Reason: reason, Needs: needs(at.after),
		Parent: at.ref, Name: names[len(names)-1], Remote: t.remoteOf(t.root), Meta: t.remote().Node(t.root).Meta,
	}
	a.Files, a.Bytes = t.volume(t.root)
	id := p.act(a)
	t.account.made[t.out.Path] = made{ref: t.out.Root, after: id, node: t.root}
}

// departs says whether a node is another address's root that this plan moves to its declared path.
func (t *target) departs(id tree.ID) bool {
	other := t.account.roots[id]
	return other != nil && other != t && other.moves()
}

// departure is the action that moves a target's root to the declared path; 0 where none does.
func (t *target) departure() ActionID {
	if !t.moves() {
		return 0
	}
	return t.account.made[t.out.Path].after
}

// way returns the folder at a path on the way to a root, which an earlier action may have brought there, and creates it if
// there is none.
func (p *planning) way(t *target, above made, path tree.Path, name string) made {
	if m, ok := t.account.made[path]; ok {
		return m
	}
	if id, ok := t.existing(above, name); ok {
		return made{ref: Ref{Handle: t.remote().Handle(id)}, after: above.after, node: id}
	}
	id := p.act(Action{
		Address: t.out.Address, Kind: CreateFolder, Path: path, Reason: "new here", Needs: needs(above.after), Parent: above.ref, Name: name,
	})
	m := made{ref: Ref{Action: id}, after: id, node: tree.None}
	t.account.made[path] = m
	return m
}

// existing finds the folder the declared path goes through, as findRoot did: its path is spelled as on MEGA. Below a root
// that moves, any folder of the name is the one.
func (t *target) existing(above made, name string) (tree.ID, bool) {
	if above.node == tree.None {
		return tree.None, false
	}
	first, end := t.remote().Find(above.node, name)
	for id := first; id < end; id++ {
		if t.remote().Kind(id) == tree.Dir && (t.account.passage[id] || above.after != 0) {
			t.account.passage[id] = true
			return id, true
		}
	}
	return tree.None, false
}

// arrives says whether a root that moves comes to its path with a folder above it that moves.
func (t *target) arrives() bool {
	for _, other := range t.p.targets {
		if other == t || other.account != t.account || !other.moves() || other.out.Status != Active || !t.was.Within(other.was) {
			continue
		}
		if other.out.Path.Join(string(relative(t.was, other.was))) == t.out.Path {
			return true
		}
	}
	return false
}

// volume counts the files below a remote folder and their bytes.
func (t *target) volume(id tree.ID) (files, bytes int64) {
	for c := range t.remote().Walk(id) {
		if t.remote().Kind(c).HasContent() {
			files++
			bytes += t.remote().Size(c)
		}
	}
	return files, bytes
}
