package verify

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/mega/transfer"
	"github.com/megaplan/megaplan/internal/tree"
)

// prover fetches content and proves it, keeping nothing.
type prover interface {
	Prove(ctx context.Context, h tree.Handle, progress func(int64)) (crypt.Verdict, error)
}

// fetchers is how many files are fetched at once.
const fetchers = 128

// Fetch downloads the files and proves their bytes, adding what is not well to the result. What goes wrong with one file is
// its finding; the error is the end of ctx. progress is told the bytes that arrived, from any goroutine.
func Fetch(ctx context.Context, files []Remote, from prover, progress func(int64), result *Result) error {
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(fetchers)
	for _, file := range files {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			verdict, err := from.Prove(ctx, file.Handle, progress)
			if ctx.Err() != nil {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			result.fetched(file, verdict, err)
			return nil
		})
	}
	_ = g.Wait() // failures are findings
	result.sort()
	return context.Cause(ctx)
}

// fetched records what became of one file.
func (r *Result) fetched(file Remote, verdict crypt.Verdict, err error) {
	f := Finding{Path: file.Path, Handle: file.Handle, Size: file.Size}
	switch {
	case errors.Is(err, transfer.ErrCorrupt):
		f.Verdict, f.Detail = Damaged, "the bytes on the server do not match the file's key"
	case err != nil:
		f.Verdict, f.Detail, f.Unreadable = CannotTell, err.Error(), true
		r.add(f)
		return
	case verdict == crypt.CannotTell:
		f.Verdict, f.Detail = CannotTell, "fetched; the node's MAC has the known fault of an old client"
	default:
		r.Fetched++
		r.DownloadedBytes += file.Size
		return
	}
	r.Fetched++
	r.DownloadedBytes += file.Size
	r.add(f)
}
