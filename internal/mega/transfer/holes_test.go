//go:build unix

package transfer

import (
	"bytes"
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

func TestRule33_ChunksOfZerosBecomeHoles(t *testing.T) {
	data := make([]byte, 20<<20)
	copy(data[9<<20:], "in the middle")
	cipherText, key := sealed(data)
	s := newStorage(t)
	to := tempFile(t, content(21<<20)) // what a former attempt left
	d := Download{Size: int64(len(data)), Key: key, To: to, URL: s.downloadURL(cipherText)}
	if _, err := newManager(t, s).Download(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if back, err := os.ReadFile(to.Name()); err != nil || !bytes.Equal(back, data) {
		t.Errorf("%d bytes came back, %v", len(back), err)
	}
	if used := diskUse(t, to); used > 4<<20 {
		t.Errorf("%d bytes on disk", used)
	}
}
