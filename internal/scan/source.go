package scan

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/megaplan/megaplan/internal/tree"
)

// Identity tells whether a file is still the one that was seen (rules 9, 11 and 27). It is comparable.
type Identity struct {
	Size, MTime, CTime int64 // times in nanoseconds since 1970
	Dev, Inode         uint64
}

// IdentityOf returns the identity of a local node.
func IdentityOf(n tree.Node) Identity {
	return Identity{n.Size, n.MTime, n.CTime, n.Dev, n.Inode}
}

func (f *facts) identity() Identity { return Identity{f.size, f.mtime, f.ctime, f.dev, f.inode} }

// Settled says whether the file had last changed more than two seconds before the scan began; only then may a proof rest
// on its times, since a later write could leave them as they are (rule 11).
func (i Identity) Settled(started time.Time) bool {
	latest := started.Add(-settling).UnixNano()
	return i.MTime < latest && i.CTime < latest
}

const settling = 2 * time.Second

// Continues says whether the file may be the one it was, with something appended. Where there are no inodes any file of the name
// may be.
func (i Identity) Continues(was Identity) bool {
	return i.Dev == was.Dev && i.Inode == was.Inode && i.Size >= was.Size
}

// Source opens files of a scanned directory. It is safe for concurrent use.
type Source struct {
	root    *os.Root
	dir     string
	outside bool
}

// OpenSource opens the directory for reading what Scan found in it. Links inside it are followed only as far as they stay
// inside, unless the options say to follow outside.
func OpenSource(root string, opt Options) (*Source, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, sourceError(root, err)
	}
	return &Source{r, root, opt.Symlinks == Follow && opt.FollowOutside}, nil
}

// Close lets go of the directory; files that are open stay open.
func (s *Source) Close() error { return s.root.Close() }

// Open opens a regular file by its path on disk below the root, and says which file that is: compare the identity with the
// one of the scan before reading and with Check after it.
func (s *Source) Open(path string) (*os.File, Identity, error) {
	f, err := s.open(filepath.FromSlash(path))
	if err != nil {
		return nil, Identity{}, err
	}
	facts, err := statOpen(f)
	if err == nil && facts.kind != isFile {
		err = &fs.PathError{Op: "open", Path: path, Err: errNoFile}
	}
	if err != nil {
		return nil, Identity{}, errors.Join(err, f.Close())
	}
	return f, facts.identity(), nil
}

func (s *Source) open(path string) (*os.File, error) {
	if s.outside {
		return os.OpenFile(filepath.Join(s.dir, path), openFlags, 0)
	}
	return s.root.OpenFile(path, openFlags, 0)
}

// Check returns the identity of an open file as it is now.
func Check(f *os.File) (Identity, error) {
	facts, err := statOpen(f)
	return facts.identity(), err
}

// Readlink returns the target of a symbolic link, which is the content of its node, and the link's identity.
func (s *Source) Readlink(path string) (target string, id Identity, err error) {
	path = filepath.FromSlash(path)
	h, _, err := openDir(s.dir, filepath.Dir(path), facts{})
	if err != nil {
		return "", Identity{}, fmt.Errorf("read symlink %s: %w", path, err)
	}
	defer h.close()
	f, err := h.lstat(filepath.Base(path))
	if err == nil && f.kind != isLink {
		err = errReplaced
	}
	if err == nil {
		target, err = h.readlink(filepath.Base(path))
	}
	if err != nil {
		return "", Identity{}, fmt.Errorf("read symlink %s: %w", path, err)
	}
	f.size = int64(len(target))
	return target, f.identity(), nil
}
