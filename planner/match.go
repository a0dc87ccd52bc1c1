package planner

import (
	"iter"
	"strings"

	"github.com/megaplan/megaplan/internal/tree"
)

// match pairs the names of both sides, folder by folder, into rows. It decides everything that names and kinds decide.
func (t *target) match() {
	if t.folder != nil {
		t.matchContents() // it has no source
	}
	if t.backup == nil {
		return
	}
	if !t.p.checkSource(t) {
		return
	}
	at := t.root
	if t.series != nil {
		if !t.open() {
			return
		}
		at = t.series.building
	}
	root := t.add(row{local: tree.Root, remote: at, parent: -1, what: same})
	if at == tree.None {
		t.rows[root].what = create
	}
	t.matchDir(root)
	if t.series != nil {
		t.onlyTheSource()
	}
}

// group is the nodes of one name in one folder: a run on each side.
type group struct {
	local, localEnd   tree.ID
	remote, remoteEnd tree.ID
	// more are remote nodes of the name in folders that are merged into this one.
	more []tree.ID
	// doubt is a local name about which nothing is known and which NFC-equals this remote one; tree.None mostly.
	doubt tree.ID
}

func (g group) noLocal() bool  { return g.local == g.localEnd }
func (g group) noRemote() bool { return g.remote == g.remoteEnd }

// remotes yields the remote nodes of the name.
func (g group) remotes() iter.Seq[tree.ID] {
	return func(yield func(tree.ID) bool) {
		for id := g.remote; id < g.remoteEnd; id++ {
			if !yield(id) {
				return
			}
		}
		for _, id := range g.more {
			if !yield(id) {
				return
			}
		}
	}
}

func (t *target) matchDir(at int32) {
	r := t.rows[at]
	if r.local != tree.None && t.local().Node(r.local).Incomplete && t.local().Node(r.local).Why == tree.Unreadable {
		t.unread(r.local)
	}
	groups := t.groups(r.local, r.remote, t.merged[at])
	if t.series == nil { // the names of a snapshot are the source's
		t.pairSpellings(groups)
	}
	t.warnCase(groups)
	for _, g := range groups {
		t.matchGroup(at, g)
	}
}

// groups merges the children of both sides, which are sorted, by name. On the remote side those of merged folders count too.
func (t *target) groups(local, remote tree.ID, merged []tree.ID) []group {
	if len(merged) > 0 {
		return t.mergedGroups(local, append([]tree.ID{remote}, merged...))
	}
	var l, lEnd, r, rEnd tree.ID
	if local != tree.None {
		l, lEnd = t.local().Children(local)
	}
	if remote != tree.None {
		r, rEnd = t.remote().Children(remote)
	}
	groups := make([]group, 0, max(lEnd-l, rEnd-r))
	for l < lEnd || r < rEnd {
		var order int
		switch {
		case l == lEnd:
			order = 1
		case r == rEnd:
			order = -1
		default:
			order = strings.Compare(t.local().Name(l), t.remote().Name(r))
		}
		g := group{local: l, localEnd: l, remote: r, remoteEnd: r, doubt: tree.None}
		if order <= 0 {
			g.localEnd = run(t.local(), l, lEnd)
		}
		if order >= 0 {
			g.remoteEnd = run(t.remote(), r, rEnd)
		}
		l, r = g.localEnd, g.remoteEnd
		groups = append(groups, g)
	}
	return groups
}

// run returns the end of the siblings from id on that share its name.
func run(t *tree.Tree, id, end tree.ID) tree.ID {
	name := t.Name(id)
	for id++; id < end && t.Name(id) == name; id++ {
	}
	return id
}

// pairSpellings joins, one to one and in order, the groups that are left on one side only and whose names are NFC-equal
// (rule 14), a name that another client wrote as it is being what it is restored as. The remote run moves to the local group
// and its own group becomes empty. Every remote name that equals a local one about which nothing is known may be that one.
func (t *target) pairSpellings(groups []group) {
	waiting := map[string][]int{}
	odd := false
	for _, g := range groups {
		if g.noRemote() {
			odd = odd || !isASCII(t.local().Name(g.local))
		} else if g.noLocal() {
			odd = odd || !isASCII(t.remote().Name(g.remote))
		}
	}
	if !odd {
		return
	}
	for i, g := range groups {
		if g.noRemote() {
			key := nfc(t.local().Name(g.local))
			waiting[key] = append(waiting[key], i)
		}
	}
	for i, g := range groups {
		if !g.noLocal() || g.noRemote() || !t.readable(g) {
			continue
		}
		key := nfc(t.account.in.Encoding.Spelled(t.remote().Name(g.remote)))
		list := waiting[key]
		if len(list) == 0 {
			continue
		}
		if _, unknown := t.known(groups[list[0]]); unknown != tree.None {
			groups[i].doubt = unknown
			continue
		}
		to := &groups[list[0]]
		to.remote, to.remoteEnd, to.more = g.remote, g.remoteEnd, g.more
		groups[i].remote, groups[i].more = groups[i].remoteEnd, nil
		waiting[key] = list[1:]
	}
}

// readable says whether any remote node of a group has a name that can be read.
func (t *target) readable(g group) bool {
	for id := range g.remotes() {
		if t.remote().Kind(id) != tree.Undecryptable {
			return true
		}
	}
	return false
}

// warnCase notes the first local names of a folder that differ only in case (rule 14).
func (t *target) warnCase(groups []group) {
	seen := make(map[string]struct{}, len(groups))
	for _, g := range groups {
		if g.noLocal() {
			continue
		}
		key := fold(t.local().Name(g.local))
		if _, clash := seen[key]; clash {
			if t.caseClash == 0 {
				t.caseSample = t.local().Path(g.local)
			}
			t.caseClash++
		}
		seen[key] = struct{}{}
	}
}

func (t *target) matchGroup(at int32, g group) {
	t.report(g)
	local, unknown := t.known(g)
	if g.noLocal() {
		unknown = g.doubt
	}
	switch {
	case local != tree.None && t.local().Kind(local) == tree.Dir:
		t.matchFolder(at, local, g)
	case local != tree.None:
		t.matchFile(at, local, g)
	case unknown != tree.None:
		t.matchUnknown(at, unknown, g)
	default:
		t.matchAbsent(at, g)
	}
}

// known returns the local node of a group that is backed up, and one about which nothing is known.
func (t *target) known(g group) (local, unknown tree.ID) {
	local, unknown = tree.None, tree.None
	for id := g.local; id < g.localEnd; id++ {
		if t.local().Kind(id) == tree.Unknown {
			unknown = id
		} else if local == tree.None {
			local = id
		}
	}
	if local != tree.None {
		unknown = tree.None
	}
	return local, unknown
}

// report tells of the local names of a group that are not taken.
func (t *target) report(g group) {
	for id := g.local; id < g.localEnd; id++ {
		if t.local().Kind(id) == tree.Unknown {
			t.skip(id)
		}
	}
}

// skip reports a local name that is not taken, unless a filter or megaplan itself left it out on purpose.
func (t *target) skip(id tree.ID) {
	n := t.local().Node(id)
	switch n.Why {
	case tree.Excluded, tree.OwnFile:
		return
	case tree.Unreadable:
		t.unread(id)
		return
	case tree.NameClash:
		t.lack()
	}
	t.out.Skipped = append(t.out.Skipped, Kept{Path: t.local().Path(id), Reason: reasonOf(n)})
}

func (t *target) unread(id tree.ID) {
	n := t.local().Node(id)
	t.readErrors++
	t.lack()
	t.out.Skipped = append(t.out.Skipped, Kept{Path: t.local().Path(id), Reason: reasonOf(n), Dir: n.Kind == tree.Dir})
}

// lack notes that something of the source could not be taken.
func (t *target) lack() {
	t.p.plan.Partial = true
	t.lacking = true
}

func reasonOf(n tree.Node) string {
	if n.Reason != "" {
		return n.Reason
	}
	return n.Why.String()
}

func (t *target) matchFolder(at int32, local tree.ID, g group) {
	var folders, others []tree.ID
	for id := range g.remotes() {
		switch {
		case t.departs(id):
		case t.remote().Kind(id) == tree.Dir:
			folders = append(folders, id)
		default:
			others = append(others, id)
		}
	}
	mine := t.matchFolders(at, local, folders)
	for _, id := range others {
		t.add(row{local: tree.None, remote: id, parent: at, by: mine, what: replaced})
	}
}

func (t *target) matchFile(at int32, local tree.ID, g group) {
	n := t.local().Node(local)
	t.out.Files++
	t.out.Bytes += n.Size
	r := row{local: local, remote: tree.None, parent: at, what: upload}
	var several []tree.ID
	for id := range g.remotes() {
		switch {
		case !t.remote().Kind(id).HasContent() || t.megaplans(id):
		case r.remote == tree.None:
			r.remote, r.what = id, compare
		case several == nil:
			several = []tree.ID{r.remote, id}
		default:
			several = append(several, id)
		}
	}
	if several != nil {
		r.what = doubled
	}
	t.gather(&r)
	mine := t.add(r)
	t.setDoubles(mine, several)
	for id := range g.remotes() {
		if !t.remote().Kind(id).HasContent() {
			t.add(row{local: tree.None, remote: id, parent: at, by: mine, what: replaced})
		}
	}
}

// matchUnknown keeps what lies on MEGA under a name about which nothing may be concluded (rule 6).
func (t *target) matchUnknown(at int32, unknown tree.ID, g group) {
	orphan := t.orphaned(unknown)
	for id := range g.remotes() {
		if orphan {
			t.add(row{local: tree.None, remote: id, parent: at, what: gone, note: noteExcluded})
		} else {
			t.add(row{local: unknown, remote: id, parent: at, what: left, note: noteLocal})
		}
	}
}

// orphaned says whether a local name is left out by a filter, and what MEGA has of it is to go for that (rule 6).
func (t *target) orphaned(local tree.ID) bool {
	n := t.local().Node(local)
	return t.policy.excluded && n.Kind == tree.Unknown && n.Why == tree.Excluded
}

// matchAbsent handles a name that only MEGA has: absent if the local folder was listed completely, unknown otherwise.
func (t *target) matchAbsent(at int32, g group) {
	parent := t.rows[at].local
	for id := range g.remotes() {
		if parent != tree.None && t.local().Node(parent).Incomplete {
			t.add(row{local: parent, remote: id, parent: at, what: left, note: noteParent})
		} else {
			t.add(row{local: tree.None, remote: id, parent: at, what: gone})
		}
	}
}
