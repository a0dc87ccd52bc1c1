package planner

import "github.com/megaplan/megaplan/internal/addr"

// Totals sums the plan up.
func (p *Plan) Totals() Totals {
	t := Totals{Actions: map[Kind]int64{}}
	byAccount := map[addr.Address]int{}
	for i, q := range p.Quotas {
		byAccount[q.Account] = i
		t.Quota = append(t.Quota, QuotaOutlook{
			Account: q.Account, Used: q.Used, Total: q.Total, Peak: q.Used, After: q.Used, TrashKeep: q.TrashKeep,
		})
	}
	outlook := map[addr.Address]*QuotaOutlook{}
	for i := range p.Targets {
		if k, ok := byAccount[p.Targets[i].Account]; ok {
			outlook[p.Targets[i].Address] = &t.Quota[k]
		}
	}
	for i := range p.Actions {
		a := &p.Actions[i]
		t.Actions[a.Kind]++
		before := t.TrashedBytes
		added, freed := t.add(a)
		if q := outlook[a.Address]; q != nil {
			q.Peak += added
			q.After += added - freed
			q.Trashed += t.TrashedBytes - before
		}
	}
	return t
}

// add counts an action's bytes and returns what it adds to the account and what it frees. Trash frees nothing (rule 19).
func (t *Totals) add(a *Action) (added, freed int64) {
	switch a.Kind {
	case Upload:
		t.UploadBytes += a.Bytes
		added = a.Bytes
	case Update:
		if a.Sends() {
			t.UpdateBytes += a.Bytes
		} else {
			t.CopiedBytes += a.Bytes
		}
		added = a.Bytes
		if a.Replace && !a.KeepVersion {
			freed = a.Remote.Size
		}
	case Copy:
		t.CopiedBytes += a.Bytes
		added = a.Bytes
	case Trash, MergeFolder:
		t.TrashedBytes += a.Bytes
	case ExpireSnapshot:
		if a.Purge {
			freed = a.Bytes
		} else {
			t.TrashedBytes += a.Bytes
		}
	case Destroy, ExpireVersion, ExpireTrash:
		freed = a.Bytes
	}
	t.FreedBytes += freed
	return added, freed
}
