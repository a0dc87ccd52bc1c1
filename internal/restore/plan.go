package restore

import (
	"fmt"

	"github.com/megaplan/megaplan/internal/filter"
	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/scan"
	"github.com/megaplan/megaplan/internal/tree"
)

// Overwrite says what becomes of files that are there already and are not equal.
type Overwrite string

// The ways to treat files that are there.
const (
	Never  Overwrite = "never"
	Older  Overwrite = "older" // only those with an earlier date
	Always Overwrite = "always"
)

// ParseOverwrite reads the option's value; "" is Never.
func ParseOverwrite(s string) (Overwrite, error) {
	switch o := Overwrite(s); o {
	case "":
		return Never, nil
	case Never, Older, Always:
		return o, nil
	}
	return "", fmt.Errorf("overwrite=%s: want never, older or always", s)
}

// Input is all a plan depends on.
type Input struct {
	// Tree holds what is restored: everything below the folder Root, or the file Root itself.
	Tree *tree.Tree
	Root tree.ID
	// Owned says which nodes are megaplan's own: of several of one name theirs is restored. nil: nobody knows.
	Owned func(tree.Handle) bool
	// Encoding is how names are written in the account.
	Encoding names.Encoding
	// Filter judges names on disk, as in a source; nil takes everything.
	Filter    *filter.Filter
	Overwrite Overwrite
	// Local is what Look found at the target.
	Local Local
	// Windows says that the target's names follow Windows' rules.
	Windows bool
}

// Local is what is at the target, as far as the remote tree has names for it.
type Local struct {
	// Tree is nil where the target does not exist.
	Tree *tree.Tree
	// Leftovers are temporary files of a restore that was cut off, by path below the target.
	Leftovers []string
	// FoldsCase says that the target takes names that differ only in case for one.
	FoldsCase bool
}

// Kind is what an entry becomes on disk. The values appear in JSON.
type Kind string

// The kinds of entries.
const (
	Directory Kind = "directory"
	File      Kind = "file"
	Symlink   Kind = "symlink"
	Hardlink  Kind = "hardlink" // another name of an earlier file
)

// Op is what is done for an entry. The values appear in JSON.
type Op string

// The operations.
const (
	Create  Op = "create"
	Replace Op = "overwrite"
	Equal   Op = "equal"  // nothing: size and date are those of the backup
	Finish  Op = "finish" // a directory that a restore made and had no time to complete
)

// Entry is one name below the target.
type Entry struct {
	Op   Op
	Kind Kind
	// Path is below the target, in names on disk joined by slashes.
	Path string
	// Remote is the path below the root, in names as stored.
	Remote tree.Path
	Handle tree.Handle
	Size   int64
	// MTime is in nanoseconds; HasTime is false for directories without a recorded date.
	MTime   int64
	HasTime bool
	Meta    scan.Meta
	// LinkTo is the path of the file that a Hardlink is another name of.
	LinkTo string
	// Seen is what Replace replaces: a precondition.
	Seen Seen
	// Begun says that a restore that was cut off left part of the content here.
	Begun bool
}

// Seen is a local name as it was planned with.
type Seen struct{ Size, MTime int64 }

// Why says why a remote node is not restored. The values appear in JSON.
type Why string

// The reasons. Exists and Newer are the person's choice; all others make the restore partial.
const (
	Exists    Why = "exists"
	Newer     Why = "newer here"
	BadName   Why = "name refused"
	Duplicate Why = "duplicate"
	CaseClash Why = "differs only in case"
	InTheWay  Why = "in the way"
	NoKey     Why = "cannot be decrypted"
	NoTime    Why = "time unknown"
	Gone      Why = "gone"
)

// Chosen says that the person's options left it out, so that nothing is missing.
func (w Why) Chosen() bool { return w == Exists || w == Newer }

// Skip is a remote node, with all below it, that is not restored.
type Skip struct {
	Path   string // on disk, below the target; the name's own bytes where it was refused
	Why    Why
	Reason string
	Files  int64
}

// Plan is what a restore would do. Directories come before what is in them.
type Plan struct {
	Entries []Entry
	Skipped []Skip
	// Notes are about entries that are restored without something, such as metadata that cannot be read.
	Notes []Skip
	// Leftovers are temporary files of a killed restore that nothing will go on with.
	Leftovers []string
}

// Totals sums a plan up. Bytes are those to be written.
type Totals struct {
	Dirs, Files, Links     int64 // to be made, overwritten ones included
	Bytes                  int64
	Replaced, Equal        int64
	EqualBytes             int64
	Chosen, Problems, Gone int64 // files not restored
}

// Totals sums the plan up.
func (p *Plan) Totals() Totals {
	var t Totals
	for i := range p.Entries {
		t.add(&p.Entries[i])
	}
	for _, s := range p.Skipped {
		switch {
		case s.Why.Chosen():
			t.Chosen += max(1, s.Files)
		case s.Why == Gone:
			t.Gone += max(1, s.Files)
		default:
			t.Problems += max(1, s.Files)
		}
	}
	return t
}

func (t *Totals) add(e *Entry) {
	switch {
	case e.Kind == Directory:
		if e.Op == Create {
			t.Dirs++
		}
	case e.Op == Equal:
		t.Equal++
		t.EqualBytes += e.Size
	case e.Kind == Hardlink:
		t.Links++
	default:
		t.Files++
		t.Bytes += e.Size
	}
	if e.Op == Replace {
		t.Replaced++
	}
}

// Partial says that something of the backup will be missing (exit code 3).
func (p *Plan) Partial() bool {
	for _, s := range p.Skipped {
		if !s.Why.Chosen() {
			return true
		}
	}
	return len(p.Notes) > 0
}

// Idle says that there is nothing to do.
func (p *Plan) Idle() bool {
	for i := range p.Entries {
		if p.Entries[i].Op != Equal {
			return false
		}
	}
	return true
}
