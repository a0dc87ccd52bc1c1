package ui

import (
	"fmt"
	"strings"

	"github.com/megaplan/megaplan/planner"
)

// retention sums up what a backup's retention lets go and what it keeps; with -verbose also why each version and snapshot stays.
func (s *Screen) retention(t *planner.Target, actions []*planner.Action) {
	for _, text := range retentionSums(t, actions) {
		s.printf("\n%s  %s\n", s.paint(Bold, "Retention"), text)
	}
	if !s.Verbose {
		return
	}
	for _, v := range t.Versions {
		s.printf("    %s\n", s.paint(Dim, fmt.Sprintf("stays: %s (%s)", display(v.Path, false), v.Reason)))
	}
	for _, f := range t.Fates {
		if f.Keep {
			s.printf("    %s\n", s.paint(Dim, fmt.Sprintf("stays: %s/ (%s)", f.Snapshot.Name, strings.Join(f.Reasons, "; "))))
		}
	}
}

// retentionSums say how much expires, and how much stays.
func retentionSums(t *planner.Target, actions []*planner.Action) (sums []string) {
	for _, of := range []struct {
		kind planner.Kind
		name string
	}{{planner.ExpireVersion, "versions"}, {planner.ExpireSnapshot, "snapshots"}} {
		var gone, bytes int64
		for _, a := range actions {
			if a.Kind == of.kind {
				gone++
				bytes += a.Bytes
			}
		}
		if gone == 0 || t.Undoes != "" { // a rollback takes away what its run made, whatever retention says
			continue
		}
		text := fmt.Sprintf("%s: %s expire", of.name, Count(gone))
		if gone == 1 {
			text += "s"
		}
		stay := int64(len(t.Versions))
		if of.kind == planner.ExpireSnapshot {
			stay = int64(len(t.Fates)) - gone
		}
		if text += fmt.Sprintf(", %s stay", Count(stay)); stay == 1 {
			text += "s"
		}
		if of.kind == planner.ExpireVersion {
			text += " of the same files"
		}
		sums = append(sums, text+", "+Size(bytes))
	}
	return sums
}

// FateView is what retention does with a snapshot, and why.
type FateView struct {
	Snapshot string   `json:"snapshot"`
	Keep     bool     `json:"keep"`
	Reasons  []string `json:"reasons"`
	Complete bool     `json:"complete"`
}

func viewFates(fates []planner.Fate) []FateView {
	var views []FateView
	for _, f := range fates {
		views = append(views, FateView{f.Snapshot.Name, f.Keep, f.Reasons, f.Snapshot.Complete})
	}
	return views
}
