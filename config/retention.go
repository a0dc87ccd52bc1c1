package config

import (
	"strings"

	"github.com/megaplan/megaplan/internal/diag"
)

func (e *evaluator) retentionOf(o *object) Retention {
	r := Retention{Timezone: get[string](o, "timezone")}
	if len(o.blocks["versions"]) > 0 {
		v := o.nested["versions"]
		r.Versions = &VersionRetention{KeepLast: int(get[int64](v, "keep_last")), KeepWithin: get[string](v, "keep_within")}
		e.warnNoRule(v, "every old version stays. To keep one of each file write 1, to keep none set versions = false in the backup, to keep all write -1.")
	}
	if len(o.blocks["snapshots"]) > 0 {
		r.Snapshots = snapshotsOf(o.nested["snapshots"])
		e.warnNoRule(o.nested["snapshots"], "every snapshot stays. To keep only the newest write keep_last = 1, to keep all keep_last = -1.")
	}
	return r
}

func snapshotsOf(o *object) *SnapshotRetention {
	n := func(name string) int { return int(get[int64](o, name)) }
	d := func(name string) string { return get[string](o, name) }
	return &SnapshotRetention{
		KeepLast: n("keep_last"), KeepHourly: n("keep_hourly"), KeepDaily: n("keep_daily"),
		KeepWeekly: n("keep_weekly"), KeepMonthly: n("keep_monthly"), KeepYearly: n("keep_yearly"),
		KeepWithin: d("keep_within"), KeepWithinHourly: d("keep_within_hourly"), KeepWithinDaily: d("keep_within_daily"),
		KeepWithinWeekly: d("keep_within_weekly"), KeepWithinMonthly: d("keep_within_monthly"), KeepWithinYearly: d("keep_within_yearly"),
		KeepTags: get[[][]string](o, "keep_tags"),
		MinKeep:  n("min_keep"),
	}
}

// warnNoRule tells of rules that are all 0. As with restic 0 is a rule that is not set, so that a variable can switch it off; where
// none is left nothing is removed, which whoever wrote 0 may not have meant.
func (e *evaluator) warnNoRule(o *object, what string) {
	zero := ""
	for i := range o.schema.Attributes {
		name := o.schema.Attributes[i].Name
		if !strings.HasPrefix(name, "keep_") || !o.given[name] {
			continue
		}
		switch v := o.values[name].(type) {
		case int64:
			if v != 0 {
				return
			}
		case [][]string:
			if len(v) > 0 {
				return
			}
			continue
		default:
			return
		}
		if zero == "" {
			zero = name
		}
	}
	if zero != "" && !o.broken {
		e.add(o.at(zero), "retention keeps everything", "%s = 0 is no rule, and there is no other: %s", zero, what)
		e.list[len(e.list)-1].Severity = diag.Warning
	}
}
