package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// Before is what an address owned when the run began that is to be taken back. Taking it back leads from the manifest of now to
// that one, where the account still is as the run left it.
type Before struct {
	Manifest state.Manifest
	// Time is when the run was saved, or of one that was CutOff before it was, when the one before it was.
	Time   time.Time
	CutOff bool
	// Run is the run's name in the marks of what it trashed; "" where that is not known.
	Run string
}

func (b *Before) String() string {
	if b.CutOff {
		return "the run that was cut off"
	}
	return "the run of " + b.Time.UTC().Format(time.DateTime)
}

// undo is what taking a run back means for one address: how what it owned before and what it owns now differ, and where that
// is on MEGA.
type undo struct {
	*target
	then state.Manifest
	// dirs finds folders of then by path, place its entries by handle.
	dirs  map[tree.Path]int32
	index owned
	// made are nodes the run made, by the entry of now; they go to the trash. spared are those of them that stay, because what
	// they took the place of is gone.
	made   state.Manifest
	spared map[tree.Handle]bool
	// back are entries of then that lie in the bin, along those that come with their folder, over those that are an old version
	// of what the run made, by that node; changed are those whose place or attributes the run changed.
	back, changed []int32
	along         map[tree.Handle]bool
	over          map[int32]tree.ID
	lostIn        map[tree.Path]int
	// snapshot is set for a backup that keeps snapshots; nothing else counts then.
	snapshot *unpublish
	// strangers are what the run trashed though the address did not own it.
	strangers []Trashed
	// disowned are nodes that the run let go of without taking them away.
	disowned map[tree.Handle]state.Entry
}

// takeBack compares what the target owned before its last run with what it owns now, and finds what differs.
func (t *target) takeBack() {
	if !t.undoable() {
		return
	}
	if t.series != nil {
		t.takeBackSnapshot()
		return
	}
	u := &undo{
		target: t, then: t.prior.Before.Manifest, dirs: map[tree.Path]int32{}, spared: map[tree.Handle]bool{},
		along: map[tree.Handle]bool{}, over: map[int32]tree.ID{}, lostIn: map[tree.Path]int{},
		disowned: map[tree.Handle]state.Entry{},
	}
	u.index.entries = u.then
	t.undo = u
	for i := range u.then {
		e := &u.then[i]
		if first, several := u.dirs[e.Path]; e.Dir && (!several || !t.owned.has(u.then[first].Handle) && t.owned.has(e.Handle)) {
			u.dirs[e.Path] = int32(i)
		}
		switch at := t.owned.find(e.Handle); {
		case at < 0:
			u.missing(int32(i), e)
		case t.owned.entries[at] != *e:
			u.changed = append(u.changed, int32(i))
		}
	}
	for _, e := range t.owned.entries {
		if !u.index.has(e.Handle) {
			u.made = append(u.made, e)
		}
	}
	u.findStrangers()
}

// findStrangers finds what the run trashed by its name in the marks and the state never knew: what unmanaged = "trash" took, and
// losers among duplicates.
func (u *undo) findStrangers() {
	run := u.prior.Before.Run
	for _, b := range u.account.in.Bin {
		mine := b.By == u.out.Address.String() || b.By == u.out.Prior.String()
		if run != "" && b.Run == run && mine && !u.index.has(b.Remote.Handle) && b.Path.Within(u.out.Path) && b.Path != u.out.Path {
			u.strangers = append(u.strangers, b)
		}
	}
	slices.SortFunc(u.strangers, func(a, b Trashed) int {
		return cmp.Or(strings.Compare(string(a.Path), string(b.Path)), cmp.Compare(a.Remote.Handle, b.Remote.Handle))
	})
}

// undoable says whether there is something to take back, and whether it can be.
func (t *target) undoable() bool {
	switch {
	case t.prior == nil || t.prior.Before == nil || t.account == nil:
		return false
	case t.moves():
		t.p.refuse(4, t, "the folder is not at its path", fmt.Sprintf(
			"The folder of %s is at /%s, not at /%s. Nothing was changed. Move it back or apply first.", t.out.Address, t.was, t.out.Path))
		return false
	}
	return true
}

// missing finds an entry that the run took away, or that went since.
func (u *undo) missing(i int32, e *state.Entry) {
	w, ok := u.p.whereIs(u.target, e.Handle)
	if !ok {
		return
	}
	switch {
	case !w.Found:
		u.lose(e, "gone from MEGA")
	case w.InTrash && w.Version:
		u.lose(e, "in the trash, as a version of another file")
	case w.InTrash:
		u.inTrash(i, e, w)
	case w.Version:
		u.asVersion(i, e, w)
	case w.Path == u.out.Path.Join(string(e.Path)): // back already
		if id, here := u.account.find(e.Handle); here {
			u.out.Adopt = append(u.out.Adopt, u.entry(id, e.Path))
		}
	default:
		if id, here := u.account.find(e.Handle); here && w.Path.Within(u.out.Path) { // the run kept it under another name
			u.disowned[e.Handle] = u.entry(id, relative(w.Path, u.out.Path))
			u.changed = append(u.changed, i)
			return
		}
		u.lose(e, "another client took it to /"+string(w.Path))
	}
}

// inTrash takes an entry that lies in the bin: with its folder, or by itself if this address put it there.
func (u *undo) inTrash(i int32, e *state.Entry, w Where) {
	if dir := u.index.find(w.Parent); dir >= 0 && u.then[dir].Path == e.Path.Dir() && w.Name == e.Path.Base() && u.returns(w.Parent) {
		u.along[e.Handle] = true // of several folders of its path, the one it was in
		return
	}
	if w.TrashedBy != u.out.Address.String() && w.TrashedBy != u.out.Prior.String() {
		u.lose(e, "in the trash, where this backup did not put it")
		return
	}
	if e.Dir {
		u.p.ask(u.heldIn(e))
	}
	u.back = append(u.back, i)
	u.along[e.Handle] = true
}

// returns says whether a folder comes out of the bin, by itself or with the one it lies in.
func (u *undo) returns(h tree.Handle) bool { return u.along[h] }

func (u *undo) heldIn(e *state.Entry) Question {
	return Question{Ask: AskHeld, Account: u.account.in.Address, Handle: e.Handle}
}

// asVersion takes an entry that is an old version now: of the node the run put in its place, which is still there.
func (u *undo) asVersion(i int32, e *state.Entry, w Where) {
	id, here := u.account.find(w.Parent)
	at := u.owned.find(w.Parent)
	if !hasPrint(e) {
		u.lose(e, "its date was not known; it stays a version of the file there")
		return
	}
	if !here || at < 0 || u.index.has(w.Parent) || u.strayed(id, &u.owned.entries[at]) {
		u.lose(e, "replaced by another client since")
		return
	}
	u.over[i] = id
	u.spared[w.Parent] = true
}

// strayed says whether a node is not where the run left it.
func (u *undo) strayed(id tree.ID, e *state.Entry) bool {
	path := u.remote().Path(id)
	return !path.Within(u.out.Path) || relative(path, u.out.Path) != e.Path
}

// lose notes an entry that cannot be taken back. What lies in a folder that is lost is counted with it. What the run put in
// the place of a lost file stays: better another content than none.
func (u *undo) lose(e *state.Entry, why string) {
	u.p.plan.Partial = true
	if top, ok := u.lostIn[e.Path.Dir()]; ok && u.out.Lost[top].Reason == why {
		if e.Dir {
			u.lostIn[e.Path] = top
		} else {
			u.out.Lost[top].Files++
		}
	} else {
		k := Kept{Path: e.Path, Reason: why, Dir: e.Dir}
		if e.Dir {
			u.lostIn[e.Path] = len(u.out.Lost)
		} else {
			k.Files = 1
		}
		u.out.Lost = append(u.out.Lost, k)
	}
	if e.Dir {
		return
	}
	for _, n := range u.ownedAt(e.Path) {
		u.spared[n] = true
	}
}

// ownedAt lists the files that are at a path now, by what the target owns.
func (t *target) ownedAt(p tree.Path) (found []tree.Handle) {
	for i := t.owned.firstAt(p); i < len(t.owned.entries) && t.owned.entries[i].Path == p; i++ {
		if e := &t.owned.entries[i]; !e.Dir {
			found = append(found, e.Handle)
		}
	}
	return found
}
