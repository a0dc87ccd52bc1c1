//go:build linux || darwin

package restore_test

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func stat(t *testing.T, path string) fs.FileInfo {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func blocksOf(t *testing.T, path string) int64 {
	t.Helper()
	return stat(t, path).Sys().(*syscall.Stat_t).Blocks
}

func ownerOf(t *testing.T, info fs.FileInfo) (uid, gid uint32) {
	t.Helper()
	sys := info.Sys().(*syscall.Stat_t)
	return sys.Uid, sys.Gid
}

// setTestAttr sets an extended attribute where the file system has them, and returns its value.
func setTestAttr(t *testing.T, path string) string {
	t.Helper()
	err := unix.Setxattr(path, "user.megaplan.test", []byte("\x00value"), 0)
	if errors.Is(err, unix.ENOTSUP) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return "\x00value"
}

func testAttr(t *testing.T, path string) string {
	t.Helper()
	buf := make([]byte, 100)
	n, err := unix.Getxattr(path, "user.megaplan.test", buf)
	if err != nil {
		return ""
	}
	return string(buf[:n])
}
