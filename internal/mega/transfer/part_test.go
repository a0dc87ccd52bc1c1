package transfer

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// cutOff is a download that was cancelled after some spans of a mebibyte, and what it told of itself.
func cutOff(t *testing.T, s *storage, d Download, spans int) []Done {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.fault = func(n int, _ *http.Request) *fault {
		if n >= spans {
			cancel()
			return &fault{stall: true}
		}
		return nil
	}
	var mu sync.Mutex
	var have []Done
	d.Part.Wrote = func(w Done) {
		mu.Lock()
		defer mu.Unlock()
		have = append(have, w)
	}
	m := newManager(t, s, func(o *Options) { o.Span, o.Concurrency = 1<<20, 1 })
	if _, err := m.Download(ctx, d); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted download: %v", err)
	}
	s.fault = nil
	return have
}

// fetchRest completes a download and counts the bytes that came.
func fetchRest(t *testing.T, s *storage, d Download) (fetched int64, verdict crypt.Verdict, err error) {
	t.Helper()
	m := newManager(t, s, func(o *Options) { o.Span = 4 << 20 }) // as another version of the program might have
	verdict, err = m.Download(t.Context(), d)
	return m.Stats().Received, verdict, err
}

func TestDownloadGoesOnWhereItWasCutOff(t *testing.T) {
	data := slices.Clone(content(resumeSize))
	clear(data[3<<20 : 5<<20]) // holes
	cipherText, key := sealed(data)
	for _, spans := range []int{0, 1, 5, 9} {
		s := newStorage(t)
		to := tempFile(t, nil)
		var told atomic.Int64
		d := Download{Size: resumeSize, Key: key, To: to, URL: s.downloadURL(cipherText)}
		d.Part.Have = cutOff(t, s, d, spans)
		have := int64(0)
		for _, h := range d.Part.Have {
			for i := range h.MACs {
				start, end := crypt.ChunkRange(h.First+i, resumeSize)
				have += end - start
			}
		}
		if spans > 0 && have == 0 {
			t.Fatalf("nothing was noted of %d spans", spans)
		}
		d.Progress = func(n int64) { told.Add(n) }
		fetched, verdict, err := fetchRest(t, s, d)
		if err != nil || verdict != crypt.Equal {
			t.Fatalf("after %d spans: %v, %v", spans, verdict, err)
		}
		if back, err := os.ReadFile(to.Name()); err != nil || !bytes.Equal(back, data) {
			t.Errorf("after %d spans: %d bytes came back, %v", spans, len(back), err)
		}
		if fetched != resumeSize-have || told.Load() != resumeSize {
			t.Errorf("after %d spans: %d bytes were fetched though %d were there, progress %d", spans, fetched, have, told.Load())
		}
	}
}

// What the file holds counts only if it is what was fetched: the disk may have lost it, and the notes may be of another file.
func TestDownloadTrustsNoNotes(t *testing.T) {
	data := content(resumeSize)
	cipherText, key := sealed(data)
	tests := map[string]struct {
		spoil   func(*os.File, []Done) []Done
		refetch int64 // at least
	}{
		"a byte on the disk is another": {func(f *os.File, have []Done) []Done {
			if _, err := f.WriteAt([]byte{^data[5]}, 5); err != nil {
				t.Fatal(err)
			}
			return have
		}, crypt.ChunkUnit},
		"the disk has lost the end": {func(f *os.File, have []Done) []Done {
			if err := f.Truncate(1 << 20); err != nil {
				t.Fatal(err)
			}
			return have
		}, resumeSize - 1<<20},
		"the notes are of a longer file": {func(_ *os.File, have []Done) []Done {
			return append(have, Done{First: 1000, MACs: make([]crypt.MAC, 1)})
		}, resumeSize},
		"the notes are lost": {func(*os.File, []Done) []Done { return nil }, resumeSize},
		"the file is another": {func(f *os.File, have []Done) []Done {
			if _, err := f.WriteAt(bytes.Repeat([]byte("x"), resumeSize+77), 0); err != nil {
				t.Fatal(err)
			}
			return have
		}, resumeSize},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStorage(t)
			to := tempFile(t, nil)
			d := Download{Size: resumeSize, Key: key, To: to, URL: s.downloadURL(cipherText)}
			d.Part.Have = test.spoil(to, cutOff(t, s, d, 5))
			fetched, verdict, err := fetchRest(t, s, d)
			if err != nil || verdict != crypt.Equal || fetched < test.refetch {
				t.Errorf("%v, %v, %d bytes fetched, want at least %d", verdict, err, fetched, test.refetch)
			}
			if back, err := os.ReadFile(to.Name()); err != nil || !bytes.Equal(back, data) {
				t.Errorf("%d bytes came back, %v", len(back), err)
			}
		})
	}
}

// Bytes that agree with their notes but not with the key are not taken: the whole file is proven at the end.
func TestDownloadProvesWhatItTookOver(t *testing.T) {
	data := content(resumeSize)
	cipherText, key := sealed(data)
	s := newStorage(t)
	to := tempFile(t, nil)
	d := Download{Size: resumeSize, Key: key, To: to, URL: s.downloadURL(cipherText)}
	cutOff(t, s, d, 5)
	planted := bytes.Repeat([]byte("x"), crypt.ChunkUnit)
	piece := crypt.Piece{Cipher: key.Cipher(), Buf: bytes.Clone(planted)}
	piece.Encrypt()
	if _, err := to.WriteAt(planted, 0); err != nil {
		t.Fatal(err)
	}
	d.Part.Have = []Done{{First: 0, MACs: piece.MACs}}
	if _, verdict, err := fetchRest(t, s, d); !errors.Is(err, ErrCorrupt) {
		t.Errorf("%v, %v", verdict, err)
	}
}
