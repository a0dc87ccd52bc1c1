package ui

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/megaplan/megaplan/internal/golden"
)

func sampleDiff() Diff {
	entries := []DiffEntry{
		{Change: DiffAdded, Path: "new", Kind: "directory", Files: 2, Bytes: 3 << 20},
		{Change: DiffAdded, Path: "new/in it", Kind: "file", Bytes: 3 << 20, Within: true, Handle: 7},
		{Change: DiffAdded, Path: "alone", Kind: "file", Bytes: 1, Handle: 8},
		{Change: DiffRemoved, Path: "hostile\x1b[2J\nname", Kind: "file", Bytes: 9, BytesBefore: 9, HandleBefore: 9},
		{Change: DiffChanged, Path: "notes.txt", Kind: "file", Bytes: 8294, BytesBefore: 8192, Date: true, Handle: 10, HandleBefore: 11},
		{Change: DiffChanged, Path: "same size.txt", Kind: "file", Bytes: 8192, BytesBefore: 8192, Mode: true, Handle: 12, HandleBefore: 13},
		{Change: DiffTouched, Path: "dated", Kind: "file", Bytes: 1, BytesBefore: 1, Date: true, Mode: true, Attributes: true, Handle: 14, HandleBefore: 15},
		{Change: DiffTouched, Path: "dir", Kind: "directory", Mode: true, Handle: 16, HandleBefore: 17},
		{Change: DiffUnsure, Path: "old.bin", Kind: "file", Bytes: 1 << 30, BytesBefore: 1 << 30, Handle: 18, HandleBefore: 19},
		{Change: DiffMoved, Path: "archive/2025", From: "2025", Kind: "directory", Files: 312, Bytes: 1 << 30, Handle: 20, HandleBefore: 20},
		{Change: DiffMoved, Path: "top 1", From: "d/top 1", Kind: "file", Bytes: 1},
		{Change: DiffMoved, Path: "n/sub/x1", From: "d/sub/x1", Kind: "file", Bytes: 1},
		{Change: DiffMoved, Path: "n/sub/x2", From: "d/sub/x2", Kind: "file", Bytes: 1},
		{Change: DiffMoved, Path: "n/y", From: "d/y", Kind: "file", Bytes: 1},
		{Change: DiffMoved, Path: "n/z", From: "d/z", Kind: "file", Bytes: 1, Date: true},
		{Change: DiffMoved, Path: "b", From: "a", Kind: "file", Bytes: 5, Date: true},
	}
	return Diff{
		A: DiffSide{Account: mainAccount, Path: "/Backups/db/2026-03-01T02-30-00Z", At: now.Add(-time.Hour), Missing: 1},
		B: DiffSide{Account: otherAccount, Path: "/Backups/db/2026-03-02T02-30-00Z", Missing: 2},
		Totals: DiffTotals{
			Equal: DiffCount{1204, 3 << 30}, Added: DiffCount{3, 3 << 20}, Removed: DiffCount{1, 9}, Changed: DiffCount{2, 16 << 10},
			MayDiffer: DiffCount{1, 1 << 30}, Touched: DiffCount{1, 1}, Moved: DiffCount{313, 1 << 30}, AddedFolders: 1, RemovedFolders: 2,
		},
		Changes: slices.Values(entries),
	}
}

func TestDiff(t *testing.T) {
	inUTC(t)
	d := sampleDiff()
	nothing := Diff{A: d.A, B: d.B, Changes: slices.Values([]DiffEntry(nil))}
	golden.Check(t, "testdata/diff.txt", show(80, false, func(s *Screen) {
		s.Diff(d)
		s.Verbose = true
		s.Diff(d)
		s.Diff(nothing)
	}))
	golden.Check(t, "testdata/diff.json", show(80, false, func(s *Screen) {
		for _, one := range []Diff{d, nothing} {
			if err := s.WriteDiff("0.1.0", one); err != nil {
				t.Fatal(err)
			}
		}
	}))
}

// TestDiffJSONIsTheDocument compares what is written piece by piece with the document that it must be.
func TestDiffJSONIsTheDocument(t *testing.T) {
	d := sampleDiff()
	var got DiffDocument
	text := show(80, false, func(s *Screen) {
		if err := s.WriteDiff("0.1.0", d); err != nil {
			t.Fatal(err)
		}
	})
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	want := DiffDocument{NewHeader("0.1.0"), d.A, d.B, d.Totals, slices.Collect(d.Changes)}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(DiffEntry{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
