package planner

import (
	"fmt"
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/retention"
	"github.com/megaplan/megaplan/internal/snapshot"
)

// Fate is what retention does with a published snapshot.
type Fate struct {
	Snapshot snapshot.Snapshot
	Keep     bool
	// Reasons say why it is kept or, if it goes, for each rule why it does not keep it. There is at least one.
	Reasons []string
}

// The reasons to keep a snapshot that are not rules of its retention.
const (
	fatePinned = "pinned"
	fateNewest = "newest complete one"
	fateLast   = "newest one"
	fateFuture = "dated in the future: its clock was wrong"
)

// SnapshotFates judges a list of snapshots, newest first, by a backup's retention; the fates have the list's order. Days and
// weeks are those of retention { timezone }. One that is not complete takes no slot from those that are: it stays while it
// would stay if it were. The newest complete one, the newest of all, which the next one is compared with, and pinned ones never go
// (rule 24). One that is dated in the future is left to people, and counts for nothing.
func SnapshotFates(r config.Retention, list []snapshot.Snapshot, now time.Time) ([]Fate, error) {
	policy, err := snapshotPolicy(r.Snapshots)
	if err != nil {
		return nil, err
	}
	zone, err := r.Location()
	if err != nil {
		return nil, err
	}
	fates := make([]Fate, len(list))
	for i, s := range list {
		fates[i].Snapshot = s
	}
	past := snapshot.Past(list, now)
	all := make([]retention.Item, len(past))
	present := fates[len(list)-len(past):]
	var complete []int
	for i, s := range past {
		all[i] = retention.Item{Time: s.Began.In(zone), Tags: s.Tags}
		if s.Complete {
			complete = append(complete, i)
		}
	}
	counted := make([]retention.Item, len(complete))
	for i, of := range complete {
		counted[i] = all[of]
	}
	for _, d := range policy.Apply(counted, now) {
		f := &present[complete[d.Item]]
		f.Keep, f.Reasons = d.Keep, d.Reasons
	}
	policy.MinKeep = 0
	for _, d := range policy.Apply(all, now) {
		if f := &present[d.Item]; !f.Snapshot.Complete {
			f.Keep, f.Reasons = d.Keep, d.Reasons
		}
	}
	if len(complete) > 0 {
		present[complete[0]].save(fateNewest)
	}
	if len(present) > 0 && !present[0].Keep {
		present[0].save(fateLast)
	}
	for i := range fates[:len(list)-len(past)] {
		fates[i].save(fateFuture)
	}
	for i := range fates {
		if fates[i].Snapshot.Pin {
			fates[i].save(fatePinned)
		}
	}
	return fates, nil
}

// save keeps a snapshot whatever the rules say; they keep their word where they keep it too.
func (f *Fate) save(reason string) {
	if !f.Keep {
		f.Keep, f.Reasons = true, nil
	}
	f.Reasons = append([]string{reason}, f.Reasons...)
}

// snapshotPolicy reads retention { snapshots }; without the block everything is kept.
func snapshotPolicy(c *config.SnapshotRetention) (p retention.Policy, err error) {
	if c == nil {
		return p, nil
	}
	p = retention.Policy{
		Last: c.KeepLast, Hourly: c.KeepHourly, Daily: c.KeepDaily, Weekly: c.KeepWeekly, Monthly: c.KeepMonthly, Yearly: c.KeepYearly,
		Tags: c.KeepTags, MinKeep: c.MinKeep,
	}
	for _, d := range []struct {
		name, text string
		to         *retention.Duration
	}{
		{"keep_within", c.KeepWithin, &p.Within},
		{"keep_within_hourly", c.KeepWithinHourly, &p.WithinHourly},
		{"keep_within_daily", c.KeepWithinDaily, &p.WithinDaily},
		{"keep_within_weekly", c.KeepWithinWeekly, &p.WithinWeekly},
		{"keep_within_monthly", c.KeepWithinMonthly, &p.WithinMonthly},
		{"keep_within_yearly", c.KeepWithinYearly, &p.WithinYearly},
	} {
		if *d.to, err = retention.ParseDuration(d.text); err != nil {
			return p, fmt.Errorf("%s: %w", d.name, err)
		}
	}
	return p, nil
}
