package ui

import (
	"time"

	"github.com/megaplan/megaplan/internal/restore"
)

type restoreEntryEvent struct {
	Type  string           `json:"type"`
	Entry RestoreEntryView `json:"entry"`
}

// RestoreEntryView is one name that a restore writes.
type RestoreEntryView struct {
	Op     restore.Op   `json:"op"`
	Kind   restore.Kind `json:"kind"`
	Path   string       `json:"path"`
	Remote string       `json:"remote"`
	Bytes  int64        `json:"bytes"`
	LinkTo string       `json:"link_to,omitempty"`
	// Resumes says that a restore that was cut off left part of the content here.
	Resumes bool   `json:"resumes,omitempty"`
	Error   string `json:"error,omitempty"`
}

type restoreSkippedEvent struct {
	Type    string          `json:"type"`
	Skipped RestoreSkipView `json:"skipped"`
}

// RestoreSkipView is a remote node that is not restored, or, without why, one that is restored without something.
type RestoreSkipView struct {
	Path   string      `json:"path"`
	Why    restore.Why `json:"why,omitempty"`
	Reason string      `json:"reason"`
	Files  int64       `json:"files"`
	Chosen bool        `json:"chosen"`
}

type restorePlanEvent struct {
	Type        string     `json:"type"`
	From        string     `json:"from"`
	Target      string     `json:"target"`
	At          *time.Time `json:"at,omitempty"`
	Paths       *time.Time `json:"paths_at,omitempty"`
	Snapshot    string     `json:"snapshot,omitempty"`
	Began       *time.Time `json:"snapshot_began,omitempty"`
	Incomplete  bool       `json:"snapshot_incomplete,omitempty"`
	Files       int64      `json:"files"`
	Bytes       int64      `json:"bytes"`
	Directories int64      `json:"directories"`
	Links       int64      `json:"links"`
	Overwritten int64      `json:"overwritten"`
	Equal       int64      `json:"equal"`
	Chosen      int64      `json:"left_as_they_are"`
	Problems    int64      `json:"not_restorable"`
	Gone        int64      `json:"gone"`
	// Short is how many bytes the target's disk lacks.
	Short int64 `json:"short_bytes,omitempty"`
	// Leftovers are temporary files of a restore that was cut off, which are removed.
	Leftovers int `json:"leftovers,omitempty"`
}

type restoreSummaryEvent struct {
	Type   string `json:"type"`
	Done   int64  `json:"done"`
	Bytes  int64  `json:"bytes"`
	Equal  int64  `json:"equal"`
	Failed int    `json:"failed"`
	Left   int64  `json:"left"`
	// DiskFull says that the target's disk had no room for some of it.
	DiskFull bool    `json:"disk_full,omitempty"`
	Seconds  float64 `json:"seconds"`
}

// RestorePlan implements RestoreView.
func (s *Stream) RestorePlan(r RestoreHead, p *restore.Plan) {
	for i := range p.Entries {
		if p.Entries[i].Op != restore.Equal {
			s.emit(restoreEntryEvent{"restore_planned", viewEntry(&p.Entries[i], nil)})
		}
	}
	for _, k := range p.Skipped {
		s.emit(restoreSkippedEvent{"restore_skipped", viewSkip(k)})
	}
	for _, k := range p.Notes {
		s.emit(restoreSkippedEvent{"restore_note", viewSkip(k)})
	}
	t := p.Totals()
	s.emit(restorePlanEvent{
		Type: "restore_plan", From: clean(r.From), Target: clean(r.Target), At: known(r.At), Paths: known(r.Paths), Snapshot: clean(r.Snapshot),
		Began: known(r.Began), Incomplete: r.Incomplete,
		Files: t.Files, Bytes: t.Bytes, Directories: t.Dirs, Links: t.Links, Overwritten: t.Replaced, Equal: t.Equal,
		Chosen: t.Chosen, Problems: t.Problems, Gone: t.Gone, Leftovers: len(p.Leftovers), Short: r.Short,
	})
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func viewEntry(e *restore.Entry, err error) RestoreEntryView {
	v := RestoreEntryView{Op: e.Op, Kind: e.Kind, Path: clean(e.Path), Remote: clean(string(e.Remote)), Bytes: e.Size, LinkTo: clean(e.LinkTo), Resumes: e.Begun}
	if err != nil {
		v.Error = err.Error()
	}
	return v
}

func viewSkip(k restore.Skip) RestoreSkipView {
	return RestoreSkipView{Path: clean(k.Path), Why: k.Why, Reason: clean(k.Reason), Files: k.Files, Chosen: k.Why.Chosen()}
}

// StartRestore implements RestoreView.
func (s *Stream) StartRestore(*restore.Plan) RestoreRun { return s }

// Restoring implements RestoreRun. Bytes in flight are not told, as with an apply.
func (s *Stream) Restoring(e restore.Event) {
	switch e.Kind {
	case restore.Done:
		s.emit(restoreEntryEvent{"restore_done", viewEntry(e.Entry, nil)})
	case restore.Failed:
		s.emit(restoreEntryEvent{"restore_failed", viewEntry(e.Entry, e.Err)})
	}
}

// Restored implements RestoreView. What was restored without all its attributes is told here.
func (s *Stream) Restored(_ RestoreHead, _ *restore.Plan, report restore.Report, took time.Duration) {
	for _, f := range report.Failures {
		if f.Lost {
			s.emit(restoreEntryEvent{"restore_incomplete", viewEntry(f.Entry, f.Err)})
		}
	}
	s.emit(restoreSummaryEvent{"restore_summary", report.Done, report.Bytes, report.Equal, len(report.Failures), report.Left, report.Full, took.Seconds()})
}
