package planner

import (
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
)

// Ask is what a question wants to know.
type Ask uint8

// The questions.
const (
	// AskCRC wants the sparse CRC of a local file, in the current and in the legacy form.
	AskCRC Ask = iota
	// AskMAC wants to know whether a local file's content equals the content of a remote node, by the meta-MAC under the
	// node's key. Its answer carries the CRC too, from the same open file (rule 11).
	AskMAC
	// AskWhere wants to know where a handle is that is not in the part of the tree the planner has, or whose a node is.
	AskWhere
	// AskSize wants the files of a size in an account that are no old versions; of those in the bin the ones that megaplan put
	// there.
	AskSize
	// AskSizes wants to know which of the sizes of a source's files any file of the account has. It stands for many AskSize.
	AskSizes
	// AskVersions wants the old versions of a file.
	AskVersions
	// AskDigest wants the SHA-256 of a local file's content, with its sparse CRC.
	AskDigest
	// AskHeld wants to know what lies below a folder that is to go: one in the bin, or a snapshot.
	AskHeld
	// AskAlike wants to know whether two files on MEGA, Handle and Other, hold the same content, for which Handle is downloaded
	// where nothing else tells. It is asked under Options.VerifyDuplicates only, and for all of one Handle at once.
	AskAlike
)

// Question is one thing the planner needs to know. It is comparable and keys its answer.
type Question struct {
	Ask    Ask
	Backup addr.Address
	// Account is set for AskWhere, AskSize, AskVersions, AskHeld and AskAlike.
	Account addr.Address
	// Size is set for AskSize.
	Size int64
	// File is an id in the tree of Backup's source.
	File   tree.ID
	Handle tree.Handle
	// Other is set for AskAlike.
	Other tree.Handle
}

// Verdict answers AskMAC and AskAlike.
type Verdict uint8

// The verdicts.
const (
	_ Verdict = iota
	Equal
	Different
	// CannotTell is the known legacy fault of old clients, never corruption (rule 10); or of AskAlike, whatever kept it from being
	// answered.
	CannotTell
	// Unreadable: the local file could not be read.
	Unreadable
	// Changed: the local file is not the one that was scanned any more.
	Changed
)

// Answer answers one question.
type Answer struct {
	Verdict Verdict
	// CRC and LegacyCRC are those of the local file; set unless Verdict is Unreadable or Changed.
	CRC, LegacyCRC [16]byte
	// Digest answers AskDigest.
	Digest [32]byte
	// Detail is the error behind Unreadable, and what is behind CannotTell of AskAlike.
	Detail string
	// Fetched is how much was downloaded to answer AskAlike; where one download answers several, one of them has it.
	Fetched int64
	// Where answers AskWhere.
	Where Where
	// Candidates answers AskSize. Crowded says that there are too many to list (rule 13).
	Candidates []Candidate
	Crowded    bool
	// Sizes answers AskSizes, ascending.
	Sizes []int64
	// Versions answers AskVersions, the newest first.
	Versions []Version
	// Held answers AskHeld.
	Held *Held
}

// Held is what lies below a folder: files, and bytes with those of old versions.
type Held struct {
	Subtree      Subtree
	Files, Bytes int64
}

// Version is an old version of a file.
type Version struct {
	Handle  tree.Handle
	Size    int64
	Created int64 // Unix seconds
}

// Crowd is how many files a size may have and still be searched (rule 13).
const Crowd = 1000

// Candidate is a file on MEGA that may hold some content.
type Candidate struct {
	Handle, Parent tree.Handle
	// Path is from the account's root.
	Path           tree.Path
	Kind           tree.Kind
	HasFingerprint bool
	CRC            [16]byte
	MTime          int64 // of the fingerprint, in seconds
	Meta           string
	// Version says that it is an old version of the file at Path.
	Version bool
	// InTrash says that it is in the bin; TrashedBy and TrashedAt are from the mark of Top, the node directly in the bin that it
	// is or lies in.
	InTrash   bool
	Top       tree.Handle
	TrashedBy string
	TrashedAt int64
}

// Where is the place of a remote node. The zero value means it is gone.
type Where struct {
	Found   bool
	InTrash bool
	// Path is from the account's root, or from the bin.
	Path   tree.Path
	Parent tree.Handle
	Name   string
	// Version says that the node is now an old version of the file Parent.
	Version bool
	// TrashedAt is when, as far as _mptrash tells (Unix seconds), TrashedBy the address.
	TrashedAt int64
	TrashedBy string
	// Owner is the MEGA user handle of who made it.
	Owner string
}

// Answers holds the answers so far.
type Answers map[Question]Answer
