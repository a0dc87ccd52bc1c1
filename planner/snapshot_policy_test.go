package planner_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/planner"
)

// shots are snapshots, newest first, of which each is written as its time and what is special about it: an exclamation
// mark for one that is not complete, a plus sign for a pin, tags after a hash sign.
func shots(t *testing.T, written ...string) []snapshot.Snapshot {
	t.Helper()
	var list []snapshot.Snapshot
	for _, w := range written {
		at, tags, _ := strings.Cut(w, "#")
		began, err := time.Parse("2006-01-02T15:04Z", strings.TrimRight(at, "!+"))
		if err != nil {
			t.Fatal(err)
		}
		m := snapshot.Mark{Began: began, Complete: !strings.Contains(at, "!"), Pin: strings.Contains(at, "+")}
		if tags != "" {
			m.Tags = strings.Split(tags, ",")
		}
		list = append(list, snapshot.Snapshot{Name: snapshot.Name(began, 1), N: 1, Mark: m})
	}
	return list
}

func TestRule24_WhatRetentionKeeps(t *testing.T) {
	tests := []struct {
		name string
		keep config.SnapshotRetention
		zone string
		list []string
		want string // a letter for each: k is kept, - goes
	}{
		{"no rule keeps all", config.SnapshotRetention{MinKeep: 1}, "UTC", []string{"2026-03-02T02:30Z", "2026-03-01T02:30Z"}, "kk"},
		{"the newest so many", config.SnapshotRetention{KeepLast: 1, MinKeep: 1}, "UTC", []string{"2026-03-02T02:30Z", "2026-03-01T02:30Z"}, "k-"},
		{"min_keep adds", config.SnapshotRetention{KeepLast: 1, MinKeep: 2}, "UTC", []string{"2026-03-03T02:30Z", "2026-03-02T02:30Z", "2026-03-01T02:30Z"}, "kk-"},
		{"a pin stays", config.SnapshotRetention{KeepLast: 1}, "UTC", []string{"2026-03-03T02:30Z", "2026-03-02T02:30Z", "2026-03-01T02:30Z+"}, "k-k"},
		{
			"tags stay",
			config.SnapshotRetention{KeepLast: 1, KeepTags: [][]string{{"a", "b"}, {"c"}}},
			"UTC",
			[]string{"2026-03-04T02:30Z", "2026-03-03T02:30Z#a", "2026-03-02T02:30Z#a,b", "2026-03-01T02:30Z#c"},
			"k-kk",
		},
		{
			"an incomplete one takes no slot, and goes as if it did",
			config.SnapshotRetention{KeepLast: 2, MinKeep: 1},
			"UTC",
			[]string{"2026-03-05T02:30Z!", "2026-03-04T02:30Z", "2026-03-03T02:30Z!", "2026-03-02T02:30Z", "2026-03-01T02:30Z"},
			"kk-k-",
		},
		{
			"the newest complete one never goes, nor the newest",
			config.SnapshotRetention{KeepTags: [][]string{{"release"}}},
			"UTC",
			[]string{"2026-03-04T02:30Z!", "2026-03-03T02:30Z!", "2026-03-02T02:30Z", "2026-03-01T02:30Z"},
			"k-k-",
		},
		{
			"one of the future stays and counts for nothing",
			config.SnapshotRetention{KeepLast: 1},
			"UTC",
			[]string{"2036-03-03T02:30Z", "2026-03-02T02:30Z", "2026-03-01T02:30Z"},
			"kk-",
		},
		// 23:30Z on the 1st is half past midnight of the 2nd in Rome.
		{"days of UTC", config.SnapshotRetention{KeepDaily: 2}, "UTC", []string{"2026-03-02T10:00Z", "2026-03-01T23:30Z", "2026-03-01T10:00Z", "2026-02-28T10:00Z"}, "kk--"},
		{"days of Rome", config.SnapshotRetention{KeepDaily: 2}, "Europe/Rome", []string{"2026-03-02T10:00Z", "2026-03-01T23:30Z", "2026-03-01T10:00Z", "2026-02-28T10:00Z"}, "k-k-"},
		// On 25 October an hour comes twice in Rome; on 29 March one is missing and the day begins at 23:00Z, ends at 22:00Z.
		{
			"an hour that comes twice is one",
			config.SnapshotRetention{KeepHourly: 5},
			"Europe/Rome",
			[]string{"2026-10-25T02:30Z", "2026-10-25T01:30Z", "2026-10-25T00:30Z", "2026-10-24T23:30Z"},
			"kk-k",
		},
		{
			"the short day",
			config.SnapshotRetention{KeepDaily: 5},
			"Europe/Rome",
			[]string{"2026-03-29T22:30Z", "2026-03-29T21:30Z", "2026-03-28T23:30Z", "2026-03-28T22:30Z", "2026-03-28T00:00Z"},
			"kk-kk",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fates, err := planner.SnapshotFates(config.Retention{Snapshots: &tt.keep, Timezone: tt.zone}, shots(t, tt.list...), start)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, f := range fates {
				got += map[bool]string{true: "k", false: "-"}[f.Keep]
				if len(f.Reasons) == 0 {
					t.Errorf("%s has no reason", f.Snapshot.Name)
				}
			}
			if got != tt.want {
				t.Errorf("got %s, want %s: %+v", got, tt.want, fates)
			}
		})
	}
}

func TestRule24_WhySnapshotsStay(t *testing.T) {
	r := config.Retention{Timezone: "UTC", Snapshots: &config.SnapshotRetention{KeepLast: 2, KeepMonthly: 1}}
	fates, err := planner.SnapshotFates(r, shots(t, "2026-03-03T02:30Z", "2026-03-02T02:30Z+", "2026-03-01T02:30Z+", "2026-02-01T02:30Z"), start)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"newest complete one", "last", "monthly"},
		{"pinned", "last"},
		{"pinned"},
		{"last: newer ones take all slots (2)", "monthly: newer ones take all slots (1)"},
	}
	for i, f := range fates {
		if !slices.Equal(f.Reasons, want[i]) {
			t.Errorf("%s: %q, want %q", f.Snapshot.Name, f.Reasons, want[i])
		}
	}
	r.Snapshots.KeepWithin = "x"
	if _, err := planner.SnapshotFates(r, nil, start); err == nil || !strings.Contains(err.Error(), "keep_within:") {
		t.Errorf("got %v", err)
	}
	if fates, err := planner.SnapshotFates(config.Retention{Timezone: "UTC"}, shots(t, "2026-03-03T02:30Z"), start); err != nil || !fates[0].Keep {
		t.Errorf("without a block: %+v, %v", fates, err)
	}
}
