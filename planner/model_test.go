package planner_test

import (
	"crypto/sha256"
	"maps"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	encoding "github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

// This file is a naive model of a disk, an account and a state, which the planner's tests change by hand or at random. It
// shares nothing with the planner but the types of its API.

var (
	mainAccount = addr.New(addr.Account, "main")
	docs        = addr.New(addr.Backup, "docs")
	start       = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
)

// file is a name on the model's disk.
type file struct {
	kind         tree.Kind
	content      string
	mtime, ctime int64
	inode        uint64
	meta         string
	why          tree.Why
	reason       string
	onDisk       string
	incomplete   tree.Why
	unreadable   bool // when compared, not when scanned
}

// node is a node of the model's account.
type node struct {
	handle, parent tree.Handle
	name           string
	kind           tree.Kind
	content        string
	mtime          int64 // seconds
	printed        bool
	meta           string
	created        int64
	versions       []string
	trashed        bool
	trashedBy      string
	trashedAt      int64            // of megaplan's mark
	trashedIn      string           // by the mark
	trashedAs      string           // by the mark, the path it had
	held           *planner.Subtree // by the mark
	versionOf      tree.Handle
	own            bool
	owner          string // who made it, in a folder that is shared; "" is the account's own user
	noMAC          bool   // uploaded by an old client: nothing can be proven
	ours           bool   // made by megaplan
	mark           string // _mpsnap
}

type world struct {
	disk   map[string]*file
	nodes  map[tree.Handle]*node
	last   tree.Handle
	inode  uint64
	clock  int64 // seconds; every edit advances it
	prior  *planner.Prior
	began  state.Manifest // what the last run found
	run    string         // the name of the last run that changed something
	runs   int
	proofs map[tree.Handle]planner.Proof

	backup   config.Backup
	other    *world // another backup of the account, with a disk and a state of its own
	folders  []config.Folder
	cfg      config.Config
	options  planner.Options
	host     string
	clockOff bool
	failure  planner.SourceFailure
	quota    planner.Quota
	keep     time.Duration // of what is in the bin
	later    time.Duration // now is so long after start
	asked    []planner.Question
	paths    map[addr.Address]tree.Path
	imports  map[addr.Address]tree.Path
	rounds   int
	// forgetful says of a completed action whether a crash loses its record.
	forgetful func() bool
}

const rootHandle tree.Handle = 1

func newWorld() *world {
	w := &world{
		disk: map[string]*file{}, nodes: map[tree.Handle]*node{}, last: rootHandle, clock: start.Unix() - 100_000,
		proofs: map[tree.Handle]planner.Proof{}, host: "laptop",
	}
	w.nodes[rootHandle] = &node{handle: rootHandle, kind: tree.Dir}
	w.backup = config.Backup{
		Address: docs, Account: mainAccount, Path: "/B/docs", Mode: config.ModeMirror, Compare: config.CompareMTime,
		OnDelete: config.DeleteTrash, Unmanaged: config.UnmanagedReport, Versions: true,
		DuplicateFiles: config.DuplicatesSource, DuplicateFolders: config.DuplicatesMerge,
		CopyFrom: config.CopyFromNone,
		Source:   config.Source{Path: "/home/me/docs", Written: "~/docs"},
	}
	return w
}

func (w *world) tick() int64 { w.clock++; return w.clock }

// write puts a file on the disk, and its folders.
func (w *world) write(path, content string) *file {
	w.mkdir(dirOf(path))
	f := w.disk[path]
	if f == nil || f.kind != tree.File {
		w.inode++
		f = &file{kind: tree.File, inode: w.inode}
		w.disk[path] = f
	}
	f.content, f.mtime = content, w.tick()*1e9
	f.ctime = f.mtime
	return f
}

func (w *world) mkdir(path string) *file {
	if path == "" {
		return nil
	}
	w.mkdir(dirOf(path))
	if f := w.disk[path]; f != nil && f.kind == tree.Dir {
		return f
	}
	w.inode++
	w.disk[path] = &file{kind: tree.Dir, inode: w.inode}
	return w.disk[path]
}

func (w *world) remove(path string) {
	for p := range w.disk {
		if p == path || strings.HasPrefix(p, path+"/") {
			delete(w.disk, p)
		}
	}
}

// rename moves a name with all below it, over what is there. A path below itself is left alone.
func (w *world) rename(from, to string) {
	if from == to || strings.HasPrefix(to, from+"/") || strings.HasPrefix(from, to+"/") {
		return
	}
	w.remove(to)
	w.mkdir(dirOf(to))
	for p, f := range w.disk {
		if p == from || strings.HasPrefix(p, from+"/") {
			delete(w.disk, p)
			w.disk[to+p[len(from):]] = f
			if p == from {
				f.ctime++
			}
		}
	}
}

// copy copies a name with all below it, dates included, to where nothing of it is.
func (w *world) copy(from, to string) {
	if from == to || strings.HasPrefix(to, from+"/") || strings.HasPrefix(from, to+"/") {
		return
	}
	w.remove(to)
	w.mkdir(dirOf(to))
	for _, p := range w.sortedDisk() {
		if p == from || strings.HasPrefix(p, from+"/") {
			w.inode++
			f := *w.disk[p]
			f.inode, f.ctime = w.inode, w.tick()*1e9
			w.disk[to+p[len(from):]] = &f
		}
	}
}

// link gives a file another name, which changes its ctime under all of them.
func (w *world) link(from, to string) {
	if from != to && !strings.HasPrefix(to, from+"/") && !strings.HasPrefix(from, to+"/") {
		w.remove(to)
		w.mkdir(dirOf(to))
		was, now := *w.disk[from], w.tick()*1e9
		for _, f := range w.disk {
			if f.inode == was.inode && f.ctime == was.ctime {
				f.ctime = now
			}
		}
		f := *w.disk[from]
		w.disk[to] = &f
	}
}

func (w *world) unknown(path string, why tree.Why, reason string) {
	w.mkdir(dirOf(path))
	w.disk[path] = &file{kind: tree.Unknown, why: why, reason: reason}
}

func dirOf(path string) string {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return ""
	}
	return path[:i]
}

func baseOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// put creates a node in the account, as another client would.
func (w *world) put(path string, kind tree.Kind, content string) *node {
	return w.putIn(w.folder(dirOf(path)), baseOf(path), kind, content)
}

func (w *world) putIn(parent tree.Handle, name string, kind tree.Kind, content string) *node {
	w.last++
	n := &node{handle: w.last, parent: parent, name: name, kind: kind, content: content, created: w.tick()}
	w.nodes[n.handle] = n
	return n
}

// folder returns the folder at a path from the account's root, made if need be.
func (w *world) folder(path string) tree.Handle {
	if path == "" {
		return rootHandle
	}
	parent := w.folder(dirOf(path))
	for _, n := range w.children(parent) {
		if n.name == baseOf(path) && n.kind == tree.Dir {
			return n.handle
		}
	}
	return w.putIn(parent, baseOf(path), tree.Dir, "").handle
}

func (w *world) children(parent tree.Handle) []*node {
	var out []*node
	for _, n := range w.nodes {
		if n.parent == parent && n.handle != rootHandle && !n.trashed && n.versionOf == 0 {
			out = append(out, n)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].handle < out[j].handle })
	return out
}

// at returns the nodes at a path from the account's root, lowest handle first.
func (w *world) at(path string) []*node {
	if path == "" {
		return []*node{w.nodes[rootHandle]}
	}
	var out []*node
	for _, dir := range w.at(dirOf(path)) {
		for _, n := range w.children(dir.handle) {
			if n.name == baseOf(path) {
				out = append(out, n)
			}
		}
	}
	return out
}

func (w *world) pathOf(h tree.Handle) string {
	if h == rootHandle {
		return ""
	}
	n := w.nodes[h]
	if above := w.pathOf(n.parent); above != "" {
		return above + "/" + n.name
	}
	return n.name
}

// inTrash says whether a node is in the bin, by itself or with a folder.
func (w *world) inTrash(h tree.Handle) bool {
	for ; h != rootHandle; h = w.nodes[h].parent {
		if w.nodes[h].trashed {
			return true
		}
	}
	return false
}

func crcOf(content string) (crc [16]byte) {
	if content == "" {
		return crc
	}
	sum := sha256.Sum256([]byte(content))
	copy(crc[:], sum[:])
	return crc
}

func (w *world) localTree() *tree.Tree {
	b := tree.NewBuilder(tree.Node{Kind: tree.Dir})
	ids := map[string]tree.ID{"": tree.Root}
	for _, path := range w.sortedDisk() {
		f := w.disk[path]
		n := tree.Node{
			Name: baseOf(path), Kind: f.kind, MTime: f.mtime, CTime: f.ctime, Inode: f.inode, Meta: f.meta, Why: f.why, Reason: f.reason,
			LocalName: f.onDisk,
		}
		if f.kind.HasContent() {
			n.Size = int64(len(f.content))
		}
		ids[path] = b.Add(ids[dirOf(path)], n)
		if f.incomplete != 0 {
			b.SetIncomplete(ids[path], f.incomplete, f.reason)
		}
	}
	return b.Build()
}

// sortedDisk returns the paths on the disk, parents first. A '#' ends the second of two equal names and is not part of it.
func (w *world) sortedDisk() []string {
	paths := make([]string, 0, len(w.disk))
	for p := range w.disk {
		paths = append(paths, p)
	}
	sort.Strings(paths)
	return paths
}

func (w *world) remoteTree() *tree.Tree {
	b := tree.NewBuilder(tree.Node{Kind: tree.Dir, Handle: rootHandle})
	var add func(parent tree.ID, h tree.Handle)
	veiled := w.veiled()
	add = func(parent tree.ID, h tree.Handle) {
		for _, n := range w.children(h) {
			t := tree.Node{Name: n.name, Kind: n.kind, Handle: n.handle, Created: n.created, Meta: n.meta, Snapshot: n.mark}
			_, t.Incomplete = veiled[n.handle]
			if n.kind.HasContent() {
				past := w.versionsOf(n.handle)
				t.Size, t.Versions = int64(len(n.content)), uint32(len(past))
				for _, v := range past {
					t.VersionBytes += int64(len(v.content))
				}
				if n.printed {
					t.HasFingerprint, t.MTime, t.CRC = true, n.mtime*1e9, crcOf(n.content)
				}
			}
			id := b.Add(parent, t)
			if n.kind == tree.Dir && !t.Incomplete {
				add(id, n.handle)
			}
		}
	}
	add(tree.Root, rootHandle)
	return b.Build()
}

func (w *world) input() planner.Input {
	cfg := w.cfg
	cfg.Accounts = []config.Account{{Address: mainAccount, TrashKeep: w.keep}}
	if w.backup.Address != (addr.Address{}) {
		cfg.Backups = append(cfg.Backups, w.backup)
	}
	cfg.Folders = w.folders
	own := map[tree.Handle]bool{}
	for _, n := range w.nodes {
		if n.own {
			own[n.handle] = true
		}
	}
	in := planner.Input{
		Config: &cfg, Host: w.host, Now: start.Add(w.later), ClockOff: w.clockOff, Options: w.options, Paths: w.paths, Imports: w.imports,
		Accounts: []planner.Account{{Address: mainAccount, User: "me", Encoding: encoding.Default, Tree: w.remoteTree(), Veiled: w.veiled(), Quota: w.quota, Own: own}},
		Sources:  []planner.Source{{Backup: w.backup.Address, Tree: w.localTree(), Proofs: w.proofList(), Failure: w.failure, ScannedAt: w.clock * 1e9}},
	}
	if w.failure != "" {
		in.Sources[0].Tree = nil
	}
	if w.prior != nil {
		in.Prior = []planner.Prior{*w.prior}
		if w.options.Rollback {
			in.Prior[0].Before = &planner.Before{Manifest: w.began, Time: start, Run: w.run}
		}
	}
	if w.other != nil {
		o := w.other.input()
		cfg.Backups = append(cfg.Backups, o.Config.Backups...)
		in.Prior, in.Sources = append(in.Prior, o.Prior...), append(in.Sources, o.Sources...)
	}
	if len(planner.BinsNeeded(in)) > 0 {
		in.Accounts[0].Bin = w.bin()
	}
	return in
}

// bin lists what megaplan trashed, the oldest node first.
func (w *world) bin() []planner.Trashed {
	var out []planner.Trashed
	for h, n := range w.nodes {
		if !n.trashed || n.trashedBy == "" {
			continue
		}
		t := planner.Trashed{Path: tree.Path(n.trashedAs), Held: n.held, By: n.trashedBy, Run: n.trashedIn}
		t.Remote = planner.Remote{Handle: h, Parent: n.parent, Name: n.name, Dir: n.kind == tree.Dir, TrashedAt: n.trashedAt}
		if !t.Remote.Dir {
			t.Remote.Size, t.Bytes = int64(len(n.content)), w.bytes(h)
		}
		out = append(out, t)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Remote.Handle < out[j].Remote.Handle })
	return out
}

// bytes counts a file with its versions.
func (w *world) bytes(h tree.Handle) int64 {
	n := int64(len(w.nodes[h].content))
	for _, v := range w.versionsOf(h) {
		n += int64(len(v.content))
	}
	return n
}

// held is what lies below a folder.
func (w *world) held(h tree.Handle) *planner.Held {
	out := &planner.Held{Subtree: w.sum(h)}
	var add func(h tree.Handle)
	add = func(h tree.Handle) {
		for _, n := range w.children(h) {
			if n.kind.HasContent() {
				out.Files++
				out.Bytes += w.bytes(n.handle)
			}
			add(n.handle)
		}
	}
	add(h)
	return out
}

// plan holds the conversation.
func (w *world) plan(t fataler) *planner.Plan {
	t.Helper()
	in := w.input()
	answers := planner.Answers{}
	w.asked, w.rounds = nil, 0
	for range 40 {
		questions, plan := planner.Step(in, answers)
		if plan != nil {
			return plan
		}
		w.rounds++
		w.asked = append(w.asked, questions...)
		for _, q := range questions {
			if _, again := answers[q]; again {
				t.Fatalf("%+v was asked twice", q)
			}
			answers[q] = w.answer(in, q)
		}
	}
	t.Fatalf("still no plan after 40 rounds of questions")
	return nil
}

// fataler is what *testing.T and *rapid.T share.
type fataler interface {
	Helper()
	Fatalf(string, ...any)
	Errorf(string, ...any)
	Logf(string, ...any)
}

// of is the world of an address.
func (w *world) of(a addr.Address) *world {
	if w.other != nil && w.other.backup.Address == a {
		return w.other
	}
	return w
}

// unreadable is the detail of a file that could not be read when it was compared.
const unreadable = "permission denied"

func (w *world) answer(in planner.Input, q planner.Question) planner.Answer {
	if q.Ask == planner.AskWhere {
		return planner.Answer{Where: w.where(q.Handle)}
	}
	if q.Ask == planner.AskVersions {
		var out []planner.Version
		for _, n := range w.versionsOf(q.Handle) {
			out = append(out, planner.Version{Handle: n.handle, Size: int64(len(n.content)), Created: n.created})
		}
		return planner.Answer{Versions: out}
	}
	if q.Ask == planner.AskSizes {
		var out planner.Answer
		for _, n := range w.nodes {
			out.Sizes = append(out.Sizes, int64(len(n.content)))
		}
		slices.Sort(out.Sizes)
		return out
	}
	if q.Ask == planner.AskHeld {
		return planner.Answer{Held: w.held(q.Handle)}
	}
	if q.Ask == planner.AskAlike {
		return w.alike(q.Handle, q.Other)
	}
	if q.Ask == planner.AskSize {
		return planner.Answer{Candidates: w.ofSize(q.Size)}
	}
	local := in.Sources[slices.IndexFunc(in.Sources, func(s planner.Source) bool { return s.Backup == q.Backup })].Tree
	f := w.of(q.Backup).disk[local.LocalPath(q.File)]
	if f == nil {
		f = w.of(q.Backup).disk[string(local.Path(q.File))]
	}
	if f.unreadable {
		return planner.Answer{Verdict: planner.Unreadable, Detail: unreadable}
	}
	a := planner.Answer{CRC: crcOf(f.content), LegacyCRC: crcOf(f.content), Digest: sha256.Sum256([]byte(f.content))}
	if q.Ask == planner.AskMAC {
		a.Verdict = planner.Different
		if n := w.nodes[q.Handle]; n.noMAC {
			a.Verdict = planner.CannotTell
		} else if n.content == f.content {
			a.Verdict = planner.Equal
		}
	}
	return a
}

// alike compares two files, of which the first is downloaded.
func (w *world) alike(h, other tree.Handle) planner.Answer {
	a, b := w.nodes[h], w.nodes[other]
	out := planner.Answer{Verdict: planner.Different, Fetched: int64(len(a.content))}
	switch {
	case a.noMAC || b.noMAC:
		out.Verdict, out.Detail = planner.CannotTell, "an old client's"
	case a.content == b.content:
		out.Verdict = planner.Equal
	}
	return out
}

// versionsOf lists the old versions of a file, the newest first.
func (w *world) versionsOf(h tree.Handle) []*node {
	for _, n := range w.nodes {
		if n.versionOf == h && h != 0 {
			return append([]*node{n}, w.versionsOf(n.handle)...)
		}
	}
	return nil
}

// trashedBy returns the node in the bin that a node is or lies in, and its mark.
func (w *world) trashedBy(h tree.Handle) (top tree.Handle, by string) {
	for ; h != rootHandle && w.nodes[h] != nil; h = w.nodes[h].parent {
		if w.nodes[h].trashed {
			return h, w.nodes[h].trashedBy
		}
	}
	return 0, ""
}

// current is the node whose version a node is, or the node itself; false for a version of what is gone.
func (w *world) current(h tree.Handle) (tree.Handle, bool) {
	n := w.nodes[h]
	for n != nil && n.versionOf != 0 {
		h, n = n.versionOf, w.nodes[n.versionOf]
	}
	return h, n != nil
}

// ofSize lists the files of a size, in no order.
func (w *world) ofSize(size int64) []planner.Candidate {
	var out []planner.Candidate
	for h, n := range w.nodes {
		at, there := w.current(h)
		if !there {
			continue
		}
		top, by := w.trashedBy(at)
		if n.kind.HasContent() && int64(len(n.content)) == size && (at == h || !w.inTrash(at)) {
			path := n.name // in the bin
			if !w.inTrash(at) {
				path = w.pathOf(at)
			}
			out = append(out, planner.Candidate{
				Handle: h, Parent: n.parent, Path: tree.Path(path), Kind: n.kind, HasFingerprint: n.printed, CRC: crcOf(n.content),
				MTime: n.mtime, Meta: n.meta, InTrash: w.inTrash(at), TrashedBy: by, Top: top, Version: at != h,
			})
		}
	}
	return out
}

func (w *world) where(h tree.Handle) planner.Where {
	n := w.nodes[h]
	if n == nil {
		return planner.Where{}
	}
	out := planner.Where{Found: true, Parent: n.parent, Name: n.name, Path: tree.Path(w.pathOf(h)), InTrash: w.inTrash(h)}
	for ; n.versionOf != 0; n = w.nodes[n.versionOf] {
		out.Version, out.Parent = true, n.versionOf
	}
	if out.Owner = n.owner; n.owner == "" {
		out.Owner = "me"
	}
	if n.trashed {
		out.TrashedBy, out.TrashedAt = n.trashedBy, n.trashedAt
	}
	return out
}

// settled plans, applies, and requires that the next plan has nothing to do.
func (w *world) settled(t *testing.T) *planner.Plan {
	t.Helper()
	p := w.plan(t)
	w.applyAll(t, p)
	if again := w.plan(t); len(again.Actions) > 0 || len(again.Refusals) > 0 {
		t.Fatalf("the plan after the apply is not empty:\n%s", describe(again))
	}
	return p
}

// prove remembers that a node holds what a file on disk does.
func (w *world) prove(h tree.Handle, path string, p planner.Proof) {
	p.Dir, p.Name, p.Handle = string(tree.Path(path).Dir()), tree.Path(path).Base(), h
	w.proofs[h] = p
}

// proofList is what the cache knows, as a plan wants it.
func (w *world) proofList() []planner.Proof {
	return slices.SortedFunc(maps.Values(w.proofs), func(a, b planner.Proof) int { return a.Compare(&b) })
}
