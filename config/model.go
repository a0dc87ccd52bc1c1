package config

import (
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/diag"
	"github.com/megaplan/megaplan/internal/redact"
)

// Config is one evaluated configuration directory: every reference resolved, every for_each expanded, every default
// filled in. Slices are sorted by address.
type Config struct {
	// Dir is the absolute directory the files were read from.
	Dir string
	// Digest identifies the files and the values of all variables (hex SHA-256); a saved plan is bound to it (rule 26).
	Digest string

	Backend  Backend
	Accounts []Account
	Sources  []Source
	Folders  []Folder
	Backups  []Backup
	Checks   []Check
	Outputs  []Output
	Imports  []Import
	Moved    []Moved
	Removed  []Removed

	// Files are the configuration files by name, for diagnostics found after loading.
	Files Files `json:"-"`
}

// Backend says where the state document is kept. Type is "local", "http" or "mega"; Options are its arguments as text,
// defaults included, Secrets those that must not be shown.
type Backend struct {
	Type    string
	Options map[string]string
	Secrets map[string]redact.Secret
	Range   diag.Range
}

// Account is one MEGA account.
type Account struct {
	Address addr.Address
	Email   string
	// At most one source of the password is set.
	Password        redact.Secret
	PasswordFile    string
	PasswordCommand []string
	MFASecret       redact.Secret
	MFACommand      []string
	// Endpoint is the API's base URL, or "embedded" for the emulator inside the process.
	Endpoint         string
	UseHTTPS         bool
	Encoding         string
	Concurrency      int
	SmallConcurrency int
	// RequestsPerSecond bounds the requests to the API; 0 is no bound.
	RequestsPerSecond int
	// MaxDuration and MaxUpload bound what one apply does here; 0 is no bound.
	MaxDuration time.Duration
	MaxUpload   int64
	// UploadLimit and DownloadLimit are timetables in rclone's grammar, "off" for none.
	UploadLimit, DownloadLimit string
	// TrashKeep is how long megaplan's own trash is kept; 0 is for ever.
	TrashKeep time.Duration
	Range     diag.Range
}

// Symlinks says what a scan does with symbolic links.
type Symlinks string

// The ways to treat symbolic links.
const (
	SymlinksRecord Symlinks = "record"
	SymlinksFollow Symlinks = "follow"
	SymlinksSkip   Symlinks = "skip"
)

// Source is a local directory and what of it is taken.
type Source struct {
	// Address is zero for a source that a backup wrote as a plain path.
	Address addr.Address
	// Host is the host the path is on; "" is any (rule 5).
	Host string
	// Path is absolute, with ~ expanded; Written is the path as written.
	Path, Written    string
	Include, Exclude []Pattern
	IgnoreFiles      []string
	// Growing are files of which the beginning is stored that the scan saw: they are appended to all the time.
	Growing       []Pattern
	Symlinks      Symlinks
	FollowOutside bool
	OneFileSystem bool
	ExcludeCaches bool
	MaxFileSize   int64 // bytes; 0 is no limit
	Marker        string
	Range         diag.Range
}

// Pattern is one line of a filter and where it was written.
type Pattern struct {
	Text  string
	Range diag.Range
}

// Mode says what a backup keeps.
type Mode string

// The modes of a backup.
const (
	ModeMirror    Mode = "mirror"
	ModeArchive   Mode = "archive"
	ModeSnapshots Mode = "snapshots"
)

// Compare says what makes two files the same (rule 10).
type Compare string

// The ways to compare.
const (
	CompareMTime       Compare = "mtime"
	CompareFingerprint Compare = "fingerprint"
	CompareContent     Compare = "content"
)

// OnDelete says what becomes of what the source no longer has (rule 15).
type OnDelete string

// The ways to delete.
const (
	DeleteTrash   OnDelete = "trash"
	DeleteDestroy OnDelete = "destroy"
	DeleteKeep    OnDelete = "keep"
)

// Unmanaged says what becomes of remote nodes megaplan does not own (rule 1).
type Unmanaged string

// The ways to treat unmanaged nodes.
const (
	UnmanagedReport Unmanaged = "report"
	UnmanagedIgnore Unmanaged = "ignore"
	UnmanagedTrash  Unmanaged = "trash"
)

// Duplicates says which of several files or folders of one name survives (rule 20).
type Duplicates string

// The duplicate policies; DuplicatesMerge is for folders only.
const (
	DuplicatesSource   Duplicates = "source"
	DuplicatesNewest   Duplicates = "newest"
	DuplicatesOldest   Duplicates = "oldest"
	DuplicatesLargest  Duplicates = "largest"
	DuplicatesSmallest Duplicates = "smallest"
	DuplicatesFirst    Duplicates = "first"
	DuplicatesRename   Duplicates = "rename"
	DuplicatesReport   Duplicates = "report"
	DuplicatesMerge    Duplicates = "merge"
)

// CopyFrom says where content for server-side copies is looked for (rule 13).
type CopyFrom string

// The places copies are taken from.
const (
	CopyFromAccount CopyFrom = "account"
	CopyFromBackup  CopyFrom = "backup"
	CopyFromNone    CopyFrom = "none"
)

// Limit is a bound on changed files: Percent of the owned ones, or exactly Count.
type Limit struct {
	Set     bool
	Percent float64 // used when IsPercent
	Count   int64
	// IsPercent says which of the two counts.
	IsPercent bool
}

// Backup is one source kept at one remote path.
type Backup struct {
	Address addr.Address
	Account addr.Address
	Source  Source
	// Path is the absolute remote path, clean, starting with a slash, in names as written by the person (not encoded).
	Path           string
	Mode           Mode
	Compare        Compare
	OnDelete       OnDelete
	Unmanaged      Unmanaged
	Versions       bool
	DeleteExcluded bool
	CopyFrom       CopyFrom
	Preserve       Preserve
	// Always makes a snapshot even when nothing changed (rule 24).
	Always                           bool
	DuplicateFiles, DuplicateFolders Duplicates
	Retention                        Retention
	Lifecycle                        Lifecycle
	Range                            diag.Range
	// SourceRange is where source is written, for diagnostics about it.
	SourceRange diag.Range
}

// Preserve says which metadata an upload writes (rule 33).
type Preserve struct {
	Mode, MTime, Symlinks, Owner, XAttrs, Hardlinks bool
}

// Lifecycle guards a backup or folder.
type Lifecycle struct {
	PreventDestroy       bool
	MaxDelete, MaxUpdate Limit
	IgnoreDrift          []string
}

// Retention says what history is kept. Durations are as written ("90d"); package internal/retention reads them.
type Retention struct {
	Versions  *VersionRetention
	Snapshots *SnapshotRetention
	Timezone  string
}

// Location is the zone whose days, weeks and months are counted.
func (r Retention) Location() (*time.Location, error) { return time.LoadLocation(r.Timezone) }

// VersionRetention is retention { versions {} }.
type VersionRetention struct {
	KeepLast   int
	KeepWithin string
}

// SnapshotRetention is retention { snapshots {} }.
type SnapshotRetention struct {
	KeepLast, KeepHourly, KeepDaily, KeepWeekly, KeepMonthly, KeepYearly                                 int
	KeepWithin, KeepWithinHourly, KeepWithinDaily, KeepWithinWeekly, KeepWithinMonthly, KeepWithinYearly string
	KeepTags                                                                                             [][]string
	MinKeep                                                                                              int
}

// Folder is a remote folder without a source.
type Folder struct {
	Address                          addr.Address
	Account                          addr.Address
	Path                             string
	Unmanaged                        Unmanaged
	OnDelete                         OnDelete
	DuplicateFiles, DuplicateFolders Duplicates
	Lifecycle                        Lifecycle
	Range                            diag.Range
}

// Check is a condition on a backup, with exit code 5 when it fails.
type Check struct {
	Address      addr.Address
	Backup       addr.Address
	MaxAge       time.Duration // 0: not asked
	MinFiles     int64         // -1: not asked
	MaxFiles     int64         // -1: not asked
	QuotaFree    Limit         // percent of the quota, or Count bytes
	VerifySample float64       // percent; 0: not asked
	VerifyEvery  time.Duration
	Range        diag.Range
}

// Output is a value people and scripts read from the state. JSON is its value in JSON.
type Output struct {
	Name      string
	JSON      []byte
	Sensitive bool
}

// Import adopts what is at Path as To's before To's own path counts.
type Import struct {
	To    addr.Address
	Path  string
	Range diag.Range
}

// Moved renames an address and nothing else (rule 4).
type Moved struct {
	From, To addr.Address
	Range    diag.Range
}

// Removed says what becomes of an address that left the configuration (rule 3).
type Removed struct {
	From    addr.Address
	Destroy bool
	Range   diag.Range
}
