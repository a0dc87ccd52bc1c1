package retention

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// unlimited is a count that is never used up.
const unlimited = -1

// rule is one rule at work: it is asked about all items, newest first.
type rule interface {
	// judge says whether the rule keeps the item, and why or why not. oldest marks the last item.
	judge(item Item, oldest bool) (keep bool, why string)
}

// period names the stretch of the calendar that a time lies in.
type period func(t time.Time) string

func hour(t time.Time) string  { return t.Format("2006-01-02 15h") }
func day(t time.Time) string   { return t.Format(time.DateOnly) }
func month(t time.Time) string { return t.Format("2006-01") }
func year(t time.Time) string  { return t.Format("2006") }

// week is the ISO week, Monday to Sunday, whose year may differ from that of its days.
func week(t time.Time) string {
	year, n := t.ISOWeek()
	return fmt.Sprintf("%d-W%02d", year, n)
}

// run follows the periods of items that come newest first.
type run struct {
	of   period // nil: each item is a period of its own
	last string
	any  bool
}

// enter moves on to the item's period and says whether it is another one than that of the item that was kept before.
func (r *run) enter(t time.Time) (fresh bool) {
	if r.of == nil {
		return true
	}
	now := r.of(t)
	fresh = !r.any || now != r.last
	r.last, r.any = now, true
	return fresh
}

// countRule keeps the newest item of each of the last so many periods.
type countRule struct {
	name        string
	slots, left int
	run         run
}

func (r *countRule) judge(item Item, oldest bool) (bool, string) {
	if r.left == 0 {
		return false, fmt.Sprintf("%s: newer ones take all slots (%d)", r.name, r.slots)
	}
	fresh := r.run.enter(item.Time)
	if !fresh && !oldest {
		return false, fmt.Sprintf("%s: %s has a newer one", r.name, r.run.last)
	}
	if r.left > 0 {
		r.left--
	}
	if !fresh {
		return true, "oldest " + r.name
	}
	return true, r.name
}

// withinRule keeps the items after a moment, or the newest of each period after it.
type withinRule struct {
	name   string
	within Duration
	after  time.Time
	run    run
}

func (r *withinRule) judge(item Item, oldest bool) (bool, string) {
	name := r.name + " " + r.within.String()
	if !item.Time.After(r.after) {
		return false, name + ": it is older"
	}
	fresh := r.run.enter(item.Time)
	switch {
	case fresh:
		return true, name
	case oldest:
		return true, "oldest " + name
	}
	return false, fmt.Sprintf("%s: %s has a newer one", name, r.run.last)
}

// tagRule keeps the items that have all of its tags.
type tagRule struct{ tags []string }

func (r *tagRule) judge(item Item, _ bool) (bool, string) {
	for _, tag := range r.tags {
		if tag == "" && len(item.Tags) == 0 {
			return true, "no tags"
		}
		if !slices.Contains(item.Tags, tag) {
			return false, fmt.Sprintf("tags: it lacks %q", tag)
		}
	}
	return true, "tags " + strings.Join(r.tags, ", ")
}

func reasonMinKeep(n int) string { return fmt.Sprintf("min_keep = %d", n) }
