package planner

import "github.com/megaplan/megaplan/internal/addr"

// SourcesNeeded returns the backups whose sources Step wants to see: those that take part on this host. It looks at
// configuration, state and options only, so that sources can be scanned while the accounts are read.
func SourcesNeeded(in Input) []addr.Address {
	o := in.Options
	if o.DriftOnly || o.RefreshOnly || o.Rollback {
		return nil
	}
	p := newPlanning(in, nil)
	p.resolve()
	var needed []addr.Address
	for _, t := range p.targets {
		if t.backup != nil && t.out.Status == Active {
			needed = append(needed, t.out.Address)
		}
	}
	return needed
}

// Selected says whether -target and -exclude let an address take part.
func Selected(o Options, a addr.Address) bool {
	return (len(o.Target) == 0 || named(o.Target, a)) && !named(o.Exclude, a)
}
