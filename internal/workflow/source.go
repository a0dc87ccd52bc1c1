package workflow

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/filter"
	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/scan"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// scanSource walks one backup's source. That it is not there is for the planner to judge (rule 8).
func (p *Project) scanSource(ctx context.Context, b *config.Backup) (planner.Source, error) {
	out := planner.Source{Backup: b.Address}
	o, err := p.scanOptions(b)
	if err != nil {
		return out, fmt.Errorf("%s: %w", b.Address, err)
	}
	result, err := scan.Scan(ctx, b.Source.Path, o)
	var fault *scan.SourceError
	if errors.As(err, &fault) {
		out.Failure, out.Detail = failures[fault.Fault], aboutFault(fault)
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("scan %s: %w", b.Source.Path, err)
	}
	out.Tree, out.ScannedAt = result.Tree, result.Started.UnixNano()
	p.started[b.Address] = result.Started
	p.Observer.SourceScanned(b.Address, b.Source.Written, result.Totals.Files, result.Totals.Bytes)
	p.tellProblems(b, result.Problems)
	return out, nil
}

var failures = map[scan.Fault]planner.SourceFailure{
	scan.Missing: planner.SourceMissing, scan.NotDirectory: planner.SourceNotDir,
	scan.Unreadable: planner.SourceUnreadable, scan.MarkerAbsent: planner.SourceNoMarker,
}

// aboutFault says what the failure's name does not.
func aboutFault(f *scan.SourceError) string {
	switch f.Fault {
	case scan.Unreadable:
		return f.Err.Error()
	case scan.MarkerAbsent:
		return filepath.Join(f.Path, f.Marker)
	}
	return f.Path
}

// problemsShown is how many problems of a scan are told one by one.
const problemsShown = 20

func (p *Project) tellProblems(b *config.Backup, problems []scan.Problem) {
	for i, problem := range problems {
		if i == problemsShown {
			p.Observer.Say(fmt.Sprintf("%s: %d more problems (-log-file lists all)", b.Address, len(problems)-i))
			break
		}
		p.Observer.Say(fmt.Sprintf("%s: %v", b.Address, problem))
	}
	for _, problem := range problems {
		p.Log.Warn("scan", "backup", b.Address.String(), "path", problem.Path, "why", problem.Why.String(), "err", problem.Err)
	}
}

func (p *Project) scanOptions(b *config.Backup) (scan.Options, error) {
	s := &b.Source
	encoding, err := p.encoding(b.Account)
	if err != nil {
		return scan.Options{}, err
	}
	return scan.Options{
		Filter:   filter.New(filter.Config{Include: p.patterns(s.Include), Exclude: p.patterns(s.Exclude), IgnoreFiles: s.IgnoreFiles}),
		Symlinks: scan.Symlinks(s.Symlinks), FollowOutside: s.FollowOutside, OneFileSystem: s.OneFileSystem,
		ExcludeCaches: s.ExcludeCaches, MaxFileSize: s.MaxFileSize, Marker: s.Marker, Preserve: scan.Preserve(b.Preserve),
		Encode: encoding.FromDisk, Own: p.own(),
	}, nil
}

// encoding is how names are written in an account.
func (p *Project) encoding(a addr.Address) (names.Encoding, error) {
	return names.Parse(p.account(a).Encoding)
}

// openSource opens a backup's source for reading what the scan found; it stays open until the project is closed.
func (p *Project) openSource(a addr.Address) (*scan.Source, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.sources[a]; s != nil {
		return s, nil
	}
	b := p.backup(a)
	o, err := p.scanOptions(b)
	if err != nil {
		return nil, err
	}
	s, err := scan.OpenSource(b.Source.Path, o)
	if err == nil {
		p.sources[a] = s
	}
	return s, err
}

// patterns gives each pattern its place as people read it: the file's name and the line.
func (p *Project) patterns(lines []config.Pattern) []filter.Pattern {
	out := make([]filter.Pattern, len(lines))
	for i, l := range lines {
		where := l.Range
		where.Filename = filepath.Base(where.Filename)
		out[i] = filter.Pattern{Text: l.Text, Where: where.String()}
	}
	return out
}

// encodePath turns a remote path as written into names as stored.
func (p *Project) encodePath(account addr.Address, written string) (tree.Path, error) {
	encoding, err := p.encoding(account)
	if err != nil {
		return "", fmt.Errorf("%s: %w", account, err)
	}
	var path tree.Path
	for name := range tree.Path(strings.Trim(written, "/")).Names() {
		path = path.Join(encoding.FromDisk(name))
	}
	return path, nil
}

// writtenPath is the reverse of encodePath, false where no written path stands for these names.
func (p *Project) writtenPath(account addr.Address, stored tree.Path) (string, bool) {
	encoding, err := p.encoding(account)
	if err != nil {
		return "", false
	}
	written := ""
	for name := range stored.Names() {
		written += "/" + encoding.ToDisk(name)
	}
	back, err := p.encodePath(account, written)
	return written, err == nil && back == stored
}
