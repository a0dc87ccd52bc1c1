package state

import (
	"encoding/json"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
)

// Version is the newest document format. Older ones are read, newer ones refused. A document is written in the oldest format that
// can hold it, so that a megaplan that knows nothing of what is not in it can read it: 2 brought snapshots.
const Version = 2

// version is the oldest format that can hold the document.
func (d *Document) version() int {
	for i := range d.Resources {
		if len(d.Resources[i].Snapshots) > 0 {
			return 2
		}
	}
	return 1
}

// Document is the whole state. Resources and leases are sorted by address.
type Document struct {
	Version         int               `json:"version"`
	Serial          uint64            `json:"serial"`
	Lineage         string            `json:"lineage"`
	MegaplanVersion string            `json:"megaplan_version"`
	Resources       []Resource        `json:"resources"`
	Outputs         map[string]Output `json:"outputs,omitempty"`
	Leases          []Lease           `json:"leases,omitempty"`
}

// Resource is what the last apply left behind for one backup or folder.
type Resource struct {
	Address addr.Address `json:"address"`
	// Serial grows each time this resource changes; a saved plan is bound to it (rule 26).
	Serial uint64 `json:"serial"`
	// Account is the account's address; AccountUser is the MEGA user handle, which tells a changed account (rule 4).
	Account     addr.Address `json:"account"`
	AccountUser string       `json:"account_user"`
	// Path is the remote path as declared, Root the handle of the folder there.
	Path string      `json:"path"`
	Root tree.Handle `json:"root"`
	// Host last applied it (rule 5).
	Host           string    `json:"host,omitempty"`
	Source         string    `json:"source,omitempty"`
	OnDelete       string    `json:"on_delete,omitempty"`
	PreventDestroy bool      `json:"prevent_destroy,omitempty"`
	LastApplied    time.Time `json:"last_applied,omitzero"`
	// LastSuccess is when an apply last finished without a failure, also one with nothing to do; it changes no serial (rule 28).
	LastSuccess time.Time   `json:"last_success,omitzero"`
	Manifest    ManifestRef `json:"manifest"`
	// Verified is what the last verification found; it changes no serial (rule 29).
	Verified Verification `json:"verified,omitzero"`
	// Snapshots are the published snapshots of a backup in that mode, the newest first (rule 23). The manifest is the newest's.
	Snapshots []Snapshot `json:"snapshots,omitempty"`
	// Run is the lease id of the run that last saved this resource: its journal may hold more than was saved.
	Run string `json:"run,omitempty"`
	// History describes earlier manifests as deltas, newest first, at most HistoryLimit (rule 32).
	History []HistoryRef `json:"history,omitempty"`
}

// HistoryLimit is how many manifest changes are remembered (rule 32).
const HistoryLimit = 30

// ManifestRef points at a manifest object by the hex SHA-256 of its bytes; the zero value is an empty manifest.
type ManifestRef struct {
	Digest string `json:"digest,omitempty"`
	Files  int64  `json:"files"`
	Bytes  int64  `json:"bytes"`
}

// HistoryRef is the delta object that turns the manifest after Time back into the one before it.
type HistoryRef struct {
	Time   time.Time `json:"time"`
	Digest string    `json:"digest"`
	// Run is the lease id of the run that made the change, or of the one that an unfinished rollback takes back.
	Run string `json:"run,omitempty"`
	// Began, if set, is the delta that leads to what the run found when it began: the manifest before it, with what others had
	// done to the account since. Without it the run found what the manifest before it says.
	Began string `json:"began,omitempty"`
}

// Verification is what proving a backup against its source found, and when. It is comparable.
type Verification struct {
	Time time.Time `json:"time"`
	// Percent of the files was to be proven.
	Percent float64 `json:"percent"`
	// Files were looked at, Equal proven so; Differences count what makes `verify` fail.
	Files       int64 `json:"files"`
	Equal       int64 `json:"equal"`
	Differences int64 `json:"differences"`
	// Downloaded says that the bytes on the server were proven too.
	Downloaded bool `json:"downloaded,omitempty"`
}

// Snapshot is what is known of a published snapshot: enough to notice that it is gone, or not what it was.
type Snapshot struct {
	Name   string      `json:"name"`
	Handle tree.Handle `json:"handle"`
	// Began is when its scan began.
	Began    time.Time `json:"began"`
	Files    int64     `json:"files"`
	Bytes    int64     `json:"bytes"`
	Complete bool      `json:"complete"`
}

// Output is one output's value as JSON.
type Output struct {
	Value     json.RawMessage `json:"value"`
	Sensitive bool            `json:"sensitive,omitempty"`
}

// Lease says that a run is working on some addresses (rule 29).
type Lease struct {
	ID        string         `json:"id"`
	Host      string         `json:"host"`
	PID       int            `json:"pid"`
	Operation string         `json:"operation"`
	Addresses []addr.Address `json:"addresses"`
	Since     time.Time      `json:"since"`
	Heartbeat time.Time      `json:"heartbeat"`
	// Machine tells processes of one machine apart from those of another that goes by the same host name.
	Machine string `json:"machine,omitempty"`
}

// StaleAfter is how long a lease may be silent before it is reported as stale (rule 29).
const StaleAfter = 15 * time.Minute

// Stale says that the lease's run has shown no sign of life for too long.
func (l Lease) Stale(now time.Time) bool { return now.Sub(l.Heartbeat) > StaleAfter }

// Resource returns the resource of an address.
func (d *Document) Resource(a addr.Address) (Resource, bool) {
	for _, r := range d.Resources {
		if r.Address == a {
			return r, true
		}
	}
	return Resource{}, false
}
