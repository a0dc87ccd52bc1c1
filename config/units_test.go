package config

import (
	"strings"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	good := map[string]time.Duration{
		"36h": 36 * time.Hour, "30d": 30 * day, "2w": 14 * day, "1mo": 30 * day, "1y": 365 * day, "90min": 90 * time.Minute,
		"1d12h": 36 * time.Hour, "1.5h": 90 * time.Minute, " 1d 2h ": 26 * time.Hour, "10s": 10 * time.Second,
	}
	for s, want := range good {
		if got, err := ParseDuration(s); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", s, got, err, want)
		}
	}
	bad := map[string]string{
		"30m": "write 30min or 30mo", "1h5m": "write 5min or 5mo", "5": "has no unit; write one like 5h or 5d", "": "empty",
		"h": "is no duration", "-1d": "is no duration", "5x": "unknown unit \"x\"", "0d": "no time at all", "900y": "longer than 292 years", "1d!": "is no duration",
	}
	for s, want := range bad {
		if got, err := ParseDuration(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseDuration(%q) = %v, %v, want an error with %q", s, got, err, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	good := map[string]int64{"4GiB": 4 << 30, "4gib": 4 << 30, "1.5M": 3 << 19, "4GB": 4e9, "17": 17, "0": 0, "5 KiB": 5 << 10, "2TiB": 2 << 40, "12B": 12}
	for s, want := range good {
		if got, err := ParseSize(s); err != nil || got != want {
			t.Errorf("ParseSize(%q) = %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "-1", "x", "4XB", "9999999PiB", "1GiB1"} {
		if got, err := ParseSize(s); err == nil {
			t.Errorf("ParseSize(%q) = %v, want an error", s, got)
		}
	}
}

func TestTimetable(t *testing.T) {
	at := func(day int, clock string) time.Time { // 1 March 2026 is a Sunday
		c, err := time.Parse("15:04", clock)
		if err != nil {
			t.Fatal(err)
		}
		return time.Date(2026, 3, 1+day, c.Hour(), c.Minute(), 0, 0, time.UTC)
	}
	tests := []struct {
		table string
		when  time.Time
		want  int64
	}{
		{"off", at(0, "00:00"), 0},
		{"10M", at(3, "12:00"), 10 << 20},
		{"512", at(3, "12:00"), 512 << 10},
		{"100B", at(3, "12:00"), 100},
		{"1.5G", at(3, "12:00"), 3 << 29},
		{"08:00,2M 19:00,off", at(1, "07:59"), 0},
		{"08:00,2M 19:00,off", at(1, "08:00"), 2 << 20},
		{"08:00,2M 19:00,off", at(1, "18:59"), 2 << 20},
		{"08:00,2M 19:00,off", at(1, "19:00"), 0},
		{"19:00,off 08:00,2M", at(0, "00:00"), 0},
		{"Mon-00:00,512k Fri-23:59,10M Sat-10:00,1M Sun-20:00,off", at(0, "19:00"), 1 << 20},
		{"Mon-00:00,512k Fri-23:59,10M Sat-10:00,1M Sun-20:00,off", at(0, "21:00"), 0},
		{"Mon-00:00,512k Fri-23:59,10M Sat-10:00,1M Sun-20:00,off", at(3, "21:00"), 512 << 10},
		{"saturday-10:00,1M", at(0, "00:00"), 1 << 20},
	}
	for _, tt := range tests {
		table, err := ParseTimetable(tt.table)
		if err != nil {
			t.Errorf("ParseTimetable(%q): %v", tt.table, err)
			continue
		}
		if got := table.Rate(tt.when); got != tt.want {
			t.Errorf("%q on %s: %d, want %d", tt.table, tt.when.Format("Mon 15:04"), got, tt.want)
		}
	}
	if got := (Timetable{}).Rate(at(0, "00:00")); got != 0 {
		t.Errorf("the zero timetable allows %d", got)
	}
	for _, bad := range []string{"", "fast", "25:00,1M", "08:00", "Mum-08:00,1M", "08:00,x", "-5M", "0", "NaN", "08:00,1M 5M", "1e300P"} {
		if _, err := ParseTimetable(bad); err == nil {
			t.Errorf("ParseTimetable(%q) is no error", bad)
		}
	}
}

func TestEndpoints(t *testing.T) {
	good := map[string]string{
		"embedded": "embedded", "https://g.api.mega.co.nz/": "https://g.api.mega.co.nz", "http://127.0.0.1:7467": "http://127.0.0.1:7467",
		"http://[::1]:1": "http://[::1]:1", "http://localhost:1": "http://localhost:1", "http://127.8.9.1": "http://127.8.9.1",
	}
	for s, want := range good {
		if got, err := endpoint(s); err != nil || got != want {
			t.Errorf("endpoint(%q) = %q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "g.api.mega.co.nz", "ftp://x", "http://10.0.0.1", "http://localhost.evil.com", "https://", "https://a@b", "https://a/?b", "http://127.0.0.1.evil.com"} {
		if got, err := endpoint(s); err == nil {
			t.Errorf("endpoint(%q) = %q, want an error", s, got)
		}
	}
}

// TestKeepDuration: what is accepted here is read later, when versions are judged.
func TestKeepDuration(t *testing.T) {
	for _, s := range []string{"90d", "1y6m", "36h", "1y1d1m", "4h3d9m"} {
		if got, err := keepDuration(s); err != nil || got != s {
			t.Errorf("keepDuration(%q) = %q, %v", s, got, err)
		}
	}
	for s, want := range map[string]string{
		"90min": "is no duration to keep", "1d2d": "is no duration to keep", "2w": "is no duration to keep", "-1d": "is no duration to keep",
		"99999999999999999999y": "is no duration to keep", "0d": "no time at all", "": "no time at all",
	} {
		if got, err := keepDuration(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("keepDuration(%q) = %q, %v, want an error with %q", s, got, err, want)
		}
	}
}
