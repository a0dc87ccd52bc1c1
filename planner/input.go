package planner

import (
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// Input is all a plan depends on.
type Input struct {
	Config *config.Config
	// Host is this host's name (rule 5).
	Host string
	// Now is the server's time; ClockOff says that the local clock differs by more than ten minutes (rule 22).
	Now      time.Time
	ClockOff bool
	Prior    []Prior
	Accounts []Account
	Sources  []Source
	// Paths holds the remote path of every declared backup and folder from its account's root, in names as stored on MEGA
	// (encoded). An address that is missing here has its declared path as it is.
	Paths map[addr.Address]tree.Path
	// Imports holds, in the same form, the path an import block names for an address.
	Imports map[addr.Address]tree.Path
	Options Options
}

// Prior is what state knows of an address, the journal overlaid.
type Prior struct {
	Resource state.Resource
	Manifest state.Manifest
	// Before is set for an address whose last run is to be taken back.
	Before *Before
}

// Account is the remote side of one account.
type Account struct {
	Address addr.Address
	// User is the MEGA user handle.
	User string
	// Tree is rooted at the cloud drive. Everything at and below declared paths and known roots is there; other folders on the way are
	// listed, those beside it are marked Incomplete.
	Tree  *tree.Tree
	Quota Quota
	// Encoding is how names on disk are written in the account.
	Encoding names.Encoding
	// Veiled says what the marked folders hold that Tree shows as Incomplete: of a backup's snapshots only the newest is decrypted.
	Veiled map[tree.Handle]Volume
	// Own lists megaplan's own nodes (state, lock, unfinished snapshots), which nobody's rules apply to (rule 2).
	Own map[tree.Handle]bool
	// Bin lists the marked nodes that lie directly in the bin, of the accounts that BinsNeeded names.
	Bin []Trashed
}

// Trashed is a node directly in the bin that megaplan put there, by its mark (rule 21).
type Trashed struct {
	// Remote is the node; its parent is the bin. Bytes is a file with its versions, 0 for a folder.
	Remote Remote
	Bytes  int64
	// Path is where it was, from the account's root, By the address that put it there, in the run Run.
	Path    tree.Path
	By, Run string
	// Held is what lay below it when it was trashed; nil where the mark does not tell.
	Held *Subtree
}

// Volume is how many files a folder holds, and their bytes without old versions.
type Volume struct{ Files, Bytes int64 }

// Quota is an account's storage in bytes. Total 0 means unknown.
type Quota struct{ Used, Total int64 }

// Source is the local side of one backup.
type Source struct {
	Backup addr.Address
	// Tree is nil if the source was not scanned: another host's, or nothing is wanted from it (destroy).
	Tree *tree.Tree
	// Failure says why the source could not be scanned at all (rule 8).
	Failure SourceFailure
	Detail  string
	// ScannedAt is when the scan began, Unix nanoseconds.
	ScannedAt int64
	// Proofs holds what the cache knows (rule 9), in order (Proof.Compare).
	Proofs []Proof
}

// SourceFailure is why a source counts as not there.
type SourceFailure string

// The ways a source can fail.
const (
	SourceOK         SourceFailure = ""
	SourceMissing    SourceFailure = "missing"
	SourceNotDir     SourceFailure = "not a directory"
	SourceUnreadable SourceFailure = "unreadable"
	SourceNoMarker   SourceFailure = "marker missing"
)

// Options are the command line's part.
type Options struct {
	// Destroy plans to take every (targeted) address away.
	Destroy     bool
	RefreshOnly bool
	// Rollback plans to take back the last run of the addresses whose Prior has a Before; no source is needed.
	Rollback bool
	// DriftOnly compares remote with state and nothing else, on every address whatever its host; no source is needed.
	DriftOnly           bool
	Target, Exclude     []addr.Address
	TakeOver            []addr.Address
	AllowMassDelete     []addr.Address
	AllowMassDeleteAll  bool
	DeleteDespiteErrors bool
	// Checksum compares by content whatever the configuration says.
	Checksum bool
	// VerifyDuplicates has duplicates downloaded that nothing else proves equal or different (rule 20).
	VerifyDuplicates bool
	// IgnoreDrift adds globs to ignore_drift for this run.
	IgnoreDrift []string
	// Tags are those of the snapshots this plan makes, sorted, each once.
	Tags []string
}
