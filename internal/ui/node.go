package ui

import (
	"strings"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
)

// Header begins every JSON document.
type Header struct {
	FormatVersion   string `json:"format_version"`
	MegaplanVersion string `json:"megaplan_version"`
}

// NewHeader is the header of this program's documents.
func NewHeader(version string) Header { return Header{FormatVersion, version} }

// Where a node lies, as in Node.Where.
const (
	inTrash   = "trash"
	asVersion = "version"
)

// Node is a remote node as ls, find, versions and explain show it.
type Node struct {
	Account addr.Address `json:"account"`
	// Path is from the cloud drive, or from the bin, in names as stored.
	Path string `json:"path"`
	// Where is drive, trash, or version for an older version of the file at the path.
	Where string `json:"where"`
	// InTrash tells of an older version that the path of its file is from the bin.
	InTrash bool `json:"in_trash,omitempty"`
	// Owner is the address that declares the path or one above it.
	Owner        addr.Address `json:"owner,omitzero"`
	Kind         string       `json:"kind"`
	Size         int64        `json:"size"`
	Modified     time.Time    `json:"modified,omitzero"`
	Stored       time.Time    `json:"stored"`
	Handle       tree.Handle  `json:"handle"`
	Versions     int64        `json:"versions,omitempty"`
	VersionBytes int64        `json:"version_bytes,omitempty"`
	TrashedBy    string       `json:"trashed_by,omitempty"`
	Trashed      time.Time    `json:"trashed,omitzero"`
	// Snapshot is what the mark of a published snapshot's folder says.
	Snapshot *Snapshot `json:"snapshot,omitempty"`
}

// NewNode makes the view of a node. where is drive, trash or version.
func NewNode(account addr.Address, path tree.Path, where string, owner addr.Address, n tree.Node) Node {
	v := Node{
		Account: account, Path: "/" + string(path), Where: where, Owner: owner, Kind: n.Kind.String(), Size: n.Size,
		Stored: time.Unix(n.Created, 0).UTC(), Handle: n.Handle, Versions: int64(n.Versions), VersionBytes: n.VersionBytes, TrashedBy: n.TrashedBy,
	}
	if n.HasFingerprint {
		v.Modified = time.Unix(0, n.MTime).UTC()
	}
	if all := snapshot.Of([]tree.Node{n}); len(all) == 1 {
		one := NewSnapshot(all[0])
		v.Snapshot = &one
	}
	if n.TrashedAt != 0 {
		v.Trashed = time.Unix(n.TrashedAt, 0).UTC()
	}
	return v
}

func (n Node) dir() bool { return n.Kind == tree.Dir.String() }

// place is the node's path as other commands take it, safe to show.
func (n Node) place() string {
	return place(n.Account, n.InTrash || n.Where == inTrash, n.Path, n.dir())
}

func place(account addr.Address, trashed bool, path string, dir bool) string {
	text := account.Name + ":"
	if trashed {
		text += "[trash]"
	}
	text += Printable(path)
	if dir && !strings.HasSuffix(text, "/") {
		text += "/"
	}
	return text
}

// size is empty for a folder.
func (n Node) size() string {
	if n.dir() {
		return ""
	}
	return Size(n.Size)
}

// date is the node's own time where it has one, else when it came to MEGA.
func (n Node) date() string {
	if n.Modified.IsZero() {
		return minutes(n.Stored)
	}
	return minutes(n.Modified)
}

// minutes writes a time for a column.
func minutes(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04")
}
