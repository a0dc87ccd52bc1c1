package workflow

import (
	"slices"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

// checkNamed refuses addresses on the command line that are neither declared nor remembered. A slip of the pen in -target
// would otherwise make a run that does nothing, and says that all is well.
func (p *Project) checkNamed(o planner.Options, doc *state.Document) error {
	var list diag.List
	for _, flag := range []struct {
		name      string
		addresses []addr.Address
	}{
		{"target", o.Target}, {"exclude", o.Exclude}, {"take-over", o.TakeOver}, {"allow-mass-delete", o.AllowMassDelete},
	} {
		for _, a := range flag.addresses {
			if p.account(a) != nil && (flag.name == "target" || flag.name == "exclude") {
				continue // its bin (rule 21)
			}
			if slices.ContainsFunc(doc.Resources, func(r state.Resource) bool { return r.Address == a || !a.Keyed && r.Address.Block() == a }) {
				continue
			}
			if _, err := p.Config.Resolve(a.String()); err != nil {
				list = append(list, diag.Diagnostic{Summary: "unknown address", Detail: "-" + flag.name + "=" + a.String() + ": " + err.Error() + "\nNothing was changed."})
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list
}
