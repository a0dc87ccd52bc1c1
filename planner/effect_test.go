package planner_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

func TestRecordRoundTrip(t *testing.T) {
	for _, want := range []planner.Record{
		{Address: docs, Undo: true, Put: []state.Entry{{Path: "dir", Dir: true, Handle: 5}}},
		{Address: docs, Forget: true},
		{Address: docs, Root: 7},
		{Address: docs, Expired: 9},
		{Address: docs, Found: &state.Entry{Path: "f\xfe", Handle: 6, Size: 1, CRC: [16]byte{3}}},
		{
			Address: docs, From: ".megaplan-x", To: "2026-03-01T02-30-00Z", Sole: "2026-03-01T02-30-00Z",
			Published: &state.Snapshot{Name: "2026-03-01T02-30-00Z", Handle: 4, Began: start, Files: 2, Bytes: 9, Complete: true},
		},
		{
			Address: docs, Remove: []tree.Handle{3, 1 << 40}, Below: "a\xff",
			Put: []state.Entry{
				{Path: "dir", Dir: true, Handle: 1, Meta: `{"m":493}`},
				{Path: "dir/f\xfe", Handle: 2, Size: 9, MTime: 1700000000, CRC: [16]byte{1, 15: 2}},
			},
		},
	} {
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got planner.Record
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", data, diff)
		}
	}
	for _, bad := range []string{`{"put":[{"crc":"AA"}]}`, `{"below_raw":"?"}`, `{"put":[{"path_raw":"?"}]}`} {
		if err := json.Unmarshal([]byte(bad), new(planner.Record)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

// TestManifestAfterCountsInOrder: what was recorded later wins, and old is left as it was.
func TestManifestAfterCountsInOrder(t *testing.T) {
	old := state.Manifest{{Path: "dir", Dir: true, Handle: 1}, {Path: "dir/a", Handle: 2}, {Path: "keep", Handle: 3}, {Path: "lost", Handle: 4}}
	before := append(state.Manifest(nil), old...)
	target := planner.Target{Drop: []tree.Handle{4}, Adopt: []state.Entry{{Path: "found", Handle: 5}}}
	got := planner.ManifestAfter(old, target, []planner.Record{
		{Remove: []tree.Handle{1}, Below: "dir"},
		{Put: []state.Entry{{Path: "dir", Dir: true, Handle: 6}}},
		{Put: []state.Entry{{Path: "dir/a", Handle: 7}}},
		{Put: []state.Entry{{Path: "keep", Handle: 8}}, Remove: []tree.Handle{3}},
		{Put: []state.Entry{{Path: "found", Handle: 5, Size: 1}}},
	})
	want := state.Manifest{
		{Path: "dir", Dir: true, Handle: 6}, {Path: "dir/a", Handle: 7}, {Path: "found", Handle: 5, Size: 1}, {Path: "keep", Handle: 8},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, old); diff != "" {
		t.Errorf("old was changed:\n%s", diff)
	}
	if got := planner.ManifestAfter(old, planner.Target{}, []planner.Record{{Below: "/", Remove: []tree.Handle{9}}}); len(got) != 0 {
		t.Errorf("the root went, and %v stays", got)
	}
}

// A record of many entries is cut into some that say the same.
func TestARecordIsSplit(t *testing.T) {
	whole := planner.Record{Address: docs, Remove: []tree.Handle{7}, Undo: true}
	for i := range 100 {
		whole.Put = append(whole.Put, state.Entry{Path: tree.Path(fmt.Sprintf("d/%03d", i)), Handle: tree.Handle(i + 10), Size: 1})
	}
	parts := whole.Split(2000)
	if len(parts) < 5 || len(parts) > 50 {
		t.Errorf("%d parts", len(parts))
	}
	old := state.Manifest{{Path: "x", Handle: 7}, {Path: "y", Handle: 8}}
	want := planner.ManifestAfter(old, planner.Target{}, []planner.Record{whole})
	if diff := cmp.Diff(want, planner.ManifestAfter(old, planner.Target{}, parts)); diff != "" {
		t.Errorf("-whole +parts:\n%s", diff)
	}
	for _, p := range parts {
		if !p.Undo || p.Address != docs {
			t.Errorf("%+v", p)
		}
	}
	if parts := (planner.Record{Address: docs, Forget: true}).Split(10); len(parts) != 1 || !parts[0].Forget {
		t.Errorf("%+v", parts)
	}
}
