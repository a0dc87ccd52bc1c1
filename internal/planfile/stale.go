package planfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// Bindings are what a plan is bound to, as it is now.
type Bindings struct {
	ConfigDigest string
	Lineage      string
	Serials      map[addr.Address]uint64
	Users        map[addr.Address]string // by account
}

// Touched is a node that an event since the plan's sequence number created, changed, moved or deleted.
type Touched struct {
	Handle tree.Handle
	// Parent, Name and Dir say what it is now; Parent is zero if it is gone.
	Parent tree.Handle
	Name   string
	Dir    bool
	// Above are the folders it lies in, the nearest first, and those it was moved out of as far as that is known.
	Above []tree.Handle
}

// Unbound returns the reasons why configuration, variables, state or accounts are not those of the plan (rule 26).
func (s Saved) Unbound(now Bindings) []string {
	var reasons []string
	if s.ConfigDigest != now.ConfigDigest {
		reasons = append(reasons, "the configuration or a variable has changed")
	}
	if s.Lineage != "" && s.Lineage != now.Lineage { // "": there was no state, which serials tell too
		reasons = append(reasons, "the state is another one (lineage "+now.Lineage+", planned with "+s.Lineage+")")
	} else {
		for _, a := range sorted(s.Serials) {
			if now.Serials[a] != s.Serials[a] {
				reasons = append(reasons, fmt.Sprintf("%s was applied meanwhile (serial %d, planned with %d)", a, now.Serials[a], s.Serials[a]))
			}
		}
	}
	for _, p := range s.Accounts {
		if user, ok := now.Users[p.Account]; ok && user != p.User {
			reasons = append(reasons, fmt.Sprintf("%s is another account now", p.Account))
		}
	}
	return reasons
}

// Stale returns the reasons why events of one account have overtaken the plan: they touched a node or a path it names
// (rule 26). Events elsewhere do not matter.
func (s Saved) Stale(account addr.Address, events []Touched) []string {
	named := s.named(account)
	var reasons []string
	for _, ev := range events {
		if path, ok := named.nodes[ev.Handle]; ok {
			reasons = append(reasons, fmt.Sprintf("/%s was changed, moved or deleted by another client", path))
			continue
		}
		if path, ok := named.names[slot{ev.Parent, ev.Name, ev.Dir}]; ok {
			reasons = append(reasons, fmt.Sprintf("the name /%s is taken now", path))
			continue
		}
		for _, dir := range ev.Above {
			if reason, ok := named.whole[dir]; ok {
				reasons = append(reasons, reason)
				break
			}
		}
	}
	return tidy(reasons)
}

// StaleNow returns the reasons why a fresh tree of the account is not the one the plan saw, as far as it names it. It is for
// the case that the events since are no longer to be had.
func (s Saved) StaleNow(account addr.Address, t *tree.Tree) []string {
	c := fresh{t: t, byHandle: make(map[tree.Handle]tree.ID, t.Len()), leaving: map[tree.Handle]bool{}}
	for id := range tree.ID(t.Len()) {
		c.byHandle[t.Handle(id)] = id
	}
	inAccount := s.inAccount(account)
	for i := range s.Plan.Actions {
		if a := &s.Plan.Actions[i]; inAccount[a.Address] && (a.Kind == planner.Move || takesAway(a.Kind)) {
			c.leaving[a.Remote.Handle] = true
		}
	}
	moved := map[tree.Handle]bool{}
	var reasons []string
	for i := range s.Plan.Actions {
		if a := &s.Plan.Actions[i]; inAccount[a.Address] && a.Kind != planner.Forget {
			if reason := c.check(a, moved[a.Remote.Handle]); reason != "" {
				reasons = append(reasons, reason)
			}
			moved[a.Remote.Handle] = moved[a.Remote.Handle] || a.Kind == planner.Move
		}
	}
	return tidy(reasons)
}

func tidy(reasons []string) []string {
	slices.Sort(reasons)
	return slices.Compact(reasons)
}

// slot is a name in a folder.
type slot struct {
	parent tree.Handle
	name   string
	dir    bool
}

// named is what a plan names in one account, with the paths to say so.
type named struct {
	nodes map[tree.Handle]tree.Path
	names map[slot]tree.Path
	// whole are the folders that go with all that is in them, and what to say if that has changed.
	whole map[tree.Handle]string
}

func (s Saved) inAccount(account addr.Address) map[addr.Address]bool {
	in := map[addr.Address]bool{}
	for i := range s.Plan.Targets {
		in[s.Plan.Targets[i].Address] = s.Plan.Targets[i].Account == account
	}
	return in
}

func (s Saved) named(account addr.Address) named {
	n := named{map[tree.Handle]tree.Path{}, map[slot]tree.Path{}, map[tree.Handle]string{}}
	in := s.inAccount(account)
	for i := range s.Plan.Targets {
		if t := &s.Plan.Targets[i]; in[t.Address] && t.Root.Handle != 0 && t.Status == planner.Active {
			n.nodes[t.Root.Handle] = t.Path
		}
	}
	for i := range s.Plan.Actions {
		a := &s.Plan.Actions[i]
		if !in[a.Address] || a.Kind == planner.Forget {
			continue
		}
		if a.Remote.Handle != 0 && !elsewhere(a) {
			n.nodes[a.Remote.Handle] = a.Path
		}
		if a.Original != 0 && a.Kind == planner.Destroy {
			n.nodes[a.Original] = a.Path
		}
		if a.Parent.Handle != 0 {
			n.nodes[a.Parent.Handle] = a.Path.Dir()
			if takesName(a.Kind) {
				n.names[slot{a.Parent.Handle, a.Name, makesFolder(a)}] = a.Path
			}
		}
		if a.Remote.Dir && (takesAway(a.Kind) || a.Kind == planner.Move && a.Subtree != nil) {
			n.whole[a.Remote.Handle] = hasChanged(a)
		}
	}
	return n
}

// hasChanged says that a folder is not what the plan saw.
func hasChanged(a *planner.Action) string {
	switch a.Kind {
	case planner.Move:
		return fmt.Sprintf("what is in /%s has changed, and the plan moves it", a.From)
	case planner.MergeFolder:
		return fmt.Sprintf("what is in one of the folders /%s has changed, and the plan merges it", a.Path)
	}
	return fmt.Sprintf("what is in /%s has changed, and the plan deletes it", a.Path)
}

// elsewhere says whether the node an action is about need not be in the tree: what is copied may be anywhere; an old version and
// what is in the bin are looked at just before the action.
func elsewhere(a *planner.Action) bool {
	switch a.Kind {
	case planner.Copy, planner.ExpireVersion, planner.RestoreFromTrash, planner.ExpireTrash:
		return true
	}
	return false
}

// takesName says whether an action puts a node under a name that was free.
func takesName(k planner.Kind) bool {
	switch k {
	case planner.CreateFolder, planner.Upload, planner.Copy, planner.Move, planner.RestoreFromTrash, planner.PublishSnapshot:
		return true
	}
	return false
}

// takesAway says whether an action removes the node it is about from where it is.
func takesAway(k planner.Kind) bool {
	return k == planner.Trash || k == planner.Destroy || k == planner.ExpireSnapshot || k == planner.MergeFolder
}

// makesFolder says whether what an action puts under a name is a folder.
func makesFolder(a *planner.Action) bool { return a.Kind == planner.CreateFolder || a.Remote.Dir }

// fresh checks actions against a tree.
type fresh struct {
	t        *tree.Tree
	byHandle map[tree.Handle]tree.ID
	// leaving are the nodes that the plan moves away from where they are, or removes.
	leaving map[tree.Handle]bool
}

// check compares what one action is about with the tree. A node that an earlier action moves was looked at then.
func (c fresh) check(a *planner.Action, moved bool) string {
	if h := a.Parent.Handle; h != 0 {
		dir, ok := c.byHandle[h]
		if !ok || c.t.Kind(dir) != tree.Dir {
			return fmt.Sprintf("the folder /%s is gone", a.Path.Dir())
		}
		if takesName(a.Kind) && c.taken(dir, a.Name, makesFolder(a)) {
			return fmt.Sprintf("the name /%s is taken now", a.Path)
		}
	}
	if a.Remote.Handle == 0 || moved || elsewhere(a) {
		return ""
	}
	if _, stays := c.byHandle[a.Original]; a.Original != 0 && a.Kind == planner.Destroy && !stays {
		return fmt.Sprintf("the other file /%s, which holds the same, is gone or in the trash", a.Path)
	}
	id, ok := c.byHandle[a.Remote.Handle]
	if !ok {
		return fmt.Sprintf("/%s is gone or in the trash", a.Path)
	}
	n := c.t.Node(id)
	if c.t.Handle(c.t.Parent(id)) != a.Remote.Parent || n.Name != a.Remote.Name || !a.Remote.Dir && n.Size != a.Remote.Size {
		return fmt.Sprintf("/%s was moved or changed: it is /%s now", a.Path, c.t.Path(id))
	}
	if seen, marked := snapshot.ParseMark(a.Mark); marked && a.Kind == planner.ExpireSnapshot {
		if now, ok := snapshot.ParseMark(n.Snapshot); !ok || !now.SameWishes(seen) {
			return fmt.Sprintf("/%s was tagged, pinned or released since", a.Path)
		}
	}
	if a.Subtree != nil && !n.Incomplete && c.sum(id) != *a.Subtree { // what the tree does not show is looked at just before
		return hasChanged(a)
	}
	return ""
}

func (c fresh) taken(dir tree.ID, name string, folder bool) bool {
	first, end := c.t.Find(dir, name)
	for id := first; id < end; id++ {
		if k := c.t.Kind(id); c.leaving[c.t.Handle(id)] {
			continue
		} else if folder && k == tree.Dir || !folder && k.HasContent() {
			return true
		}
	}
	return false
}

// sum adds up what a folder will hold when its turn comes: without folders that the plan deletes before and what it moves out.
func (c fresh) sum(dir tree.ID) planner.Subtree {
	sum := planner.NewSubtreeSum()
	c.add(sum, dir)
	return sum.Subtree()
}

func (c fresh) add(sum *planner.SubtreeSum, dir tree.ID) {
	first, end := c.t.Children(dir)
	for id := first; id < end; id++ {
		if c.leaving[c.t.Handle(id)] {
			continue
		}
		sum.Add(c.t.Handle(id), c.t.Handle(dir), c.t.Name(id))
		c.add(sum, id)
	}
}

// StaleError says why a saved plan must not be applied any more. It is ErrStale.
type StaleError struct{ Reasons []string }

func (e *StaleError) Error() string {
	const most = 5
	shown := e.Reasons[:min(most, len(e.Reasons))]
	text := ErrStale.Error() + ": " + strings.Join(shown, "; ")
	if rest := len(e.Reasons) - len(shown); rest > 0 {
		text += fmt.Sprintf("; and %d more", rest)
	}
	return text + "; plan again"
}

// Is says that the error is ErrStale.
func (e *StaleError) Is(target error) bool { return target == ErrStale }

// Check returns a *StaleError if there are reasons.
func Check(reasons ...[]string) error {
	if all := slices.Concat(reasons...); len(all) > 0 {
		return &StaleError{Reasons: slices.Clip(all)}
	}
	return nil
}
