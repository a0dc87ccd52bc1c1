package workflow

import (
	"strings"
	"testing"
	"time"

	"github.com/megaplan/megaplan/state"
)

// TestRule29_DoctorTellsOfTheRunThatMayBeDead, whichever came first.
func TestRule29_DoctorTellsOfTheRunThatMayBeDead(t *testing.T) {
	alive := state.Lease{ID: "alive", Host: "desk", Heartbeat: time.Now()}
	silent := state.Lease{ID: "silent", Host: "laptop", Heartbeat: time.Now().Add(-time.Hour)}
	for _, leases := range [][]state.Lease{{alive, silent}, {silent, alive}} {
		f := ofLeases(leases)
		if f.OK || !strings.Contains(f.Remedy, "force-unlock silent") || !strings.Contains(f.Detail, "of laptop") || !strings.HasSuffix(f.Detail, "runs besides: 1") {
			t.Errorf("%+v", f)
		}
	}
	if f := ofLeases([]state.Lease{alive}); !f.OK || f.Remedy != "" || strings.Contains(f.Detail, "besides") {
		t.Errorf("%+v", f)
	}
}

// TestALockWithoutAnIDNamesNone: a server may answer 423 and nothing else.
func TestALockWithoutAnIDNamesNone(t *testing.T) {
	d := explainLocked(&state.LockedError{})
	if !strings.Contains(d.Detail, "which id is not told") || !strings.Contains(d.Detail, "at the server") || strings.HasSuffix(d.Detail, " ") {
		t.Errorf("%q", d.Detail)
	}
}
