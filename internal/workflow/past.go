package workflow

import (
	"context"
	"strings"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/restore"
	"github.com/megaplan/megaplan/internal/tree"
)

// past collects what is known of a backup at a time (rule 32).
func (r *Restoring) past(ctx context.Context, in *restore.Input, from backedUp) (restore.Past, error) {
	past := restore.Past{Time: r.At, Tree: in.Tree, Root: in.Root, Versions: map[tree.Handle][]tree.Node{}}
	seen := map[tree.Handle]bool{}
	for id := range in.Tree.Walk(in.Root) {
		n := in.Tree.Node(id)
		seen[n.Handle] = true
		if n.Versions == 0 {
			continue
		}
		versions, err := r.client.Versions(n.Handle)
		if err != nil {
			return past, err
		}
		past.Versions[n.Handle] = versions
		for _, v := range versions {
			seen[v.Handle] = true
		}
	}
	bin, err := r.readBin(ctx, in, from)
	if err != nil {
		return past, err
	}
	past.Trashed = bin.ours
	if !from.known {
		return past, nil
	}
	past.Manifest, r.Paths, past.HasManifest, err = r.p.store.ManifestAt(ctx, r.p.lineage, from.prior.Resource, r.At)
	if err != nil || !past.HasManifest {
		return past, err
	}
	past.Elsewhere = map[tree.Handle]restore.Place{}
	for i := range past.Manifest {
		e := &past.Manifest[i]
		if e.Dir || seen[e.Handle] {
			continue
		}
		if place, ok := bin.places[e.Handle]; ok {
			past.Elsewhere[e.Handle] = place
			continue
		}
		if err := r.elsewhere(e.Handle, past.Elsewhere); err != nil {
			return past, err
		}
	}
	return past, nil
}

// elsewhere finds a node that is neither in the backup nor in the bin.
func (r *Restoring) elsewhere(h tree.Handle, places map[tree.Handle]restore.Place) error {
	found, err := r.client.Locate(h)
	if err != nil || !found.Found {
		return err
	}
	place := restore.Place{Node: found.Node}
	if !found.Version {
		if place.Versions, err = r.client.Versions(h); err != nil {
			return err
		}
	}
	places[h] = place
	return nil
}

// binContent is what lies in the bin: all files by handle, and what came from the backup with the path it had.
type binContent struct {
	places map[tree.Handle]restore.Place
	ours   []restore.Trashed
}

func (r *Restoring) readBin(ctx context.Context, in *restore.Input, from backedUp) (binContent, error) {
	bin := binContent{places: map[tree.Handle]restore.Place{}}
	list, err := r.client.Bin(ctx)
	if err != nil {
		return bin, err
	}
	folders := map[tree.Handle]tree.ID{}
	for id := range in.Tree.Walk(in.Root) {
		if in.Tree.Kind(id) == tree.Dir {
			folders[in.Tree.Handle(id)] = id
		}
	}
	for _, t := range list {
		path, ours := pathInBackup(t, in, from, folders)
		if err := r.readTrashed(ctx, &bin, t, path, ours); err != nil {
			return bin, err
		}
	}
	return bin, nil
}

// pathInBackup is the path below the backup's root that a trashed node had: as megaplan noted it, else from the folder that
// clients note.
func pathInBackup(t mega.Trashed, in *restore.Input, from backedUp, folders map[tree.Handle]tree.ID) (tree.Path, bool) {
	if t.Marked {
		path := tree.Path(strings.TrimPrefix(t.Mark.Path, "/"))
		if from.path == "" {
			return path, path != ""
		}
		below, ok := strings.CutPrefix(string(path), string(from.path)+"/")
		return tree.Path(below), ok && fromAddress(t.Mark.Address, from)
	}
	id, ok := folders[t.RestoreTo]
	if !ok || t.RestoreTo == 0 {
		return "", false
	}
	base, dir := in.Tree.Path(in.Root), in.Tree.Path(id)
	below := tree.Path(strings.TrimPrefix(strings.TrimPrefix(string(dir), string(base)), "/"))
	return below.Join(t.Node.Name), true
}

// fromAddress says whether a mark may be the backup's: its own, or any where a path is restored.
func fromAddress(marked string, from backedUp) bool {
	a, err := addr.Parse(from.name)
	return err != nil || marked == a.String()
}

// readTrashed takes a trashed node with all below it.
func (r *Restoring) readTrashed(ctx context.Context, bin *binContent, t mega.Trashed, path tree.Path, ours bool) error {
	below, err := r.client.Below(ctx, t.Node.Handle)
	if err != nil {
		return err
	}
	at := int64(0)
	if t.Marked {
		at = t.Mark.At.Unix()
	}
	for id := range below.Walk(tree.Root) {
		n := below.Node(id)
		place := restore.Place{Node: n, InTrash: true, TrashedAt: at}
		if n.Versions > 0 {
			if place.Versions, err = r.client.Versions(n.Handle); err != nil {
				return err
			}
		}
		if n.Kind != tree.Dir {
			bin.places[n.Handle] = place
			for _, v := range place.Versions {
				bin.places[v.Handle] = place
			}
		}
		if !ours {
			continue
		}
		full := path
		for name := range below.Path(id).Names() {
			full = full.Join(name)
		}
		bin.ours = append(bin.ours, restore.Trashed{Path: full, Place: place})
	}
	return nil
}
