//go:build unix

package transfer

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Identify looks at an open file.
func Identify(f *os.File) (Identity, error) {
	var st unix.Stat_t
	conn, err := f.SyscallConn()
	if err != nil {
		return Identity{}, fmt.Errorf("stat %s: %w", f.Name(), err)
	}
	if controlErr := conn.Control(func(fd uintptr) { err = unix.Fstat(int(fd), &st) }); controlErr != nil {
		err = controlErr
	}
	if err != nil {
		return Identity{}, fmt.Errorf("stat %s: %w", f.Name(), err)
	}
	return Identity{Size: st.Size, MTime: st.Mtim.Nano(), CTime: st.Ctim.Nano(), Inode: uint64(st.Ino)}, nil
}
