package state_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/state"
	"github.com/megaplan/megaplan/state/statetest"
)

// A verification takes no lease, raises no serial, and is not lost to a run that was under way.
func TestRule29_VerificationBesideARun(t *testing.T) {
	var b statetest.Memory
	s := host(&b, "one")
	h := lease(t, s, photos)
	save(t, h, owning(photos, "a"))
	before := resource(t, s, photos)
	found := state.Verification{Time: time.Date(2026, 3, 1, 2, 30, 0, 0, time.UTC), Percent: 100, Files: 1, Equal: 1}
	must(t, s.Edit(t.Context(), "verify", func(d *state.Document) error {
		d.Resources[0].Verified = found
		return nil
	}))
	after := resource(t, s, photos)
	if after.Verified != found || after.Serial != before.Serial {
		t.Errorf("%+v, serial %d, was %d", after.Verified, after.Serial, before.Serial)
	}
	save(t, h, owning(photos, "a", "b"))
	release(t, h)
	if diff := cmp.Diff(found, resource(t, s, photos).Verified); diff != "" {
		t.Errorf("after the run (-want +got):\n%s", diff)
	}
}
