package restore

import (
	"cmp"
	"slices"
	"time"

	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// Past is what is known of a backup for telling how it was at a time (rule 32).
type Past struct {
	// Time is the server's.
	Time time.Time
	// Tree is today's, with the backup's root.
	Tree *tree.Tree
	Root tree.ID
	// Versions holds the older versions of files below the root, newest first, by the handle of the current one.
	Versions map[tree.Handle][]tree.Node
	// Manifest is the newest one kept that is not after Time; without one today's paths count.
	Manifest    state.Manifest
	HasManifest bool
	// Elsewhere says where nodes are that the manifest lists and that are not below the root, by the manifest's handle.
	Elsewhere map[tree.Handle]Place
	// Trashed are nodes in the bin that came from the backup.
	Trashed []Trashed
	// Unknown takes along trashed nodes of which nobody knows since when they are there.
	Unknown bool
}

// Place is a file outside the backup's root: its node, its older versions, and whether it lies in the bin, since when.
type Place struct {
	Node      tree.Node
	Versions  []tree.Node
	InTrash   bool
	TrashedAt int64 // Unix seconds; 0 is unknown
}

// Trashed is a node in the bin and the path below the backup's root that it had.
type Trashed struct {
	Path tree.Path
	Place
}

// Then returns the tree as it was at the time, as far as MEGA still has it, and what is missing of it.
func Then(p Past) (*tree.Tree, []Skip) {
	b := past{Past: &p, at: p.Time.Unix(), files: map[tree.Path]tree.Node{}, dirs: map[tree.Path]tree.Node{}, used: map[tree.Handle]bool{}}
	b.readToday()
	if p.HasManifest {
		b.listed()
	}
	b.today()
	b.trashed()
	b.forgive()
	return b.build(), b.skipped
}

// chain is a file through time: its current node and the older versions.
type chain struct {
	path  tree.Path // from the root, today
	nodes []tree.Node
}

type past struct {
	*Past
	at      int64
	chains  []*chain
	byNode  map[tree.Handle]*chain
	folders map[tree.Path]tree.Node // today's
	files   map[tree.Path]tree.Node // the result
	dirs    map[tree.Path]tree.Node
	used    map[tree.Handle]bool // current nodes and folders that have their path
	skipped []Skip
}

// readToday makes the chains of all files that are in the backup now.
func (b *past) readToday() {
	b.byNode, b.folders = map[tree.Handle]*chain{}, map[tree.Path]tree.Node{}
	base := b.Tree.Path(b.Root)
	for id := range b.Tree.Walk(b.Root) {
		if id == b.Root {
			continue
		}
		n := b.Tree.Node(id)
		path := below(b.Tree.Path(id), base)
		if n.Kind == tree.Dir {
			b.folders[path] = n
			continue
		}
		c := &chain{path: path, nodes: append([]tree.Node{n}, b.Versions[n.Handle]...)}
		b.chains = append(b.chains, c)
		for _, v := range c.nodes {
			b.byNode[v.Handle] = c
		}
	}
}

func below(path, base tree.Path) tree.Path {
	if base == "" {
		return path
	}
	return path[len(base)+1:]
}

// pick returns the newest content that is not after the time.
func (b *past) pick(nodes []tree.Node) (tree.Node, bool) {
	i := slices.IndexFunc(nodes, func(n tree.Node) bool { return n.Created <= b.at })
	if i < 0 {
		return tree.Node{}, false
	}
	return nodes[i], true
}

// listed takes what the manifest lists.
func (b *past) listed() {
	for i := range b.Manifest {
		e := &b.Manifest[i]
		if e.Dir {
			b.dirs[e.Path] = tree.Node{Kind: tree.Dir, Handle: e.Handle, Meta: e.Meta}
			b.used[e.Handle] = true
			continue
		}
		if c := b.byNode[e.Handle]; c != nil {
			b.used[c.nodes[0].Handle] = true
			b.take(e.Path, b.contentOf(c.nodes, e))
			continue
		}
		b.away(e)
	}
}

// contentOf is pick, or the node that the manifest names where its time is later than the manifest says. That node's date and
// mode are those of the manifest: they change without a version.
func (b *past) contentOf(nodes []tree.Node, e *state.Entry) tree.Node {
	n, ok := b.pick(nodes)
	if !ok {
		i := slices.IndexFunc(nodes, func(n tree.Node) bool { return n.Handle == e.Handle })
		n = nodes[max(0, i)]
	}
	if n.Handle != e.Handle {
		return n
	}
	n.Meta = e.Meta
	if e.MTime != 0 || e.CRC != [16]byte{} {
		n.HasFingerprint, n.MTime, n.CRC = true, e.MTime*second, e.CRC
	}
	return n
}

// away takes a listed file that is in the backup no more.
func (b *past) away(e *state.Entry) {
	place, ok := b.Elsewhere[e.Handle]
	switch {
	case !ok:
		b.skipped = append(b.skipped, Skip{Path: string(e.Path), Why: Gone, Reason: "MEGA has it no more", Files: 1})
		return
	case place.InTrash && !b.presentThen(string(e.Path), place.TrashedAt):
		b.used[place.Node.Handle] = true
		return
	}
	b.used[place.Node.Handle] = true
	b.take(e.Path, b.contentOf(append([]tree.Node{place.Node}, place.Versions...), e))
}

// presentThen says whether what was trashed at a moment was still in its place at the time.
func (b *past) presentThen(path string, trashedAt int64) bool {
	if trashedAt == 0 && !b.Unknown {
		b.skipped = append(b.skipped, Skip{
			Path: path, Why: NoTime, Reason: "in the trash since an unknown time; -include-unknown takes it", Files: 1,
		})
	}
	if trashedAt == 0 {
		return b.Unknown
	}
	return trashedAt > b.at
}

// take gives a path its content. Where two claim one path, the manifest's comes first, then the newer one.
func (b *past) take(path tree.Path, n tree.Node) {
	if old, ok := b.files[path]; ok && old.Created >= n.Created {
		return
	}
	n.Name = path.Base()
	b.files[path] = n
}

// today takes what is in the backup now and was there at the time, under its path of today.
func (b *past) today() {
	listed := len(b.files)
	for path, n := range b.folders {
		if n.Created <= b.at && !b.used[n.Handle] {
			b.dirs[path] = n
		}
	}
	for _, c := range b.chains {
		if b.used[c.nodes[0].Handle] {
			continue
		}
		n, ok := b.pick(c.nodes)
		if !ok {
			continue
		}
		if _, taken := b.files[c.path]; taken && listed > 0 {
			continue
		}
		b.take(c.path, n)
	}
}

// trashed takes what was thrown away after the time.
func (b *past) trashed() {
	for _, t := range b.Trashed {
		if b.used[t.Node.Handle] {
			continue
		}
		n, ok := b.pick(append([]tree.Node{t.Node}, t.Versions...))
		if !ok || !b.presentThen(string(t.Path), t.TrashedAt) {
			continue
		}
		if n.Kind == tree.Dir {
			b.dirs[t.Path] = n
			continue
		}
		if _, taken := b.files[t.Path]; !taken || !b.HasManifest {
			b.take(t.Path, n)
		}
	}
}

// forgive takes back what was said of a listed file that is gone where its path has other content of that time: another client
// replaced it before, and what was replaced has expired since.
func (b *past) forgive() {
	b.skipped = slices.DeleteFunc(b.skipped, func(s Skip) bool {
		_, found := b.files[tree.Path(s.Path)]
		return found && s.Why == Gone
	})
}

// build makes the tree of what was found. Folders on the way are added where nothing is known of them.
func (b *past) build() *tree.Tree {
	builder := tree.NewBuilder(b.Tree.Node(b.Root))
	ids := map[tree.Path]tree.ID{"": tree.Root}
	var folder func(tree.Path) tree.ID
	folder = func(path tree.Path) tree.ID {
		if id, ok := ids[path]; ok {
			return id
		}
		n, ok := b.dirs[path]
		if !ok {
			n = b.folders[path]
		}
		n.Name, n.Kind = path.Base(), tree.Dir
		ids[path] = builder.Add(folder(path.Dir()), n)
		return ids[path]
	}
	for _, path := range sortedPaths(b.dirs) {
		folder(path)
	}
	for _, path := range sortedPaths(b.files) {
		builder.Add(folder(path.Dir()), b.files[path])
	}
	return builder.Build()
}

func sortedPaths(m map[tree.Path]tree.Node) []tree.Path {
	paths := make([]tree.Path, 0, len(m))
	for p := range m {
		paths = append(paths, p)
	}
	slices.SortFunc(paths, func(a, b tree.Path) int { return cmp.Compare(a, b) })
	return paths
}
