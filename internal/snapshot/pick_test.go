package snapshot_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
)

func TestPick(t *testing.T) {
	list := snapshot.List(marked(t,
		"2026-03-01T02-30-00Z", "2026-03-02T02-30-00Z", "2026-03-02T02-30-00Z-2", "2026-03-09T02-30-00Z", "2026-03-10T02-30-00Z!"), tree.Root)
	for text, want := range map[string]string{
		"2026-03-02T02-30-00Z":   "2026-03-02T02-30-00Z",
		"2026-03-02T02-30-00Z-2": "2026-03-02T02-30-00Z-2",
		"2026-03-01":             "2026-03-01T02-30-00Z",
		"latest":                 "2026-03-09T02-30-00Z",
	} {
		if got, err := snapshot.Pick(list, text); err != nil || got.Name != want {
			t.Errorf("%q: %q, %v, want %q", text, got.Name, err, want)
		}
	}
	for text, want := range map[string]snapshot.PickError{
		"2026-03-02":           {Several: []string{"2026-03-02T02-30-00Z-2", "2026-03-02T02-30-00Z"}, Of: 5},
		"2026-03-08T23-00-00Z": {Nearest: []string{"2026-03-02T02-30-00Z-2", "2026-03-09T02-30-00Z", "2026-03-10T02-30-00Z"}, Of: 5},
		"2026-02-28":           {Nearest: []string{"2026-03-01T02-30-00Z", "2026-03-02T02-30-00Z-2", "2026-03-02T02-30-00Z"}, Of: 5},
		"":                     {Nearest: []string{"2026-03-02T02-30-00Z-2", "2026-03-09T02-30-00Z", "2026-03-10T02-30-00Z"}, Of: 5},
		"yesterday":            {Nearest: []string{"2026-03-02T02-30-00Z-2", "2026-03-09T02-30-00Z", "2026-03-10T02-30-00Z"}, Of: 5},
	} {
		_, err := snapshot.Pick(list, text)
		var got *snapshot.PickError
		if !errors.As(err, &got) {
			t.Errorf("%q: %v", text, err)
			continue
		}
		want.Text = text
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	for _, empty := range [][]snapshot.Snapshot{nil, list[:1]} { // the one is not complete
		if _, err := snapshot.Pick(empty, snapshot.Latest); err == nil {
			t.Error("nothing is the latest one")
		}
	}
}
