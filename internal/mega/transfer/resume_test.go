package transfer

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// memoryJournal keeps entries as a process's successor would find them.
type memoryJournal struct {
	mu      sync.Mutex
	entries map[string]Entry
	fail    error // of every call
}

func (j *memoryJournal) Load(_ context.Context, key string) (Entry, bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e, ok := j.entries[key]
	e.Done = slices.Clone(e.Done)
	return e, ok, j.fail
}

func (j *memoryJournal) Begin(_ context.Context, key string, e Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.entries == nil {
		j.entries = map[string]Entry{}
	}
	j.entries[key] = e
	return j.fail
}

func (j *memoryJournal) Add(_ context.Context, key string, d Done) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.entries[key]
	e.Done = append(e.Done, d)
	j.entries[key] = e
	return j.fail
}

func (j *memoryJournal) Delete(_ context.Context, key string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.entries, key)
	return j.fail
}

const resumeSize = 9<<20 + 5

// interrupted is an upload that was cancelled after some spans of a mebibyte, with its journal.
func interrupted(t *testing.T, s *storage, f *os.File, spans int) *memoryJournal {
	t.Helper()
	journal := &memoryJournal{}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.fault = func(n int, _ *http.Request) *fault {
		if n >= spans {
			cancel()
			return &fault{stall: true}
		}
		return nil
	}
	m := newManager(t, s, resumeOptions(journal))
	if _, err := m.Upload(ctx, Upload{File: f, URL: s.uploadURL, Resume: "job"}); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted upload: %v", err)
	}
	s.fault = nil
	return journal
}

func resumeOptions(j Journal) func(*Options) {
	return func(o *Options) { o.Journal, o.Span, o.Concurrency = j, 1<<20, 1 }
}

func TestResumeSendsOnlyWhatIsMissing(t *testing.T) {
	data := content(resumeSize)
	for _, spans := range []int{0, 1, 5, 9} {
		s := newStorage(t)
		f := tempFile(t, data)
		journal := interrupted(t, s, f, spans)
		before := s.posted
		var sent atomic.Int64
		// Another span length than before, as another version of the program might have.
		m := newManager(t, s, resumeOptions(journal), func(o *Options) { o.Span = 4 << 20 })
		u := Upload{File: f, URL: s.uploadURL, Resume: "job", Progress: func(n int64) { sent.Add(n) }}
		stored, err := m.Upload(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		checkStored(t, s, stored, data)
		if got, want := s.posted-before, int64(resumeSize)-before; got != want {
			t.Errorf("after %d spans: %d bytes were sent, want %d", spans, got, want)
		}
		if s.made != 1 || sent.Load() != resumeSize {
			t.Errorf("after %d spans: %d addresses, progress %d", spans, s.made, sent.Load())
		}
		if _, found, _ := journal.Load(t.Context(), "job"); !found {
			t.Error("the entry is gone before the node exists")
		}
	}
}

func TestResumeWhenOnlyTheTokenWasLost(t *testing.T) {
	data := content(resumeSize)
	s := newStorage(t)
	f := tempFile(t, data)
	journal := &memoryJournal{}
	m := newManager(t, s, resumeOptions(journal))
	u := Upload{File: f, URL: s.uploadURL, Resume: "job"}
	first, err := m.Upload(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	before := s.posted
	again, err := newManager(t, s, resumeOptions(journal)).Upload(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	checkStored(t, s, again, data)
	if s.posted-before > 1<<20 {
		t.Errorf("%d bytes were sent for a token", s.posted-before)
	}
	if string(first.Token) != string(again.Token) || first.Key != again.Key {
		t.Error("the second run made another file")
	}
}

func TestResumeStartsOver(t *testing.T) {
	data := content(resumeSize)
	tests := []struct {
		name   string
		change func(t *testing.T, s *storage, f *os.File, j *memoryJournal)
	}{
		{"when the source changed", func(t *testing.T, _ *storage, f *os.File, _ *memoryJournal) {
			data = slices.Clone(data)
			data[1] ^= 1
			if _, err := f.WriteAt(data[:10], 0); err != nil {
				t.Fatal(err)
			}
		}},
		{"when the address expired", func(_ *testing.T, s *storage, _ *os.File, _ *memoryJournal) {
			s.files["up1"].gone = true
		}},
		{"when the entry is old", func(_ *testing.T, _ *storage, _ *os.File, j *memoryJournal) {
			e := j.entries["job"]
			e.Started = time.Now().Add(-48 * time.Hour)
			j.entries["job"] = e
		}},
		{"when the entry is damaged", func(_ *testing.T, _ *storage, _ *os.File, j *memoryJournal) {
			e := j.entries["job"]
			e.Done = append(e.Done, Done{First: 1000, MACs: make([]crypt.MAC, 3)})
			j.entries["job"] = e
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStorage(t)
			f := tempFile(t, data)
			journal := interrupted(t, s, f, 5)
			old := journal.entries["job"].Key
			tt.change(t, s, f, journal)
			m := newManager(t, s, resumeOptions(journal))
			stored, err := m.Upload(t.Context(), Upload{File: f, URL: s.uploadURL, Resume: "job"})
			if err != nil {
				t.Fatal(err)
			}
			checkStored(t, s, stored, data)
			if s.made != 2 {
				t.Errorf("%d addresses, want 2", s.made)
			}
			if stored.Key.AES() == old.AES() {
				t.Error("a key was used for two contents")
			}
		})
	}
}

func TestJournalErrors(t *testing.T) {
	wanted := errors.New("disk full")
	s := newStorage(t)
	m := newManager(t, s, resumeOptions(&memoryJournal{fail: wanted}))
	_, err := m.Upload(t.Context(), Upload{Bytes: content(1 << 20), URL: s.uploadURL, Resume: "job"})
	if !errors.Is(err, wanted) {
		t.Errorf("error = %v, want that of the journal", err)
	}
}

func TestMissingSpans(t *testing.T) {
	p := newProgressMap(6 << 20) // 10 chunks
	if !p.add(Done{First: 3, MACs: make([]crypt.MAC, 2)}) || !p.add(Done{First: 9, MACs: make([]crypt.MAC, 1)}) {
		t.Fatal("a good run is refused")
	}
	for _, d := range []Done{{First: -1}, {First: 11}, {First: 9, MACs: make([]crypt.MAC, 2)}} {
		if p.add(d) {
			t.Errorf("run %+v is taken", d)
		}
	}
	want := []crypt.Span{
		{Start: 0, End: 768 << 10, First: 0, Chunks: 3},
		{Start: 1920 << 10, End: 3584 << 10, First: 5, Chunks: 2},
		{Start: 3584 << 10, End: 5632 << 10, First: 7, Chunks: 2},
	}
	if diff := cmp.Diff(want, p.missing(2<<20)); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	if got, want := p.stored(), int64(2<<20-768<<10+6<<20-5632<<10); got != want-128<<10 {
		t.Errorf("stored = %d, want %d", got, want)
	}
}

func TestRule11_AFileThatChangesIsNeverStoredTorn(t *testing.T) {
	for _, size := range []int{1000, 2 << 20} {
		for changes := range 5 {
			synctest.Test(t, func(t *testing.T) { uploadWhileChanging(t, size, changes) })
		}
	}
}

// uploadWhileChanging writes to the file each time its address was asked for, and for large files in the
// middle of sending, until it has been changed often enough.
func uploadWhileChanging(t *testing.T, size, changes int) {
	s := newStorage(t)
	data := slices.Clone(content(size))
	f := tempFile(t, data)
	left := changes
	change := func() {
		if left == 0 {
			return
		}
		left--
		data[left] ^= 0xff
		if _, err := f.WriteAt(data[left:left+1], int64(left)); err != nil {
			t.Error(err)
		}
	}
	u := Upload{File: f, URL: func(ctx context.Context, n int64) (string, error) {
		if size < SmallBody {
			change()
		}
		return s.uploadURL(ctx, n)
	}}
	s.during = func(int) {
		if size > SmallBody {
			change()
		}
	}
	m := newManager(t, s, func(o *Options) { o.Span, o.Concurrency = 1<<20, 1 })
	stored, err := m.Upload(t.Context(), u)
	if changes > defaultChangeRetries {
		if !errors.Is(err, ErrSourceChanged) {
			t.Errorf("%d bytes changed %d times: error = %v", size, changes, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("%d bytes changed %d times: %v", size, changes, err)
	}
	checkStored(t, s, stored, data)
}

func TestAFileThatShrinksHasChanged(t *testing.T) {
	s := newStorage(t)
	f := tempFile(t, content(3<<20))
	m := newManager(t, s, func(o *Options) { o.ChangeRetries = -1 })
	u := Upload{File: f, URL: func(ctx context.Context, n int64) (string, error) {
		if err := f.Truncate(100); err != nil {
			t.Error(err)
		}
		return s.uploadURL(ctx, n)
	}}
	if _, err := m.Upload(t.Context(), u); !errors.Is(err, ErrSourceChanged) {
		t.Errorf("error = %v", err)
	}
	if s.posted != 0 {
		t.Errorf("%d bytes were sent of a file that was gone", s.posted)
	}
}
