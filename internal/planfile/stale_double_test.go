package planfile

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

// TestRule20_APlanKnowsForWhoseSakeItDestroys: when the file that holds the same content went meanwhile, the plan is stale.
func TestRule20_APlanKnowsForWhoseSakeItDestroys(t *testing.T) {
	s := sample()
	s.Plan.Actions = []planner.Action{{
		ID: 1, Address: docs, Kind: planner.Destroy, Path: "B/docs/u", Original: 42,
		Remote: planner.Remote{Handle: 40, Parent: 9, Name: "u", Size: 4},
	}}
	if diff := cmp.Diff([]string{"/B/docs/u was changed, moved or deleted by another client"}, s.Stale(main1, []Touched{{Handle: 42}})); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if got := s.StaleNow(main1, account(func(map[string]*tree.Node) {})); got != nil {
		t.Errorf("nothing has changed: %v", got)
	}
	gone := account(func(n map[string]*tree.Node) { delete(n, "B/docs/old/inner") })
	if diff := cmp.Diff([]string{"the other file /B/docs/u, which holds the same, is gone or in the trash"}, s.StaleNow(main1, gone)); diff != "" {
		t.Errorf("a fresh tree (-want +got):\n%s", diff)
	}
}
