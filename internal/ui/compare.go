package ui

import (
	"fmt"

	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/planner"
)

// Comparing shows duplicates being downloaded. Its methods may be called from any goroutine.
type Comparing interface {
	Moved(n int64)
	Ended()
	Waiting(mega.Wait)
	Stop()
}

// comparing shows it as an apply is shown.
type comparing struct{ *Progress }

// StartComparing implements View.
func (s *Screen) StartComparing(files, bytes int64) Comparing {
	s.Note("Comparing duplicates … %s to download, %s", Plural(files, "file"), Size(bytes))
	return comparing{s.startCounting("files", files, bytes)}
}

// Moved implements Comparing.
func (c comparing) Moved(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent += n
}

// Ended implements Comparing.
func (c comparing) Ended() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended++
}

type comparingEvent struct {
	Type  string `json:"type"`
	Files int64  `json:"files"`
	Bytes int64  `json:"bytes"`
}

// StartComparing implements View.
func (s *Stream) StartComparing(files, bytes int64) Comparing {
	s.emit(comparingEvent{"comparing_duplicates", files, bytes})
	return s
}

// Moved implements Comparing: bytes in flight are not told.
func (s *Stream) Moved(int64) {}

// Ended implements Comparing.
func (s *Stream) Ended() {}

// ComparedView is what comparing duplicates by downloading them came to: how many there were, how many hold the same as the one
// that stays, of how many it cannot be told, and what was downloaded for that.
type ComparedView struct {
	Duplicates      int64 `json:"duplicates"`
	Equal           int64 `json:"equal"`
	Unknown         int64 `json:"unknown"`
	DownloadedBytes int64 `json:"downloaded_bytes"`
}

func viewCompared(c *planner.Compared) *ComparedView {
	if c == nil {
		return nil
	}
	return &ComparedView{c.Files, c.Equal, c.Unknown, c.Fetched}
}

// compared says what was downloaded to compare duplicates.
func (s *Screen) compared(c *planner.Compared) {
	if text := comparedSum(c); text != "" {
		s.printf("%s\n\n", text)
	}
}

func comparedSum(c *planner.Compared) string {
	switch {
	case c == nil:
		return ""
	case c.Files == 0:
		return "No duplicates to compare: sizes, fingerprints and local files tell, and what is only reported is left alone."
	}
	how := "nothing downloaded"
	if c.Fetched > 0 {
		how = Size(c.Fetched) + " downloaded"
	}
	text := fmt.Sprintf("%s compared, %s: %s equal to what stays", Plural(c.Files, "duplicate"), how, Count(c.Equal))
	if c.Unknown > 0 {
		text += fmt.Sprintf(", %s cannot be told", Count(c.Unknown))
	}
	return text + "."
}
