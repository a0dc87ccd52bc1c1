package mega

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/megaplan/megaplan/internal/mega/transfer"
	"github.com/megaplan/megaplan/internal/tree"
)

// RoundTripper carries requests; it is here so that who composes a client needs no HTTP.
type RoundTripper = http.RoundTripper

// Identity is what a local file was when it was looked at.
type Identity = transfer.Identity

// ErrReadOnly is returned by every change on a client that was opened to look only.
var ErrReadOnly = errors.New("this client only reads")

// NewFolder is a folder to create. Its parent is Parent, or the folder of an earlier entry of the same call: Under is that
// entry's place counted from 1.
type NewFolder struct {
	Parent     tree.Handle
	Under      int
	Name, Meta string
	// Snapshot is the mark of a snapshot's folder.
	Snapshot string
	// Own marks the folder as megaplan's own.
	Own bool
}

// PartError says which entries of a call failed, by index; the others were done.
type PartError struct{ Errs map[int]error }

func (e *PartError) Error() string {
	first := -1
	for i := range e.Errs {
		if first < 0 || i < first {
			first = i
		}
	}
	return fmt.Sprintf("%d entries failed, the first: %v", len(e.Errs), e.Errs[first])
}

// Upload is content to store as a node.
type Upload struct {
	Parent     tree.Handle
	Name, Meta string
	// File is the content, or Bytes where File is nil (a symlink's target). The caller closes File.
	File  *os.File
	Bytes []byte
	// Prefix, if set, says that File grows, and what it was once: that is stored, under the time it had then.
	Prefix *Identity
	// MTime goes into the fingerprint of Bytes, in seconds; a File's own time, as it was when its content was read, counts
	// for a File.
	MTime int64
	// Replace is the file this one takes the place of (ov); zero makes a sibling. KeepVersion keeps the old one as a version
	// (vb:1), else it is gone for good (vb:0). The old one's favourite, label, description, tags, sensitive mark and unknown
	// attributes go along.
	Replace     tree.Handle
	KeepVersion bool
	// Pause, once closed, ends the upload of a large file with ErrPaused; the next one to the same place goes on with it.
	Pause <-chan struct{}
	// Confirm, if set, is asked when the content is stored, just before its node is made; its error ends the upload.
	Confirm func(context.Context) error
	// Progress is told the bytes sent since the last call.
	Progress func(n int64)
}

// Uploaded is the node an upload made.
type Uploaded struct {
	Handle  tree.Handle
	Size    int64
	MTime   int64
	CRC     [16]byte
	Created int64
	// Source is the file as it was when its content was read, or its Prefix; zero for Bytes. Grown says that it was more than its
	// Prefix by then.
	Source Identity
	Grown  bool
}

// TrashMark is what a node in the bin remembers (rule 21). It holds for that node's stay in the bin only: a copy of the node
// that carries it, and a node that another client took out and trashed from somewhere else, count as not marked.
type TrashMark struct {
	At            time.Time
	Address, Path string
	// Run is the lease id of the run that put it there.
	Run string
	// Held sums up what lay below the node when it was put there; nil in the marks of versions that did not note it.
	Held *Held
}

// Held sums up the nodes below a folder, as planner.Subtree does.
type Held struct {
	Nodes  int64
	Digest [32]byte
}

// Place is where a node is.
type Place struct {
	Found, InTrash bool
	// Version says that the node is an old version of the file Parent.
	Version bool
	// Path is from the cloud drive, or from the bin.
	Path   tree.Path
	Parent tree.Handle
	Node   tree.Node
	// Owner is the user handle of who made the node.
	Owner string
}

// Quota is an account's storage in bytes.
type Quota struct {
	Used  int64 `json:"used"`
	Total int64 `json:"total"`
}

// Refreshed says what reading the account took: Full where the whole tree was fetched, else Changed events were applied.
type Refreshed struct {
	Nodes, Changed int
	Full           bool
	// Cached says that MEGA was not asked.
	Cached bool
	SN     string
}

// Wait is a back-off the person should see.
type Wait struct {
	Reason  string
	Until   time.Time
	Attempt int
}
