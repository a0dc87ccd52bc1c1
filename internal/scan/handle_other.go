//go:build !linux && !darwin

package scan

import (
	"io/fs"
	"os"
	"path/filepath"
)

// dirHandle is a directory where the system offers no look-up relative to an open one. Facts have no inode, device or
// change time there, so identities rest on size and time.
type dirHandle struct{ path string }

func openDir(base, rel string, _ facts) (*dirHandle, facts, error) {
	path := filepath.Join(base, rel)
	f, err := lstatPath(path)
	if err != nil {
		return nil, facts{}, err
	}
	if f.kind != isDir {
		return nil, facts{}, errReplaced
	}
	return &dirHandle{path}, f, nil
}

func (h *dirHandle) close() {}

func (h *dirHandle) names() ([]string, error) {
	f, err := os.Open(h.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

func (h *dirHandle) lstat(name string) (facts, error) { return lstatPath(filepath.Join(h.path, name)) }

func (h *dirHandle) readlink(name string) (string, error) {
	return os.Readlink(filepath.Join(h.path, name))
}

func (h *dirHandle) readFile(name string, limit int) ([]byte, error) {
	path := filepath.Join(h.path, name)
	if f, err := lstatPath(path); err != nil {
		return nil, err
	} else if f.kind != isFile {
		return nil, errNoFile
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readRegular(f, limit)
}

// readable cannot tell without opening; the upload will.
func (h *dirHandle) readable(string, *facts) error { return nil }

func lstatPath(path string) (facts, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return facts{}, err
	}
	return factsOf(info), nil
}

func statOpen(f *os.File) (facts, error) {
	info, err := f.Stat()
	if err != nil {
		return facts{}, err
	}
	return factsOf(info), nil
}

func factsOf(info fs.FileInfo) facts {
	f := facts{perm: uint32(info.Mode().Perm()), links: 1, size: info.Size(), mtime: info.ModTime().UnixNano()}
	switch mode := info.Mode(); {
	case mode.IsRegular():
		f.kind = isFile
	case mode.IsDir():
		f.kind = isDir
	case mode&fs.ModeSymlink != 0:
		f.kind = isLink
	case mode&fs.ModeSocket != 0:
		f.kind = isSocket
	case mode&fs.ModeNamedPipe != 0:
		f.kind = isPipe
	default:
		f.kind = isDevice
	}
	return f
}

func isTooManyLinks(error) bool { return false }

const openFlags = os.O_RDONLY
