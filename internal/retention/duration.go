package retention

import (
	"fmt"
	"strings"
	"time"
)

// Duration is a stretch of calendar time. Months and years differ in length, so it is not a number of seconds.
type Duration struct {
	Years, Months, Days, Hours int
}

// maxUnits bounds each unit, so that going back by a Duration stays within the years that package time can count.
const maxUnits = 1_000_000

// ParseDuration reads what String writes: numbers with the units y (years), m (months), d (days) and h (hours), each at
// most once and in any order, as in "1y2m3d4h". The empty text is the zero Duration.
func ParseDuration(s string) (Duration, error) {
	rest := strings.TrimSpace(s)
	var d Duration
	seen := ""
	for rest != "" {
		n, unit, after, err := nextPart(rest)
		if err != nil {
			return Duration{}, fmt.Errorf("duration %q: %w", s, err)
		}
		field := d.unit(unit)
		if field == nil {
			return Duration{}, fmt.Errorf("duration %q: %q is no unit: there are y (years), m (months), d (days) and h (hours)", s, string(unit))
		}
		if strings.ContainsRune(seen, unit) {
			return Duration{}, fmt.Errorf("duration %q: %c stands there twice", s, unit)
		}
		seen += string(unit)
		*field = n
		rest = after
	}
	return d, nil
}

// nextPart splits a number and its unit off the front.
func nextPart(s string) (n int, unit rune, rest string, err error) {
	digits := 0
	for digits < len(s) && '0' <= s[digits] && s[digits] <= '9' {
		n = n*10 + int(s[digits]-'0')
		if n > maxUnits {
			return 0, 0, "", fmt.Errorf("a number above %d is too large", maxUnits)
		}
		digits++
	}
	if digits == 0 {
		return 0, 0, "", fmt.Errorf("a number is missing before %q", s)
	}
	if digits == len(s) {
		return 0, 0, "", fmt.Errorf("a unit is missing after %s: y, m (months), d or h", s)
	}
	for i, r := range s[digits:] {
		if i > 0 {
			return n, unit, s[digits+i:], nil
		}
		unit = r
	}
	return n, unit, "", nil
}

func (d *Duration) unit(unit rune) *int {
	switch unit {
	case 'y':
		return &d.Years
	case 'm':
		return &d.Months
	case 'd':
		return &d.Days
	case 'h':
		return &d.Hours
	}
	return nil
}

// IsZero says whether the duration is no time at all, which in a Policy means that its rule is not set.
func (d Duration) IsZero() bool { return d == Duration{} }

// String writes the duration the way ParseDuration reads it, largest unit first; the zero Duration is the empty text.
func (d Duration) String() string {
	var b strings.Builder
	for _, part := range []struct {
		n    int
		unit byte
	}{{d.Years, 'y'}, {d.Months, 'm'}, {d.Days, 'd'}, {d.Hours, 'h'}} {
		if part.n != 0 {
			fmt.Fprintf(&b, "%d%c", part.n, part.unit)
		}
	}
	return b.String()
}

// before is the moment one duration before t, in t's calendar.
func (d Duration) before(t time.Time) time.Time {
	t = t.AddDate(-d.Years, -d.Months, -d.Days)
	// Hours are counted in UTC, where 24 of them are a day: more of them than a time.Duration can hold must not turn around.
	return t.UTC().AddDate(0, 0, -(d.Hours / 24)).Add(-time.Duration(d.Hours%24) * time.Hour).In(t.Location())
}
