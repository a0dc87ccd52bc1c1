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
	// Remove are handles no longer owned. Below, if set, is a folder whose content went with it.
	Remove []tree.Handle
	Below  tree.Path
	// Root is the handle of the address's own folder, if the action created it.
	Root tree.Handle
	// Forget takes the address out of the state.
	Forget bool
}

// Effect returns what an action of the plan changes in state once it has succeeded with this result.
func Effect(p *Plan, a *Action, r Result) Record {
	out := Record{Address: a.Address}
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
	case Move:
		out.Root = a.Remote.Handle
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
	case Trash, Destroy:
		out.Remove = []tree.Handle{a.Remote.Handle}
		if a.Subtree != nil && a.Subtree.Nodes > 0 {
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
	for i := range p.Targets {
		if t := &p.Targets[i]; t.Address == a.Address {
			if !a.Path.Within(t.Path) {
				return "", false
			}
			return relative(a.Path, t.Path), true
		}
	}
	panic("planner: an action of an address the plan lacks: " + a.Address.String())
}

// ManifestAfter returns the manifest of a target after some of a plan's actions, in the order they were recorded: old,
// without what the plan found gone, with what it found there, then with what the actions did. It does not change old. With a
// zero target only the records count.
func ManifestAfter(old state.Manifest, t Target, records []Record) state.Manifest {
	m := merge{put: map[tree.Handle]dated{}, removed: map[tree.Handle]int{}, below: map[tree.Path]int{}}
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
	for _, e := range old {
		if _, again := m.put[e.Handle]; !again && m.stays(dated{e, 0}) {
			out = append(out, e)
		}
	}
	for _, d := range m.put {
		if m.stays(d) {
			out = append(out, d.Entry)
		}
	}
	slices.SortFunc(out, func(a, b state.Entry) int {
		return cmp.Or(strings.Compare(string(a.Path), string(b.Path)), cmp.Compare(a.Handle, b.Handle))
	})
	return out
}

// dated is an entry and when it was put: a removal counts only for what was there before it.
type dated struct {
	state.Entry
	at int
}

type merge struct {
	put     map[tree.Handle]dated
	removed map[tree.Handle]int
	below   map[tree.Path]int
}

func (m *merge) record(r Record, at int) {
	for _, h := range r.Remove {
		m.removed[h] = at
	}
	if r.Below != "" {
		m.below[r.Below] = at
	}
	for _, e := range r.Put {
		m.put[e.Handle] = dated{e, at}
	}
}

func (m *merge) stays(d dated) bool {
	if m.removed[d.Handle] > d.at || m.below["/"] > d.at {
		return false
	}
	if len(m.below) == 0 {
		return true
	}
	for p := d.Path.Dir(); p != ""; p = p.Dir() {
		if m.below[p] > d.at {
			return false
		}
	}
	return true
}
