package verify

import (
	"cmp"
	"slices"

	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/scan"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

// Verdict is what was found out about one file. The values appear in JSON.
type Verdict string

// The verdicts.
const (
	Equal Verdict = "equal"
	// Differs: other bytes, and no sign that the local file was edited since the backup was made: damage here, or another
	// client's doing there.
	Differs Verdict = "differs"
	// Changed: the local file was edited or made since; the next apply will upload it.
	Changed Verdict = "changed here since"
	// Grown: the local file begins with the bytes there, and is declared to grow; the next apply will upload it.
	Grown        Verdict = "grown since"
	MissingHere  Verdict = "missing here"
	MissingThere Verdict = "missing there"
	CannotTell   Verdict = "cannot tell"
	// Damaged: the bytes on the server are not those the node was made for. Only Fetch finds that.
	Damaged Verdict = "damaged there"
)

// Input is what a comparison depends on.
type Input struct {
	// Remote has the backup's root.
	Remote *tree.Tree
	Root   tree.ID
	// Local is the scanned source, its names written in Encoding.
	Local    *tree.Tree
	Encoding names.Encoding
	// Manifest is what the last apply left; HasState is false where nothing is known of it.
	Manifest state.Manifest
	HasState bool
	// Proofs are what the cache knows, by handle (rule 9).
	Proofs map[tree.Handle]planner.Proof
	// KeepsGone says that the backup keeps what is gone from the source (archive, on_delete = "keep").
	KeepsGone bool
	// Dated says that the backup is a snapshot: what the source lost since is a change here. It was made with Made.
	Dated  bool
	Made   Held
	Sample Sample
	// Grows says which local files, by their path on disk, are declared to grow; nil: none.
	Grows func(path string) bool
}

// Held is how much something holds.
type Held struct{ Files, Bytes int64 }

// Check is a local file that is to be read, and the remote files it is compared with.
type Check struct {
	// Path is below the source's root, in names on disk.
	Path     string
	Symlink  bool
	Identity scan.Identity
	// Size is how much of it is compared: all of it, or of a file that grows what the nodes hold.
	Size  int64
	Nodes []Node
}

// Node is a remote file that a local one is compared with.
type Node struct {
	Handle tree.Handle
	Path   tree.Path // below the backup's root
	// differing is the finding if the content is not equal.
	differing Finding
}

// Finding is a verdict about one file and what is known besides.
type Finding struct {
	Path    tree.Path // below the backup's root, in names as stored
	Verdict Verdict
	Handle  tree.Handle // zero where there is none
	Size    int64
	// Here and There are the file's date here and its node's time there, in Unix seconds; 0 is unknown.
	Here, There int64
	// Other says that another client made the node.
	Other  bool
	Detail string
	// Expected says that the configuration asks for it: it is no difference.
	Expected bool
	// Unreadable says that the file could not be read (exit code 3).
	Unreadable bool
}

// Difference says whether the finding counts as one (exit code 4).
func (f *Finding) Difference() bool {
	switch f.Verdict {
	case Differs, MissingHere, MissingThere, Damaged:
		return !f.Expected
	case Equal, Changed, Grown, CannotTell:
		return false
	}
	panic("verify: verdict " + string(f.Verdict))
}

// Work is what a comparison needs to read, and what it found without.
type Work struct {
	Checks   []Check
	Findings []Finding
	// Files and Bytes are the remote files looked at.
	Files, Bytes int64
	// Unsampled were left out by the sample.
	Unsampled int64
	// Unmanaged are remote files that megaplan does not own and the source does not have.
	Unmanaged int64
}

// ReadBytes is how much the checks will read.
func (w *Work) ReadBytes() int64 {
	var sum int64
	for i := range w.Checks {
		sum += w.Checks[i].Size
	}
	return sum
}

// Result is what a verification found.
type Result struct {
	Files, Bytes int64 // remote files looked at
	Counts       map[Verdict]int64
	// EqualBytes were proven equal, ReadBytes read here, DownloadedBytes fetched.
	EqualBytes, ReadBytes, DownloadedBytes int64
	// Fetched counts the files proven on the server, Unfetched those that sample and budget left out of that.
	Fetched, Unfetched int64
	// Findings are all but the equal ones, by path.
	Findings             []Finding
	Unsampled, Unmanaged int64
}

// Differences counts what makes the exit code 4.
func (r *Result) Differences() int64 {
	return r.count(func(f *Finding) bool { return f.Difference() })
}

// Unread counts files that could not be read (exit code 3).
func (r *Result) Unread() int64 {
	return r.count(func(f *Finding) bool { return f.Unreadable })
}

func (r *Result) count(is func(*Finding) bool) int64 {
	var n int64
	for i := range r.Findings {
		if is(&r.Findings[i]) {
			n++
		}
	}
	return n
}

// add records a finding.
func (r *Result) add(f Finding) {
	if r.Counts == nil {
		r.Counts = map[Verdict]int64{}
	}
	r.Counts[f.Verdict]++
	if f.Verdict == Equal {
		r.EqualBytes += f.Size
		return
	}
	r.Findings = append(r.Findings, f)
}

func (r *Result) sort() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Handle, b.Handle))
	})
}
