package planner

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// unix returns a time from MEGA's seconds; zero is the zero time.
func unix(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// ago says how long before now a local time was, in one unit.
func ago(now time.Time, ns int64) string {
	if d := now.Sub(time.Unix(0, ns)); d > -time.Second && d < time.Second { // now is MEGA's, in whole seconds
		return "just now"
	}
	return strings.TrimSpace(humanize.RelTime(time.Unix(0, ns), now, "ago", "in the future"))
}

func size(n int64) string { return humanize.IBytes(uint64(max(0, n))) }

// count writes a number of things: "1 file", "1,204 files".
func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", humanize.Comma(n), noun)
}
