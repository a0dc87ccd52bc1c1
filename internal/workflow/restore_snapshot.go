package workflow

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
)

// withSnapshot reads ADDRESS/SNAPSHOT, as the looking commands take it.
func withSnapshot(o RestoreOptions) (RestoreOptions, error) {
	for end, c := range o.What {
		if c != '/' || end == 0 {
			continue
		}
		if _, err := addr.Parse(o.What[:end]); err != nil {
			continue // a key may hold a slash
		}
		name := strings.Trim(o.What[end:], "/")
		if strings.Contains(name, "/") || o.Snapshot != "" || o.At != "" {
			return o, fmt.Errorf("%s: give an address, or one and a snapshot's name; -include=GLOB restores a part of it", o.What)
		}
		o.What, o.Snapshot = o.What[:end], name
		break
	}
	return o, nil
}

// open reads what is restored and finds its root: the chosen snapshot alone, where the place keeps snapshots, else all of it.
func (r *Restoring) open(ctx context.Context, from backedUp, o RestoreOptions) (*tree.Tree, tree.ID, error) {
	asked := o.Snapshot != "" || from.backup != nil && from.backup.Mode == config.ModeSnapshots || len(from.prior.Resource.Snapshots) > 0
	if !asked && (from.backup != nil || !from.known) {
		return r.root(ctx, from)
	}
	folder, there, err := r.folder(from)
	if err != nil {
		return nil, 0, err
	}
	if !there {
		return r.openTrashed(ctx, from, o, asked)
	}
	on, err := shelfAt(r.client, folder)
	if err != nil {
		return nil, 0, err
	}
	if !asked && len(on.published) == 0 { // what left the configuration may have kept no snapshots
		return r.root(ctx, from)
	}
	if err := r.pick(on.published, o); err != nil {
		if whole := r.trashedSnapshot(ctx, from, o); whole != nil {
			return whole, tree.Root, nil
		}
		return nil, 0, err
	}
	whole, err := r.client.Below(ctx, r.Snapshot.Handle)
	return whole, tree.Root, err
}

// folder is where a backup's snapshots are: the folder that the state remembers, else that of the path.
func (r *Restoring) folder(from backedUp) (tree.Handle, bool, error) {
	if root := from.prior.Resource.Root; root != 0 {
		place, err := r.client.Locate(root)
		if err != nil || place.Found && !place.InTrash {
			return root, err == nil, err
		}
	}
	nodes, err := r.p.accounts[from.account].at(from.path)
	for _, n := range nodes {
		if n.Kind == tree.Dir {
			return n.Handle, true, err
		}
	}
	return 0, false, err
}

// openTrashed is open for what lies in the bin as a whole, if anywhere.
func (r *Restoring) openTrashed(ctx context.Context, from backedUp, o RestoreOptions, asked bool) (*tree.Tree, tree.ID, error) {
	whole, root, err := r.root(ctx, from)
	if err != nil {
		return nil, 0, err
	}
	list := snapshot.List(whole, root)
	if !asked && len(list) == 0 {
		return whole, root, nil
	}
	err = r.pick(list, o)
	return whole, r.Snapshot.ID, err
}

// pick chooses the snapshot: the one that was named, else the newest complete one of the time (rule 32). What is not there is a
// *notThereError.
func (r *Restoring) pick(list []snapshot.Snapshot, o RestoreOptions) (err error) {
	if o.Snapshot != "" {
		if r.Snapshot, err = snapshot.Pick(list, o.Snapshot); err == nil {
			return nil
		}
		text := fmt.Sprintf("%s: %v\n`megaplan snapshots` lists what there is.", r.From, err)
		if snapshot.IsBuilding(o.Snapshot) {
			text = fmt.Sprintf("%s: %s is not finished, and one that is not is never restored. The next apply goes on with it.", r.From, o.Snapshot)
		}
		if r.from.backup != nil && r.from.backup.Mode != config.ModeSnapshots && len(list) == 0 {
			text = fmt.Sprintf("%s keeps no snapshots, so there is no %q: -include='/%s' restores a part of it, -at=TIME what was there at a time.",
				r.From, o.Snapshot, o.Snapshot)
		}
		return &notThereError{text}
	}
	var ok bool
	if r.Snapshot, ok = snapshot.Newest(list, r.At); ok {
		return nil
	}
	text := r.From + " has no complete snapshot"
	if !r.At.IsZero() {
		text += fmt.Sprintf(" of %s or before", r.At.UTC().Format(time.RFC3339))
	}
	if oldest := oldestComplete(list); oldest != "" {
		text += ": the first one is " + oldest
	}
	if len(list) == 0 {
		return &notThereError{fmt.Sprintf("%s\nWhatever else is there: megaplan restore '/%s' -to=DIR", text, r.from.path)}
	}
	return &notThereError{text + "\n`megaplan snapshots` lists what there is."}
}

func oldestComplete(list []snapshot.Snapshot) string {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Complete {
			return list[i].Name
		}
	}
	return ""
}

// trashedSnapshot finds a snapshot in the bin, where retention or a person put it; nil if it is not there either.
func (r *Restoring) trashedSnapshot(ctx context.Context, from backedUp, o RestoreOptions) *tree.Tree {
	began, n, named := snapshot.ParseName(o.Snapshot)
	if !named {
		return nil
	}
	was := from
	was.path = from.path.Join(o.Snapshot)
	whole, when, err := trashedRoot(ctx, r.client, was)
	if err != nil || whole == nil {
		return nil
	}
	mark, ok := snapshot.ParseMark(whole.Node(tree.Root).Snapshot)
	if !ok {
		return nil
	}
	mark.Began = began
	r.Snapshot = snapshot.Snapshot{Handle: whole.Handle(tree.Root), Name: o.Snapshot, N: n, Mark: mark}
	r.p.Observer.Say(fmt.Sprintf("%s is in the trash since %s; it is restored from there.", o.Snapshot, when.UTC().Format(time.RFC3339)))
	return whole
}
