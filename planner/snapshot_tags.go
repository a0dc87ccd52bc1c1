package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/megaplan/megaplan/config"
)

// unusedTags warns about tags that nothing of this plan gets: who tags a release must not believe that it is tagged.
func (p *planning) unusedTags() {
	tags := p.in.Options.Tags
	if len(tags) == 0 || slices.ContainsFunc(p.plan.Actions, func(a Action) bool { return a.Kind == PublishSnapshot }) {
		return
	}
	detail := "No backup of this plan has mode = \"snapshots\"."
	for _, t := range p.active() {
		if t.backup != nil && t.backup.Mode == config.ModeSnapshots {
			detail = fmt.Sprintf("The newest snapshot of %s is what the source is. To tag that one:\nmegaplan snapshots tag '%s' latest %s",
				t.out.Address, t.out.Address, strings.Join(tags, " "))
			break
		}
	}
	p.warn(nil, "no snapshot is made, and so none is tagged", detail)
}
