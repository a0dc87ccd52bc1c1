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
)

// SnapshotFates judges a list of snapshots, newest first, by a backup's retention; the fates have the list's order. Days and
// weeks are those of retention { timezone }. One that is not complete takes no slot from those that are: it stays while it
// would stay if it were. The newest complete one and pinned ones never go (rule 24).
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
	all := make([]retention.Item, len(list))
	var complete []int
	for i, s := range list {
		fates[i].Snapshot, all[i] = s, retention.Item{Time: s.Began.In(zone), Tags: s.Tags}
		if s.Complete {
			complete = append(complete, i)
		}
	}
	counted := make([]retention.Item, len(complete))
	for i, of := range complete {
		counted[i] = all[of]
	}
	for _, d := range policy.Apply(counted, now) {
		f := &fates[complete[d.Item]]
		f.Keep, f.Reasons = d.Keep, d.Reasons
	}
	policy.MinKeep = 0
	for _, d := range policy.Apply(all, now) {
		if f := &fates[d.Item]; !f.Snapshot.Complete {
			f.Keep, f.Reasons = d.Keep, d.Reasons
		}
	}
	if len(complete) > 0 {
		fates[complete[0]].save(fateNewest)
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
