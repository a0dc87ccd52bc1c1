package transfer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"
)

// growingSizes are those of a small body, of one of several spans, and of nothing.
var growingSizes = []int{0, 1, 4000, 100_000, SmallBody, SmallBody + 1, 3<<20 + 7}

// seen is what a scan saw of a file.
func seen(t *testing.T, f *os.File) *Identity {
	t.Helper()
	id, err := Identify(f)
	if err != nil {
		t.Fatal(err)
	}
	return &id
}

func appendTo(t *testing.T, f *os.File, data []byte) {
	t.Helper()
	end, err := f.Seek(0, 2)
	if err == nil {
		_, err = f.WriteAt(data, end)
	}
	if err != nil {
		t.Error(err)
	}
}

// uploadGrowing uploads what a file was, with something done to it before, as its address is asked for, or while it is sent.
func uploadGrowing(t *testing.T, size int, when string, do func(f *os.File)) (*storage, Stored, error) {
	t.Helper()
	s, f := newStorage(t), tempFile(t, content(size))
	var once sync.Once
	act := func(at string) {
		if at == when {
			once.Do(func() { do(f) })
		}
	}
	u := Upload{File: f, Prefix: seen(t, f), URL: func(ctx context.Context, n int64) (string, error) {
		if n != int64(size) {
			t.Errorf("an address for %d bytes is asked for, want %d", n, size)
		}
		act("then")
		return s.uploadURL(ctx, n)
	}}
	s.during = func(int) { act("during") }
	time.Sleep(2 * time.Millisecond) // so that the times differ
	act("before")
	m := newManager(t, s, func(o *Options) { o.Span, o.Concurrency, o.ChangeRetries = 1<<20, 1, 2 })
	stored, err := m.Upload(t.Context(), u)
	if err == nil && stored.Source != *u.Prefix {
		t.Errorf("source %+v, want what was seen", stored.Source)
	}
	return s, stored, err
}

func TestRule27_AGrowingFileIsStoredAsItWasSeen(t *testing.T) {
	for _, size := range growingSizes {
		for _, when := range []string{"before", "then", "during", "never"} {
			t.Run(fmt.Sprintf("%d bytes, appended to %s", size, when), func(t *testing.T) {
				acted := false
				s, stored, err := uploadGrowing(t, size, when, func(f *os.File) {
					acted = true
					appendTo(t, f, content(200_000))
				})
				if err != nil {
					t.Fatal(err)
				}
				checkStored(t, s, stored, content(size))
				if stored.Grown != acted {
					t.Errorf("grown = %v, and it was appended to: %v", stored.Grown, acted)
				}
			})
		}
	}
}

// TestRule11_AGrowingFileThatIsCutOffIsNotStored: a log that was copied and truncated, and goes on from the beginning.
func TestRule11_AGrowingFileThatIsCutOffIsNotStored(t *testing.T) {
	anew := slices.Repeat([]byte("another beginning\n"), 400_000)
	cuts := map[string]func(t *testing.T, f *os.File, size int){
		"cut off": func(t *testing.T, f *os.File, size int) {
			if err := f.Truncate(int64(size) / 2); err != nil {
				t.Error(err)
			}
		},
		"cut off and longer again": func(t *testing.T, f *os.File, _ int) {
			if err := f.Truncate(0); err != nil {
				t.Error(err)
			}
			appendTo(t, f, anew)
		},
		"written over": func(t *testing.T, f *os.File, size int) {
			if _, err := f.WriteAt(anew[:size], 0); err != nil {
				t.Error(err)
			}
		},
	}
	for name, cut := range cuts {
		for _, size := range growingSizes[1:] {
			for _, when := range []string{"then", "during"} {
				if when == "during" && size == 0 {
					continue
				}
				t.Run(fmt.Sprintf("%d bytes, %s %s", size, name, when), func(t *testing.T) {
					s, _, err := uploadGrowing(t, size, when, func(f *os.File) { cut(t, f, size) })
					if !errors.Is(err, ErrSourceChanged) {
						t.Errorf("error = %v", err)
					}
					if s.made > 1 {
						t.Errorf("it was tried %d times: what was seen is gone", s.made)
					}
				})
			}
		}
	}
}

func TestAnotherFileIsNoGrownOne(t *testing.T) {
	s, f := newStorage(t), tempFile(t, content(1000))
	other := seen(t, tempFile(t, content(10)))
	if other.Inode == 0 {
		t.Skip("files have no inodes here")
	}
	_, err := newManager(t, s).Upload(t.Context(), Upload{File: f, Prefix: other, URL: s.uploadURL})
	if !errors.Is(err, ErrSourceChanged) || s.made > 0 {
		t.Errorf("error = %v, %d addresses", err, s.made)
	}
}

// TestRule11_AGrowingUploadGoesOnWithItsPrefix, unless that was written anew between the processes.
func TestRule11_AGrowingUploadGoesOnWithItsPrefix(t *testing.T) {
	data := content(resumeSize)
	for name, c := range map[string]struct {
		change func(f *os.File)
		resume bool
	}{
		"appended to": {func(f *os.File) { appendTo(t, f, data[:300_000]) }, true},
		"one byte of what was sent is another": {func(f *os.File) {
			data = slices.Clone(data)
			data[1<<20+100] ^= 1
			if _, err := f.WriteAt(data[1<<20+100:1<<20+101], 1<<20+100); err != nil {
				t.Error(err)
			}
		}, false},
		"cut off": {func(f *os.File) {
			if err := f.Truncate(100); err != nil {
				t.Error(err)
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, f := newStorage(t), tempFile(t, data)
			prefix := seen(t, f)
			journal := interrupted(t, s, f, 5) // what was sent of it while it was at rest
			key, before := journal.entries["job"].Key, s.posted
			c.change(f)
			m := newManager(t, s, resumeOptions(journal))
			stored, err := m.Upload(t.Context(), Upload{File: f, Prefix: prefix, URL: s.uploadURL, Resume: "job"})
			if name == "cut off" {
				if !errors.Is(err, ErrSourceChanged) || s.posted != before {
					t.Errorf("error = %v, %d bytes were sent", err, s.posted-before)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			checkStored(t, s, stored, data)
			if again := stored.Key.AES() == key.AES(); again != c.resume {
				t.Errorf("it went on with the key: %v, want %v", again, c.resume)
			}
			if sent := s.posted - before; c.resume && sent >= resumeSize {
				t.Errorf("%d bytes were sent", sent)
			}
		})
	}
}
