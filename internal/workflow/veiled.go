package workflow

import (
	"context"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// veiled counts what is in the snapshots that a tree does not show.
func veiled(ctx context.Context, client *mega.Client, t *tree.Tree) (map[tree.Handle]planner.Volume, error) {
	out := map[tree.Handle]planner.Volume{}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for id := range tree.ID(t.Len()) {
		if t.Kind(id) != tree.Dir {
			continue
		}
		n := t.Node(id)
		if _, marked := snapshot.ParseMark(n.Snapshot); !marked || !n.Incomplete {
			continue
		}
		g.Go(func() error {
			files, bytes, err := client.Volume(ctx, n.Handle)
			mu.Lock()
			defer mu.Unlock()
			out[n.Handle] = planner.Volume{Files: files, Bytes: bytes}
			return err
		})
	}
	return out, g.Wait()
}
