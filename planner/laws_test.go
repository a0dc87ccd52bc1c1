package planner_test

import (
	"bytes"
	"encoding/gob"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// The laws hold for whatever happens to a disk, an account and a state between runs.

var (
	someNames    = []string{"a", "b", "c", "A", "é", "e\u0301", "d x"}
	someContents = []string{"", "x", "y", "xx", "yy", "longer"}
)

// attack checks a law over a thousand random stories, a hundred under -short.
func attack(t *testing.T, law func(*rapid.T)) {
	t.Helper()
	planner.EqualFrom(1)
	defer planner.EqualFrom(32 << 10)
	rounds := 10
	if testing.Short() {
		rounds = 1
	}
	for i := range rounds {
		t.Run(strconv.Itoa(i), rapid.MakeCheck(law))
	}
}

// storm changes the world at random.
type storm struct {
	t     *rapid.T
	w     *world
	names []string
}

func (s storm) pick(label string, n int) int { return rapid.IntRange(0, n-1).Draw(s.t, label) }

func (s storm) name() string    { return rapid.SampledFrom(s.names).Draw(s.t, "name") }
func (s storm) content() string { return rapid.SampledFrom(someContents).Draw(s.t, "content") }

func (s storm) localPath() string {
	paths := []string{""}
	for _, p := range s.w.sortedDisk() {
		if s.w.disk[p].kind == tree.Dir {
			paths = append(paths, p)
		}
	}
	dir := paths[s.pick("dir", len(paths))]
	return strings.TrimPrefix(dir+"/"+s.name(), "/")
}

// existing returns a path that is on the disk, or "".
func (s storm) existing() string {
	paths := s.w.sortedDisk()
	if len(paths) == 0 {
		return ""
	}
	return paths[s.pick("path", len(paths))]
}

// below returns the nodes below the backup's root that are there, sorted by handle.
func (s storm) below() []*node {
	var out []*node
	root := s.w.root()
	for h, n := range s.w.nodes {
		if h != root && n.versionOf == 0 && !s.w.inTrash(h) && s.w.inside(h, root) {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b *node) int { return int(a.handle) - int(b.handle) })
	return out
}

func (s storm) node() *node {
	nodes := slices.DeleteFunc(s.below(), func(n *node) bool { return n.own }) // which nobody touches
	if len(nodes) == 0 {
		return nil
	}
	return nodes[s.pick("node", len(nodes))]
}

func (s storm) step() {
	rapid.SampledFrom([]func(storm){
		storm.editLocal, storm.editLocal, storm.editLocal, storm.editRemote, storm.editState,
	}).Draw(s.t, "side")(s)
}

func (s storm) editLocal() {
	w := s.w
	switch s.pick("local", 15) {
	case 14: // another name of a file
		if p := s.existing(); p != "" && w.disk[p].kind == tree.File {
			w.link(p, s.localPath())
		}
	case 0, 1, 2:
		p := s.localPath()
		w.remove(p)
		w.write(p, s.content())
	case 3:
		p := s.localPath()
		w.remove(p)
		w.mkdir(p)
	case 4:
		if p := s.existing(); p != "" {
			w.remove(p)
		}
	case 5: // another date, same bytes
		if p := s.existing(); p != "" && w.disk[p].kind == tree.File {
			w.write(p, w.disk[p].content)
		}
	case 6: // another mode
		if p := s.existing(); p != "" && w.disk[p].kind.HasContent() {
			w.disk[p].meta = rapid.SampledFrom([]string{`{"m":420}`, `{"m":493}`}).Draw(s.t, "meta")
			w.disk[p].ctime++
		}
	case 7:
		p := s.localPath()
		w.remove(p)
		w.unknown(p, rapid.SampledFrom([]tree.Why{tree.Excluded, tree.TooLarge, tree.OtherFileSystem, tree.Unreadable}).Draw(s.t, "why"), "left out")
	case 8:
		p := s.localPath()
		w.remove(p)
		f := w.write(p, s.content())
		f.kind = tree.Symlink
	case 10, 11: // renamed or moved, over what is there
		if p := s.existing(); p != "" {
			w.rename(p, s.localPath())
		}
	case 12: // two names change places
		if a, b := s.existing(), s.existing(); a != "" && a != b && !strings.HasPrefix(a+"/", b+"/") && !strings.HasPrefix(b+"/", a+"/") {
			w.rename(a, "swapped")
			w.rename(b, a)
			w.rename("swapped", b)
		}
	case 13: // copied
		if p := s.existing(); p != "" {
			w.copy(p, s.localPath())
		}
	case 9: // a folder whose listing is cut short, or whole again
		if p := s.existing(); p != "" && w.disk[p].kind == tree.Dir {
			w.disk[p].incomplete = rapid.SampledFrom([]tree.Why{0, tree.Unreadable, tree.OtherFileSystem}).Draw(s.t, "incomplete")
		}
	}
}

func (s storm) editRemote() {
	w := s.w
	if w.root() == 0 {
		w.folder(w.home())
	}
	dirs := s.dirs()
	dir := dirs[s.pick("remote dir", len(dirs))]
	switch s.pick("remote", 10) {
	case 8, 9: // a second one of a name, with all that is in it, some of it another one
		if n := s.node(); n != nil {
			s.twin(n, n.parent)
		}
	case 0, 1: // a foreign file, perhaps a duplicate
		n := w.putIn(dir, s.name(), tree.File, s.content())
		if n.printed = rapid.Bool().Draw(s.t, "printed"); n.printed {
			n.mtime = w.tick()
		}
		n.noMAC = s.pick("old client", 5) == 0
	case 2:
		w.putIn(dir, s.name(), tree.Dir, "")
	case 3:
		w.putIn(dir, "", tree.Undecryptable, "")
	case 4:
		if n := s.node(); n != nil {
			n.trashed = true
		}
	case 5:
		if n := s.node(); n != nil {
			n.name = s.name()
		}
	case 6: // moved, unless into itself
		if n := s.node(); n != nil && !strings.HasPrefix(w.pathOf(dir)+"/", w.pathOf(n.handle)+"/") {
			n.parent = dir
		}
	case 7: // replaced by another client
		if n := s.node(); n != nil && n.kind == tree.File {
			m := w.putIn(n.parent, n.name, tree.File, s.content())
			m.versions = append(slices.Clone(n.versions), n.content)
			n.versionOf = m.handle
		}
	}
}

// twin makes another node of a node's name, as clients do that look before they create and see nothing yet.
func (s storm) twin(n *node, parent tree.Handle) {
	m := s.w.putIn(parent, n.name, n.kind, n.content)
	if m.printed, m.mtime, m.meta = n.printed, n.mtime, n.meta; n.kind == tree.File && s.pick("other", 3) == 0 {
		m.content, m.mtime = s.content(), s.w.tick()
	}
	for _, c := range s.w.children(n.handle) {
		if s.pick("copied too", 3) > 0 {
			s.twin(c, m.handle)
		}
	}
}

func (s storm) editState() {
	switch s.pick("state", 4) {
	case 0:
		s.w.prior = nil
	case 1:
		clear(s.w.proofs)
	default:
		s.run()
	}
}

// run plans and applies in any order, some of it failing and some of what was done not being recorded.
func (s storm) run() {
	p := s.w.plan(s.t)
	s.check(p)
	if len(p.Refusals) > 0 {
		s.clear()
		return
	}
	rate := s.pick("failures", 4)
	s.w.forgetful = func() bool { return rate > 0 && s.pick("unrecorded", 6) == 0 }
	s.w.apply(s.t, p, func(n int) int { return s.pick("next", n) }, func(*planner.Action) bool {
		return rate > 0 && s.pick("fails", 5) < rate
	})
	s.w.forgetful = nil
}

// check looks at a plan by itself: who owns what it deletes, and what deletions wait for.
func (s storm) check(p *planner.Plan) {
	w := s.w
	owned := map[tree.Handle]bool{}
	if w.prior != nil {
		for _, e := range w.prior.Manifest {
			owned[e.Handle] = true
		}
	}
	for i := range p.Actions {
		a := &p.Actions[i]
		for _, need := range a.Needs {
			if need >= a.ID {
				s.t.Fatalf("action %d needs the later %d:\n%s", a.ID, need, describe(p))
			}
		}
		switch a.Kind {
		case planner.Trash, planner.Destroy, planner.MergeFolder:
		default:
			continue
		}
		if a.Address != w.backup.Address {
			s.checkAbove(p, a)
			continue
		}
		if w.unread(p) && !w.options.DeleteDespiteErrors && !strings.HasPrefix(a.Reason, "replaced by the upload") {
			s.t.Fatalf("something could not be read, and %d deletes all the same:\n%s", a.ID, describe(p))
		}
		if a.Kind.Content() || a.After == planner.AfterNeeds && len(a.Needs) == 0 && !strings.HasPrefix(a.Reason, "one of several") {
			s.t.Fatalf("deletion %d waits for nothing:\n%s", a.ID, describe(p))
		}
		if a.Kind != planner.MergeFolder { // what it holds has moved by then
			s.checkOwned(p, a, owned)
		}
	}
}

func (s storm) checkOwned(p *planner.Plan, a *planner.Action, owned map[tree.Handle]bool) {
	w := s.w
	var look func(h tree.Handle)
	look = func(h tree.Handle) {
		n := w.nodes[h]
		_, desired := w.disk[w.rel(h)]
		desired = desired || w.disk[equalName(w, w.rel(h))] != nil
		if n.kind == tree.Undecryptable || n.own || !owned[h] && !desired && w.backup.Unmanaged != config.UnmanagedTrash {
			s.t.Fatalf("action %d takes %s, which megaplan does not own:\n%s", a.ID, w.pathOf(h), describe(p))
		}
		for _, c := range w.children(h) {
			look(c.handle)
		}
	}
	look(a.Remote.Handle)
}

// equalName finds a local path that is NFC-equal; the model knows one pair.
func equalName(w *world, path string) string {
	path = strings.ReplaceAll(path, "e\u0301", "é")
	for p := range w.disk {
		if strings.ReplaceAll(p, "e\u0301", "é") == path {
			return p
		}
	}
	return ""
}

// TestLawsOfPlanning: whatever happened, a plan deletes only what is owned and waits for what it must; applied, it leaves
// nothing to do, and the account holds what the source holds.
func TestLawsOfPlanning(t *testing.T) {
	attack(t, func(t *rapid.T) {
		s := storm{t, drawWorld(t), someNames}
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			s.anything()
		}
		s.calm()
		p := s.w.plan(t)
		s.check(p)
		foreign, before, known := s.foreign(), s.everything(), s.known()
		s.w.apply(t, p, func(n int) int { return s.pick("order", n) }, never)
		again := s.w.plan(t)
		if len(again.Actions) > 0 || len(again.Refusals) > 0 {
			t.Fatalf("plan:\n%s\nthe plan after its apply is not empty:\n%s", describe(p), describe(again))
		}
		s.checkMirror(known...)
		s.checkForeign(foreign)
		s.checkLosses(before, p)
		s.checkDrift(again)
	})
}

// TestLawRefreshAcceptsRealityAndAddsNothing: after a refresh state agrees with the account, and owns nothing it did not own.
func TestLawRefreshAcceptsRealityAndAddsNothing(t *testing.T) {
	attack(t, func(t *rapid.T) {
		s := storm{t, drawWorld(t), someNames}
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			s.anything()
		}
		s.calm()
		if s.w.prior == nil {
			return
		}
		owned := map[tree.Handle]bool{}
		for _, e := range s.w.prior.Manifest {
			owned[e.Handle] = true
		}
		s.w.options.RefreshOnly = true
		p := s.w.plan(t)
		if len(p.Actions) > 0 {
			t.Fatalf("a refresh acts:\n%s", describe(p))
		}
		s.w.save(p, nil)
		for _, e := range s.w.prior.Manifest {
			n := s.w.nodes[e.Handle]
			if !owned[e.Handle] && !s.succeeds(n, owned) || s.w.rel(e.Handle) != string(e.Path) || s.w.inTrash(e.Handle) {
				t.Fatalf("the refreshed state has %+v", e)
			}
		}
		s.checkDrift(s.w.plan(t)) // the root itself is not put back
	})
}

// succeeds says whether a node is a later version of one that was owned.
func (s storm) succeeds(n *node, owned map[tree.Handle]bool) bool {
	for h, old := range s.w.nodes {
		for ; owned[h] && old.versionOf != 0; old = s.w.nodes[old.versionOf] {
			if old.versionOf == n.handle {
				return true
			}
		}
	}
	return false
}

// foreign returns the nodes that nobody asked megaplan to touch: below the root, not in the manifest, no path of the source.
func (s storm) foreign() []*node {
	owned := map[tree.Handle]bool{}
	if s.w.prior != nil {
		for _, e := range s.w.prior.Manifest {
			owned[e.Handle] = true
		}
	}
	var out []*node
	for _, n := range s.below() {
		if path := s.w.rel(n.handle); !owned[n.handle] && equalName(s.w, path) == "" && s.w.disk[path] == nil {
			out = append(out, n)
		}
	}
	return out
}

func (s storm) checkForeign(before []*node) {
	if s.w.backup.Unmanaged == config.UnmanagedTrash {
		return
	}
	for _, n := range before {
		if s.w.nodes[n.handle] != n || s.w.inTrash(n.handle) {
			s.t.Fatalf("%s was not megaplan's, and is gone", n.name)
		}
	}
}

// checkMirror requires every local file to be on MEGA under its name, with its bytes and its date, and only once as far as
// megaplan is concerned. Of what ignore_drift hides only that counts which was as state knew it.
func (s storm) checkMirror(known ...string) {
	w := s.w
	for _, path := range w.sortedDisk() {
		f := w.disk[path]
		if f.kind == tree.Unknown || s.hidden(path) && !slices.Contains(known, path) {
			continue
		}
		found := 0
		for _, n := range s.below() {
			if !sameName(w.rel(n.handle), path) || (n.kind == tree.Dir) != (f.kind == tree.Dir) {
				continue
			}
			if f.kind == tree.Dir || n.content == f.content && n.printed && n.mtime == f.mtime/1e9 && (f.meta == "" || n.meta == f.meta) {
				found++
			}
		}
		if found == 0 {
			s.t.Fatalf("%s is not on MEGA as it is in the source", path)
		}
	}
}

func sameName(a, b string) bool {
	return strings.ReplaceAll(a, "e\u0301", "é") == strings.ReplaceAll(b, "e\u0301", "é")
}

// checkDrift requires that after an apply remote and state agree on all that is owned.
func (s storm) checkDrift(p *planner.Plan) {
	for _, d := range p.Drift {
		if d.Change != planner.DriftAdded && d.Change != planner.DriftDuplicated && (d.Path != "" || !p.Refresh) {
			s.t.Fatalf("drift right after an apply: %+v", d)
		}
	}
}

// TestLawInterruptedRunsConverge: when runs fail in places and lose records, the next run makes the account exactly what the
// source is, nothing lost and nothing doubled.
func TestLawInterruptedRunsConverge(t *testing.T) {
	attack(t, func(t *rapid.T) {
		w := drawWorld(t)
		w.backup.Mode = config.ModeMirror
		w.backup.OnDelete = rapid.SampledFrom([]config.OnDelete{config.DeleteTrash, config.DeleteDestroy}).Draw(t, "on_delete")
		s := storm{t, w, someNames[:5]}
		for range rapid.IntRange(1, 5).Draw(t, "days") {
			for range rapid.IntRange(1, 8).Draw(t, "edits") {
				s.editLocal()
			}
			for p := range w.disk { // what is unknown has a say of its own in other tests
				if w.disk[p].incomplete = 0; w.disk[p].kind == tree.Unknown {
					delete(w.disk, p)
				}
			}
			s.run()
			s.w.apply(t, w.plan(t), func(n int) int { return s.pick("order", n) }, never)
			s.checkExact()
		}
	})
}

// checkExact requires the nodes below the root to be the names of the source, each once.
func (s storm) checkExact() {
	have := map[string]int{}
	for _, n := range s.below() {
		have[s.w.rel(n.handle)]++
	}
	for path := range s.w.disk {
		if have[path] != 1 {
			s.t.Fatalf("%s is %d times on MEGA", path, have[path])
		}
	}
	if len(have) != len(s.w.disk) {
		s.t.Fatalf("MEGA holds %v, the source only %d names", have, len(s.w.disk))
	}
	s.checkMirror()
}

// TestLawEqualInputGivesEqualBytes: the order of maps and of slices that have none does not show in the plan.
func TestLawEqualInputGivesEqualBytes(t *testing.T) {
	attack(t, func(t *rapid.T) {
		s := storm{t, drawWorld(t), someNames}
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			s.anything()
		}
		s.calm()
		if a, b := encode(t, s.w.plan(t)), encode(t, s.w.plan(t)); !bytes.Equal(a, b) {
			t.Fatalf("two plans of one input differ")
		}
	})
}

func encode(t *rapid.T, p *planner.Plan) []byte {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(p); err != nil {
		t.Fatalf("encode: %v", err)
	}
	return b.Bytes()
}
