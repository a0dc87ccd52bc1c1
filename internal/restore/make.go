package restore

import (
	"cmp"
	"slices"
	"strings"

	"github.com/megaplan/megaplan/internal/filter"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/scan"
	"github.com/megaplan/megaplan/internal/tree"
)

// Make decides what a restore would do. It is pure: equal inputs give equal plans.
func Make(in Input) *Plan {
	m := maker{in: &in, plan: &Plan{}, leaders: map[group]string{}}
	m.level(m.top(), "", m.localRoot(), in.Filter.Root())
	m.takeUp()
	return m.plan
}

// takeUp finds the files that a restore that was cut off had begun. What else it left is swept.
func (m *maker) takeUp() {
	left := map[string]bool{}
	for _, path := range m.in.Local.Leftovers {
		left[path] = true
	}
	for i := range m.plan.Entries {
		e := &m.plan.Entries[i]
		if e.Op == Equal || !e.hasPart() {
			continue
		}
		part := join(parentOf(e.Path), partName(e.Handle))
		if e.Begun = left[part] && left[notesName(part)]; e.Begun {
			delete(left, part)
			delete(left, notesName(part))
		}
	}
	for _, path := range m.in.Local.Leftovers {
		if left[path] {
			m.plan.Leftovers = append(m.plan.Leftovers, path)
		}
	}
}

type maker struct {
	in      *Input
	plan    *Plan
	leaders map[group]string
}

// group tells hard-linked files that are still the same file from those that another client changed.
type group struct {
	link, meta  string
	size, mtime int64
	crc         [16]byte
}

// join adds a name to a path as it is: a name that is refused must be shown, not resolved.
func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

func (m *maker) localRoot() tree.ID {
	if m.in.Local.Tree == nil {
		return tree.None
	}
	return tree.Root
}

// top are the nodes that land directly in the target.
func (m *maker) top() []tree.ID { return top(m.in) }

func top(in *Input) []tree.ID {
	if in.Tree.Kind(in.Root) != tree.Dir {
		return []tree.ID{in.Root}
	}
	return children(in.Tree, []tree.ID{in.Root})
}

// children are the nodes in any of the folders.
func children(t *tree.Tree, dirs []tree.ID) []tree.ID {
	var ids []tree.ID
	for _, d := range dirs {
		first, end := t.Children(d)
		for id := first; id < end; id++ {
			ids = append(ids, id)
		}
	}
	return ids
}

// named are the remote nodes of one name on disk, the first is restored: megaplan's own come before others, then the
// newest, then the lowest handle.
type named struct {
	name string
	ids  []tree.ID
}

// byName sorts nodes into names as they are on disk, in the order in which they come. Where the target ignores case, names
// that differ only in that are one.
func (in *Input) byName(ids []tree.ID) []named {
	list := make([]named, 0, len(ids))
	at := make(map[string]int, len(ids))
	for _, id := range ids {
		name := in.Encoding.ToDisk(in.Tree.Name(id))
		key := name
		if in.Local.FoldsCase {
			key = names.Fold(name)
		}
		i, ok := at[key]
		if !ok {
			i = len(list)
			at[key] = i
			list = append(list, named{name: name})
		}
		list[i].ids = append(list[i].ids, id)
	}
	for i := range list {
		if n := &list[i]; len(n.ids) > 1 {
			slices.SortFunc(n.ids, func(a, b tree.ID) int {
				return cmp.Or(cmp.Compare(in.foreign(a), in.foreign(b)), cmp.Compare(in.Tree.Node(b).Created, in.Tree.Node(a).Created),
					cmp.Compare(in.Tree.Handle(a), in.Tree.Handle(b)), cmp.Compare(a, b))
			})
			n.name = in.Encoding.ToDisk(in.Tree.Name(n.ids[0]))
		}
	}
	return list
}

// foreign is 1 for a node that is known not to be megaplan's own, else 0.
func (in *Input) foreign(id tree.ID) int {
	if in.Owned == nil || in.Owned(in.Tree.Handle(id)) {
		return 0
	}
	return 1
}

// level plans what lands in one directory. local is that directory in the local tree, or None.
func (m *maker) level(ids []tree.ID, dir string, local tree.ID, f filter.Dir) {
	for _, n := range m.in.byName(ids) {
		isDir := m.in.Tree.Kind(n.ids[0]) == tree.Dir
		v := f.Judge(n.name, isDir)
		if v.Out {
			continue
		}
		stored := m.in.Tree.Name(n.ids[0])
		if why := refusal(stored, n.name, m.in.Windows); why != "" {
			for _, id := range n.ids {
				m.skip(id, join(dir, m.in.Tree.Name(id)), BadName, why)
			}
			continue
		}
		same := m.resolve(n, dir)
		at := m.localChild(local, n.name)
		if isDir {
			m.directory(same, join(dir, n.name), at, f.Enter(n.name, v))
		} else {
			m.content(same[0], join(dir, n.name), at)
		}
	}
}

// resolve reports all nodes of a name but the first. Further folders of exactly its name are restored into it, so that
// nothing is lost that has a name of its own.
func (m *maker) resolve(n named, dir string) []tree.ID {
	t := m.in.Tree
	same := n.ids[:1:1]
	for _, id := range n.ids[1:] {
		name := m.in.Encoding.ToDisk(t.Name(id))
		switch {
		case name != n.name:
			m.skip(id, join(dir, name), CaseClash, "the target takes it for "+n.name)
		case t.Kind(id) == tree.Dir && t.Kind(n.ids[0]) == tree.Dir:
			same = append(same, id)
		default:
			m.skip(id, join(dir, name), Duplicate, "another one of that name is restored")
		}
	}
	return same
}

func (m *maker) localChild(dir tree.ID, name string) tree.ID {
	if dir == tree.None {
		return tree.None
	}
	first, end := m.in.Local.Tree.Find(dir, name)
	if first == end {
		return tree.None
	}
	return first
}

func (m *maker) skip(id tree.ID, at string, why Why, reason string) {
	s := Skip{Path: at, Why: why, Reason: reason}
	for below := range m.in.Tree.Walk(id) {
		if m.in.Tree.Kind(below) != tree.Dir {
			s.Files++
		}
	}
	m.plan.Skipped = append(m.plan.Skipped, s)
}

func (m *maker) directory(ids []tree.ID, at string, local tree.ID, f filter.Dir) {
	if local != tree.None && m.in.Local.Tree.Kind(local) != tree.Dir {
		for _, id := range ids {
			m.skip(id, at, InTheWay, "there is a "+m.what(local)+" of that name")
		}
		return
	}
	e := m.entry(ids[0], at)
	e.Kind = Directory
	before := len(m.plan.Entries)
	e.Op = m.directoryOp(&e, local)
	m.plan.Entries = append(m.plan.Entries, e)
	skipped := len(m.plan.Skipped)
	m.level(children(m.in.Tree, ids), at, local, f)
	if m.in.Filter.HasInclude() && len(m.plan.Entries) == before+1 && len(m.plan.Skipped) == skipped {
		m.plan.Entries = m.plan.Entries[:before] // only what matches is wanted
	}
}

// directoryOp leaves directories that are there as they are. One that still has the bits a restore adds while it works was
// not completed.
func (m *maker) directoryOp(e *Entry, local tree.ID) Op {
	if local == tree.None {
		return Create
	}
	have, err := scan.ParseMeta(m.in.Local.Tree.Node(local).Meta)
	if err == nil && e.Meta.HasMode && have.Mode == e.Meta.Mode|workBits && have.Mode != e.Meta.Mode {
		return Finish
	}
	return Equal
}

// workBits let the restore work in a directory whose recorded mode would keep it out.
const workBits = 0o700

func (m *maker) what(local tree.ID) string {
	if kind := m.in.Local.Tree.Kind(local); kind != tree.Unknown {
		return kind.String()
	}
	return "device, socket or pipe"
}

// entry takes over what a node says of itself.
func (m *maker) entry(id tree.ID, at string) Entry {
	n := m.in.Tree.Node(id)
	e := Entry{Path: at, Remote: m.remotePath(id), Handle: n.Handle, Size: n.Size}
	meta, err := scan.ParseMeta(n.Meta)
	if err != nil {
		m.plan.Notes = append(m.plan.Notes, Skip{Path: at, Reason: err.Error()})
	}
	e.Meta = meta
	e.MTime, e.HasTime = dateOf(&n, meta)
	return e
}

// remotePath is a node's path below the root; the root's own is its name.
func (m *maker) remotePath(id tree.ID) tree.Path {
	base, path := m.in.Tree.Path(m.in.Root), m.in.Tree.Path(id)
	switch {
	case id == m.in.Root:
		return path[strings.LastIndexByte(string(path), '/')+1:]
	case base == "":
		return path
	}
	return path[len(base)+1:]
}

// dateOf is the node's date: the recorded one with its nanoseconds unless another client has dated the content anew, else
// the fingerprint's, else the time it came to MEGA.
func dateOf(n *tree.Node, meta scan.Meta) (ns int64, ok bool) {
	if n.Kind == tree.Dir {
		return meta.Time, meta.HasTime
	}
	if meta.HasTime && (!n.HasFingerprint || crypt.ClampMTime(floorSecond(meta.Time)) == n.MTime/second) {
		return meta.Time, true
	}
	if n.HasFingerprint {
		return n.MTime, true
	}
	return n.Created * second, true
}

const second = 1_000_000_000

func floorSecond(ns int64) int64 {
	if ns < 0 {
		return (ns - second + 1) / second
	}
	return ns / second
}

// content plans a file or a link.
func (m *maker) content(id tree.ID, at string, local tree.ID) {
	e := m.entry(id, at)
	switch m.in.Tree.Kind(id) {
	case tree.File:
		e.Kind = File
	case tree.Symlink:
		e.Kind = Symlink
	case tree.Undecryptable:
		m.skip(id, at, NoKey, "its key or its name cannot be read")
		return
	default:
		panic("restore: a remote node is " + m.in.Tree.Kind(id).String())
	}
	if !m.admit(id, &e, local) {
		return
	}
	m.link(id, &e)
	m.plan.Entries = append(m.plan.Entries, e)
}

// admit compares with what is there and says whether the entry takes part.
func (m *maker) admit(id tree.ID, e *Entry, local tree.ID) bool {
	e.Op = Create
	if local == tree.None {
		return true
	}
	have := m.in.Local.Tree.Node(local)
	if !have.Kind.HasContent() {
		m.skip(id, e.Path, InTheWay, "there is a "+m.what(local)+" of that name")
		return false
	}
	e.Seen = Seen{Size: have.Size, MTime: have.MTime}
	if m.kindsAgree(have.Kind, e.Kind) && have.Size == e.Size && e.sameTime(have.MTime) {
		e.Op = Equal
		return true
	}
	e.Op = Replace
	switch m.in.Overwrite {
	case Always:
		return true
	case Older:
		if have.MTime < e.MTime && floorSecond(have.MTime) <= floorSecond(e.MTime) && !e.sameTime(have.MTime) {
			return true
		}
		m.skip(id, e.Path, Newer, "the one here is not older")
		return false
	}
	m.skip(id, e.Path, Exists, "it is there already")
	return false
}

func (m *maker) kindsAgree(local tree.Kind, k Kind) bool {
	return (local == tree.Symlink) == (k == Symlink)
}

// sameTime compares dates as far as the entry's is known: in nanoseconds, or in seconds.
func (e *Entry) sameTime(ns int64) bool {
	if e.Meta.HasTime && e.MTime == e.Meta.Time {
		return ns == e.MTime
	}
	return floorSecond(ns) == floorSecond(e.MTime)
}

// link makes an entry another name of an earlier file where the backup recorded it so.
func (m *maker) link(id tree.ID, e *Entry) {
	if e.Kind != File || e.Meta.Link == "" {
		return
	}
	n := m.in.Tree.Node(id)
	g := group{e.Meta.Link, n.Meta, n.Size, n.MTime, n.CRC}
	leader, ok := m.leaders[g]
	if !ok {
		m.leaders[g] = e.Path
		return
	}
	e.Kind, e.LinkTo = Hardlink, leader
}
