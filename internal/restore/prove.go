package restore

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// Prove reads the files at the target that look equal, and plans to replace those whose bytes or mode are not the backup's:
// damage keeps size and date. Nothing is fetched. progress is told the bytes that were read, from any goroutine; nil: nobody is.
func Prove(ctx context.Context, p *Plan, target string, from remote, progress func(int64)) error {
	root, err := os.OpenRoot(target)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	r := &run{plan: p, env: Env{Remote: from, Target: target}, dirs: newDirs(root)}
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range p.Entries {
		e := &p.Entries[i]
		if e.Op != Equal || e.Kind != File && e.Kind != Hardlink || ctx.Err() != nil {
			continue
		}
		g.Go(func() error {
			if r.damaged(ctx, e) {
				e.Op = Replace
			}
			if progress != nil {
				progress(e.Size)
			}
			return nil
		})
	}
	_ = g.Wait() // what cannot be read is replaced
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return r.dirs.close()
}

// damaged says whether a file that has the backup's size and date is not the backup's otherwise.
func (r *run) damaged(ctx context.Context, e *Entry) bool {
	dir, err := r.dirs.open(parentOf(e.Path))
	if err != nil {
		return true
	}
	defer r.dirs.done(dir)
	f, err := openRegular(dir.Root, baseOf(e.Path))
	if err != nil {
		return true
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || otherMode(info, e) {
		return true
	}
	key, err := r.env.Remote.ContentKey(e.Handle)
	if err != nil {
		return true
	}
	verdicts, err := crypt.Check(ctx, f, e.Size, key)
	return err != nil || verdicts[0] == crypt.Different
}

func otherMode(info fs.FileInfo, e *Entry) bool {
	const permissions = 0o777 // the others may be beyond this user
	return runtime.GOOS != "windows" && e.Meta.HasMode && (bitsOf(info.Mode())^e.Meta.Mode)&permissions != 0
}
