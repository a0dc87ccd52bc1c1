package planner

import (
	"fmt"
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/state"
)

// checks evaluates the check blocks against what the plan leads to; under DriftOnly, against what is there.
func (p *planning) checks() {
	outlook := p.plan.Totals().Quota
	for _, c := range p.in.Config.Checks {
		for _, t := range p.targets {
			if t.out.Address == c.Backup && t.out.Status == Active {
				p.check(c, t, outlook)
			}
		}
	}
}

func (p *planning) check(c config.Check, t *target, outlook []QuotaOutlook) {
	r := CheckResult{Address: c.Address, Backup: c.Backup, OK: true}
	fail := func(format string, args ...any) {
		if r.Detail != "" {
			r.Detail += "; "
		}
		r.Detail += fmt.Sprintf(format, args...)
		r.OK = false
	}
	if c.MaxAge > 0 {
		last := t.out.LastSuccess
		switch age := p.in.Now.Sub(last); {
		case last.IsZero():
			fail("%s was never applied, max_age is %s", t.out.Address, Span(c.MaxAge))
		case age > c.MaxAge:
			fail("last applied %s ago, max_age is %s", Span(age.Round(time.Minute)), Span(c.MaxAge))
		}
	}
	aged := !r.OK
	r.OK = true
	have := p.filesAfter(t)
	if c.MinFiles >= 0 && have < c.MinFiles {
		fail("%s, min_files is %d", count(have, "file"), c.MinFiles)
	}
	if c.MaxFiles >= 0 && have > c.MaxFiles {
		fail("%s, max_files is %d", count(have, "file"), c.MaxFiles)
	}
	if c.VerifySample > 0 {
		if why := p.unverified(c, t); why != "" {
			fail("%s", why)
		}
	}
	for _, q := range outlook {
		if q.Account != t.out.Account || !c.QuotaFree.Set || q.Total == 0 {
			continue
		}
		want := c.QuotaFree.Count
		if c.QuotaFree.IsPercent {
			want = int64(float64(q.Total) * c.QuotaFree.Percent / 100)
		}
		if free := q.Total - q.After; free < want {
			fail("%s free, quota_free is %s", size(free), size(want))
		}
	}
	r.Aged = aged && r.OK
	r.OK = r.OK && !aged
	if r.OK {
		r.Detail = "fine"
	}
	p.plan.Checks = append(p.plan.Checks, r)
}

// unverified says why the last verification does not do; "" if it does.
func (p *planning) unverified(c config.Check, t *target) string {
	var v state.Verification
	if t.prior != nil {
		v = t.prior.Resource.Verified
	}
	age := p.in.Now.Sub(v.Time)
	switch {
	case v.Time.IsZero():
		return fmt.Sprintf("never verified: megaplan verify -sample=%g%% %s", c.VerifySample, t.out.Address)
	case v.Differences > 0:
		return fmt.Sprintf("the last verification found %s", count(v.Differences, "difference"))
	case v.Percent < c.VerifySample:
		return fmt.Sprintf("last verified by %g%% of its files, verify_sample is %g%%", v.Percent, c.VerifySample)
	case v.Percent >= 100 && v.Files > 0 && v.Equal == 0 && !v.Downloaded:
		return fmt.Sprintf("the last verification proved none of %s: they changed here before it; apply first, or verify -download", count(v.Files, "file"))
	case c.VerifyEvery > 0 && age > c.VerifyEvery:
		return fmt.Sprintf("last verified %s ago, every is %s", Span(age.Round(time.Minute)), Span(c.VerifyEvery))
	}
	return ""
}

// filesAfter counts the files the backup owns once the plan is applied: what an audit alone finds, if there is no more.
func (p *planning) filesAfter(t *target) int64 {
	if t.series != nil {
		return t.newestFiles()
	}
	if len(t.rows) > 0 {
		return t.tally.owned + t.tally.created - t.tally.gone - t.tally.outdone
	}
	if t.prior == nil || t.root == 0 && t.out.Path != "" || t.account == nil {
		return 0
	}
	gone := map[int]bool{}
	for _, h := range t.out.Drop {
		gone[t.owned.find(h)] = true
	}
	var n int64
	for i, e := range t.owned.entries {
		if !e.Dir && !gone[i] {
			n++
		}
	}
	return n
}
