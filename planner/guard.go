package planner

import (
	"fmt"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
)

// smallest is how many files a percentage never goes below (rule 17).
const smallest = 20

// sourceFailures say what each failure means, of a source as it is written, and what to do about it.
var sourceFailures = map[SourceFailure]struct{ summary, detail, remedy string }{
	SourceMissing:    {"source is missing", "%s does not exist", "Is its disk mounted?"},
	SourceNotDir:     {"source is no directory", "%s is not a directory", "A source is a directory: name the one it is in, and pick it with include."},
	SourceUnreadable: {"source cannot be read", "%s cannot be read", "Check its permissions, and that its disk is well."},
	SourceNoMarker:   {"source lacks its marker", "%s lacks its marker file", "Is its disk mounted?"},
}

// checkSource refuses a source that is not there, or that is empty where it was not (rule 8). It says whether the source
// can be compared.
func (p *planning) checkSource(t *target) bool {
	s := t.source
	if s == nil || s.Tree == nil && s.Failure == SourceOK {
		panic("planner: no source for " + t.out.Address.String())
	}
	written := t.out.Written
	if written == "" {
		written = t.out.Source
	}
	if s.Failure != SourceOK {
		why := sourceFailures[s.Failure]
		detail := fmt.Sprintf(why.detail, written)
		if s.Detail != "" && s.Detail != written {
			detail += ": " + s.Detail
		}
		p.refuseAt(8, t, why.summary, detail+". "+why.remedy+" Nothing was changed.")
		return false
	}
	if p.mayDeleteMuch(t) || hasContent(s.Tree) {
		return true
	}
	files := int64(0)
	if t.root != tree.None {
		files = t.countFiles(t.root)
	}
	if t.prior != nil && files == 0 {
		for _, e := range t.prior.Manifest {
			if !e.Dir {
				files++
			}
		}
	}
	if files == 0 {
		return true
	}
	p.refuseAt(8, t, "source is empty", fmt.Sprintf(
		"%s has no files, but the backup holds %s. An unmounted disk looks like this.\nNothing was changed. If it really is empty: "+
			"megaplan apply -allow-mass-delete=%s", written, count(files, "file"), t.out.Address))
	return false
}

// refuseAt refuses at the place where the source is written.
func (p *planning) refuseAt(rule int, t *target, summary, detail string) {
	p.refuse(rule, t, summary, detail)
	if at := t.backup.SourceRange; !at.IsZero() {
		p.plan.Refusals[len(p.plan.Refusals)-1].Diagnostic.Subject = at
	}
}

func hasContent(t *tree.Tree) bool {
	for id := range tree.ID(t.Len()) {
		if t.Kind(id).HasContent() {
			return true
		}
	}
	return false
}

func (p *planning) mayDeleteMuch(t *target) bool {
	return p.in.Options.AllowMassDeleteAll || named(p.in.Options.AllowMassDelete, t.out.Address)
}

// guard refuses plans that do too much: the limits (rule 17) and the quota (rule 19).
func (p *planning) guard() {
	for _, t := range p.active() {
		t.warnings()
		if !p.mayDeleteMuch(t) {
			p.guardLimits(t)
		}
	}
	p.guardQuota()
}

func (t *target) warnings() {
	if t.caseClash > 0 {
		differ := "differ"
		if t.caseClash == 1 {
			differ = "differs"
		}
		t.p.warn(t, "names differ only in case", fmt.Sprintf(
			"%s in the source %s from another only in case, such as %s. They are kept apart on MEGA, but cannot be restored to a file system that ignores case.",
			count(int64(t.caseClash), "name"), differ, t.caseSample))
	}
	if t.spares > 0 {
		have, left := "have", "They are"
		if t.spares == 1 {
			have, left = "has", "It is"
		}
		t.p.warn(t, "several nodes of one name", fmt.Sprintf(
			"%s of %s on MEGA %s a name that another one in the same folder has too. %s left alone.",
			count(int64(t.spares), "node"), t.out.Address, have, left))
	}
}

func (p *planning) guardLimits(t *target) {
	c := t.tally
	limit := t.out.Lifecycle.MaxDelete
	if !limit.Set {
		limit = config.Limit{Set: true, IsPercent: true, Percent: 50}
	}
	way := fmt.Sprintf("Nothing was changed. If this is meant: -allow-mass-delete=%s, or another ", t.out.Address)
	if most := allowed(limit, c.owned); c.deleted > most {
		p.refuse(17, t, "too much would be deleted", fmt.Sprintf("%d of %s in %s would be trashed, deleted, or overwritten without a version; max_delete allows %s. %s.",
			c.deleted, count(c.owned, "file"), t.out.Address, limitText(limit, most), way+"max_delete"))
	}
	if limit := t.out.Lifecycle.MaxUpdate; limit.Set {
		if most := allowed(limit, c.owned); c.rewritten > most {
			p.refuse(17, t, "too much would be rewritten", fmt.Sprintf("%d of %s in %s would be rewritten; max_update allows %s. %s.",
				c.rewritten, count(c.owned, "file"), t.out.Address, limitText(limit, most), way+"max_update"))
		}
	}
	if t.backup != nil && c.owned > 0 && c.gone >= c.owned && c.created == 0 {
		p.refuse(17, t, "the backup would be empty", fmt.Sprintf(
			"This plan would delete all %s of %s. Nothing was changed. If this is meant: -allow-mass-delete=%s, or megaplan destroy -target=%s.",
			count(c.owned, "file"), t.out.Address, t.out.Address, t.out.Address))
	}
}

// allowed is how many of owned files a limit lets go.
func allowed(l config.Limit, owned int64) int64 {
	if !l.IsPercent {
		return l.Count
	}
	if l.Percent == 0 {
		return 0
	}
	return max(smallest, int64(float64(owned)*l.Percent/100))
}

func limitText(l config.Limit, most int64) string {
	if l.IsPercent {
		return fmt.Sprintf("%g%%, which is %s", l.Percent, count(most, "file"))
	}
	return count(most, "file")
}

// guardQuota refuses a plan that does not fit at its peak: uploads come before anything is freed.
func (p *planning) guardQuota() {
	for _, q := range p.plan.Totals().Quota {
		if q.Total == 0 || q.Peak <= q.Total || q.Peak == q.Used {
			continue
		}
		p.refuse(19, nil, "over quota", fmt.Sprintf(
			"%s has %s of %s in use. This plan needs %s more at its peak, and is short by %s (%d bytes). Nothing was changed. %s",
			q.Account, size(q.Used), size(q.Total), size(q.Peak-q.Used), size(q.Peak-q.Total), q.Peak-q.Total, p.wayToFit(q.Account)))
		r := &p.plan.Refusals[len(p.plan.Refusals)-1]
		r.Quota, r.Address, r.Diagnostic.Address = true, q.Account, q.Account.String()
	}
}

// wayToFit says what helps an account that is too full. A snapshot counts in full, and older ones go only after it (rule 24).
func (p *planning) wayToFit(account addr.Address) string {
	for _, t := range p.targets {
		if t.out.Account == account && t.series != nil && t.making() {
			return fmt.Sprintf("%s makes a snapshot, which counts in full beside the older ones until it is published: `megaplan snapshots` says what each "+
				"takes. Free some space (what is in the trash counts, too), or use mode = \"mirror\" with versions.", t.out.Address)
		}
	}
	return "Free some space, or back up less."
}
