package executor

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// folderBatch is how many folders one call creates: as many nodes as the SDK puts into one request (PROTOCOL.md §4.4).
const folderBatch = 1000

// startFolders creates folders that are ready together with the folders below them that wait for nothing else: a whole
// new tree costs a request per thousand, not one per level.
func (r *run) startFolders(ctx context.Context) {
	account := r.targets[r.action(r.folders[0]).Address].Account
	batch, rest := r.gather(account)
	r.folders = rest
	for _, id := range batch {
		r.inSmall++
		r.env.Event(Event{Kind: Started, Action: r.action(id)})
	}
	go func() { r.results <- r.createFolders(ctx, account, batch) }()
}

// gather takes ready folders of one account and extends them by folders whose needs are all in the batch already.
func (r *run) gather(account addr.Address) (batch, rest []planner.ActionID) {
	for _, id := range r.folders {
		if len(batch) < folderBatch && r.targets[r.action(id).Address].Account == account {
			batch = append(batch, id)
		} else {
			rest = append(rest, id)
		}
	}
	missing := map[planner.ActionID]int32{}
	for i := 0; i < len(batch) && len(batch) < folderBatch; i++ {
		for _, d := range r.dependents[batch[i]] {
			if r.action(d).Kind != planner.CreateFolder || len(batch) == folderBatch {
				continue
			}
			if _, seen := missing[d]; !seen {
				missing[d] = r.waiting[d]
			}
			if missing[d]--; missing[d] == 0 {
				batch = append(batch, d)
				r.waiting[d] = 0
			}
		}
	}
	return batch, rest
}

func (r *run) createFolders(ctx context.Context, account addr.Address, batch []planner.ActionID) []outcome {
	place := make(map[planner.ActionID]int, len(batch))
	specs := make([]mega.NewFolder, len(batch))
	for i, id := range batch {
		a := r.action(id)
		place[id] = i + 1
		specs[i] = mega.NewFolder{Name: a.Name, Meta: a.Meta, Snapshot: a.Mark}
		if under, ok := place[a.Parent.Action]; ok && a.Parent.Action != 0 {
			specs[i].Under = under
		} else {
			specs[i].Parent = r.made.resolve(a.Parent)
		}
	}
	handles, err := r.env.Remote(account).CreateFolders(ctx, specs)
	var part *mega.PartError
	outcomes := make([]outcome, len(batch))
	// Together, level by level: one after the other, each would wait for the journal's disk.
	var recording sync.WaitGroup
	recorded := 0
	for i, id := range batch {
		outcomes[i].id, outcomes[i].in = id, &r.inSmall
		if specs[i].Under > recorded {
			recording.Wait()
			recorded = i
		}
		switch {
		case err == nil || errors.As(err, &part) && part.Errs[i] == nil:
			recording.Go(func() {
				outcomes[i].fatal = r.record(ctx, r.action(id), planner.Result{Handle: handles[i]})
			})
		case part != nil:
			outcomes[i].err = fmt.Errorf("create folder %s: %w", r.action(id).Path, part.Errs[i])
		default:
			outcomes[i].err = fmt.Errorf("create folder %s: %w", r.action(id).Path, err)
		}
	}
	recording.Wait()
	return outcomes
}

// made remembers the handles of what this run created.
type made struct {
	mu      sync.Mutex
	handles []tree.Handle
}

func newMade(n int) *made { return &made{handles: make([]tree.Handle, n)} }

func (m *made) set(id planner.ActionID, h tree.Handle) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.handles[id] = h
}

func (m *made) resolve(ref planner.Ref) tree.Handle {
	if ref.Action == 0 {
		return ref.Handle
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.handles[ref.Action]
}
