package restore

import (
	"errors"
	"runtime"
	"syscall"
)

// isFull says that there was no room on the disk, or none that this user may take.
func isFull(err error) bool {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return true
	}
	const diskFull = syscall.Errno(112) // Windows' own number, which the syscall package does not take for ENOSPC
	return runtime.GOOS == "windows" && errors.Is(err, diskFull)
}
