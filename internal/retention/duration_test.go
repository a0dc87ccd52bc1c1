package retention

import (
	"strings"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	tests := []struct {
		text string
		want Duration
		back string
	}{
		{"36h", Duration{Hours: 36}, "36h"},
		{"90d", Duration{Days: 90}, "90d"},
		{"6m", Duration{Months: 6}, "6m"},
		{"1y2m3d4h", Duration{1, 2, 3, 4}, "1y2m3d4h"},
		{"1y1d1m", Duration{Years: 1, Months: 1, Days: 1}, "1y1m1d"},
		{"4h3d9m", Duration{Months: 9, Days: 3, Hours: 4}, "9m3d4h"},
		{" 7d ", Duration{Days: 7}, "7d"},
		{"9999y", Duration{Years: 9999}, "9999y"},
		{"0d", Duration{}, ""},
		{"", Duration{}, ""},
	}
	for _, tt := range tests {
		got, err := ParseDuration(tt.text)
		if err != nil || got != tt.want {
			t.Errorf("ParseDuration(%q) = %v, %v, want %v", tt.text, got, err, tt.want)
		}
		if got.String() != tt.back {
			t.Errorf("ParseDuration(%q) is written %q, want %q", tt.text, got, tt.back)
		}
	}
}

func TestParseDurationRefuses(t *testing.T) {
	tests := []struct{ text, want string }{
		{"2w", `"w" is no unit`},
		{"1y4m3w1d", `"w" is no unit`},
		{"d", "a number is missing"},
		{"7", "a unit is missing after 7"},
		{"3d7", "a unit is missing after 7"},
		{"-3d", "a number is missing"},
		{"1d2d", "d stands there twice"},
		{"1 d", `" " is no unit`},
		{"߀d", "a number is missing"}, // a digit, but not one of ours
		{"99999999999999999999d", "too large"},
		{"1é", `"é" is no unit`},
	}
	for _, tt := range tests {
		if got, err := ParseDuration(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ParseDuration(%q) = %v, %v, want an error with %q", tt.text, got, err, tt.want)
		}
	}
}

func TestBefore(t *testing.T) {
	tests := []struct{ from, text, want string }{
		{"2026-03-31 12:00", "1m", "2026-03-03 12:00"}, // there is no 31st of February
		{"2024-02-29 12:00", "1y", "2023-03-01 12:00"},
		{"2026-03-01 12:00", "1y1m1d1h", "2025-01-31 11:00"},
		{"2026-03-01 12:00", "49h", "2026-02-27 11:00"},
	}
	for _, tt := range tests {
		if got := within(t, tt.text).before(at(t, tt.from)).Format("2006-01-02 15:04"); got != tt.want {
			t.Errorf("%s before %s is %s, want %s", tt.text, tt.from, got, tt.want)
		}
	}
	now := at(t, "2026-03-01 12:00")
	if got := within(t, "1000000y1000000m1000000d1000000h").before(now); !got.Before(now) {
		t.Errorf("the longest duration leads to %s", got)
	}
	if got := (Duration{Hours: 10_000_000}).before(now); got.Year() != 885 {
		t.Errorf("ten million hours before %s is %s", now, got.Format(time.DateOnly))
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"1y2m3d4h", "1y1d1m", "90d", "", "2w", "-1d", "1d1d", "9999999d", "\xdf\x80d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err != nil {
			if !d.IsZero() {
				t.Errorf("%q is refused and gives %v", s, d)
			}
			return
		}
		again, err := ParseDuration(d.String())
		if err != nil || again != d {
			t.Errorf("%q is written %q, which reads as %v, %v", s, d, again, err)
		}
		now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
		if back := d.before(now); d.IsZero() != back.Equal(now) || back.After(now) {
			t.Errorf("%q before %s is %s", s, now, back)
		}
	})
}
