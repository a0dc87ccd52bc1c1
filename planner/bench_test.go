package planner_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

// many is an input of n files, a hundred to a folder; remote says whether the account holds them already.
func many(n int, remote bool) planner.Input {
	w := newWorld()
	in := w.input()
	local := tree.NewBuilder(tree.Node{Kind: tree.Dir})
	account := tree.NewBuilder(tree.Node{Kind: tree.Dir, Handle: rootHandle})
	prior := planner.Prior{Resource: state.Resource{Address: docs, Account: mainAccount, AccountUser: "me", Path: "/B/docs", Root: 3, Host: "laptop"}}
	var root tree.ID
	if remote {
		root = account.Add(account.Add(tree.Root, tree.Node{Name: "B", Kind: tree.Dir, Handle: 2}), tree.Node{Name: "docs", Kind: tree.Dir, Handle: 3})
	}
	next := tree.Handle(10)
	var ldir, rdir tree.ID
	var dir tree.Path
	for i := range n {
		if i%100 == 0 {
			next++
			dir = tree.Path(fmt.Sprintf("folder %06d", i/100))
			ldir = local.Add(tree.Root, tree.Node{Name: string(dir), Kind: tree.Dir, Inode: uint64(next)})
			if remote {
				rdir = account.Add(root, tree.Node{Name: string(dir), Kind: tree.Dir, Handle: next})
				prior.Manifest = append(prior.Manifest, state.Entry{Path: dir, Dir: true, Handle: next})
			}
		}
		next++
		name := fmt.Sprintf("some file name %07d.jpg", i)
		mtime := int64(1_700_000_000+i) * 1e9
		local.Add(ldir, tree.Node{Name: name, Kind: tree.File, Size: int64(i + 1), MTime: mtime, CTime: mtime, Inode: uint64(next)})
		if remote {
			account.Add(rdir, tree.Node{Name: name, Kind: tree.File, Size: int64(i + 1), MTime: mtime, Handle: next, HasFingerprint: true})
			prior.Manifest = append(prior.Manifest, state.Entry{Path: dir.Join(name), Handle: next, Size: int64(i + 1), MTime: mtime / 1e9})
		}
	}
	in.Sources[0].Tree, in.Accounts[0].Tree = local.Build(), account.Build()
	if remote {
		in.Prior = []planner.Prior{prior}
	}
	return in
}

func BenchmarkUnchanged100k(b *testing.B) { benchStep(b, 100_000, true, 0) }
func BenchmarkNew100k(b *testing.B)       { benchStep(b, 100_000, false, 101_002) }
func BenchmarkUnchanged10k(b *testing.B)  { benchStep(b, 10_000, true, 0) }
func BenchmarkNew10k(b *testing.B)        { benchStep(b, 10_000, false, 10_102) }

func benchStep(b *testing.B, n int, remote bool, actions int) {
	in := many(n, remote)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	answers := planner.Answers{{Ask: planner.AskSizes, Account: mainAccount, Backup: docs}: {}} // nothing of any size
	_, plan := planner.Step(in, answers)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if plan == nil || len(plan.Actions) != actions || len(plan.Drift) != 0 || len(plan.Targets[0].Adopt) != 0 {
		b.Fatalf("not the plan that was meant: %d actions", len(plan.Actions))
	}
	b.ReportAllocs()
	for b.Loop() {
		planner.Step(in, answers)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/file")
	b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/float64(n), "kept-bytes/file")
	runtime.KeepAlive(plan)
}
