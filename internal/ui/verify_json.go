package ui

import (
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/internal/verify"
)

type verdictEvent struct {
	Type    string       `json:"type"`
	Backup  addr.Address `json:"backup"`
	Finding FindingView  `json:"finding"`
}

// FindingView is a verdict about one file. Files that are equal are counted, not listed.
type FindingView struct {
	Path       string         `json:"path"`
	Verdict    verify.Verdict `json:"verdict"`
	Difference bool           `json:"difference"`
	Handle     tree.Handle    `json:"handle,omitzero"`
	Bytes      int64          `json:"bytes"`
	Here       *time.Time     `json:"here,omitempty"`
	There      *time.Time     `json:"there,omitempty"`
	Other      bool           `json:"by_another_client,omitempty"`
	Detail     string         `json:"detail,omitempty"`
	Unreadable bool           `json:"unreadable,omitempty"`
}

type verifiedEvent struct {
	Type            string                   `json:"type"`
	Backup          addr.Address             `json:"backup"`
	Snapshot        string                   `json:"snapshot,omitempty"`
	Host            string                   `json:"host,omitempty"`
	NotApplied      bool                     `json:"not_applied,omitempty"`
	Failure         string                   `json:"failure,omitempty"`
	Files           int64                    `json:"files"`
	Bytes           int64                    `json:"bytes"`
	Counts          map[verify.Verdict]int64 `json:"counts"`
	EqualBytes      int64                    `json:"equal_bytes"`
	ReadBytes       int64                    `json:"read_bytes"`
	Fetched         int64                    `json:"fetched"`
	Unfetched       int64                    `json:"unfetched,omitempty"`
	DownloadedBytes int64                    `json:"downloaded_bytes"`
	Differences     int64                    `json:"differences"`
	Unsampled       int64                    `json:"unsampled"`
	Unmanaged       int64                    `json:"unmanaged"`
	Seed            uint64                   `json:"seed,omitempty"`
	Seconds         float64                  `json:"seconds"`
}

type verifySummaryEvent struct {
	Type        string `json:"type"`
	Differences int64  `json:"differences"`
	Unread      int64  `json:"unread"`
}

// StartVerify implements VerifyView.
func (s *Stream) StartVerify() VerifyRun { return s }

// Verifying implements VerifyRun: bytes in flight are not told.
func (s *Stream) Verifying(int64, int64) {}

// Verified implements VerifyView.
func (s *Stream) Verified(v Verification) {
	for i := range v.Result.Findings {
		s.emit(verdictEvent{"verdict", v.Address, viewFinding(&v.Result.Findings[i])})
	}
	r := &v.Result
	counts := r.Counts
	if counts == nil {
		counts = map[verify.Verdict]int64{}
	}
	e := verifiedEvent{
		Type: "verified", Backup: v.Address, Snapshot: clean(v.Snapshot), Host: v.NotHere, NotApplied: v.NotThere, Failure: clean(v.Failure), Files: r.Files, Bytes: r.Bytes,
		Counts: counts, EqualBytes: r.EqualBytes, ReadBytes: r.ReadBytes, Fetched: r.Fetched, Unfetched: r.Unfetched, DownloadedBytes: r.DownloadedBytes,
		Differences: r.Differences(), Unsampled: r.Unsampled, Unmanaged: r.Unmanaged, Seconds: v.Took.Seconds(),
	}
	if v.Sampled {
		e.Seed = v.Seed
	}
	s.emit(e)
}

func viewFinding(f *verify.Finding) FindingView {
	return FindingView{
		Path: clean(string(f.Path)), Verdict: f.Verdict, Difference: f.Difference(), Handle: f.Handle, Bytes: f.Size,
		Here: atSecond(f.Here), There: atSecond(f.There), Other: f.Other, Detail: clean(f.Detail), Unreadable: f.Unreadable,
	}
}

func atSecond(seconds int64) *time.Time {
	if seconds == 0 {
		return nil
	}
	t := time.Unix(seconds, 0).UTC()
	return &t
}

// VerifySummary implements VerifyView.
func (s *Stream) VerifySummary(all []Verification) {
	e := verifySummaryEvent{Type: "verify_summary"}
	for i := range all {
		e.Differences += all[i].Result.Differences()
		e.Unread += all[i].Result.Unread()
	}
	s.emit(e)
}
