package store

import (
	"bytes"
	"testing"
)

// FuzzReadLog reads damaged logs: whatever it accepts must, written anew, be
// the beginning of what it read.
func FuzzReadLog(f *testing.F) {
	whole := appendFrame(appendFrame([]byte(logMagic), []byte("first")), []byte("second"))
	f.Add(whole)
	f.Add(whole[:len(whole)-3])
	f.Add(append(bytes.Clone(whole), make([]byte, 20)...))
	f.Add([]byte(logMagic[:5]))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, log []byte) {
		again := []byte(logMagic)
		end, err := readLog(bytes.NewReader(log), int64(len(log)), func(record []byte) error {
			again = appendFrame(again, record)
			return nil
		})
		if err == nil && end > 0 && !bytes.Equal(again, log[:end]) {
			t.Errorf("read %q up to %d, which gives %q", log, end, again)
		}
	})
}
