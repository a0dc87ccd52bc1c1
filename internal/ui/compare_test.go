package ui

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/megaplan/megaplan/planner"
)

func TestComparingDuplicatesOnAScreen(t *testing.T) {
	var out, notes bytes.Buffer
	s := &Screen{Out: &out, Err: &notes, Width: 100}
	run := s.StartComparing(3, 4<<20)
	run.Moved(2 << 20)
	run.Moved(-1 << 20) // fetched again
	run.Ended()
	line := run.(comparing).lines(time.Now())[0]
	run.Stop()
	if !strings.Contains(notes.String(), "Comparing duplicates … 3 files to download, 4.0 MiB\n") {
		t.Errorf("%q", notes.String())
	}
	if !strings.Contains(line, "25 %") || !strings.Contains(line, "1.0 MiB of 4.0 MiB") || !strings.Contains(line, "1 of 3 files") {
		t.Errorf("%q", line)
	}
}

func TestWhatComparingDuplicatesCameTo(t *testing.T) {
	for _, c := range []struct {
		compared *planner.Compared
		want     string
	}{
		{nil, ""},
		{&planner.Compared{}, "No duplicates to compare: sizes, fingerprints and local files tell, and what is only reported is left alone.\n\n"},
		{&planner.Compared{Files: 1, Equal: 1}, "1 duplicate compared, nothing downloaded: 1 equal to what stays.\n\n"},
		{&planner.Compared{Files: 4000, Equal: 3998, Unknown: 1, Fetched: 3 << 30}, "4,000 duplicates compared, 3.0 GiB downloaded: 3,998 equal to what stays, 1 cannot be told.\n\n"},
	} {
		var out bytes.Buffer
		s := &Screen{Out: &out, Err: &out, Width: 100}
		s.compared(c.compared)
		if out.String() != c.want {
			t.Errorf("%q, want %q", out.String(), c.want)
		}
	}
}
