//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package cache

import (
	"errors"
	"os"
)

// tryLock reports that this system has no file locks; the tree is then kept in memory only.
func tryLock(*os.File) (bool, error) { return false, errors.ErrUnsupported }
