package workflow

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/scan"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// readProofs reads what the cache knows of some backups' sources (rule 9).
func (p *Project) readProofs(ctx context.Context, needed []addr.Address) (map[addr.Address][]planner.Proof, error) {
	all := map[addr.Address][]planner.Proof{}
	for _, a := range needed {
		b := p.backup(a)
		acct, err := p.connect(ctx, b.Account)
		if err != nil {
			return nil, err
		}
		root := filepath.ToSlash(b.Source.Path)
		known, err := acct.proofs.Proofs().Below(ctx, root)
		if err != nil {
			return nil, err
		}
		list := make([]planner.Proof, 0, len(known))
		var abs, rel string
		for i := range known {
			k := &known[i]
			if k.Dir != abs {
				abs, rel = k.Dir, strings.TrimPrefix(strings.TrimPrefix(k.Dir, root), "/")
			}
			if k.Equal {
				list = append(list, planner.Proof{Dir: rel, Name: k.Name, Handle: k.Handle, Size: k.Size, MTime: k.MTime, CTime: k.CTime, Inode: k.Inode})
			}
		}
		all[a] = list
	}
	return all, nil
}

// proofOf makes the proof that a handle holds exactly this local file; none if the file changed so shortly before the scan that
// a later write could leave its times as they are, and none if there was more of it when it was read (rule 11).
func (p *Project) proofOf(b addr.Address, path string, id scan.Identity, h tree.Handle) (cache.Proof, bool) {
	started, ok := p.started[b]
	if !ok || !id.Settled(started) || p.growths.grown(growthKey{b, path, id.Size}) {
		return cache.Proof{}, false
	}
	full := filepath.ToSlash(filepath.Join(p.backup(b).Source.Path, filepath.FromSlash(path)))
	dir, name := full[:strings.LastIndexByte(full, '/')], full[strings.LastIndexByte(full, '/')+1:]
	if dir == "" {
		dir = "/"
	}
	return cache.Proof{
		Dir: dir, Name: name, Handle: h, Equal: true,
		Identity: cache.Identity{Size: id.Size, MTime: id.MTime, CTime: id.CTime, Inode: id.Inode},
	}, true
}

// keepProofs remembers what answers proved. The cache is not worth failing for.
func (p *Project) keepProofs(ctx context.Context, questions []planner.Question, answers planner.Answers, in planner.Input) {
	byAccount := map[addr.Address][]cache.Proof{}
	for _, q := range questions {
		if q.Ask != planner.AskMAC || answers[q].Verdict != planner.Equal {
			continue
		}
		f := p.fileOf(in, q)
		node := f.tree.Node(f.file)
		if proof, ok := p.proofOf(q.Backup, f.tree.LocalPath(f.file), scan.IdentityOf(node), q.Handle); ok {
			byAccount[f.backup.Account] = append(byAccount[f.backup.Account], proof)
		}
	}
	for a, proofs := range byAccount {
		if err := p.accounts[a].proofs.Proofs().Add(ctx, proofs...); err != nil {
			p.Log.Warn("remember proofs", "account", a.String(), "err", err)
		}
	}
}

// prover collects the proofs of uploads and writes them in batches.
type prover struct {
	p       *Project
	pending chan provenFile
	done    chan struct{}
}

type provenFile struct {
	account addr.Address
	proof   cache.Proof
}

// proverBatch is how many proofs share a transaction at most, proverEvery how long one waits for company.
const (
	proverBatch = 1000
	proverEvery = time.Second
)

func (p *Project) newProver() *prover {
	v := &prover{p: p, pending: make(chan provenFile, proverBatch), done: make(chan struct{})}
	go v.write()
	return v
}

// add remembers that an upload's node holds exactly what was read, and a copy what was proven before.
func (v *prover) add(a *planner.Action, result planner.Result) {
	local := result.Source
	if a.Proven && !a.Local.Symlink {
		local = a.Local
	}
	if local == (planner.Local{}) || !a.Sends() && !a.Proven {
		return
	}
	if proof, ok := v.p.proofOf(a.Address, a.Local.Path, identityOf(local), result.Handle); ok {
		v.pending <- provenFile{v.p.backup(a.Address).Account, proof}
	}
}

// close writes what is left.
func (v *prover) close() {
	close(v.pending)
	<-v.done
}

func (v *prover) write() {
	defer close(v.done)
	batches := map[addr.Address][]cache.Proof{}
	flush := func() {
		for a, proofs := range batches {
			if err := v.p.accounts[a].proofs.Proofs().Add(context.Background(), proofs...); err != nil {
				v.p.Log.Warn("remember proofs", "account", a.String(), "err", err)
			}
		}
		clear(batches)
	}
	ticker := time.NewTicker(proverEvery)
	defer ticker.Stop()
	for {
		select {
		case f, ok := <-v.pending:
			if !ok {
				flush()
				return
			}
			batches[f.account] = append(batches[f.account], f.proof)
			if len(batches[f.account]) >= proverBatch {
				flush()
			}
		case <-ticker.C:
			flush()
		}
	}
}
