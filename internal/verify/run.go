package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/tree"
)

// ErrChanged says that a file is no longer what the scan saw. Open and File.Unchanged return it.
var ErrChanged = errors.New("it changed while it was verified")

// File is a local file that is open for reading.
type File interface {
	io.ReaderAt
	io.Closer
	// Unchanged returns ErrChanged if the file is not what Open opened any more (rule 11).
	Unchanged() error
}

// Env is what Run works with.
type Env struct {
	// Open opens a check's file, or returns ErrChanged if it is no longer the one that was scanned.
	Open func(c *Check) (File, error)
	// Keys returns the key of a remote file's content.
	Keys func(h tree.Handle) (crypt.FileKey, error)
	// Workers is how many files are read at once; 0 is one for each processor.
	Workers int
	// Progress is told how many bytes were read since the last call, from any goroutine; nil: nobody is.
	Progress func(n int64)
}

const (
	// smallFile is read in one piece; batch of them share the lanes of the MAC kernel.
	smallFile = crypt.ChunkUnit
	batch     = 8
	// largeFile is worth all processors; such files are read one after the other.
	largeFile = 64 << 20
)

// Run reads the files of the work and proves them. What goes wrong with a file is its finding; the error is the end of ctx.
// It waits for everything it started.
func Run(ctx context.Context, w *Work, env Env) (Result, error) {
	if env.Workers <= 0 {
		env.Workers = runtime.GOMAXPROCS(0)
	}
	if env.Progress == nil {
		env.Progress = func(int64) {}
	}
	r := &run{env: env, result: Result{Files: w.Files, Bytes: w.Bytes, Unsampled: w.Unsampled, Unmanaged: w.Unmanaged}}
	for _, f := range w.Findings {
		r.result.add(f)
	}
	small, middle, large := sorted(w.Checks)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(env.Workers)
	for part := range slices.Chunk(small, batch) {
		g.Go(func() error { return r.smallFiles(gctx, part) })
	}
	for _, c := range middle {
		g.Go(func() error { return r.file(gctx, c, 1) })
	}
	if err := g.Wait(); err != nil {
		return r.result, err
	}
	for _, c := range large {
		if err := r.file(ctx, c, env.Workers); err != nil {
			return r.result, err
		}
	}
	r.result.sort()
	return r.result, nil
}

func sorted(checks []Check) (small, middle, large []*Check) {
	for i := range checks {
		switch c := &checks[i]; {
		case c.Size <= smallFile:
			small = append(small, c)
		case c.Size < largeFile:
			middle = append(middle, c)
		default:
			large = append(large, c)
		}
	}
	return small, middle, large
}

type run struct {
	env Env

	mu     sync.Mutex
	result Result
}

// file reads one file once, under all its keys.
func (r *run) file(ctx context.Context, c *Check, workers int) error {
	keys, nodes := r.keys(c)
	if len(nodes) == 0 {
		return nil
	}
	var verdicts []crypt.Verdict
	err := r.opened(c, func(f File) (err error) {
		body := counted{f, r.env.Progress}
		if workers > 1 {
			verdicts, err = crypt.CheckParallel(ctx, workers, body, c.Size, keys...)
		} else {
			verdicts, err = crypt.Check(ctx, body, c.Size, keys...)
		}
		return err
	})
	return r.settle(ctx, c, nodes, verdicts, err)
}

// opened does something with a check's file and makes sure that it was one and the same meanwhile.
func (r *run) opened(c *Check, do func(File) error) error {
	f, err := r.env.Open(c)
	if err != nil {
		return err
	}
	err = do(f)
	if err == nil {
		err = f.Unchanged()
	}
	return errors.Join(err, f.Close())
}

// counted tells what is read.
type counted struct {
	io.ReaderAt
	progress func(int64)
}

func (c counted) ReadAt(b []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(b, off)
	c.progress(int64(n))
	return n, err
}

// keys fetches the keys of a check's nodes; a node whose key cannot be read is settled here.
func (r *run) keys(c *Check) (keys []crypt.FileKey, nodes []*Node) {
	for i := range c.Nodes {
		n := &c.Nodes[i]
		key, err := r.env.Keys(n.Handle)
		if err != nil {
			r.finding(n, CannotTell, err.Error(), false)
			continue
		}
		keys, nodes = append(keys, key), append(nodes, n)
	}
	return keys, nodes
}

// settle turns verdicts, or the failure to read, into findings. Only the end of the context is an error.
func (r *run) settle(ctx context.Context, c *Check, nodes []*Node, verdicts []crypt.Verdict, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	changed := errors.Is(err, ErrChanged) || errors.Is(err, fs.ErrNotExist)
	for i, n := range nodes {
		switch {
		case changed:
			r.finding(n, CannotTell, ErrChanged.Error(), false)
		case err != nil:
			r.finding(n, CannotTell, err.Error(), true)
		case verdicts[i] == crypt.Equal && c.Size < c.Identity.Size:
			r.finding(n, Grown, fmt.Sprintf("%d bytes were appended", c.Identity.Size-c.Size), false)
		case verdicts[i] == crypt.Equal:
			r.finding(n, Equal, "", false)
		case verdicts[i] == crypt.CannotTell:
			r.finding(n, CannotTell, "the node's MAC has the known fault of an old client", false)
		default:
			r.finding(n, n.differing.Verdict, n.differing.Detail, false)
		}
	}
	if err == nil {
		r.mu.Lock()
		r.result.ReadBytes += c.Size
		r.mu.Unlock()
	}
	return nil
}

func (r *run) finding(n *Node, v Verdict, detail string, unreadable bool) {
	f := n.differing
	f.Verdict, f.Detail, f.Unreadable = v, detail, unreadable
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.add(f)
}

// smallBuffers hold a batch of small files.
var smallBuffers = sync.Pool{New: func() any { return new([batch][smallFile]byte) }}

// smallFiles proves a batch of files together, so that the lanes of the kernel are full although each has one chunk.
func (r *run) smallFiles(ctx context.Context, checks []*Check) error {
	buffers := smallBuffers.Get().(*[batch][smallFile]byte)
	defer smallBuffers.Put(buffers)
	type member struct {
		check *Check
		nodes []*Node
		keys  []crypt.FileKey
		first int // its first piece
		err   error
	}
	var members []member
	var pieces []*crypt.Piece
	for i, c := range checks {
		m := member{check: c, first: len(pieces)}
		if m.keys, m.nodes = r.keys(c); len(m.nodes) == 0 {
			continue
		}
		content := buffers[i][:c.Size]
		m.err = r.opened(c, func(f File) error {
			_, err := io.ReadFull(io.NewSectionReader(counted{f, r.env.Progress}, 0, c.Size), content)
			return err
		})
		if m.err == nil {
			for _, key := range m.keys {
				pieces = append(pieces, &crypt.Piece{Cipher: key.Cipher(), Buf: content})
			}
		}
		members = append(members, m)
	}
	crypt.MACPieces(pieces)
	for _, m := range members {
		var verdicts []crypt.Verdict
		if m.err == nil {
			verdicts = make([]crypt.Verdict, len(m.keys))
			for k, key := range m.keys {
				verdicts[k] = proven(key, m.check.Size, pieces[m.first+k])
			}
		}
		if err := r.settle(ctx, m.check, m.nodes, verdicts, m.err); err != nil {
			return err
		}
	}
	return nil
}

// proven compares a small file's MAC. Official clients do not look at the MAC of an empty file.
func proven(key crypt.FileKey, size int64, p *crypt.Piece) crypt.Verdict {
	if size == 0 {
		return crypt.Equal
	}
	return key.Verify(p.MACs)
}
