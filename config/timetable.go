package config

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Timetable says which bandwidth holds at which time of the week. The zero value has no limit.
type Timetable struct {
	slots []slot // sorted by minute of the week
}

type slot struct {
	minute int   // since Sunday 00:00
	rate   int64 // bytes a second; 0 is no limit
}

// ParseTimetable reads rclone's grammar: one rate ("10M", "off") or entries "[Day-]HH:MM,RATE" separated by spaces.
// A rate without a letter is in KiB; letters are powers of 1024 ("B" is bytes).
func ParseTimetable(s string) (Timetable, error) {
	fields := strings.Fields(s)
	if len(fields) == 1 && !strings.Contains(s, ",") {
		rate, err := parseRate(fields[0])
		return Timetable{[]slot{{0, rate}}}, err
	}
	if len(fields) == 0 {
		return Timetable{}, errors.New("an empty text is no bandwidth; write \"off\" for no limit")
	}
	var t Timetable
	for _, f := range fields {
		slots, err := parseSlots(f)
		if err != nil {
			return Timetable{}, err
		}
		t.slots = append(t.slots, slots...)
	}
	slices.SortStableFunc(t.slots, func(a, b slot) int { return a.minute - b.minute })
	return t, nil
}

// Rate returns the bytes a second allowed at a time, in that time's zone; 0 is no limit.
func (t Timetable) Rate(at time.Time) int64 {
	if len(t.slots) == 0 {
		return 0
	}
	minute := (int(at.Weekday())*24+at.Hour())*60 + at.Minute()
	current := t.slots[len(t.slots)-1] // before the first slot the week's last one still holds
	for _, s := range t.slots {
		if s.minute > minute {
			break
		}
		current = s
	}
	return current.rate
}

// parseSlots reads one entry; without a day it stands for every day.
func parseSlots(entry string) ([]slot, error) {
	when, rateText, ok := strings.Cut(entry, ",")
	if !ok {
		return nil, fmt.Errorf("%q is no entry of a timetable; write one like \"08:00,2M\"", entry)
	}
	rate, err := parseRate(rateText)
	if err != nil {
		return nil, err
	}
	days := []int{0, 1, 2, 3, 4, 5, 6}
	if name, clock, ok := strings.Cut(when, "-"); ok {
		day, err := parseDay(name)
		if err != nil {
			return nil, err
		}
		days, when = []int{day}, clock
	}
	clock, err := time.Parse("15:04", when)
	if err != nil {
		return nil, fmt.Errorf("%q is no time of day; write one like \"08:00\"", when)
	}
	var out []slot
	for _, day := range days {
		out = append(out, slot{(day*24+clock.Hour())*60 + clock.Minute(), rate})
	}
	return out, nil
}

func parseDay(name string) (int, error) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if full := d.String(); strings.EqualFold(name, full) || strings.EqualFold(name, full[:3]) {
			return int(d), nil
		}
	}
	return 0, fmt.Errorf("%q is no day of the week; write one like \"Mon\"", name)
}

func parseRate(s string) (int64, error) {
	if strings.EqualFold(s, "off") {
		return 0, nil
	}
	number, factor := s, float64(1<<10)
	if n := len(s); n > 0 {
		if i := strings.IndexByte("BKMGTP", s[n-1]&^0x20); i >= 0 {
			number, factor = s[:n-1], math.Pow(1024, float64(i))
		}
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !(v > 0) || v*factor < 1 || v*factor >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is no bandwidth; write one like \"2M\", \"512k\" or \"off\"", s)
	}
	return int64(v * factor), nil
}

func checkedTimetable(s string) (string, error) {
	_, err := ParseTimetable(s)
	return s, err
}
