package workflow

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/scan"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// step talks with the planner until it has no more questions.
func (p *Project) step(ctx context.Context, in planner.Input) (*planner.Plan, error) {
	answers := planner.Answers{}
	for {
		questions, plan := planner.Step(in, answers)
		if len(questions) == 0 {
			return plan, nil
		}
		if err := p.answer(ctx, in, questions, answers); err != nil {
			return nil, err
		}
		p.keepProofs(ctx, questions, answers, in)
	}
}

// fileQuestions are all questions about one local file: one open file answers them (rule 11).
type fileQuestions struct {
	backup *config.Backup
	tree   *tree.Tree
	file   tree.ID
	asked  []planner.Question
}

// answer adds an answer for every question.
func (p *Project) answer(ctx context.Context, in planner.Input, questions []planner.Question, answers planner.Answers) error {
	var files []*fileQuestions
	byFile := map[planner.Question]*fileQuestions{}
	var alike []planner.Question
	for _, q := range questions {
		if q.Ask == planner.AskAlike {
			alike = append(alike, q)
			continue
		}
		if q.Ask == planner.AskWhere {
			where, err := p.where(q)
			if err != nil {
				return err
			}
			answers[q] = planner.Answer{Where: where}
			continue
		}
		if q.Ask == planner.AskSize || q.Ask == planner.AskSizes || q.Ask == planner.AskVersions || q.Ask == planner.AskHeld {
			found, err := p.lookUp(ctx, in, q)
			if err != nil {
				return err
			}
			answers[q] = found
			continue
		}
		key := planner.Question{Backup: q.Backup, File: q.File}
		f := byFile[key]
		if f == nil {
			f = p.fileOf(in, q)
			byFile[key] = f
			files = append(files, f)
		}
		f.asked = append(f.asked, q)
	}
	if err := p.readAll(ctx, files, answers); err != nil {
		return err
	}
	return p.alike(ctx, alike, answers)
}

// readAll answers the questions about local files, by as many workers as there are processors.
func (p *Project) readAll(ctx context.Context, files []*fileQuestions, answers planner.Answers) error {
	given := make([][]planner.Answer, len(files))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range files {
		g.Go(func() (err error) {
			given[i], err = p.read(ctx, f)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, f := range files {
		for j, q := range f.asked {
			answers[q] = given[i][j]
		}
	}
	return nil
}

func (p *Project) fileOf(in planner.Input, q planner.Question) *fileQuestions {
	f := &fileQuestions{backup: p.backup(q.Backup), file: q.File}
	i := slices.IndexFunc(in.Sources, func(s planner.Source) bool { return s.Backup == q.Backup })
	f.tree = in.Sources[i].Tree
	return f
}

func (p *Project) backup(a addr.Address) *config.Backup {
	i, ok := slices.BinarySearchFunc(p.Config.Backups, a, func(b config.Backup, a addr.Address) int { return b.Address.Compare(a) })
	if !ok {
		panic("workflow: no backup " + a.String())
	}
	return &p.Config.Backups[i]
}

// where answers AskWhere from the account's tree.
func (p *Project) where(q planner.Question) (planner.Where, error) {
	place, err := p.accounts[q.Account].client.Locate(q.Handle)
	if err != nil || !place.Found {
		return planner.Where{}, err
	}
	return planner.Where{
		Found: true, InTrash: place.InTrash, Path: place.Path, Parent: place.Parent, Name: place.Node.Name,
		Version: place.Version, TrashedAt: place.Node.TrashedAt, TrashedBy: place.Node.TrashedBy, Owner: place.Owner,
	}, nil
}

// read answers the questions about one file. What goes wrong with the file is an answer; only the context's end is an error.
func (p *Project) read(ctx context.Context, f *fileQuestions) ([]planner.Answer, error) {
	answers := make([]planner.Answer, len(f.asked))
	err := p.readOpen(ctx, f, answers)
	if err == nil {
		return answers, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	failure := planner.Answer{Verdict: planner.Unreadable, Detail: err.Error()}
	if errors.Is(err, errChanged) || errors.Is(err, fs.ErrNotExist) {
		failure.Verdict = planner.Changed
	}
	for i := range answers {
		answers[i] = failure
	}
	return answers, nil
}

func (p *Project) readOpen(ctx context.Context, f *fileQuestions, answers []planner.Answer) (err error) {
	node := f.tree.Node(f.file)
	body, err := p.openContent(f.backup.Address, f.tree.LocalPath(f.file), node.Kind == tree.Symlink, scan.IdentityOf(node))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	crc, legacy, err := crypt.ComputeCRCs(body, node.Size)
	if err != nil {
		return err
	}
	verdicts, err := p.prove(ctx, f, body, node.Size)
	if err != nil {
		return err
	}
	sum, err := digest(ctx, f.asked, body, node.Size)
	if err != nil {
		return err
	}
	if err := body.unchanged(); err != nil {
		return err
	}
	for i := range answers {
		answers[i] = planner.Answer{CRC: crc, LegacyCRC: legacy, Verdict: verdicts[i], Digest: sum}
	}
	return nil
}

// prove computes the file's MAC under the keys of all nodes asked about, in one pass.
func (p *Project) prove(ctx context.Context, f *fileQuestions, body io.ReaderAt, size int64) ([]planner.Verdict, error) {
	verdicts := make([]planner.Verdict, len(f.asked))
	var keys []crypt.FileKey
	var places []int
	for i, q := range f.asked {
		if q.Ask != planner.AskMAC {
			continue
		}
		key, err := p.accounts[f.backup.Account].client.ContentKey(q.Handle)
		if err != nil {
			return nil, err
		}
		keys, places = append(keys, key), append(places, i)
	}
	if len(keys) == 0 {
		return verdicts, nil
	}
	found, err := crypt.Check(ctx, body, size, keys...)
	if err != nil {
		return nil, err
	}
	for i, v := range found {
		verdicts[places[i]] = verdictOf(v)
	}
	return verdicts, nil
}

func verdictOf(v crypt.Verdict) planner.Verdict {
	switch v {
	case crypt.Equal:
		return planner.Equal
	case crypt.Different:
		return planner.Different
	case crypt.CannotTell:
		return planner.CannotTell
	}
	panic("workflow: verdict " + v.String())
}
