package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBlobContract runs the promises about blobs on every implementation.
func TestBlobContract(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) Store{
		"memory": func(*testing.T) Store { return Memory() },
		"dir":    func(t *testing.T) Store { return openReplayed(t, t.TempDir(), nil) },
	} {
		t.Run(name, func(t *testing.T) { blobContract(t, open) })
	}
}

func blobContract(t *testing.T, open func(t *testing.T) Store) {
	t.Run("pieces in any order", func(t *testing.T) {
		s := open(t)
		want := pattern(3*pageSize + 17)
		for _, part := range [][2]int{{2 * pageSize, len(want)}, {0, 100}, {100, 2 * pageSize}, {50, 150}} {
			writeBlob(t, s, 7, int64(part[0]), want[part[0]:part[1]])
		}
		if got := readBlob(t, s, 7, 0, int64(len(want))); !bytes.Equal(got, want) {
			t.Error("blob differs from what was written")
		}
		if got := readBlob(t, s, 7, pageSize-3, 6); !bytes.Equal(got, want[pageSize-3:pageSize+3]) {
			t.Errorf("range: got %x", got)
		}
	})
	t.Run("gap is zeros", func(t *testing.T) {
		s := open(t)
		writeBlob(t, s, 1, pageSize+5, []byte{1})
		want := append(make([]byte, pageSize+5), 1)
		if got := readBlob(t, s, 1, 0, pageSize+6); !bytes.Equal(got, want) {
			t.Error("gap is not zeros")
		}
	})
	t.Run("empty", func(t *testing.T) {
		s := open(t)
		writeBlob(t, s, 2, 0, nil)
		if got := readBlob(t, s, 2, 0, 0); len(got) != 0 {
			t.Errorf("got %d bytes", len(got))
		}
	})
	t.Run("missing", func(t *testing.T) {
		s := open(t)
		if _, err := s.ReadBlob(3, 0, 0); !errors.Is(err, ErrNoBlob) {
			t.Errorf("got %v, want ErrNoBlob", err)
		}
		writeBlob(t, s, 3, 0, []byte("abc"))
		if _, err := s.ReadBlob(3, 2, 2); !errors.Is(err, ErrNoBlob) {
			t.Errorf("behind the end: got %v, want ErrNoBlob", err)
		}
	})
	t.Run("delete and list", func(t *testing.T) {
		s := open(t)
		for id := range uint64(300) {
			writeBlob(t, s, id, 0, []byte("x"))
		}
		for id := uint64(1); id < 300; id++ {
			if err := s.DeleteBlob(id); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.DeleteBlob(1); err != nil {
			t.Errorf("delete again: %v", err)
		}
		got, err := s.Blobs()
		if diff := cmp.Diff([]uint64{0}, got); diff != "" || err != nil {
			t.Errorf("blobs: %v\n%s", err, diff)
		}
	})
	t.Run("parts at once", func(t *testing.T) {
		s := open(t)
		want := pattern(8 * 1000)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() { writeBlob(t, s, 9, int64(i*1000), want[i*1000:(i+1)*1000]) })
		}
		wg.Wait()
		if got := readBlob(t, s, 9, 0, 8000); !bytes.Equal(got, want) {
			t.Error("blob differs from what was written")
		}
	})
	t.Run("reader fails", func(t *testing.T) {
		s := open(t)
		boom := errors.New("boom")
		n, err := s.WriteBlob(4, 0, io.MultiReader(strings.NewReader("ab"), failing{boom}))
		if n != 2 || !errors.Is(err, boom) {
			t.Errorf("got %d, %v", n, err)
		}
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestDirKeepsRecordsInOrder(t *testing.T) {
	path := t.TempDir()
	var want []string
	for round := range 3 {
		var got []string
		s := openReplayed(t, path, &got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("round %d (-want +got):\n%s", round, diff)
		}
		for i := range 5 {
			record := fmt.Sprintf("round %d record %d %s", round, i, strings.Repeat("x", i*1000))
			appendRecord(t, s, record)
			want = append(want, record)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTornTail cuts the log at every byte of its last record: what came
// before must open, and a new record must land where the torn one was.
func TestTornTail(t *testing.T) {
	path := t.TempDir()
	s := openReplayed(t, path, nil)
	appendRecord(t, s, "first")
	whole := logSize(t, path)
	appendRecord(t, s, "second")
	end := logSize(t, path)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(path, "meta.log"))
	if err != nil {
		t.Fatal(err)
	}
	for cut := int64(0); cut < end; cut++ {
		torn := t.TempDir()
		if err := os.WriteFile(filepath.Join(torn, "meta.log"), log[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		var before, after []string
		s := openReplayed(t, torn, &before)
		appendRecord(t, s, "third")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := openReplayed(t, torn, &after).Close(); err != nil {
			t.Fatal(err)
		}
		var want []string
		if cut >= whole {
			want = []string{"first"}
		}
		if !slices.Equal(before, want) || !slices.Equal(after, append(want, "third")) {
			t.Fatalf("cut at %d: before %q, after %q", cut, before, after)
		}
	}
}

func TestDamageIsReported(t *testing.T) {
	path := t.TempDir()
	s := openReplayed(t, path, nil)
	appendRecord(t, s, "first")
	appendRecord(t, s, "second")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(path, "meta.log")
	log, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	log[len(logMagic)+frameHeader]++
	if err := os.WriteFile(name, log, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err = Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Replay(func([]byte) error { return nil }); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("got %v, want a checksum error", err)
	}
}

func TestZeroTailIsCut(t *testing.T) {
	path := t.TempDir()
	s := openReplayed(t, path, nil)
	appendRecord(t, s, "first")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(path, "meta.log"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(make([]byte, 4096)); err != nil {
		t.Fatal(err)
	}
	f.Close()
	var got []string
	if err := openReplayed(t, path, &got).Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"first"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCompactReplacesHistory(t *testing.T) {
	path := t.TempDir()
	s := openReplayed(t, path, nil)
	for range 10 {
		appendRecord(t, s, "old")
	}
	failed := s.Compact(func(emit func([]byte) error) error {
		return errors.Join(emit([]byte("half")), errors.New("boom"))
	})
	if failed == nil {
		t.Error("a failing dump was accepted")
	}
	err := s.Compact(func(emit func([]byte) error) error { return emit([]byte("snapshot")) })
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Grown(); got != 0 {
		t.Errorf("grown after compaction: %d", got)
	}
	appendRecord(t, s, "new")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := openReplayed(t, path, &got).Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"snapshot", "new"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestDirIsHeldAlone(t *testing.T) {
	path := t.TempDir()
	s := openReplayed(t, path, nil)
	if second, err := Open(path); err == nil {
		second.Close()
		t.Error("opened a directory that is in use")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := openReplayed(t, path, nil).Close(); err != nil {
		t.Error(err)
	}
}

func openReplayed(t *testing.T, path string, records *[]string) Store {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	err = s.Replay(func(record []byte) error {
		if records != nil {
			*records = append(*records, string(record))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func appendRecord(t *testing.T, s Store, record string) {
	t.Helper()
	if err := s.Append([]byte(record)); err != nil {
		t.Fatal(err)
	}
}

func logSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(path, "meta.log"))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func writeBlob(t *testing.T, s Store, id uint64, off int64, p []byte) {
	t.Helper()
	if n, err := s.WriteBlob(id, off, bytes.NewReader(p)); err != nil || n != int64(len(p)) {
		t.Errorf("write blob %d at %d: %d bytes, %v", id, off, n, err)
	}
}

func readBlob(t *testing.T, s Store, id uint64, off, n int64) []byte {
	t.Helper()
	r, err := s.ReadBlob(id, off, n)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func pattern(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i % 251)
	}
	return p
}
