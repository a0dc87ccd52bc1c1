package local

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// tryLock locks an open file unless somebody else has. Closing the file ends the lock, and so does a crash. The byte that is
// locked lies beyond the file's end, so that others can read who has it.
func tryLock(f *os.File) (bool, error) {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	at := &windows.Overlapped{Offset: 1 << 30}
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	return err == nil, err
}
