//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package local

import (
	"errors"
	"os"
)

// tryLock reports that this system has no file locks, without which a state file is not safe.
func tryLock(*os.File) (bool, error) { return false, errors.ErrUnsupported }
