package retention

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2023, 12, 20, 0, 0, 0, 0, time.UTC)

// drawItems draws up to 40 items of distinct times, from minutes to years apart.
func drawItems(t *rapid.T) []Item {
	var out []Item
	at := start
	for range rapid.IntRange(1, 40).Draw(t, "items") {
		unit := rapid.SampledFrom([]time.Duration{time.Minute, time.Hour, 24 * time.Hour, 40 * 24 * time.Hour}).Draw(t, "unit")
		at = at.Add(unit * time.Duration(rapid.IntRange(1, 30).Draw(t, "gap")))
		item := Item{Time: at}
		for _, tag := range []string{"a", "b"} {
			if rapid.Bool().Draw(t, tag) {
				item.Tags = append(item.Tags, tag)
			}
		}
		out = append(out, item)
	}
	return rapid.Permutation(out).Draw(t, "order")
}

// counts and durations are the rules of a policy that can be made larger.
func counts(p *Policy) []*int {
	return []*int{&p.Last, &p.Hourly, &p.Daily, &p.Weekly, &p.Monthly, &p.Yearly}
}

func durations(p *Policy) []*Duration {
	return []*Duration{&p.Within, &p.WithinHourly, &p.WithinDaily, &p.WithinWeekly, &p.WithinMonthly, &p.WithinYearly}
}

// drawPolicy draws a policy with at least one rule other than a tag.
func drawPolicy(t *rapid.T) Policy {
	var p Policy
	for _, n := range counts(&p) {
		*n = rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3, 7, -1}).Draw(t, "slots")
	}
	for _, d := range durations(&p) {
		*d = rapid.SampledFrom([]Duration{{}, {}, {}, {Hours: 5}, {Days: 3}, {Days: 90}, {Days: 900}}).Draw(t, "within")
	}
	if rapid.Bool().Draw(t, "tagged") {
		p.Tags = [][]string{{"a", "b"}}
	}
	if len(p.rules(start)) == len(p.Tags) {
		p.Last = 1
	}
	return p
}

// keptTimes are the times of what is kept, newest first.
func keptTimes(items []Item, decisions []Decision) []time.Time {
	var out []time.Time
	for _, d := range decisions {
		if d.Keep {
			out = append(out, items[d.Item].Time)
		}
	}
	return out
}

func clock(t *rapid.T) time.Time {
	return start.AddDate(0, 0, rapid.IntRange(1, 1500).Draw(t, "now"))
}

func TestLaws_MoreSlotsKeepASuperset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items, p, now := drawItems(t), drawPolicy(t), clock(t)
		more := p
		n := rapid.SampledFrom(counts(&more)).Draw(t, "rule")
		switch {
		case *n == unlimited:
		case rapid.Bool().Draw(t, "all"):
			*n = unlimited
		default:
			*n += rapid.IntRange(1, 5).Draw(t, "more")
		}
		rapid.SampledFrom(durations(&more)).Draw(t, "longer").Days += rapid.IntRange(0, 400).Draw(t, "days")
		few, many := keptTimes(items, p.Apply(items, now)), keptTimes(items, more.Apply(items, now))
		for _, k := range few {
			if !slices.ContainsFunc(many, k.Equal) {
				t.Fatalf("%+v keeps %s, %+v does not", p, k, more)
			}
		}
	})
}

func TestLaws_NeverEmpty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items, p := drawItems(t), drawPolicy(t)
		if decisions := p.Apply(items, clock(t)); len(keptTimes(items, decisions)) == 0 {
			t.Fatalf("%+v keeps nothing", p)
		}
	})
}

func TestLaws_OrderOfInputIsIrrelevant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items, p, now := drawItems(t), drawPolicy(t), clock(t)
		other := rapid.Permutation(items).Draw(t, "other order")
		a, b := p.Apply(items, now), p.Apply(other, now)
		for i := range a {
			if x, y := items[a[i].Item].Time, other[b[i].Item].Time; !x.Equal(y) || a[i].Keep != b[i].Keep || !slices.Equal(a[i].Reasons, b[i].Reasons) {
				t.Fatalf("place %d: %s %+v and %s %+v", i, x, a[i], y, b[i])
			}
		}
	})
}

// What was kept is kept again. Months are left out: the day before the first of a month is not a month before the last.
func TestLaws_Idempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items, p, now := drawItems(t), drawPolicy(t), clock(t)
		p.MinKeep = rapid.IntRange(0, 5).Draw(t, "min_keep")
		var again []Item
		for _, d := range p.Apply(items, now) {
			if d.Keep {
				again = append(again, items[d.Item])
			}
		}
		if left := keptTimes(again, p.Apply(again, now)); len(left) != len(again) {
			t.Fatalf("%+v keeps %d, and %d of those", p, len(again), len(left))
		}
	})
}

func TestLaws_EveryDecisionIsWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items, p, now := drawItems(t), drawPolicy(t), clock(t)
		p.MinKeep = rapid.IntRange(0, 50).Draw(t, "min_keep")
		before := slices.Clone(items)
		decisions := p.Apply(items, now)
		seen := map[int]bool{}
		for i, d := range decisions {
			if seen[d.Item] || len(d.Reasons) == 0 {
				t.Fatalf("decision %d: %+v", i, d)
			}
			seen[d.Item] = true
			if i > 0 && items[d.Item].Time.After(items[decisions[i-1].Item].Time) {
				t.Fatalf("decision %d is about a newer item than the one before", i)
			}
		}
		if len(seen) != len(items) {
			t.Fatalf("%d decisions about %d items", len(seen), len(items))
		}
		if n := len(keptTimes(items, decisions)); n < min(p.MinKeep, len(items)) {
			t.Fatalf("%d are kept, min_keep is %d", n, p.MinKeep)
		}
		for i := range items {
			if !items[i].Time.Equal(before[i].Time) {
				t.Fatal("the items were put in another order")
			}
		}
	})
}
