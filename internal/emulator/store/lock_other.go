//go:build !unix

package store

import (
	"io"
	"os"
)

// lockFile only marks the directory: this system has no flock, so two
// emulators on one directory are not told apart.
func lockFile(path string) (io.Closer, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
}
