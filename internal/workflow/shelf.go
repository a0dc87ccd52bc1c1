package workflow

import (
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
)

// shelf is what a backup's folder holds of snapshots.
type shelf struct {
	// published are the newest first.
	published []snapshot.Snapshot
	// unfinished are being built, or what is left of one that was.
	unfinished []tree.Node
}

// shelfAt lists the snapshots directly in a folder; nothing in them is read.
func shelfAt(client *mega.Client, folder tree.Handle) (shelf, error) {
	nodes, err := client.Children(folder)
	if err != nil {
		return shelf{}, err
	}
	s := shelf{published: snapshot.Of(nodes)}
	for _, n := range nodes {
		if n.Kind == tree.Dir && snapshot.IsBuilding(n.Name) {
			s.unfinished = append(s.unfinished, n)
		}
	}
	return s, nil
}

// shelf lists the snapshots at the place itself, of all folders that share its name.
func (s *Spot) shelf() (shelf, error) {
	var all shelf
	for _, n := range s.nodes {
		if n.Kind != tree.Dir {
			continue
		}
		one, err := shelfAt(s.account.client, n.Handle)
		if err != nil {
			return all, err
		}
		all.published = append(all.published, one.published...)
		all.unfinished = append(all.unfinished, one.unfinished...)
	}
	return all, nil
}
