package retention

import (
	"slices"
	"time"
)

// Policy says what is kept. The zero value keeps everything, and so does one with nothing but MinKeep.
type Policy struct {
	// Counts of slots: 0 is no rule, -1 no limit.
	Last, Hourly, Daily, Weekly, Monthly, Yearly int
	// Durations back from the newest item that is not in the future; the zero Duration is no rule. Within keeps all items,
	// the others the newest of each period.
	Within, WithinHourly, WithinDaily, WithinWeekly, WithinMonthly, WithinYearly Duration
	// Tags keep the items that have all tags of one of the lists. The tag "" stands for having no tags at all.
	Tags [][]string
	// MinKeep keeps the newest of what the rules would remove until so many items are kept in all; 0 adds nothing.
	MinKeep int
}

// Item is one point in time that may be kept.
type Item struct {
	Time time.Time
	Tags []string
}

// Decision is what becomes of one item.
type Decision struct {
	// Item is its place in the slice given to Apply.
	Item int
	Keep bool
	// Reasons say which rules keep the item; or, if it goes, for each rule why it does not keep it. There is at least one.
	Reasons []string
}

// Empty says whether no rule is set.
func (p Policy) Empty() bool { return len(p.rules(time.Time{})) == 0 }

// Apply judges the items, newest first; among items of the same time the one that comes first in items counts as newer.
// The items are left as they are.
func (p Policy) Apply(items []Item, now time.Time) []Decision {
	decisions := make([]Decision, len(items))
	for i := range items {
		decisions[i].Item = i
	}
	slices.SortStableFunc(decisions, func(a, b Decision) int { return items[b.Item].Time.Compare(items[a.Item].Time) })
	rules := p.rules(newest(items, now))
	for i := range decisions {
		d := &decisions[i]
		decide(d, rules, items[d.Item], i == len(decisions)-1)
	}
	p.fill(decisions)
	return decisions
}

func decide(d *Decision, rules []rule, item Item, oldest bool) {
	if len(rules) == 0 {
		d.Keep, d.Reasons = true, []string{"no rule: everything is kept"}
		return
	}
	var missed []string
	for i := range rules {
		keep, why := rules[i].judge(item, oldest)
		if keep {
			d.Keep, d.Reasons = true, append(d.Reasons, why)
		} else {
			missed = append(missed, why)
		}
	}
	if !d.Keep {
		d.Reasons = missed
	}
}

// fill keeps the newest removed items until MinKeep are kept.
func (p Policy) fill(decisions []Decision) {
	kept := 0
	for _, d := range decisions {
		if d.Keep {
			kept++
		}
	}
	for i := 0; i < len(decisions) && kept < p.MinKeep; i++ {
		if d := &decisions[i]; !d.Keep {
			d.Keep, d.Reasons = true, []string{reasonMinKeep(p.MinKeep)}
			kept++
		}
	}
}

// newest is the time of the newest item that is not in the future; the zero time, long before all others, if there is none.
func newest(items []Item, now time.Time) time.Time {
	var found time.Time
	for _, item := range items {
		if !item.Time.After(now) && item.Time.After(found) {
			found = item.Time
		}
	}
	return found
}

// rules are the rules that are set, in the order their reasons are given.
func (p Policy) rules(newest time.Time) []rule {
	var rules []rule
	for _, tags := range p.Tags {
		rules = append(rules, &tagRule{tags})
	}
	add := func(name string, within Duration, period period) {
		if !within.IsZero() {
			rules = append(rules, &withinRule{name: name, within: within, after: within.before(newest), run: run{of: period}})
		}
	}
	add("within", p.Within, nil)
	for _, c := range []struct {
		name   string
		slots  int
		period period
	}{
		{"last", p.Last, nil},
		{"hourly", p.Hourly, hour},
		{"daily", p.Daily, day},
		{"weekly", p.Weekly, week},
		{"monthly", p.Monthly, month},
		{"yearly", p.Yearly, year},
	} {
		if c.slots > 0 || c.slots == unlimited {
			rules = append(rules, &countRule{name: c.name, slots: c.slots, left: c.slots, run: run{of: c.period}})
		}
	}
	add("hourly within", p.WithinHourly, hour)
	add("daily within", p.WithinDaily, day)
	add("weekly within", p.WithinWeekly, week)
	add("monthly within", p.WithinMonthly, month)
	add("yearly within", p.WithinYearly, year)
	return rules
}
