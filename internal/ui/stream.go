package ui

import (
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/megaplan/megaplan/executor"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/planner"
)

// Stream is the view behind -json: one JSON object a line, each with a type. The first line names the format's version;
// docs/schema/events.schema.json describes them all.
type Stream struct {
	version string
	mu      sync.Mutex
	enc     *json.Encoder
	begun   bool
}

// NewStream writes events to w. The version goes before the first event, so that a command whose answer is one document
// writes nothing else.
func NewStream(w io.Writer, version string) *Stream {
	s := &Stream{version: version, enc: json.NewEncoder(w)}
	s.enc.SetEscapeHTML(false)
	return s
}

type versionEvent struct {
	Type            string `json:"type"`
	FormatVersion   string `json:"format_version"`
	MegaplanVersion string `json:"megaplan_version"`
}

type accountEvent struct {
	Type    string       `json:"type"`
	Account addr.Address `json:"account"`
	Nodes   int          `json:"nodes"`
	Changed int          `json:"changed"`
	Full    bool         `json:"full"`
}

type scannedEvent struct {
	Type   string       `json:"type"`
	Backup addr.Address `json:"backup"`
	Path   string       `json:"path"`
	Files  int64        `json:"files"`
	Bytes  int64        `json:"bytes"`
}

type waitingEvent struct {
	Type    string    `json:"type"`
	Reason  string    `json:"reason"`
	Until   time.Time `json:"until"`
	Attempt int       `json:"attempt"`
}

type messageEvent struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

type plannedEvent struct {
	Type   string     `json:"type"`
	Action ActionView `json:"action"`
}

type driftEvent struct {
	Type  string    `json:"type"`
	Drift DriftView `json:"drift"`
}

type targetEvent struct {
	Type   string     `json:"type"`
	Target TargetView `json:"target"`
}

type checkEvent struct {
	Type  string    `json:"type"`
	Check CheckView `json:"check"`
}

type summaryEvent struct {
	Type    string  `json:"type"`
	Summary Summary `json:"summary"`
}

type actionEvent struct {
	Type    string           `json:"type"`
	ID      planner.ActionID `json:"id"`
	Address addr.Address     `json:"address"`
	Kind    planner.Kind     `json:"kind"`
	Path    string           `json:"path"`
	Error   string           `json:"error,omitempty"`
}

type appliedEvent struct {
	Type    string  `json:"type"`
	Done    int     `json:"done"`
	Failed  int     `json:"failed"`
	Left    int     `json:"left"`
	Bytes   int64   `json:"uploaded_bytes"`
	Seconds float64 `json:"seconds"`
}

type driftSummaryEvent struct {
	Type        string `json:"type"`
	Differences int    `json:"differences"`
}

type diagnosticEvent struct {
	Type       string          `json:"type"`
	Diagnostic diag.Diagnostic `json:"diagnostic"`
}

// emit writes one line. Once standard output is closed there is nobody left to tell, and the exit code still speaks.
func (s *Stream) emit(v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.begun {
		s.begun = true
		_ = s.enc.Encode(versionEvent{"version", FormatVersion, s.version})
	}
	_ = s.enc.Encode(v)
}

// AccountRead implements View.
func (s *Stream) AccountRead(account addr.Address, r mega.Refreshed) {
	s.emit(accountEvent{"account_read", account, r.Nodes, r.Changed, r.Full})
}

// SourceScanned implements View.
func (s *Stream) SourceScanned(backup addr.Address, path string, files, bytes int64) {
	s.emit(scannedEvent{"source_scanned", backup, clean(path), files, bytes})
}

// Waiting implements View and Apply.
func (s *Stream) Waiting(w mega.Wait) { s.emit(waitingEvent{"waiting", w.Reason, w.Until, w.Attempt}) }

// Say implements View and Apply.
func (s *Stream) Say(message string) { s.emit(messageEvent{"message", message}) }

// Plan implements View.
func (s *Stream) Plan(p *planner.Plan, now time.Time) {
	for i := range p.Targets {
		s.emit(targetEvent{"target", viewTarget(&p.Targets[i])})
	}
	for _, d := range p.Drift {
		s.emit(driftEvent{"drift", viewDrift(d)})
	}
	for i := range p.Actions {
		s.emit(plannedEvent{"planned_action", viewAction(&p.Actions[i])})
	}
	for _, c := range p.Checks {
		s.emit(checkEvent{"check", viewCheck(c)})
	}
	s.emit(summaryEvent{"plan_summary", sumsOf(p)})
}

// Drift implements View.
func (s *Stream) Drift(p *planner.Plan, now time.Time) {
	for _, d := range p.Drift {
		s.emit(driftEvent{"drift", viewDrift(d)})
	}
	for _, c := range p.Checks {
		s.emit(checkEvent{"check", viewCheck(c)})
	}
	s.emit(driftSummaryEvent{"drift_summary", len(p.Drift)})
}

// StartApply implements View.
func (s *Stream) StartApply(*planner.Plan) Apply { return s }

// Stop implements Apply.
func (s *Stream) Stop() {}

var eventTypes = map[executor.EventKind]string{
	executor.Started: "action_start", executor.Done: "action_done", executor.Failed: "action_failed", executor.Skipped: "action_skipped",
}

// Event implements Apply. Bytes in flight are not told: a program that wants a rate counts finished actions.
func (s *Stream) Event(e executor.Event) {
	name, ok := eventTypes[e.Kind]
	if !ok {
		return
	}
	v := actionEvent{Type: name, ID: e.Action.ID, Address: e.Action.Address, Kind: e.Action.Kind, Path: "/" + clean(string(e.Action.Path))}
	if e.Err != nil {
		v.Error = e.Err.Error()
	}
	s.emit(v)
}

// Applied implements View.
func (s *Stream) Applied(p *planner.Plan, r executor.Report, took time.Duration) {
	s.emit(appliedEvent{"apply_summary", r.Done, len(r.Failures), r.Left, r.Uploaded, took.Seconds()})
}

// Diagnostics implements View.
func (s *Stream) Diagnostics(l diag.List) {
	for _, d := range l {
		s.emit(diagnosticEvent{"diagnostic", d})
	}
}
