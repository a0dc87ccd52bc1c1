package ui

import (
	"bufio"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/internal/treediff"
)

// DiffSide is one of two remote trees that are compared.
type DiffSide struct {
	Account addr.Address `json:"account"`
	Path    string       `json:"path"`
	// At is the time it is shown as of; absent for now. Missing files were there then and are gone from MEGA.
	At      time.Time `json:"at,omitzero"`
	Missing int64     `json:"missing,omitempty"`
}

// DiffKind says what became of a node. The values appear in JSON.
type DiffKind string

// The kinds of differences.
const (
	DiffAdded   DiffKind = "added"
	DiffRemoved DiffKind = "removed"
	DiffChanged DiffKind = "changed"    // other content
	DiffUnsure  DiffKind = "may_differ" // of one size, and nothing proves the content equal or different
	DiffTouched DiffKind = "touched"    // other attributes only
	DiffMoved   DiffKind = "moved"
)

// DiffEntry is one difference.
type DiffEntry struct {
	Change DiffKind `json:"change"`
	// Path is below the compared place: in B, or in A for what was removed. From is where a moved node was in A.
	Path string `json:"path"`
	From string `json:"from,omitempty"`
	Kind string `json:"kind"`
	// Bytes is a file's size, BytesBefore its size in A; of a folder that was added, removed or moved Files counts what is in
	// it, and Bytes is their size.
	Bytes       int64 `json:"bytes"`
	BytesBefore int64 `json:"bytes_before,omitempty"`
	Files       int64 `json:"files,omitempty"`
	// Date, Mode and Attributes say what else is different; attributes are owner, extended attributes and what is a link.
	Date       bool `json:"date,omitempty"`
	Mode       bool `json:"mode,omitempty"`
	Attributes bool `json:"attributes,omitempty"`
	// Within says that the folder above was added, removed or moved as a whole, and is listed before.
	Within       bool        `json:"within,omitempty"`
	Handle       tree.Handle `json:"handle,omitzero"`
	HandleBefore tree.Handle `json:"handle_before,omitzero"`

	// partly says that the line stands for files of a folder, not for all of it.
	partly bool
}

// DiffCount is a number of files and their bytes.
type DiffCount struct {
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
}

// DiffTotals sums differences up; a file that moved counts as moved whatever else is different about it.
type DiffTotals struct {
	Equal          DiffCount `json:"equal"`
	Added          DiffCount `json:"added"`
	Removed        DiffCount `json:"removed"`
	Changed        DiffCount `json:"changed"`
	MayDiffer      DiffCount `json:"may_differ"`
	Touched        DiffCount `json:"touched"`
	Moved          DiffCount `json:"moved"`
	AddedFolders   int64     `json:"added_folders"`
	RemovedFolders int64     `json:"removed_folders"`
}

// NewDiffTotals makes the view of totals.
func NewDiffTotals(t treediff.Totals) DiffTotals {
	return DiffTotals{
		Equal: DiffCount(t.Equal), Added: DiffCount(t.Added), Removed: DiffCount(t.Removed), Changed: DiffCount(t.Changed),
		MayDiffer: DiffCount(t.Unsure), Touched: DiffCount(t.Touched), Moved: DiffCount(t.Moved),
		AddedFolders: t.AddedFolders, RemovedFolders: t.RemovedFolders,
	}
}

// DiffDocument is `megaplan diff -json`.
type DiffDocument struct {
	Header
	A       DiffSide    `json:"a"`
	B       DiffSide    `json:"b"`
	Totals  DiffTotals  `json:"totals"`
	Changes []DiffEntry `json:"changes"`
}

// Diff is a comparison to show: all but its changes, which are made one by one.
type Diff struct {
	A, B    DiffSide
	Totals  DiffTotals
	Changes iter.Seq[DiffEntry]
}

// WriteDiff writes one DiffDocument, a change a line.
func (s *Screen) WriteDiff(version string, d Diff) error {
	head, err := json.Marshal(DiffDocument{Header: NewHeader(version), A: d.A, B: d.B, Totals: d.Totals, Changes: []DiffEntry{}})
	if err != nil {
		return err
	}
	out := bufio.NewWriter(s.Out)
	_, err = out.Write(head[:len(head)-len("]}")])
	before := "\n  "
	for e := range d.Changes {
		text, encoded := json.Marshal(e)
		if encoded != nil {
			return encoded
		}
		if _, err = fmt.Fprintf(out, "%s%s", before, text); err != nil {
			return err
		}
		before = ",\n  "
	}
	if err == nil {
		_, err = out.WriteString("\n]}\n")
	}
	if err != nil {
		return err
	}
	return out.Flush()
}
