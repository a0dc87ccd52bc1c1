package planner

import (
	"slices"
	"strings"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
)

// emitDestroyed takes whole addresses away, the deepest first, so that a folder can go once the backups in it are gone.
func (p *planning) emitDestroyed() {
	var list []*target
	for _, t := range p.targets {
		if t.out.Status == Destroyed && !t.refused {
			list = append(list, t)
		}
	}
	slices.SortStableFunc(list, func(a, b *target) int {
		return strings.Count(string(b.out.Path), "/") - strings.Count(string(a.out.Path), "/")
	})
	for _, t := range list {
		if t.prior != nil {
			p.destroy(t)
		}
	}
}

// destroy removes what the address owns and then forgets it. Its root goes too if nothing stays in it.
func (p *planning) destroy(t *target) {
	mark := len(p.plan.Actions)
	reason := "removed from state"
	if t.root != tree.None && t.policy.onDelete != config.DeleteKeep && t.rootIsOurs() {
		delete(t.account.passage, t.root)
		pr := pruner{emitter: &emitter{target: t}, mine: true, why: "the " + string(t.out.Address.Kind) + " is taken away"}
		t.removal = pr.prune(t.root, "", true).action
	} else if t.root != tree.None {
		reason = "removed from state; its files stay on MEGA"
	}
	var before []ActionID
	for i := mark; i < len(p.plan.Actions); i++ {
		before = append(before, p.plan.Actions[i].ID)
	}
	p.act(Action{Address: t.out.Address, Kind: Forget, Path: t.out.Path, Reason: reason, Needs: before})
}

// rootIsOurs says whether the folder at the path is the one state knows.
func (t *target) rootIsOurs() bool {
	return t.remote().Handle(t.root) == t.prior.Resource.Root
}

// emitForgotten forgets addresses that left the configuration (rule 3). What another host applied last is only shown.
func (p *planning) emitForgotten() {
	for _, t := range p.targets {
		if t.out.Status != Forgotten || t.out.Host != "" {
			continue
		}
		reason := "no longer in the configuration; its files stay on MEGA"
		for _, heir := range p.targets {
			if heir != t && heir.out.Prior == t.out.Address {
				reason = "its name is " + heir.out.Address.String() + " now"
				if heir.out.Status == Excluded || heir.out.Status == NotHere || heir.refused {
					reason = "" // nobody writes the heir's entry in this run, so the old one must stay
				}
			}
		}
		if reason != "" {
			p.act(Action{Address: t.out.Address, Kind: Forget, Path: t.out.Path, Reason: reason})
		}
	}
}
