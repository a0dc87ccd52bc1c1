//go:build linux || darwin

package scan

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// dirHandle is an open directory. Everything is looked up relative to it, so that no name above it matters any more.
type dirHandle struct {
	fd int
	f  *os.File
}

const openDirFlags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC

// openDir opens the directory at rel below base. If it is not the one that was wanted, or its path is too long for one
// call, it goes step by step and follows no link that someone put in the way.
func openDir(base, rel string, want facts) (*dirHandle, facts, error) {
	path := filepath.Join(base, rel)
	fd, err := openAt(unix.AT_FDCWD, path, openDirFlags)
	if errors.Is(err, unix.ENAMETOOLONG) {
		fd, err = openSteps(base, rel)
	}
	if err != nil {
		return nil, facts{}, dirError(path, err)
	}
	f, err := statFd(fd)
	if err == nil && want.inode != 0 && f.file() != want.file() {
		_ = unix.Close(fd) // opened for reading only: nothing can be lost
		if fd, err = openSteps(base, rel); err == nil {
			f, err = statFd(fd)
		}
	}
	if err != nil {
		return nil, facts{}, dirError(path, err)
	}
	return &dirHandle{fd, os.NewFile(uintptr(fd), path)}, f, nil
}

// openSteps opens one element after the other.
func openSteps(base, rel string) (int, error) {
	fd, err := openAt(unix.AT_FDCWD, base, openDirFlags)
	for name := range strings.SplitSeq(rel, "/") {
		if err != nil || name == "" {
			break
		}
		var next int
		next, err = openAt(fd, name, openDirFlags)
		_ = unix.Close(fd) // opened for reading only
		fd = next
	}
	return fd, err
}

// dirError tells a directory that was replaced from one that cannot be read.
func dirError(path string, err error) error {
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return errReplaced
	}
	return &fs.PathError{Op: "open", Path: path, Err: err}
}

func openAt(dir int, name string, flags int) (fd int, err error) {
	err = retry(func() error {
		fd, err = unix.Openat(dir, name, flags, 0)
		return err
	})
	return fd, err
}

// retry repeats a call that a signal interrupted; network file systems answer so.
func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func (h *dirHandle) close() {
	_ = h.f.Close() // opened for reading only
}

// names lists the directory; with an error, as far as it came.
func (h *dirHandle) names() ([]string, error) { return h.f.Readdirnames(-1) }

func (h *dirHandle) lstat(name string) (facts, error) {
	var st unix.Stat_t
	for {
		err := unix.Fstatat(h.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW)
		if err == nil {
			return factsOf(&st), nil
		}
		if err != unix.EINTR {
			return facts{}, &fs.PathError{Op: "stat", Path: name, Err: err}
		}
	}
}

func (h *dirHandle) readlink(name string) (string, error) {
	for size := 256; ; size *= 2 {
		buf := make([]byte, size)
		var n int
		err := retry(func() (err error) {
			n, err = unix.Readlinkat(h.fd, name, buf)
			return err
		})
		if errors.Is(err, unix.EINVAL) {
			err = errReplaced // no link any more
		}
		if err != nil {
			return "", &fs.PathError{Op: "readlink", Path: name, Err: err}
		}
		if n < size {
			return string(buf[:n]), nil
		}
	}
}

func (h *dirHandle) readFile(name string, limit int) ([]byte, error) {
	fd, err := openAt(h.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC)
	if errors.Is(err, unix.ELOOP) {
		err = errors.New("is a symbolic link, which is not followed here")
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	return readRegular(f, limit)
}

var effectiveUser = uint32(unix.Geteuid())

// readable says whether the file may be read. The mode answers for most; only for the others is the system asked.
func (h *dirHandle) readable(name string, f *facts) error {
	mine := f.uid == effectiveUser
	if effectiveUser == 0 || mine && f.perm&0o400 != 0 || !mine && f.perm&0o044 == 0o044 {
		return nil
	}
	err := retry(func() error { return unix.Faccessat(h.fd, name, unix.R_OK, unix.AT_EACCESS) })
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return nil
}

func statFd(fd int) (facts, error) {
	var st unix.Stat_t
	err := retry(func() error { return unix.Fstat(fd, &st) })
	return factsOf(&st), err
}

func lstatPath(path string) (facts, error) {
	var st unix.Stat_t
	err := retry(func() error { return unix.Lstat(path, &st) })
	if err != nil {
		return facts{}, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	return factsOf(&st), nil
}

// statOpen returns the facts of an open file.
func statOpen(f *os.File) (facts, error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return facts{}, err
	}
	var out facts
	var statErr error
	err = conn.Control(func(fd uintptr) { out, statErr = statFd(int(fd)) })
	if err = errors.Join(err, statErr); err != nil {
		return facts{}, &fs.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	return out, nil
}

// factsOf translates; the fields have other types on other systems.
func factsOf(st *unix.Stat_t) facts {
	mode := uint32(wide(st.Mode))
	return facts{
		kind: kindOf(mode), perm: mode & 0o7777, uid: st.Uid, gid: st.Gid, links: uint32(wide(st.Nlink)),
		size: st.Size, mtime: unix.TimespecToNsec(st.Mtim), ctime: unix.TimespecToNsec(st.Ctim),
		dev: wide(st.Dev), inode: st.Ino,
	}
}

// wide takes a field of whatever type it has on this system.
func wide[T uint16 | int32 | uint32 | uint64](v T) uint64 { return uint64(v) }

func kindOf(mode uint32) fileKind {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return isFile
	case unix.S_IFDIR:
		return isDir
	case unix.S_IFLNK:
		return isLink
	case unix.S_IFSOCK:
		return isSocket
	case unix.S_IFIFO:
		return isPipe
	}
	return isDevice
}

func isTooManyLinks(err error) bool { return errors.Is(err, unix.ELOOP) }

// openFlags open a source file: a pipe that took its place must not block.
const openFlags = os.O_RDONLY | unix.O_NONBLOCK
