package planner_test

import (
	"fmt"
	"math"
	"slices"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

// This file is a naive executor and recorder for the model.

// apply does what a plan says in an order the edges allow, chosen by pick, and records it. Actions for which fail returns
// true are not done, nor what waits for them. It returns how many were done and recorded.
func (w *world) apply(t fataler, p *planner.Plan, pick func(n int) int, fail func(*planner.Action) bool) int {
	t.Helper()
	if len(p.Refusals) > 0 {
		t.Fatalf("a refused plan is applied: %v", p.Refusals[0].Diagnostic)
	}
	w.runs++
	if w.other != nil {
		w.other.runs = w.runs
	}
	r := runner{w: w, plan: p, state: make([]int8, len(p.Actions)+1), handles: map[planner.ActionID]tree.Handle{}}
	for {
		ready := r.ready()
		if len(ready) == 0 {
			break
		}
		a := ready[pick(len(ready))]
		r.w = w.of(a.Address)
		if fail(a) || a.Sends() && r.w.disk[a.Local.Path].unreadable {
			r.state[a.ID] = failed
			continue
		}
		result, err := r.do(a)
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", a.Kind, a.Path, err, describe(p))
		}
		r.state[a.ID] = done
		// That of the root is there before anything in it is begun.
		if record := planner.Effect(p, a, result); record.Root != 0 || w.forgetful == nil || !w.forgetful() {
			r.records = append(r.records, record)
		}
	}
	w.save(p, r.records)
	if w.other != nil {
		w.other.save(p, r.records)
	}
	return len(r.records)
}

func first(int) int              { return 0 }
func never(*planner.Action) bool { return false }
func (w *world) applyAll(t fataler, p *planner.Plan) {
	t.Helper()
	if n := w.apply(t, p, first, never); n != len(p.Actions) {
		t.Fatalf("%d of %d actions could be done", n, len(p.Actions))
	}
}

// save does to the state what the workflow does after a run.
func (w *world) save(p *planner.Plan, records []planner.Record) {
	for _, target := range p.Targets {
		var mine []planner.Record
		root, forget := target.Root.Handle, false
		for _, r := range records {
			if r.Address != target.Address {
				continue
			}
			mine = append(mine, r)
			forget = forget || r.Forget
			if r.Root != 0 {
				root = r.Root
			}
		}
		if target.Address != w.backup.Address && (w.prior == nil || target.Address != w.prior.Resource.Address) {
			continue
		}
		if forget {
			if w.prior != nil && w.prior.Resource.Address == target.Address {
				w.prior = nil
			}
			continue
		}
		if target.Status != planner.Active {
			continue
		}
		var old state.Manifest
		if w.prior != nil {
			old = w.prior.Manifest
		}
		if unfinished := p.Rollback && len(records) < len(p.Actions); !unfinished && (len(mine) > 0 || len(target.Adopt) > 0 || len(target.Drop) > 0) {
			w.began, w.run = planner.ManifestBefore(old, target, mine), fmt.Sprint(w.runs)
		}
		w.prior = &planner.Prior{Manifest: planner.ManifestAfter(old, target, mine)}
		w.prior.Resource = state.Resource{
			Address: target.Address, Account: mainAccount, AccountUser: "me", Path: w.backup.Path, Root: root, Host: w.host,
			OnDelete: string(w.backup.OnDelete), PreventDestroy: w.backup.Lifecycle.PreventDestroy, LastSuccess: start,
			Snapshots: planner.SnapshotsAfter(target.Snapshots, mine),
		}
	}
}

const (
	done   = 1
	failed = 2
)

type runner struct {
	w       *world
	plan    *planner.Plan
	state   []int8
	handles map[planner.ActionID]tree.Handle
	records []planner.Record
}

// ready returns the actions that may start now, and marks those that never will.
func (r *runner) ready() []*planner.Action {
	var out []*planner.Action
	type tally struct{ waiting, failed, lacking bool }
	content := map[addr.Address]tally{}
	for i := range r.plan.Actions {
		a := &r.plan.Actions[i]
		for _, need := range a.Needs {
			if r.state[need] == failed {
				r.state[a.ID] = failed
			}
		}
		if a.Kind.Content() && r.state[a.ID] != done {
			c := content[a.Address]
			failed := r.state[a.ID] == failed
			content[a.Address] = tally{c.waiting || r.state[a.ID] == 0, c.failed || failed, c.lacking || failed && a.Kind != planner.Update}
		}
	}
	for i := range r.plan.Actions {
		a := &r.plan.Actions[i]
		if r.state[a.ID] != 0 {
			continue
		}
		wait := false
		for _, need := range a.Needs {
			wait = wait || r.state[need] == 0
			if r.state[need] == failed {
				r.state[a.ID] = failed
			}
		}
		if c := content[a.Address]; a.After != planner.AfterNeeds {
			wait = wait || c.waiting
			if c.lacking || c.failed && a.After == planner.AfterContent {
				r.state[a.ID] = failed
			}
		}
		if !wait && r.state[a.ID] == 0 {
			out = append(out, a)
		}
	}
	return out
}

func (r *runner) ref(ref planner.Ref) tree.Handle {
	if ref.Action != 0 {
		return r.handles[ref.Action]
	}
	return ref.Handle
}

func (r *runner) do(a *planner.Action) (planner.Result, error) {
	w := r.w
	var old *node
	if a.Kind == planner.Copy {
		from := a.Remote.Handle
		if a.Like != 0 {
			from = r.handles[a.Like]
		}
		return r.copy(a, w.nodes[from], nil)
	}
	if a.Kind == planner.RestoreFromTrash {
		n := w.nodes[a.Remote.Handle]
		if n == nil || !w.inTrash(n.handle) || n.parent != a.Remote.Parent || n.name != a.Remote.Name ||
			a.Subtree != nil && *a.Subtree != w.sum(n.handle) {
			return planner.Result{}, fmt.Errorf("it is not in the bin as the plan saw it")
		}
		top, _ := w.trashedBy(n.handle)
		from := w.nodes[top]
		knows := from.held != nil && *from.held == w.sum(top)
		n.trashed, n.trashedBy, n.held = false, "", nil
		err := r.move(a, n)
		if knows && from != n {
			left := w.sum(top)
			from.held = &left
		}
		return planner.Result{Handle: n.handle}, err
	}
	if a.Kind == planner.ExpireVersion {
		return planner.Result{}, r.expire(w.nodes[a.Remote.Handle])
	}
	if a.Kind == planner.ExpireTrash {
		return planner.Result{}, r.expireTrash(a, w.nodes[a.Remote.Handle])
	}
	if a.Remote.Handle != 0 {
		old = w.nodes[a.Remote.Handle]
		if old == nil || w.inTrash(old.handle) || old.parent != a.Remote.Parent || old.name != a.Remote.Name {
			return planner.Result{}, fmt.Errorf("its node %s is not where the plan saw it", a.Remote.Handle)
		}
	}
	switch a.Kind {
	case planner.CreateFolder:
		n := w.putIn(r.ref(a.Parent), a.Name, tree.Dir, "")
		n.meta, n.ours, n.mark = a.Meta, true, a.Mark
		r.handles[a.ID] = n.handle
		return planner.Result{Handle: n.handle}, nil
	case planner.PublishSnapshot:
		return r.publish(a)
	case planner.Upload, planner.Update:
		if a.Original != 0 {
			return r.copy(a, w.nodes[a.Original], old)
		}
		if a.Like != 0 {
			return r.copy(a, w.nodes[r.handles[a.Like]], old)
		}
		return r.upload(a, old)
	case planner.Touch:
		old.printed, old.mtime, old.meta = true, a.Fingerprint.MTime, a.Meta
		if a.Fingerprint.CRC != crcOf(old.content) {
			return planner.Result{}, fmt.Errorf("a wrong fingerprint is written")
		}
		return planner.Result{Handle: old.handle}, nil
	case planner.SetAttributes:
		old.meta = a.Meta
		return planner.Result{Handle: old.handle}, nil
	case planner.Move:
		return planner.Result{Handle: old.handle}, r.move(a, old)
	case planner.Trash, planner.ExpireSnapshot, planner.MergeFolder:
		if a.Purge && *a.Subtree == w.sum(old.handle) {
			w.forget(old.handle)
			return planner.Result{Handle: old.handle}, nil
		}
		if a.Subtree != nil && *a.Subtree != w.sum(old.handle) {
			return planner.Result{}, fmt.Errorf("the folder does not hold what the plan saw")
		}
		old.trashedIn, old.trashedAs = fmt.Sprint(w.runs), w.pathOf(old.handle)
		old.trashed, old.trashedBy, old.trashedAt, old.held = true, a.Address.String(), start.Add(w.later).Unix(), &planner.Subtree{}
		if old.kind == tree.Dir {
			old.held = a.Subtree
		}
		return planner.Result{Handle: old.handle}, nil
	case planner.Destroy:
		if len(w.children(old.handle)) > 0 {
			return planner.Result{}, fmt.Errorf("the folder is not empty")
		}
		if o := w.nodes[a.Original]; a.Original != 0 && (o == nil || o == old || w.inTrash(o.handle) || o.versionOf != 0 || o.content != old.content) {
			return planner.Result{}, fmt.Errorf("what it equals is not there")
		}
		delete(w.nodes, old.handle)
		return planner.Result{Handle: old.handle}, nil
	case planner.Forget:
		return planner.Result{}, nil
	}
	return planner.Result{}, fmt.Errorf("unknown kind")
}

func (r *runner) move(a *planner.Action, old *node) error {
	w, parent := r.w, r.ref(a.Parent)
	if a.Subtree != nil && *a.Subtree != w.sum(old.handle) {
		return fmt.Errorf("the folder does not hold what the plan saw")
	}
	if parent == 0 || parent != rootHandle && (w.nodes[parent] == nil || w.inTrash(parent)) {
		return fmt.Errorf("there is no folder to move to")
	}
	for h := parent; h != rootHandle; h = w.nodes[h].parent {
		if h == old.handle {
			return fmt.Errorf("it would hang below itself")
		}
	}
	for _, n := range w.children(parent) {
		if n != old && !r.plan.Rollback && n.kind != tree.Undecryptable && !n.own && n.name == a.Name && (n.kind == tree.Dir) == (old.kind == tree.Dir) && a.From != "" {
			return fmt.Errorf("the name is taken")
		}
	}
	old.parent, old.name = parent, a.Name
	return nil
}

// expire takes an old version out of its chain.
func (r *runner) expire(old *node) error {
	if old == nil || old.versionOf == 0 {
		return fmt.Errorf("it is no old version")
	}
	for _, n := range r.w.nodes {
		if n.versionOf == old.handle {
			n.versionOf = old.versionOf
		}
	}
	delete(r.w.nodes, old.handle)
	return nil
}

// expireTrash takes a node in the bin away with all below it.
func (r *runner) expireTrash(a *planner.Action, n *node) error {
	w := r.w
	if n == nil || !n.trashed || n.trashedBy == "" || n.trashedAt != a.Remote.TrashedAt || a.Subtree != nil && *a.Subtree != w.sum(n.handle) {
		return fmt.Errorf("it is not in the bin as the plan saw it")
	}
	w.forget(n.handle)
	return nil
}

// forget drops a node with its versions and all below it.
func (w *world) forget(h tree.Handle) {
	for _, v := range w.versionsOf(h) {
		delete(w.nodes, v.handle)
	}
	for _, c := range w.children(h) {
		w.forget(c.handle)
	}
	delete(w.nodes, h)
}

// copy takes a node's content wherever the node is by now, perhaps over another node.
func (r *runner) copy(a *planner.Action, from, old *node) (planner.Result, error) {
	w, parent := r.w, r.ref(a.Parent)
	if from == nil || parent == 0 || w.nodes[parent] == nil {
		return planner.Result{}, fmt.Errorf("there is nothing to copy, or no folder to copy to")
	}
	f := w.disk[a.Local.Path]
	if r.plan.Rollback {
		f = &file{kind: from.kind, content: from.content} // an old version, which the disk knows nothing of
	}
	if f.content != from.content || a.Fingerprint.CRC != crcOf(from.content) {
		return planner.Result{}, fmt.Errorf("the copy is not what the file is")
	}
	n := w.putIn(parent, a.Name, f.kind, from.content)
	n.mtime, n.printed, n.meta, n.ours = a.Fingerprint.MTime, true, a.Meta, true
	r.replace(a, n, old)
	if a.Proven {
		w.prove(n.handle, a.Local.Path, planner.Proof{Size: a.Local.Size, MTime: a.Local.MTime, CTime: a.Local.CTime, Inode: a.Local.Inode})
	}
	r.handles[a.ID] = n.handle
	return planner.Result{Handle: n.handle, Fingerprint: a.Fingerprint}, nil
}

// replace puts a new node in the place of an old one, if the action says so.
func (r *runner) replace(a *planner.Action, n, old *node) {
	switch {
	case !a.Replace:
	case a.KeepVersion:
		n.versions = append(slices.Clone(old.versions), old.content)
		old.versionOf = n.handle
	default:
		delete(r.w.nodes, old.handle)
	}
}

func (r *runner) upload(a *planner.Action, old *node) (planner.Result, error) {
	w := r.w
	f := w.disk[a.Local.Path]
	if f == nil || f.mtime != a.Local.MTime || int64(len(f.content)) != a.Local.Size || f.inode != a.Local.Inode {
		return planner.Result{}, fmt.Errorf("the local file %s is not as planned", a.Local.Path)
	}
	parent := r.ref(a.Parent)
	if parent == 0 || w.nodes[parent] == nil {
		return planner.Result{}, fmt.Errorf("there is no folder to upload to")
	}
	n := w.putIn(parent, a.Name, f.kind, f.content)
	n.mtime, n.printed, n.meta, n.ours = min(max(0, f.mtime/1e9), math.MaxUint32), true, a.Meta, true
	r.replace(a, n, old)
	r.handles[a.ID] = n.handle
	w.prove(n.handle, a.Local.Path, planner.Proof{Size: a.Local.Size, MTime: f.mtime, CTime: f.ctime, Inode: f.inode})
	return planner.Result{Handle: n.handle, Fingerprint: planner.Fingerprint{CRC: crcOf(f.content), MTime: n.mtime}}, nil
}

func (w *world) sum(h tree.Handle) planner.Subtree {
	s := planner.NewSubtreeSum()
	var add func(h tree.Handle)
	add = func(h tree.Handle) {
		for _, n := range w.children(h) {
			s.Add(n.handle, h, n.name)
			add(n.handle)
		}
	}
	add(h)
	return s.Subtree()
}
