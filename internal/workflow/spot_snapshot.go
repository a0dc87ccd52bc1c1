package workflow

import (
	"fmt"
	"strings"
	"time"

	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
)

// inSnapshot is a file of a snapshot.
type inSnapshot struct {
	snapshot string
	path     tree.Path
	node     tree.Node
}

// findInSnapshot finds a path below an address that keeps snapshots and that does not begin with the name of one: in the newest
// complete one or, if the path begins with what stands for a snapshot (see [snapshot.Pick]), in that one.
func (p *Project) findInSnapshot(s *Spot, base, below tree.Path) (found bool, err error) {
	if s.under == nil || below == "" {
		return false, nil
	}
	published, err := s.publishedAt(base)
	if err != nil {
		return false, err
	}
	type try struct {
		in   snapshot.Snapshot
		path tree.Path
	}
	var tries []try
	if newest, ok := snapshot.Newest(published, time.Time{}); ok {
		tries = append(tries, try{newest, below})
	}
	first, rest, _ := strings.Cut(string(below), "/")
	picked, err := snapshot.Pick(published, first)
	if err == nil {
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

// publishedAt lists the snapshots in a folder, the newest first.
func (s *Spot) publishedAt(base tree.Path) ([]snapshot.Snapshot, error) {
	top := Spot{account: s.account}
	var err error
	if top.nodes, err = s.account.at(base); err != nil {
		return nil, err
	}
	on, err := top.shelf()
	return on.published, err
}

// inEach finds the files at a path in each of an address's snapshots, the newest first; none if the path begins with what stands
// for one snapshot.
func (s *Spot) inEach(base, below tree.Path) ([]inSnapshot, error) {
	if s.under == nil || below == "" {
		return nil, nil
	}
	published, err := s.publishedAt(base)
	if err != nil {
		return nil, err
	}
	first, _, _ := strings.Cut(string(below), "/")
	if _, err := snapshot.Pick(published, first); err == nil {
		return nil, nil
	}
	var files []inSnapshot
	for _, one := range published {
		path := joined(base.Join(one.Name), below)
		nodes, err := s.account.at(path)
		if err != nil {
			return nil, err
		}
		for _, n := range nodes {
			if n.Kind.HasContent() {
				files = append(files, inSnapshot{one.Name, path, n})
			}
		}
	}
	return files, nil
}
