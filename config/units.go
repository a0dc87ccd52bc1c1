package config

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/megaplan/megaplan/internal/retention"
)

const day = 24 * time.Hour

// durationUnits are the units of durations; months are 30 days and years 365, since nothing says which are meant.
var durationUnits = map[string]time.Duration{
	"s": time.Second, "sec": time.Second, "min": time.Minute, "h": time.Hour, "d": day, "w": 7 * day, "mo": 30 * day, "y": 365 * day,
}

// amount is one number with its unit.
var amount = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)([A-Za-z]*)`)

// ParseDuration reads "36h", "30d", "2w", "1mo", "1y", "90min" and sums such as "1d12h". A bare m is refused, because
// it means minutes to some and months to others.
func ParseDuration(s string) (time.Duration, error) {
	rest := strings.ReplaceAll(strings.TrimSpace(s), " ", "")
	if rest == "" {
		return 0, errors.New("an empty text is no duration; write one like \"36h\", \"30d\" or \"1mo\"")
	}
	var total float64
	for rest != "" {
		m := amount.FindStringSubmatch(rest)
		if m == nil {
			return 0, fmt.Errorf("%q is no duration; write one like \"36h\", \"30d\" or \"1mo\"", s)
		}
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return 0, fmt.Errorf("%q is no duration: %w", s, err)
		}
		unit, err := durationUnit(s, m[1], m[2])
		if err != nil {
			return 0, err
		}
		total += n * float64(unit)
		rest = rest[len(m[0]):]
	}
	if total >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is longer than 292 years", s)
	}
	if total < 1 {
		return 0, fmt.Errorf("%q is no time at all; leave the argument out if it is not wanted", s)
	}
	return time.Duration(total), nil
}

func durationUnit(s, n, unit string) (time.Duration, error) {
	switch unit {
	case "m":
		return 0, fmt.Errorf("the m in %q may mean minutes or months; write %smin or %smo", s, n, n)
	case "":
		return 0, fmt.Errorf("%q has no unit; write one like %sh or %sd", s, n, n)
	}
	if d, ok := durationUnits[unit]; ok {
		return d, nil
	}
	return 0, fmt.Errorf("%q has the unknown unit %q; there are s, min, h, d, w, mo and y", s, unit)
}

// keepDuration checks a duration of a retention rule, where m is months as restic writes them.
func keepDuration(s string) (string, error) {
	d, err := retention.ParseDuration(s)
	if err != nil {
		return "", fmt.Errorf("%q is no duration to keep; write one like \"90d\", \"1y6m\" or \"36h\", with y, m (months), d and h", s)
	}
	if d.IsZero() {
		return "", fmt.Errorf("%q is no time at all; leave the argument out if it is not wanted", s)
	}
	return s, nil
}

// sizeUnits are powers of 1024 for K and KiB, and of 1000 for KB.
var sizeUnits = map[string]float64{
	"": 1, "b": 1,
	"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40, "pib": 1 << 50,
	"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "pb": 1e15,
}

// ParseSize reads "4GiB", "1.5M" (both powers of 1024), "4GB" (powers of 1000) and plain bytes.
func ParseSize(s string) (int64, error) {
	text := strings.ReplaceAll(strings.TrimSpace(s), " ", "")
	m := amount.FindStringSubmatch(text)
	if m == nil || len(m[0]) != len(text) {
		return 0, fmt.Errorf("%q is no size; write one like \"4GiB\" or \"500MB\"", s)
	}
	unit, ok := sizeUnits[strings.ToLower(m[2])]
	if !ok {
		return 0, fmt.Errorf("%q has the unknown unit %q; there are B, KiB, MiB, GiB, TiB, PiB, and KB, MB … of 1000", s, m[2])
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no size: %w", s, err)
	}
	if n*unit >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is too large", s)
	}
	return int64(n * unit), nil
}

func parsePercent(s string) (float64, error) {
	n, ok := strings.CutSuffix(strings.TrimSpace(s), "%")
	if !ok {
		return 0, fmt.Errorf("%q is no percentage; write one like \"5%%\"", s)
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(n), 64)
	if err != nil || !(v >= 0 && v <= 100) {
		return 0, fmt.Errorf("%q is no percentage between 0%% and 100%%", s)
	}
	return v, nil
}

func (c *conversion) size() (any, string) {
	return parsed(positiveSize)(c)
}

func positiveSize(s string) (int64, error) {
	n, err := ParseSize(s)
	if err == nil && n == 0 {
		return 0, errors.New("a size of 0 leaves nothing; leave the argument out if it is not wanted")
	}
	return n, err
}

// countLimit reads "50%" or a whole number.
func (c *conversion) countLimit() (any, string) {
	if l, ok, problem := c.percentLimit(); ok {
		return l, problem
	}
	v, err := convert.Convert(c.value, cty.Number)
	if err != nil {
		return nil, c.wants(`a number of files or a percentage like "50%"`)
	}
	n := conversion{attribute: &Attribute{Name: c.attribute.Name}, value: v}
	count, problem := n.integer()
	if problem != "" {
		return nil, problem
	}
	return Limit{Set: true, Count: count.(int64)}, ""
}

// sizeLimit reads "10%" or a size.
func (c *conversion) sizeLimit() (any, string) {
	if l, ok, problem := c.percentLimit(); ok {
		return l, problem
	}
	size, problem := c.size()
	if problem != "" {
		return nil, problem
	}
	return Limit{Set: true, Count: size.(int64)}, ""
}

// percentLimit reads a percentage; ok says that the value is meant as one.
func (c *conversion) percentLimit() (l Limit, ok bool, problem string) {
	if c.value.Type() != cty.String || !strings.HasSuffix(strings.TrimSpace(c.value.AsString()), "%") {
		return Limit{}, false, ""
	}
	percent, err := parsePercent(c.value.AsString())
	if err != nil {
		return Limit{}, true, fmt.Sprintf("%q: %v.", c.attribute.Name, err)
	}
	return Limit{Set: true, Percent: percent, IsPercent: true}, true, ""
}
