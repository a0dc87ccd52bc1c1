package ui

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/golden"
	"github.com/megaplan/megaplan/internal/restore"
	"github.com/megaplan/megaplan/internal/verify"
)

func sampleRestore() (RestoreHead, *restore.Plan) {
	return RestoreHead{From: "backup.documents", Target: "/tmp/back", At: now, Paths: now.Add(-time.Hour)}, &restore.Plan{
		Entries: []restore.Entry{
			{Op: restore.Create, Kind: restore.Directory, Path: "notes"},
			{Op: restore.Create, Kind: restore.File, Path: "notes/todo.md", Size: 8300, Remote: "notes/todo.md"},
			{Op: restore.Create, Kind: restore.Symlink, Path: "notes/latest", Size: 7},
			{Op: restore.Create, Kind: restore.Hardlink, Path: "notes/again", Size: 8300, LinkTo: "notes/todo.md"},
			{Op: restore.Replace, Kind: restore.File, Path: "budget\x1b[2J.xlsx", Size: 2 << 20},
			{Op: restore.Finish, Kind: restore.Directory, Path: "private"},
			{Op: restore.Equal, Kind: restore.File, Path: "same", Size: 4},
		},
		Skipped: []restore.Skip{
			{Path: "mine.txt", Why: restore.Exists, Reason: "it is there already", Files: 1},
			{Path: "../out", Why: restore.BadName, Reason: "the name holds a slash", Files: 1},
			{Path: "old", Why: restore.Gone, Reason: "MEGA has it no more", Files: 3},
		},
		Notes: []restore.Skip{{Path: "notes/todo.md", Reason: "metadata is of version 2, this megaplan reads version 1"}},
	}
}

func TestRestoreOnAScreen(t *testing.T) {
	inUTC(t)
	var out bytes.Buffer
	s := &Screen{Out: &out, Err: &out, Width: 100}
	head, p := sampleRestore()
	s.RestorePlan(head, p)
	s.Restored(head, p, restore.Report{
		Done: 3, Equal: 1, Bytes: 2105459, Left: 2, Failures: []restore.Failure{{Entry: &p.Entries[4], Err: errors.New("no space left on device")}},
	}, 1234*time.Millisecond)
	s.Restored(head, p, restore.Report{Done: 1, Full: true, Left: 3, Failures: []restore.Failure{
		{Entry: &p.Entries[1], Err: errors.New("no space left on device")}, {Entry: &p.Entries[4], Err: restore.ErrAbove},
	}}, time.Second)
	many := &restore.Plan{}
	for i := range 100 {
		many.Entries = append(many.Entries, restore.Entry{Op: restore.Create, Kind: restore.File, Path: fmt.Sprintf("%d/%d", 2019+i%3, i), Size: 1 << 20})
	}
	many.Entries = append(many.Entries, restore.Entry{Op: restore.Create, Kind: restore.File, Path: "top", Size: 1})
	s.RestorePlan(RestoreHead{From: "main:/Photos", Target: "/tmp/x", Short: 3 << 20}, many)
	s.RestorePlan(RestoreHead{From: "backup.documents", Target: "/tmp/x", Snapshot: "2026-03-01T02-30-00Z", Began: now.Add(-50 * time.Hour), Now: now, Incomplete: true}, &restore.Plan{Entries: p.Entries[6:]})
	golden.Check(t, "testdata/restore.txt", out.String())
}

func TestRestoreAsAStream(t *testing.T) {
	var out bytes.Buffer
	s := NewStream(&out, "0.1.0")
	head, p := sampleRestore()
	s.RestorePlan(head, p)
	run := s.StartRestore(p)
	run.Restoring(restore.Event{Kind: restore.Started, Entry: &p.Entries[1]})
	run.Restoring(restore.Event{Kind: restore.Done, Entry: &p.Entries[1]})
	run.Restoring(restore.Event{Kind: restore.Failed, Entry: &p.Entries[4], Err: errors.New("no space left on device")})
	run.Stop()
	s.Restored(head, p, restore.Report{
		Done: 1, Bytes: 8300, Equal: 1,
		Failures: []restore.Failure{{Entry: &p.Entries[4], Err: errors.New("no space left")}, {Entry: &p.Entries[1], Err: errors.New("no owner"), Lost: true}},
	}, 1500*time.Millisecond)
	golden.Check(t, "testdata/restore.jsonl", out.String())
}

// What is in flight counts when it ends, once.
func TestRestoreProgressCounts(t *testing.T) {
	var out bytes.Buffer
	s := &Screen{Out: &out, Err: &out, Width: 80}
	_, p := sampleRestore()
	run := s.StartRestore(p).(*restoreProgress)
	for _, i := range []int{1, 4} {
		run.Restoring(restore.Event{Kind: restore.Started, Entry: &p.Entries[i]})
		run.Restoring(restore.Event{Kind: restore.Progress, Entry: &p.Entries[i], Bytes: 100})
	}
	run.Restoring(restore.Event{Kind: restore.Done, Entry: &p.Entries[1]})
	run.Restoring(restore.Event{Kind: restore.Failed, Entry: &p.Entries[4]})
	run.Stop()
	if run.sent != 8400 || run.ended != 2 || run.failed != 1 || run.count != 4 || len(run.files) != 0 || len(run.ids) != 0 {
		t.Errorf("sent %d, ended %d of %d, failed %d, %d in flight", run.sent, run.ended, run.count, run.failed, len(run.files))
	}
}

func sampleVerification() []Verification {
	at := now.Unix()
	return []Verification{
		{Address: documents, Source: "~/Documents", Local: true, Sampled: true, Seed: 7, Took: 1420 * time.Millisecond, Result: verify.Result{
			Files: 1210, Bytes: 3 << 30, EqualBytes: 3 << 30, ReadBytes: 3 << 30, Unsampled: 20, Unmanaged: 2,
			Counts: map[verify.Verdict]int64{verify.Equal: 1204, verify.Differs: 2, verify.Changed: 1, verify.MissingHere: 2, verify.CannotTell: 1},
			Findings: []verify.Finding{
				{Path: "archive.tar", Verdict: verify.MissingHere, There: at, Expected: true},
				{Path: "budget.xlsx", Verdict: verify.Differs, Here: at - 86400, There: at, Other: true, Handle: 5, Size: 9},
				{Path: "disk.img", Verdict: verify.Differs, Here: at, There: at, Detail: "the date is the backup's, the bytes are not"},
				{Path: "gone", Verdict: verify.MissingHere, There: at},
				{Path: "notes/new", Verdict: verify.Changed, Here: at, Detail: "new here"},
				{Path: "secret", Verdict: verify.CannotTell, Detail: "permission denied", Unreadable: true},
			},
		}},
		{Address: documents.Instance("web"), NotHere: "web1"},
		{Address: documents.Instance("new"), NotThere: true},
		{Address: documents.Instance("usb"), Failure: "the source is missing: /mnt/usb"},
		{Address: documents.Instance("far"), NotHere: "web2", Result: verify.Result{
			Fetched: 3, Unfetched: 4, DownloadedBytes: 300, Counts: map[verify.Verdict]int64{verify.Damaged: 1},
			Findings: []verify.Finding{{Path: "x", Verdict: verify.Damaged, Detail: "the bytes on the server do not match the file's key"}},
		}},
	}
}

func TestVerifyOnAScreen(t *testing.T) {
	inUTC(t)
	var out bytes.Buffer
	s := &Screen{Out: &out, Err: &out, Width: 100}
	all := sampleVerification()
	for _, v := range all {
		s.Verified(v)
	}
	s.VerifySummary(all)
	golden.Check(t, "testdata/verify.txt", out.String())
}

func TestVerifyAsAStream(t *testing.T) {
	var out bytes.Buffer
	s := NewStream(&out, "0.1.0")
	run := s.StartVerify()
	run.Verifying(1, 2)
	run.Stop()
	all := sampleVerification()
	for _, v := range all {
		s.Verified(v)
	}
	s.VerifySummary(all)
	golden.Check(t, "testdata/verify.jsonl", out.String())
}
