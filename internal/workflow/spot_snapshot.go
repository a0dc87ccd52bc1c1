package workflow

import (
	"fmt"
	"strings"
	"time"

	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
)

// findInSnapshot finds a path below an address that keeps snapshots and that does not begin with the name of one: in the newest
// complete one or, if the path begins with what stands for a snapshot (see [snapshot.Pick]), in that one.
func (p *Project) findInSnapshot(s *Spot, base, below tree.Path) (found bool, err error) {
	if s.under == nil || below == "" {
		return false, nil
	}
	top := Spot{account: s.account}
	if top.nodes, err = s.account.at(base); err != nil {
		return false, err
	}
	on, err := top.shelf()
	if err != nil {
		return false, err
	}
	type try struct {
		in   snapshot.Snapshot
		path tree.Path
	}
	var tries []try
	if newest, ok := snapshot.Newest(on.published, time.Time{}); ok {
		tries = append(tries, try{newest, below})
	}
	first, rest, _ := strings.Cut(string(below), "/")
	if picked, err := snapshot.Pick(on.published, first); err == nil {
		tries = append(tries, try{picked, tree.Path(rest)})
	}
	for _, t := range tries {
		s.path = joined(base.Join(t.in.Name), t.path)
		if s.nodes, err = s.account.at(s.path); err != nil {
			return false, err
		}
		if len(s.nodes) > 0 {
			p.Observer.Say(fmt.Sprintf("From the snapshot %s of %s.", t.in.Name, s.under.address))
			return true, nil
		}
	}
	return false, nil
}
