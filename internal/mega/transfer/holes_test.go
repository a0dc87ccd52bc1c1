//go:build unix

package transfer

import (
	"os"
	"syscall"
	"testing"
)

// diskUse is how many bytes a file takes on disk.
func diskUse(t *testing.T, f *os.File) int64 {
	t.Helper()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return st.Sys().(*syscall.Stat_t).Blocks * 512
}
