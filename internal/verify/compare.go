package verify

import (
	"fmt"
	"slices"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/scan"
	"github.com/megaplan/megaplan/internal/tree"
)

// Compare pairs every remote file with the local one of its path. It is pure: equal inputs give equal work.
func Compare(in Input) *Work {
	c := comparison{in: &in, work: &Work{}, checkOf: map[part]int{}, met: make([]bool, in.Local.Len())}
	c.readManifest()
	c.level(in.Root, tree.Root, "")
	c.missingThere()
	if in.Dated {
		c.whole()
	}
	return c.work
}

type comparison struct {
	in      *Input
	work    *Work
	checkOf map[part]int
	met     []bool // local nodes that have a remote one
	owned   func(tree.Handle) bool
	listed  map[tree.Path]bool
}

// part is what is compared of a local file.
type part struct {
	file tree.ID
	size int64
}

func (c *comparison) readManifest() {
	c.owned, c.listed = c.in.Manifest.Owned(), map[tree.Path]bool{}
	for i := range c.in.Manifest {
		e := &c.in.Manifest[i]
		if !e.Dir {
			c.listed[e.Path] = true
		}
	}
}

// level pairs what is in a remote folder with what is in a local directory.
func (c *comparison) level(remote, local tree.ID, at tree.Path) {
	pairs := c.pair(remote, local)
	ours := c.oursOf(pairs)
	first, end := c.in.Remote.Children(remote)
	for id := first; id < end; id++ {
		n := c.in.Remote.Node(id)
		path := at.Join(n.Name)
		here, ok := pairs[id]
		if !ok {
			c.without(id, path, c.in.Local.Node(local))
			continue
		}
		switch {
		case ours[here] && !c.ours(n.Handle):
			c.spare(id)
		case n.Kind == tree.Dir && c.in.Local.Kind(here).HasContent(): // a file has its name now
			c.without(id, path, c.in.Local.Node(local))
		default:
			c.met[here] = true
			c.together(id, here, path)
		}
	}
}

// oursOf returns the local names that have a node of ours: others beside it are no copy of the file.
func (c *comparison) oursOf(pairs map[tree.ID]tree.ID) map[tree.ID]bool {
	ours := make(map[tree.ID]bool, len(pairs))
	for id, here := range pairs {
		if c.ours(c.in.Remote.Handle(id)) {
			ours[here] = true
		}
	}
	return ours
}

// spare counts what another client put beside a node of ours.
func (c *comparison) spare(id tree.ID) {
	for below := range c.in.Remote.Walk(id) {
		if c.in.Remote.Kind(below) != tree.Dir {
			c.work.Unmanaged++
		}
	}
}

// pair finds the local name of each remote one: the same bytes first, then what is restored as the same text (rule 14). Several remote nodes of
// one name are compared with the same local file.
func (c *comparison) pair(remote, local tree.ID) map[tree.ID]tree.ID {
	pairs := map[tree.ID]tree.ID{}
	var rest []tree.ID
	first, end := c.in.Remote.Children(remote)
	for id := first; id < end; id++ {
		lo, hi := c.in.Local.Find(local, c.in.Remote.Name(id))
		if lo < hi {
			pairs[id] = lo
		} else {
			rest = append(rest, id)
		}
	}
	if len(rest) == 0 {
		return pairs
	}
	exact := make(map[tree.ID]bool, len(pairs))
	for _, here := range pairs {
		exact[here] = true
	}
	alike := map[string]tree.ID{}
	lo, hi := c.in.Local.Children(local)
	for here := hi; here > lo; here-- { // the first in byte order stays
		if !exact[here-1] {
			alike[names.NFC(c.in.Local.Name(here-1))] = here - 1
		}
	}
	for _, id := range rest {
		key := names.NFC(c.in.Encoding.Spelled(c.in.Remote.Name(id)))
		if here, ok := alike[key]; ok {
			pairs[id] = here
			delete(alike, key)
		}
	}
	return pairs
}

// without judges a remote node that has no local name.
func (c *comparison) without(id tree.ID, path tree.Path, parent tree.Node) {
	for below := range c.in.Remote.Walk(id) {
		n := c.in.Remote.Node(below)
		if n.Kind == tree.Dir {
			continue
		}
		f := c.finding(n, c.pathBelow(id, below, path))
		switch {
		case !c.ours(n.Handle):
			c.work.Unmanaged++
			continue
		case n.Kind == tree.Undecryptable:
			f.Verdict, f.Detail = CannotTell, noKey
		case parent.Incomplete || parent.Kind == tree.Unknown:
			f.Verdict, f.Detail = CannotTell, "its directory was not read: "+parent.Reason
			f.Unreadable = parent.Why == tree.Unreadable
		default:
			f.Verdict, f.Expected = MissingHere, c.in.KeepsGone
			if c.in.Dated {
				f.Verdict, f.Detail = Changed, "gone here"
			}
		}
		c.decided(f)
	}
}

const noKey = "its key cannot be read"

// pathBelow is the path of a node whose ancestor's path is known.
func (c *comparison) pathBelow(ancestor, id tree.ID, path tree.Path) tree.Path {
	base, full := c.in.Remote.Path(ancestor), c.in.Remote.Path(id)
	return path + full[len(base):]
}

// ours says whether megaplan put a node there; without a state everything counts.
func (c *comparison) ours(h tree.Handle) bool { return !c.in.HasState || c.owned(h) }

func (c *comparison) finding(n tree.Node, path tree.Path) Finding {
	return Finding{Path: path, Handle: n.Handle, Size: n.Size, There: n.Created, Other: c.in.HasState && !c.owned(n.Handle)}
}

// decided records what needs no reading.
func (c *comparison) decided(f Finding) {
	c.work.Files++
	c.work.Bytes += f.Size
	c.work.Findings = append(c.work.Findings, f)
}

// together judges a remote node and the local name it belongs to.
func (c *comparison) together(id, here tree.ID, path tree.Path) {
	n, local := c.in.Remote.Node(id), c.in.Local.Node(here)
	if n.Kind == tree.Dir && local.Kind == tree.Dir {
		c.level(id, here, path)
		return
	}
	for below := range c.in.Remote.Walk(id) {
		if c.in.Remote.Kind(below) != tree.Dir {
			c.file(below, here, local, c.pathBelow(id, below, path))
		}
	}
}

// file judges a remote file and the local name of its path.
func (c *comparison) file(id, here tree.ID, local tree.Node, path tree.Path) {
	n := c.in.Remote.Node(id)
	f := c.finding(n, path)
	switch {
	case n.Kind == tree.Undecryptable:
		f.Verdict, f.Detail = CannotTell, noKey
	case local.Kind == tree.Unknown:
		f.Verdict, f.Detail, f.Unreadable = CannotTell, "left out: "+local.Reason, local.Why == tree.Unreadable
		if f.Unreadable {
			f.Detail = local.Reason
		}
	case !local.Kind.HasContent():
		f.Verdict, f.Detail = Differs, "a directory here"
	case n.Size != local.Size && !c.grown(n, here, local):
		f = c.differing(f, n, local)
	default:
		c.check(n, here, local, f)
		return
	}
	c.decided(f)
}

// grown says whether a local file is declared to grow and may begin with a remote one.
func (c *comparison) grown(n tree.Node, here tree.ID, local tree.Node) bool {
	return local.Size > n.Size && local.Kind == tree.File && c.in.Grows != nil && c.in.Grows(c.in.Local.LocalPath(here))
}

// differing is the finding about content that is not equal: edited here since, or not.
func (c *comparison) differing(f Finding, n, local tree.Node) Finding {
	f.Here = local.MTime / second
	switch {
	case f.Other:
		f.Verdict = Differs
	case c.edited(n, local):
		f.Verdict = Changed
	default:
		f.Verdict = Differs
		f.Detail = "the date is the backup's, the bytes are not"
	}
	return f
}

const second = 1_000_000_000

// edited says whether the local file's date is another than when it was last known to be equal: that of the proof, else the
// one the backup recorded.
func (c *comparison) edited(n, local tree.Node) bool {
	if proof, ok := c.in.Proofs[n.Handle]; ok {
		return proof.MTime != local.MTime
	}
	meta, err := scan.ParseMeta(n.Meta)
	seconds := crypt.ClampMTime(floorSecond(local.MTime))
	if err == nil && meta.HasTime && (!n.HasFingerprint || crypt.ClampMTime(floorSecond(meta.Time)) == n.MTime/second) {
		return meta.Time != local.MTime
	}
	return n.HasFingerprint && n.MTime/second != seconds
}

func floorSecond(ns int64) int64 {
	if ns < 0 {
		return (ns - second + 1) / second
	}
	return ns / second
}

// check has the local file read, unless the sample leaves it out.
func (c *comparison) check(n tree.Node, here tree.ID, local tree.Node, f Finding) {
	if !c.in.Sample.takes(n.Handle) {
		c.work.Unsampled++
		return
	}
	c.work.Files++
	c.work.Bytes += n.Size
	i, ok := c.checkOf[part{here, n.Size}]
	if !ok {
		i = len(c.work.Checks)
		c.checkOf[part{here, n.Size}] = i
		c.work.Checks = append(c.work.Checks, Check{
			Path: c.in.Local.LocalPath(here), Symlink: local.Kind == tree.Symlink, Identity: scan.IdentityOf(local), Size: n.Size,
		})
	}
	check := &c.work.Checks[i]
	check.Nodes = append(check.Nodes, Node{Handle: n.Handle, Path: f.Path, differing: c.differing(f, n, local)})
}

// missingThere judges local files that have no remote node: those the manifest lists are gone, others are new.
func (c *comparison) missingThere() {
	for id := range c.in.Local.Walk(tree.Root) {
		n := c.in.Local.Node(id)
		if c.met[id] || !n.Kind.HasContent() {
			continue
		}
		f := Finding{Path: c.in.Local.Path(id), Verdict: MissingThere, Size: n.Size, Here: n.MTime / second}
		if c.in.HasState && !c.listed[f.Path] {
			f.Verdict, f.Detail = Changed, "new here"
		}
		c.work.Findings = append(c.work.Findings, f)
	}
}

// whole compares what a snapshot holds with what it was made with. Files that are known to be missing are told already.
func (c *comparison) whole() {
	var held Held
	for id := range c.in.Remote.Walk(c.in.Root) {
		if c.in.Remote.Kind(id) != tree.Dir {
			held.Files, held.Bytes = held.Files+1, held.Bytes+c.in.Remote.Size(id)
		}
	}
	known := slices.ContainsFunc(c.work.Findings, func(f Finding) bool { return f.Verdict == MissingThere })
	if held == c.in.Made || known {
		return
	}
	c.work.Findings = append(c.work.Findings, Finding{
		Path: ".", Verdict: Differs, Detail: fmt.Sprintf("made with %d files (%d bytes), and holds %d (%d bytes)",
			c.in.Made.Files, c.in.Made.Bytes, held.Files, held.Bytes),
	})
}
