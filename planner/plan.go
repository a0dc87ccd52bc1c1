package planner

import (
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// Plan is what an apply would do, and what the person should know before it does.
type Plan struct {
	Targets []Target
	Actions []Action
	// Drift is remote against state (rule 25).
	Drift  []Difference
	Checks []CheckResult
	// Refusals say why this plan must not be applied; they are errors. Exit code 7, or 9 where Quota is set.
	Refusals []Refusal
	// Warnings do not stop an apply.
	Warnings diag.List
	// Quotas is the use of each account before the apply.
	Quotas []AccountQuota
	// Partial says that something of a source could not be read or has no name of its own on MEGA, so that a run that applies
	// this ends with exit code 3.
	Partial bool
	// Compared is what was found out under Options.VerifyDuplicates, nil without.
	Compared *Compared
	// Rollback says that the plan takes the last run back, Refresh that it only makes the state say what is on MEGA.
	Rollback, Refresh bool
}

// FromSource says whether a plan brings backups nearer to their sources: only such a one counts as an apply of theirs.
func (p *Plan) FromSource() bool { return !p.Rollback && !p.Refresh }

// AccountQuota is the storage of one account. TrashKeep is how long megaplan's own trash stays; 0 is for ever.
type AccountQuota struct {
	Account addr.Address
	Quota
	TrashKeep time.Duration
}

// Status says how an address takes part in a plan.
type Status string

// The ways an address takes part.
const (
	Active    Status = "active"
	NotHere   Status = "not here"  // another host's (rule 5)
	Excluded  Status = "excluded"  // by -target or -exclude
	Forgotten Status = "forgotten" // in state, no longer in configuration (rule 3)
	Destroyed Status = "destroyed"
	// Bin is the status of an account's address, where things expire in its rubbish bin (rule 21). It has no state.
	Bin Status = "bin"
)

// Target is one address of the plan: a backup, a folder, or an account whose bin takes part.
type Target struct {
	Address addr.Address
	Status  Status
	Account addr.Address
	// Host is the other host, for NotHere.
	Host string
	// Source is the local root ("" for a folder); Path the remote path in names as stored, from the account's root.
	Source, Written string
	Path            tree.Path
	// Root is the folder at Path: its handle, or the action that creates it.
	Root Ref
	// Prior is the address whose state this one continues: its own, or the one it was renamed from (rules 3, 4), which is
	// forgotten in the same plan. It is zero without state.
	Prior addr.Address
	// Serial is the state serial the plan saw (rule 26).
	Serial   uint64
	Resource state.Resource
	// Files and Bytes are what the source holds, Equal how many of them are equal to their backup already.
	Files, Bytes, Equal int64
	LastSuccess         time.Time
	// Adopt holds owned nodes that the manifest lacks or knows otherwise; Drop handles of the manifest that are no longer
	// below the root. Both are facts about the remote tree: ManifestAfter applies them, then what the actions did.
	Adopt []state.Entry
	Drop  []tree.Handle
	// Found holds, as they are and by handle, nodes that the plan overwrites or gives attributes though the manifest lacks them: the run
	// did not make them.
	Found []state.Entry
	// Kept are remote nodes that stay though the source lacks them, with the reason ("left out, kept: ...").
	Kept []Kept
	// Unmanaged are remote nodes inside that megaplan does not own.
	Unmanaged []Kept
	// Undoes says which run the plan takes back, "" for none. Returns, by path, are entries that come out of the bin with a folder above
	// them, Lost what cannot be taken back, and why.
	Undoes  string
	Returns []state.Entry
	Lost    []Kept
	// Skipped are local names that cannot be backed up: unreadable, a clash of names, too large, a socket.
	Skipped []Kept
	// Snapshots are the published snapshots that are below the root, the newest first, or of a backup that is taken away those that
	// the state knows; SnapshotsAfter applies what the actions did.
	Snapshots []state.Snapshot
	// Fates are what retention does with the snapshots, the one this plan makes included, the newest first.
	Fates []Fate
	// Versions are the old versions that stay of the files of which some expire, and why.
	Versions  []Kept
	Lifecycle config.Lifecycle
}

// Kept is a remote node, or everything below it, that a plan leaves alone, and why.
type Kept struct {
	Path   tree.Path // from the address's root
	Reason string
	Files  int64
	Dir    bool
}

// Change is what drift found about a node.
type Change string

// The kinds of drift.
const (
	DriftAdded      Change = "added"
	DriftChanged    Change = "changed"
	DriftRemoved    Change = "removed"
	DriftMoved      Change = "moved"
	DriftRenamed    Change = "renamed"
	DriftDuplicated Change = "duplicated"
	DriftAttributes Change = "attributes"
)

// Difference is one difference between remote and state.
type Difference struct {
	Address addr.Address
	Change  Change
	Path    tree.Path // from the address's root
	To      tree.Path // where it is now, from the account's root, for moved and renamed
	Dir     bool
	Files   int64
	Detail  string    // "gone; in the trash since ..."
	When    time.Time // as far as MEGA tells
	// User is the MEGA user handle of who made the node that is there now, as far as MEGA tells: of a node that was moved,
	// renamed or deleted it does not. Only under DriftOnly it is asked.
	User string
}

// Refusal is a reason not to apply a plan: what rule, which numbers, the way out.
type Refusal struct {
	Rule       int
	Address    addr.Address
	Diagnostic diag.Diagnostic
	// Quota marks exit code 9.
	Quota bool
}

// CheckResult is the outcome of a check block.
type CheckResult struct {
	Address addr.Address
	OK      bool
	Detail  string
	// Backup is the one it is about. Aged says that nothing but max_age is against it, so that an apply that succeeds mends it.
	Backup addr.Address
	Aged   bool
}

// Compared sums up the duplicates that were compared by downloading: how many, how many of them hold the same as the one that
// stays, of how many it cannot be told, and the bytes that were fetched for that.
type Compared struct{ Files, Equal, Unknown, Fetched int64 }

// Totals sums a plan up.
type Totals struct {
	Actions                                                         map[Kind]int64
	UploadBytes, UpdateBytes, CopiedBytes, FreedBytes, TrashedBytes int64
	// Peak and After are quota use in bytes, by account.
	Quota []QuotaOutlook
}

// QuotaOutlook is an account's quota before, at the peak of and after an apply.
type QuotaOutlook struct {
	Account                  addr.Address
	Used, Total, Peak, After int64
	// Trashed is what the apply puts into the bin, where it still counts: for TrashKeep, or with 0 until somebody empties it.
	Trashed   int64
	TrashKeep time.Duration
}
