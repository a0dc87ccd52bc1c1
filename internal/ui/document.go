package ui

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/planner"
)

// FormatVersion is the version of the JSON that megaplan writes. It grows only when a field is removed or changes meaning;
// fields may be added at any time. The schemas are in docs/schema.
const FormatVersion = "1.0"

// Document is a plan as `megaplan show -json` writes it.
type Document struct {
	FormatVersion   string         `json:"format_version"`
	MegaplanVersion string         `json:"megaplan_version"`
	Summary         Summary        `json:"summary"`
	Actions         []ActionView   `json:"actions"`
	Drift           []DriftView    `json:"drift"`
	Checks          []CheckView    `json:"checks"`
	Targets         []TargetView   `json:"targets"`
	Refusals        []RefusalView  `json:"refusals,omitempty"`
	Resources       []ResourceView `json:"resources,omitempty"`
}

// Summary holds a plan's sums, in bytes.
type Summary struct {
	Actions      map[planner.Kind]int64 `json:"actions"`
	UploadBytes  int64                  `json:"upload_bytes"`
	CopiedBytes  int64                  `json:"copied_bytes"`
	FreedBytes   int64                  `json:"freed_bytes"`
	TrashedBytes int64                  `json:"trashed_bytes"`
	Quota        []QuotaView            `json:"quota"`
	// Compared is there with -verify-duplicates.
	Compared *ComparedView `json:"compared,omitempty"`
}

// QuotaView is an account's storage in bytes, before, at the peak of and after an apply.
type QuotaView struct {
	Account addr.Address `json:"account"`
	Used    int64        `json:"used"`
	Total   int64        `json:"total"`
	Peak    int64        `json:"peak"`
	After   int64        `json:"after"`
	// TrashedBytes go to the bin and still count, TrashKeepSeconds long; without those, until somebody empties it.
	TrashedBytes     int64 `json:"trashed_bytes,omitempty"`
	TrashKeepSeconds int64 `json:"trash_keep_seconds,omitempty"`
}

// ActionView is one action.
type ActionView struct {
	ID      planner.ActionID   `json:"id"`
	Address addr.Address       `json:"address"`
	Kind    planner.Kind       `json:"kind"`
	Path    string             `json:"path"`
	From    string             `json:"from,omitempty"`
	Reason  string             `json:"reason"`
	Bytes   int64              `json:"bytes"`
	Files   int64              `json:"files,omitempty"`
	Needs   []planner.ActionID `json:"needs"`
}

// DriftView is one difference between remote and state.
type DriftView struct {
	Address addr.Address   `json:"address"`
	Change  planner.Change `json:"change"`
	Path    string         `json:"path"`
	To      string         `json:"to,omitempty"`
	Detail  string         `json:"detail,omitempty"`
	Files   int64          `json:"files,omitempty"`
	When    *time.Time     `json:"when,omitempty"`
	Dir     bool           `json:"dir,omitempty"`
	// User is the MEGA user handle of who made the node that is there now, where MEGA tells.
	User string `json:"user,omitempty"`
}

// CheckView is the outcome of a check.
type CheckView struct {
	Address addr.Address `json:"address"`
	OK      bool         `json:"ok"`
	Detail  string       `json:"detail"`
}

// TargetView is one address and how it takes part.
type TargetView struct {
	Address   addr.Address   `json:"address"`
	Status    planner.Status `json:"status"`
	Account   addr.Address   `json:"account"`
	Path      string         `json:"path"`
	Source    string         `json:"source,omitempty"`
	Host      string         `json:"host,omitempty"`
	Files     int64          `json:"files"`
	Bytes     int64          `json:"bytes"`
	Equal     int64          `json:"equal"`
	Kept      []KeptView     `json:"kept,omitempty"`
	Unmanaged []KeptView     `json:"unmanaged,omitempty"`
	Skipped   []KeptView     `json:"skipped,omitempty"`
	// Undoes says which run a rollback takes back, Lost what of it cannot be.
	Undoes string     `json:"undoes,omitempty"`
	Lost   []KeptView `json:"lost,omitempty"`
	// Retention is what happens to a backup's snapshots, the newest first.
	Retention []FateView `json:"retention,omitempty"`
	// Versions are the old versions that stay of the files of which some expire.
	Versions []KeptView `json:"versions,omitempty"`
}

// KeptView is a remote node that stays, or a local name that is not taken.
type KeptView struct {
	Path   string `json:"path"`
	Reason string `json:"reason,omitempty"`
	Files  int64  `json:"files,omitempty"`
}

// RefusalView is why a plan is not applied.
type RefusalView struct {
	Rule    int          `json:"rule"`
	Address addr.Address `json:"address"`
	Summary string       `json:"summary"`
	Detail  string       `json:"detail"`
	Quota   bool         `json:"quota,omitempty"`
}

// NewDocument makes a plan's document.
func NewDocument(p *planner.Plan, version string) Document {
	d := Document{
		FormatVersion: FormatVersion, MegaplanVersion: version, Summary: sumsOf(p),
		Actions: make([]ActionView, len(p.Actions)), Drift: make([]DriftView, len(p.Drift)),
		Checks: make([]CheckView, len(p.Checks)), Targets: make([]TargetView, len(p.Targets)),
	}
	for i := range p.Actions {
		d.Actions[i] = viewAction(&p.Actions[i])
	}
	for i, f := range p.Drift {
		d.Drift[i] = viewDrift(f)
	}
	for i, c := range p.Checks {
		d.Checks[i] = viewCheck(c)
	}
	for i := range p.Targets {
		d.Targets[i] = viewTarget(&p.Targets[i])
	}
	for _, r := range p.Refusals {
		d.Refusals = append(d.Refusals, RefusalView{r.Rule, r.Address, r.Diagnostic.Summary, r.Diagnostic.Detail, r.Quota})
	}
	return d
}

func sumsOf(p *planner.Plan) Summary {
	t := p.Totals()
	s := Summary{
		Actions: t.Actions, UploadBytes: t.UploadBytes + t.UpdateBytes, CopiedBytes: t.CopiedBytes,
		FreedBytes: t.FreedBytes, TrashedBytes: t.TrashedBytes, Quota: []QuotaView{}, Compared: viewCompared(p.Compared),
	}
	if s.Actions == nil {
		s.Actions = map[planner.Kind]int64{}
	}
	for _, q := range t.Quota {
		s.Quota = append(s.Quota, QuotaView{q.Account, q.Used, q.Total, q.Peak, q.After, q.Trashed, int64(q.TrashKeep.Seconds())})
	}
	return s
}

func viewAction(a *planner.Action) ActionView {
	v := ActionView{
		ID: a.ID, Address: a.Address, Kind: a.Kind, Path: "/" + clean(string(a.Path)), Reason: a.Reason,
		Bytes: a.Bytes, Files: a.Files, Needs: a.Needs,
	}
	if v.Needs == nil {
		v.Needs = []planner.ActionID{}
	}
	if a.From != "" {
		v.From = "/" + clean(string(a.From))
	}
	return v
}

func viewCheck(c planner.CheckResult) CheckView { return CheckView{c.Address, c.OK, c.Detail} }

func viewDrift(d planner.Difference) DriftView {
	v := DriftView{
		Address: d.Address, Change: d.Change, Path: clean(string(d.Path)), Detail: d.Detail, Files: d.Files, Dir: d.Dir, User: d.User,
	}
	if d.To != "" {
		v.To = "/" + clean(string(d.To))
	}
	if !d.When.IsZero() {
		v.When = &d.When
	}
	return v
}

func viewTarget(t *planner.Target) TargetView {
	v := TargetView{
		Address: t.Address, Status: t.Status, Account: t.Account, Path: "/" + clean(string(t.Path)), Source: clean(t.Written),
		Host: t.Host, Files: t.Files, Bytes: t.Bytes, Equal: t.Equal,
	}
	v.Kept, v.Unmanaged, v.Skipped = viewKept(t.Kept), viewKept(t.Unmanaged), viewKept(t.Skipped)
	v.Undoes, v.Lost = t.Undoes, viewKept(t.Lost)
	v.Retention = viewFates(t.Fates)
	if len(t.Versions) > 0 {
		v.Versions = viewKept(t.Versions)
	}
	return v
}

func viewKept(kept []planner.Kept) []KeptView {
	views := make([]KeptView, len(kept))
	for i, k := range kept {
		path := clean(string(k.Path))
		if k.Dir {
			path += "/"
		}
		views[i] = KeptView{Path: path, Reason: k.Reason, Files: k.Files}
	}
	return views
}

// clean makes a name valid UTF-8 for JSON; bytes that are not become \xNN, as on the screen. The rest stays as it is, as programs
// compare names: JSON has its own way to write control characters.
func clean(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	var b strings.Builder
	for len(name) > 0 {
		r, n := utf8.DecodeRuneInString(name)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, name[0])
		} else {
			b.WriteString(name[:n])
		}
		name = name[n:]
	}
	return b.String()
}

// WriteJSON writes a value as one indented JSON document.
func WriteJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
