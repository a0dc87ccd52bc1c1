package planner

import (
	"github.com/megaplan/megaplan/internal/tree"
)

// deletions emits what takes content away, and notes what stays and why.
func (e *emitter) deletions() {
	hold := e.held()
	for i := range e.rows {
		r := &e.rows[i]
		switch r.what {
		case gone:
			p := pruner{emitter: e, hold: hold}
			if r.note == noteExcluded {
				p.why = "excluded, and delete_excluded is set"
			}
			e.orphan(r, p)
		case replaced:
			e.orphan(r, pruner{emitter: e, hold: hold, mine: true, first: e.rows[r.by].action, why: e.nameTaken(r.by)})
		case loser:
			e.lose(int32(i), hold)
		case merged, outdone:
			e.takeAway(int32(i), hold)
		case update:
			if a := e.p.plan.Actions[r.action-1]; !a.Replace {
				e.removeOld(int32(i))
			}
		case left, spare:
			e.stays(int32(i))
		}
	}
}

// nameTaken says what has the name of a node that is replaced.
func (e *emitter) nameTaken(by int32) string {
	if e.local().Kind(e.rows[by].local) == tree.Dir {
		return "a folder has its name now"
	}
	return "a file has its name now"
}

// orphan removes a remote node that the source lacks, as far as it may go. What lies in a folder that goes is looked at with it.
func (e *emitter) orphan(r *row, p pruner) {
	if e.covered(r.remote) && !r.twin {
		return
	}
	p.arrives = r.twin
	path := relative(e.place(r.parent).path.Join(e.remote().Name(r.remote)), e.out.Path)
	p.after = AfterNew
	p.prune(r.remote, path, true)
}

// lose takes away one of several files of a name, unless it goes with its folder.
func (e *emitter) lose(i int32, hold string) {
	r := e.rows[i]
	if e.covered(r.remote) {
		return
	}
	p := &pruner{emitter: e, hold: hold}
	n := e.remote().Node(r.remote)
	f := e.fateOfLoser(i)
	if hold != "" {
		f.kind, f.reason = "", hold
	}
	p.leaf(r.remote, n, relative(e.place(r.parent).path.Join(n.Name), e.out.Path), f)
}

func files(n tree.Node) int64 {
	if n.Kind.HasContent() {
		return 1
	}
	return 0
}

// removeOld trashes what an update without versions replaced.
func (e *emitter) removeOld(i int32) {
	r := e.rows[i]
	n := e.remote().Node(r.remote)
	e.p.act(Action{
		Address: e.out.Address, Kind: Trash, Path: e.place(r.parent).path.Join(e.nameOf(i)), Bytes: n.Size + n.VersionBytes, Files: 1,
		Reason: "replaced by the upload of the same name" + along(int64(n.Versions)), Needs: needs(r.action), Remote: e.remoteNow(i),
	})
}

// along names what goes with a file (rule 16).
func along(versions int64) string {
	if versions == 0 {
		return ""
	}
	return ", and " + count(versions, "version")
}

// stays notes a node that the source or a doubt keeps in place.
func (e *emitter) stays(i int32) {
	r := e.rows[i]
	n := e.remote().Node(r.remote)
	k := Kept{Path: relative(e.place(r.parent).path.Join(n.Name), e.out.Path), Dir: n.Kind == tree.Dir, Files: e.countFiles(r.remote)}
	switch r.note {
	case noteLocal, noteParent:
		k.Reason = reasonOf(e.local().Node(r.local))
	case noteUnreadable:
		k.Reason = "unreadable"
	case noteChanged:
		k.Reason = "it changed while it was compared"
	case noteHidden:
		k.Reason = "ignore_drift"
	case noteIncomplete:
		k.Reason = "the folder on MEGA is not known completely"
	case noteSpare:
		k.Reason = "one of several of this name"
		if k.Dir {
			k.Reason = "one of several folders of this name"
		}
		e.out.Unmanaged = append(e.out.Unmanaged, k)
		e.spares++
		return
	}
	if n.Kind.HasContent() || e.owned.has(n.Handle) {
		e.tally.owned += k.Files
	}
	e.out.Kept = append(e.out.Kept, k)
}
