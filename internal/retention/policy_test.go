package retention

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// at reads a time as the tables write it, in UTC.
func at(t *testing.T, s string) time.Time {
	t.Helper()
	parsed, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// items reads one item a line: a time, then tags.
func items(t *testing.T, table string) []Item {
	t.Helper()
	var out []Item
	for line := range strings.Lines(table) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		out = append(out, Item{Time: at(t, words[0]+" "+words[1]), Tags: words[2:]})
	}
	return out
}

func within(t *testing.T, s string) Duration {
	t.Helper()
	d, err := ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// kept writes what is kept, oldest first, with its reasons.
func kept(items []Item, decisions []Decision) string {
	var b strings.Builder
	for i := len(decisions) - 1; i >= 0; i-- {
		if d := decisions[i]; d.Keep {
			fmt.Fprintf(&b, "%s  %s\n", items[d.Item].Time.Format("2006-01-02 15:04"), strings.Join(d.Reasons, "; "))
		}
	}
	return b.String()
}

// weekdays is the series of restic's manual: a backup at eleven each weekday of two weeks but one Wednesday, and one more
// on Friday nights.
const weekdays = `
2025-04-21 11:00
2025-04-22 11:00
2025-04-23 11:00
2025-04-24 11:00
2025-04-25 11:00
2025-04-25 23:00
2025-04-28 11:00
2025-04-29 11:00
2025-05-01 11:00
2025-05-02 11:00
2025-05-02 23:00
`

func TestTables(t *testing.T) {
	tests := []struct {
		name   string
		items  string
		policy Policy
		want   string
	}{
		{"no rule keeps everything", "2025-01-01 00:00\n2025-01-02 00:00", Policy{}, `
2025-01-01 00:00  no rule: everything is kept
2025-01-02 00:00  no rule: everything is kept
`},
		{"min_keep is no rule", "2025-01-01 00:00\n2025-01-02 00:00", Policy{MinKeep: 1}, `
2025-01-01 00:00  no rule: everything is kept
2025-01-02 00:00  no rule: everything is kept
`},
		{"the manual's keep-daily 5", weekdays, Policy{Daily: 5}, `
2025-04-25 23:00  daily
2025-04-28 11:00  daily
2025-04-29 11:00  daily
2025-05-01 11:00  daily
2025-05-02 23:00  daily
`},
		{"the manual's keep-within-daily 7d", weekdays, Policy{WithinDaily: within(t, "7d")}, `
2025-04-28 11:00  daily within 7d
2025-04-29 11:00  daily within 7d
2025-05-01 11:00  daily within 7d
2025-05-02 23:00  daily within 7d
`},
		{"the end of a duration is outside", weekdays, Policy{Within: within(t, "7d")}, `
2025-04-28 11:00  within 7d
2025-04-29 11:00  within 7d
2025-05-01 11:00  within 7d
2025-05-02 11:00  within 7d
2025-05-02 23:00  within 7d
`},
		{"last", weekdays, Policy{Last: 2}, `
2025-05-02 11:00  last
2025-05-02 23:00  last
`},
		{"rules are judged on their own", weekdays, Policy{Last: 2, Daily: 2, Weekly: 2}, `
2025-04-25 23:00  weekly
2025-05-01 11:00  daily
2025-05-02 11:00  last
2025-05-02 23:00  last; daily; weekly
`},
		{"slots are left: the oldest stays too", weekdays, Policy{Weekly: 3}, `
2025-04-21 11:00  oldest weekly
2025-04-25 23:00  weekly
2025-05-02 23:00  weekly
`},
		{"no slots are left: it does not", weekdays, Policy{Weekly: 2}, `
2025-04-25 23:00  weekly
2025-05-02 23:00  weekly
`},
		{"without a limit the oldest stays too", weekdays, Policy{Monthly: -1}, `
2025-04-21 11:00  oldest monthly
2025-04-29 11:00  monthly
2025-05-02 23:00  monthly
`},
		{"all", weekdays, Policy{Last: -1}, strings.ReplaceAll(weekdays, ":00\n", ":00  last\n")},
		{"the oldest in a duration's reach", weekdays, Policy{WithinYearly: within(t, "1y")}, `
2025-04-21 11:00  oldest yearly within 1y
2025-05-02 23:00  yearly within 1y
`},
		{"the oldest out of its reach", weekdays, Policy{WithinYearly: within(t, "7d")}, `
2025-05-02 23:00  yearly within 7d
`},
		{"hours", "2016-01-04 11:23\n2016-01-04 12:23\n2016-01-04 12:24\n2016-01-04 12:30\n2016-01-04 16:23", Policy{Hourly: 2}, `
2016-01-04 12:30  hourly
2016-01-04 16:23  hourly
`},
		{"ISO weeks: the first days of January are in the old year's last week", "2015-12-27 09:00\n2015-12-28 09:00\n2016-01-03 09:00\n2016-01-04 09:00", Policy{Weekly: 2}, `
2016-01-03 09:00  weekly
2016-01-04 09:00  weekly
`},
		{"ISO weeks: week 1 of one year is not week 1 of the next", "2014-12-30 09:00\n2016-01-05 09:00\n2017-01-03 09:00", Policy{Weekly: 3}, `
2014-12-30 09:00  weekly
2016-01-05 09:00  weekly
2017-01-03 09:00  weekly
`},
		{"empty periods take no slot", "2001-05-05 09:00\n2009-01-01 09:00\n2020-07-07 09:00", Policy{Yearly: 3}, `
2001-05-05 09:00  yearly
2009-01-01 09:00  yearly
2020-07-07 09:00  yearly
`},
		{"the same day of other months and years", "2014-10-22 10:20\n2015-08-22 10:20\n2015-10-22 10:20", Policy{Daily: 2}, `
2015-08-22 10:20  daily
2015-10-22 10:20  daily
`},
		{"tags: all of a list, any of the lists", "2014-11-12 10:20 foo\n2014-11-13 10:20 bar\n2014-11-15 10:20 bar foo\n2014-11-18 10:20", Policy{Tags: [][]string{{"foo", "bar"}}}, `
2014-11-15 10:20  tags foo, bar
`},
		{"tags: any of the lists", "2014-11-12 10:20 foo\n2014-11-13 10:20 bar\n2014-11-15 10:20 bar foo\n2014-11-18 10:20", Policy{Tags: [][]string{{"foo"}, {"bar"}}}, `
2014-11-12 10:20  tags foo
2014-11-13 10:20  tags bar
2014-11-15 10:20  tags foo; tags bar
`},
		{"tags: none at all", "2014-11-12 10:20 foo\n2014-11-18 10:20", Policy{Tags: [][]string{{""}}}, `
2014-11-18 10:20  no tags
`},
		{"tags may keep nothing", "2014-11-12 10:20 foo", Policy{Tags: [][]string{{"bar"}}}, "\n"},
		{"tags take no slot", "2014-11-12 10:20 foo\n2014-11-13 10:20 foo\n2014-11-14 10:20", Policy{Last: 2, Tags: [][]string{{"foo"}}}, `
2014-11-12 10:20  tags foo
2014-11-13 10:20  tags foo; last
2014-11-14 10:20  last
`},
		{"months are months", "2015-02-22 10:21\n2015-02-22 10:20\n2015-03-22 10:20", Policy{Within: within(t, "1m")}, `
2015-02-22 10:21  within 1m
2015-03-22 10:20  within 1m
`},
		{"a future item is kept and does not shift durations", "2030-01-01 00:00\n2025-05-02 11:00\n2025-05-01 11:00\n2025-04-01 11:00", Policy{Within: within(t, "7d")}, `
2025-05-01 11:00  within 7d
2025-05-02 11:00  within 7d
2030-01-01 00:00  within 7d
`},
		{"durations count from the newest, not from the clock", "2001-01-01 11:00\n2001-01-08 12:00\n2001-01-09 11:00", Policy{Within: within(t, "1d")}, `
2001-01-08 12:00  within 1d
2001-01-09 11:00  within 1d
`},
		{"min_keep fills up with the newest", weekdays, Policy{Last: 1, Weekly: 2, MinKeep: 4}, `
2025-04-25 23:00  weekly
2025-05-01 11:00  min_keep = 4
2025-05-02 11:00  min_keep = 4
2025-05-02 23:00  last; weekly
`},
		{"min_keep is met already", weekdays, Policy{Last: 2, MinKeep: 2}, `
2025-05-02 11:00  last
2025-05-02 23:00  last
`},
		{"min_keep keeps what no tag does", "2014-11-12 10:20 foo\n2014-11-13 10:20 foo", Policy{Tags: [][]string{{"bar"}}, MinKeep: 1}, `
2014-11-13 10:20  min_keep = 1
`},
	}
	now := at(t, "2026-11-22 12:00")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := items(t, tt.items)
			got := kept(in, tt.policy.Apply(in, now))
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), got); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
		})
	}
}

// The manual counts what is left of a century of daily backups under 7 daily, 5 weekly, 12 monthly and 75 yearly slots.
func TestCentury(t *testing.T) {
	first := time.Date(1925, 1, 1, 3, 0, 0, 0, time.UTC)
	var in []Item
	for d := first; d.Year() < 2025; d = d.AddDate(0, 0, 1) {
		in = append(in, Item{Time: d})
	}
	in = append(in, Item{Time: time.Date(2025, 4, 29, 3, 0, 0, 0, time.UTC)})
	rules := map[string]int{}
	n := 0
	for _, d := range (Policy{Daily: 7, Weekly: 5, Monthly: 12, Yearly: 75}).Apply(in, first.AddDate(200, 0, 0)) {
		if !d.Keep {
			continue
		}
		n++
		for _, r := range d.Reasons {
			rules[r]++
		}
	}
	if diff := cmp.Diff(map[string]int{"daily": 7, "weekly": 5, "monthly": 12, "yearly": 75}, rules); diff != "" {
		t.Errorf("slots taken (-want +got):\n%s", diff)
	}
	// 99 slots, but 2025-04-29 fills four of them and 2024-12-31 as well; Sunday the 29th of December is daily and weekly.
	if n != 99-3-3-1 {
		t.Errorf("%d are kept, want 92", n)
	}
}

func TestReasonsForRemoval(t *testing.T) {
	in := items(t, weekdays)
	p := Policy{Daily: 2, Within: within(t, "2d"), WithinWeekly: within(t, "7d"), Tags: [][]string{{"a", "b"}}}
	got := map[string][]string{}
	for _, d := range p.Apply(in, at(t, "2026-11-22 12:00")) {
		if !d.Keep {
			got[in[d.Item].Time.Format("02 15")] = d.Reasons
		}
	}
	want := map[string][]string{}
	for _, day := range []string{"21 11", "22 11", "23 11", "24 11", "25 11", "25 23"} {
		want[day] = []string{`tags: it lacks "a"`, "within 2d: it is older", "daily: newer ones take all slots (2)", "weekly within 7d: it is older"}
	}
	for _, day := range []string{"28 11", "29 11"} {
		want[day] = []string{`tags: it lacks "a"`, "within 2d: it is older", "daily: newer ones take all slots (2)", "weekly within 7d: 2025-W18 has a newer one"}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
}

// A caller converts times to the policy's time zone: days begin where the items say.
func TestRule24_BucketsUseTheLocation(t *testing.T) {
	in := items(t, "2026-03-01 22:30\n2026-03-01 23:30\n2026-03-02 10:00")
	apply := func(zone *time.Location) string {
		for i := range in {
			in[i].Time = in[i].Time.In(zone)
		}
		var days []string
		for _, d := range (Policy{Daily: 9, Last: 1}).Apply(in, at(t, "2026-11-22 12:00")) {
			if d.Keep {
				days = append(days, in[d.Item].Time.UTC().Format("02T15:04 ")+d.Reasons[len(d.Reasons)-1])
			}
		}
		return strings.Join(days, ", ")
	}
	if got, want := apply(time.UTC), "02T10:00 daily, 01T23:30 daily, 01T22:30 oldest daily"; got != want {
		t.Errorf("UTC keeps %s, want %s", got, want)
	}
	if got, want := apply(time.FixedZone("Rome", 3600)), "02T10:00 daily, 01T22:30 daily"; got != want {
		t.Errorf("Rome keeps %s, want %s", got, want)
	}
}

func TestOrder(t *testing.T) {
	in := items(t, "2026-03-01 10:00\n2026-03-03 10:00\n2026-03-02 10:00\n2026-03-03 10:00")
	var order []int
	for _, d := range (Policy{Last: 1}).Apply(in, at(t, "2026-11-22 12:00")) {
		order = append(order, d.Item)
		if d.Keep != (d.Item == 1) {
			t.Errorf("item %d: keep is %v", d.Item, d.Keep)
		}
	}
	if diff := cmp.Diff([]int{1, 3, 2, 0}, order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if got := (Policy{Last: 1}).Apply(nil, time.Time{}); len(got) != 0 {
		t.Errorf("no items give %v", got)
	}
}
