package workflow

import (
	"context"
	"errors"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/mega/transfer"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// Comparing shows duplicates being downloaded. Its methods may be called from any goroutine.
type Comparing interface {
	// Moved tells of bytes that arrived, Ended of a file that is done with.
	Moved(n int64)
	Ended()
	Waiting(w mega.Wait)
	Stop()
}

// comparers is how many duplicates are fetched at once at most; connections and memory have bounds of their own.
const comparers = 128

// likeGroup are the questions about one file, which one download answers.
type likeGroup struct {
	account addr.Address
	handle  tree.Handle
	size    int64
	asked   []planner.Question
}

// alike answers AskAlike: by what an earlier plan found out, else by downloading. Equal keys, as those of a copy that was made on
// the server, are no proof here: whoever asks wants to know that the bytes are there. What cannot be told is an answer; only the
// end of the context and what is wrong with the tree are errors.
func (p *Project) alike(ctx context.Context, questions []planner.Question, answers planner.Answers) error {
	if len(questions) == 0 {
		return nil
	}
	remembered := p.rememberedTwins(ctx, questions)
	var groups []*likeGroup
	byFile := map[likeFile]*likeGroup{}
	for _, q := range questions {
		if same, known := remembered[likePair{q.Account, cache.Pair{A: q.Handle, B: q.Other}}]; known {
			answers[q] = planner.Answer{Verdict: planner.Different}
			if same {
				answers[q] = planner.Answer{Verdict: planner.Equal}
			}
			continue
		}
		key := likeFile{q.Account, q.Handle}
		g := byFile[key]
		if g == nil {
			place, err := p.accounts[q.Account].client.Locate(q.Handle)
			if err != nil {
				return err
			}
			g = &likeGroup{account: q.Account, handle: q.Handle, size: place.Node.Size}
			byFile[key] = g
			groups = append(groups, g)
		}
		g.asked = append(g.asked, q)
	}
	if len(groups) == 0 {
		return nil
	}
	if err := p.fetchAlike(ctx, groups, answers); err != nil {
		return err
	}
	p.keepTwins(ctx, groups, answers)
	return nil
}

// likeFile is a file of an account.
type likeFile struct {
	account addr.Address
	handle  tree.Handle
}

// likePair is two files of an account.
type likePair struct {
	account addr.Address
	cache.Pair
}

// rememberedTwins is what earlier plans found out about the pairs. The cache is not worth failing for.
func (p *Project) rememberedTwins(ctx context.Context, questions []planner.Question) map[likePair]bool {
	byAccount := map[addr.Address][]cache.Pair{}
	for _, q := range questions {
		byAccount[q.Account] = append(byAccount[q.Account], cache.Pair{A: q.Handle, B: q.Other})
	}
	out := map[likePair]bool{}
	for a, pairs := range byAccount {
		known, err := p.accounts[a].proofs.Twins().Load(ctx, pairs)
		if err != nil {
			p.Log.Warn("read compared duplicates", "account", a.String(), "err", err)
		}
		for pair, same := range known {
			out[likePair{a, pair}] = same
		}
	}
	return out
}

// keepTwins remembers what downloads told.
func (p *Project) keepTwins(ctx context.Context, groups []*likeGroup, answers planner.Answers) {
	byAccount := map[addr.Address]map[cache.Pair]bool{}
	for _, g := range groups {
		for _, q := range g.asked {
			v := answers[q].Verdict
			if v != planner.Equal && v != planner.Different {
				continue
			}
			if byAccount[g.account] == nil {
				byAccount[g.account] = map[cache.Pair]bool{}
			}
			byAccount[g.account][cache.Pair{A: q.Handle, B: q.Other}] = v == planner.Equal
		}
	}
	for a, found := range byAccount {
		if err := p.accounts[a].proofs.Twins().Add(ctx, found); err != nil {
			p.Log.Warn("remember compared duplicates", "account", a.String(), "err", err)
		}
	}
}

// fetchAlike downloads one file of each group and shows how far it is.
func (p *Project) fetchAlike(ctx context.Context, groups []*likeGroup, answers planner.Answers) error {
	var bytes int64
	for _, g := range groups {
		bytes += g.size
	}
	show := Comparing(silent{})
	if p.StartComparing != nil {
		show = p.StartComparing(int64(len(groups)), bytes)
		waiting := show.Waiting
		p.onWait.Store(&waiting)
		defer p.onWait.Store(nil)
	}
	defer show.Stop()
	given := make([][]planner.Answer, len(groups))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(comparers)
	for i, one := range groups {
		g.Go(func() error {
			given[i] = p.compare(ctx, one, show)
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, one := range groups {
		for j, q := range one.asked {
			answers[q] = given[i][j]
		}
	}
	return nil
}

// compare downloads a group's file.
func (p *Project) compare(ctx context.Context, g *likeGroup, show Comparing) []planner.Answer {
	others := make([]tree.Handle, len(g.asked))
	for i, q := range g.asked {
		others[i] = q.Other
	}
	var arrived atomic.Int64
	verdicts, err := p.accounts[g.account].client.Compare(ctx, g.handle, others, func(n int64) {
		arrived.Add(n)
		show.Moved(n)
	})
	show.Ended()
	out := make([]planner.Answer, len(g.asked))
	for i := range out {
		switch {
		case errors.Is(err, transfer.ErrCorrupt):
			out[i] = planner.Answer{Verdict: planner.CannotTell, Detail: "the bytes on the server do not match the key of the one that stays"}
		case err != nil:
			out[i] = planner.Answer{Verdict: planner.CannotTell, Detail: err.Error()}
		default:
			out[i].Verdict = verdictOf(verdicts[i])
		}
		if verdicts != nil && verdicts[i] == crypt.CannotTell {
			out[i].Detail = "a MAC in its key has the known fault of an old client"
		}
	}
	out[0].Fetched = arrived.Load()
	return out
}

// silent is for where nobody looks.
type silent struct{}

func (silent) Moved(int64)       {}
func (silent) Ended()            {}
func (silent) Waiting(mega.Wait) {}
func (silent) Stop()             {}
