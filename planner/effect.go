package planner

import (
	"cmp"
	"slices"
	"strings"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// Record is what a completed action changes in the state of its address.
type Record struct {
	Address addr.Address
	// Put are entries to add; each takes the place of those with its handle.
	Put []state.Entry
	// Found is what the action changed, as it was, if the manifest lacks it.
	Found *state.Entry
	// Remove are handles no longer owned. Below, if set, is a folder whose content went with it.
	Remove []tree.Handle
	Below  tree.Path
	// From, if set, is a folder whose content is below To now.
	From, To tree.Path
	// Root is the handle of the address's own folder, if the action created it.
	Root tree.Handle
	// Forget takes the address out of the state.
	Forget bool
	// Undo says that a rollback did it.
	Undo bool
	// Sole, if set, is the snapshot that was published: the manifest holds nothing that is not in it. Published and Expired
	// change the list of snapshots.
	Sole      tree.Path
	Published *state.Snapshot
	Expired   tree.Handle
}

// Effect returns what an action of the plan changes in state once it has succeeded with this result.
func Effect(p *Plan, a *Action, r Result) Record {
	out := Record{Address: a.Address, Undo: p.Rollback}
	if a.Kind != Copy { // which changes nothing of what it copies
		out.Found = p.target(a).found(a.Remote.Handle)
	}
	rel, inside := p.inside(a)
	switch a.Kind {
	case Forget:
		out.Forget = true
	case CreateFolder:
		switch {
		case inside && rel == "":
			out.Root = r.Handle
		case inside:
			out.Put = []state.Entry{{Path: rel, Dir: true, Handle: r.Handle, Meta: a.Meta}}
		}
	case Copy, RestoreFromTrash:
		if a.Disown != nil {
			break
		}
		out.Put = []state.Entry{{
			Path: rel, Dir: a.Remote.Dir, Handle: r.Handle, Size: a.Remote.Size, MTime: a.Fingerprint.MTime, CRC: a.Fingerprint.CRC, Meta: a.Meta,
		}}
		if a.Like != 0 {
			out.Put[0].Size = a.Local.Size
		}
		if a.Remote.Dir {
			out.Put = append(out.Put, p.returns(a, rel)...)
		}
	case Move:
		if inside && rel == "" {
			out.Root = a.Remote.Handle
			break
		}
		if a.Disown != nil {
			out.Remove = a.Disown.handles(a.Remote.Handle)
			break
		}
		out.Put = []state.Entry{{
			Path: rel, Dir: a.Remote.Dir, Handle: a.Remote.Handle, Size: a.Remote.Size, MTime: a.Fingerprint.MTime, CRC: a.Fingerprint.CRC, Meta: a.Meta,
		}}
		if a.Remote.Dir && a.From != "" {
			out.From, out.To = p.relative(a, a.From), rel
		}
	case Upload, Update:
		size := a.Local.Size
		if r.Source != (Local{}) {
			size = r.Source.Size
		}
		out.Put = []state.Entry{{
			Path: rel, Handle: r.Handle, Size: size, MTime: r.Fingerprint.MTime, CRC: r.Fingerprint.CRC, Meta: a.Meta,
		}}
		if a.Kind == Update && a.Replace {
			out.Remove = []tree.Handle{a.Remote.Handle}
		}
	case Touch, SetAttributes:
		if rel == "" {
			break
		}
		out.Put = []state.Entry{{
			Path: rel, Dir: a.Remote.Dir, Handle: a.Remote.Handle, Size: a.Remote.Size, MTime: a.Fingerprint.MTime, CRC: a.Fingerprint.CRC, Meta: a.Meta,
		}}
	case ExpireVersion, ExpireTrash: // neither versions nor the bin are in a manifest
	case PublishSnapshot:
		out.Put = []state.Entry{{Path: rel, Dir: true, Handle: r.Handle}}
		out.From, out.To, out.Sole = p.relative(a, a.From), rel, rel
		out.Published = published(a, r)
	case ExpireSnapshot:
		out.Remove, out.Below, out.Expired = []tree.Handle{a.Remote.Handle}, rel, a.Remote.Handle
	case Trash, Destroy, MergeFolder:
		out.Remove = a.Disown.handles(a.Remote.Handle)
		if a.Disown == nil && a.Subtree != nil && a.Subtree.Nodes > 0 {
			out.Below = rel
			if rel == "" {
				out.Below = "/" // all of it
			}
		}
	default:
		panic("planner: no effect known for action kind " + string(a.Kind))
	}
	return out
}

// inside returns an action's path from its target's root, and whether it is there at all: folders on the way to the root
// belong to nobody.
func (p *Plan) inside(a *Action) (tree.Path, bool) {
	t := p.target(a)
	if !a.Path.Within(t.Path) {
		return "", false
	}
	return relative(a.Path, t.Path), true
}

// returns are the entries below a folder that comes out of the bin.
func (p *Plan) returns(a *Action, rel tree.Path) (below []state.Entry) {
	all := owned{entries: p.target(a).Returns}
	for i := all.firstAt(rel); i < len(all.entries) && all.entries[i].Path < pastAll(rel); i++ {
		if e := all.entries[i]; e.Path.Within(rel) {
			below = append(below, e)
		}
	}
	return below
}

// pastAll is a path behind all that lies below another one, in the order of bytes.
func pastAll(dir tree.Path) tree.Path { return dir + "0" } // which follows the slash

// relative returns another path of an action from its target's root.
func (p *Plan) relative(a *Action, path tree.Path) tree.Path { return relative(path, p.target(a).Path) }

func (p *Plan) target(a *Action) *Target {
	for i := range p.Targets {
		if t := &p.Targets[i]; t.Address == a.Address {
			return t
		}
	}
	panic("planner: an action of an address the plan lacks: " + a.Address.String())
}

// ManifestAfter returns the manifest of a target after some of a plan's actions, in the order they were recorded: old,
// without what the plan found gone, with what it found there, then with what the actions did. It does not change old. With a
// zero target only the records count.
func ManifestAfter(old state.Manifest, t Target, records []Record) state.Manifest {
	m := merge{put: map[tree.Handle]dated{}, removed: map[tree.Handle]int{}, folders: map[tree.Path][]folderEvent{}}
	for _, h := range t.Drop {
		m.removed[h] = 1
	}
	for _, e := range t.Adopt {
		m.put[e.Handle] = dated{e, 2}
	}
	for i, r := range records {
		m.record(r, i+3)
	}
	out := make(state.Manifest, 0, len(old)+len(m.put))
	keep := func(d dated) {
		if e, stays := m.settle(d); stays {
			out = append(out, e)
		}
	}
	for _, e := range old {
		if _, again := m.put[e.Handle]; !again {
			keep(dated{e, 0})
		}
	}
	for _, d := range m.put {
		keep(d)
	}
	slices.SortFunc(out, func(a, b state.Entry) int {
		return cmp.Or(strings.Compare(string(a.Path), string(b.Path)), cmp.Compare(a.Handle, b.Handle))
	})
	return out
}

// ManifestBefore returns what a run found that did what the records say: old without what was gone, with what was adopted and
// with what it changed, whoever had put it there. With a zero target only the records count.
func ManifestBefore(old state.Manifest, t Target, records []Record) state.Manifest {
	t.Adopt = slices.Clone(t.Adopt)
	for i := range records {
		if e := records[i].Found; e != nil {
			t.Adopt = append(t.Adopt, *e)
		}
	}
	return ManifestAfter(old, t, nil)
}

// found is what the plan noted of a node that is not in the manifest.
func (t *Target) found(h tree.Handle) *state.Entry {
	i, ok := slices.BinarySearchFunc(t.Found, h, func(e state.Entry, h tree.Handle) int { return cmp.Compare(e.Handle, h) })
	if !ok {
		return nil
	}
	e := t.Found[i]
	return &e
}

// dated is an entry and when it was put: what happens to its folder counts only for what was there before it.
type dated struct {
	state.Entry
	at int
}

// folderEvent is what happened to all there was in a folder: it is gone, or it is in another one.
type folderEvent struct {
	at   int
	gone bool
	to   tree.Path
}

// sole is when a snapshot was published and everything else left the manifest.
type sole struct {
	at   int
	path tree.Path
}

type merge struct {
	soles   []sole // in order
	put     map[tree.Handle]dated
	removed map[tree.Handle]int
	folders map[tree.Path][]folderEvent // in order
}

func (m *merge) record(r Record, at int) {
	for _, h := range r.Remove {
		m.removed[h] = at
	}
	if r.Below != "" {
		m.folders[r.Below] = append(m.folders[r.Below], folderEvent{at: at, gone: true})
	}
	if r.From != "" {
		m.folders[r.From] = append(m.folders[r.From], folderEvent{at: at, to: r.To})
	}
	if r.Sole != "" {
		m.soles = append(m.soles, sole{at, r.Sole})
	}
	for _, e := range r.Put {
		m.put[e.Handle] = dated{e, at}
	}
}

// settle follows an entry through what happened to its folders, and says whether it is still there.
func (m *merge) settle(d dated) (state.Entry, bool) {
	if m.removed[d.Handle] > d.at {
		return d.Entry, false
	}
	for len(m.folders) > 0 || len(m.soles) > 0 {
		from, ev := m.next(d)
		if ev.at == 0 {
			break
		}
		if ev.gone {
			return d.Entry, false
		}
		d.Path, d.at = ev.to+d.Path[len(from):], ev.at
	}
	return d.Entry, true
}

// next returns the first thing that happened to a folder of an entry since it was put.
func (m *merge) next(d dated) (from tree.Path, first folderEvent) {
	look := func(p tree.Path) {
		for _, ev := range m.folders[p] {
			if ev.at > d.at && (first.at == 0 || ev.at < first.at) {
				from, first = p, ev
			}
		}
	}
	look("/")
	for p := d.Path.Dir(); p != ""; p = p.Dir() {
		look(p)
	}
	for _, s := range m.soles {
		if s.at > d.at && (first.at == 0 || s.at < first.at) && !d.Path.Within(s.path) {
			return "", folderEvent{at: s.at, gone: true}
		}
	}
	return from, first
}
