package transfer

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"sync"
	"testing"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// pauseAfter closes the channel it returns when a storage server sees the nth request, counted from 0.
func pauseAfter(s *storage, requests int) <-chan struct{} {
	pause := make(chan struct{})
	var once sync.Once
	s.fault = func(n int, _ *http.Request) *fault {
		if n == requests {
			once.Do(func() { close(pause) })
		}
		return nil
	}
	return pause
}

// What is under way when an upload is paused is finished and noted, so that not a byte is sent twice.
func TestPausedUploadLosesNothing(t *testing.T) {
	data := content(resumeSize)
	s := newStorage(t)
	f := tempFile(t, data)
	journal := &memoryJournal{}
	u := Upload{File: f, URL: s.uploadURL, Resume: "job", Pause: pauseAfter(s, 3)}
	if _, err := newManager(t, s, resumeOptions(journal)).Upload(t.Context(), u); !errors.Is(err, ErrPaused) {
		t.Fatalf("paused upload: %v", err)
	}
	if s.posted == 0 || s.posted >= resumeSize {
		t.Errorf("%d bytes were sent, want what was begun and not all", s.posted)
	}
	u.Pause = nil
	stored, err := newManager(t, s, resumeOptions(journal)).Upload(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	checkStored(t, s, stored, data)
	if s.posted != resumeSize {
		t.Errorf("%d bytes were sent in all, want %d", s.posted, resumeSize)
	}
}

// What nobody could go on with is finished.
func TestForgottenUploadIsNotPaused(t *testing.T) {
	data := content(resumeSize)
	s := newStorage(t)
	stored, err := newManager(t, s).Upload(t.Context(), Upload{File: tempFile(t, data), URL: s.uploadURL, Pause: pauseAfter(s, 0)})
	if err != nil {
		t.Fatal(err)
	}
	checkStored(t, s, stored, data)
}

func TestPausedDownloadLosesNothing(t *testing.T) {
	data := content(resumeSize)
	cipherText, key := sealed(data)
	s := newStorage(t)
	d := Download{Size: resumeSize, Key: key, To: tempFile(t, nil), URL: s.downloadURL(cipherText)}
	var mu sync.Mutex
	d.Part.Wrote = func(w Done) {
		mu.Lock()
		defer mu.Unlock()
		d.Part.Have = append(d.Part.Have, w)
	}
	paused := d
	paused.Part.Pause = pauseAfter(s, 3)
	m := newManager(t, s, func(o *Options) { o.Span, o.Concurrency = 1<<20, 1 })
	if _, err := m.Download(t.Context(), paused); !errors.Is(err, ErrPaused) {
		t.Fatalf("paused download: %v", err)
	}
	first := m.Stats().Received
	if first == 0 || first >= resumeSize {
		t.Errorf("%d bytes came, want what was begun and not all", first)
	}
	rest, verdict, err := fetchRest(t, s, d)
	if verdict != crypt.Equal || err != nil || first+rest != resumeSize {
		t.Errorf("then %d bytes came, %v, %v; want %d in all", rest, verdict, err, resumeSize)
	}
	if got, err := os.ReadFile(d.To.Name()); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the content is another: %v", err)
	}
}
