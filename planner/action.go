package planner

import (
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
)

// Kind is what an action does. The values are a contract: they appear in JSON.
type Kind string

// The kinds of actions.
const (
	CreateFolder     Kind = "create_folder"
	Upload           Kind = "upload" // a new name
	Update           Kind = "update" // new content for an existing one
	Touch            Kind = "touch"  // same content, fingerprint (and _mp) written anew
	Move             Kind = "move"
	Copy             Kind = "copy"
	SetAttributes    Kind = "set_attributes" // _mp alone
	Trash            Kind = "trash"
	Destroy          Kind = "destroy"
	RestoreFromTrash Kind = "restore_from_trash"
	MergeFolder      Kind = "merge_folder" // what is left of a folder whose content went to another one of its name
	ExpireVersion    Kind = "expire_version"
	ExpireSnapshot   Kind = "expire_snapshot"
	PublishSnapshot  Kind = "publish_snapshot"
	ExpireTrash      Kind = "expire_trash"
	Forget           Kind = "forget" // changes state only
)

// Content says whether actions of this kind bring content or make room for it; deletions wait for them.
func (k Kind) Content() bool {
	switch k {
	case CreateFolder, Upload, Update, Move, Copy, RestoreFromTrash:
		return true
	}
	return false
}

// ActionID is an action's place in its plan, from 1; 0 is none.
type ActionID uint32

// Ref names a remote folder that exists, by handle, or that an earlier action of the plan creates.
type Ref struct {
	Handle tree.Handle
	Action ActionID
}

// Action is one change: one side effect and then its record.
type Action struct {
	ID      ActionID
	Address addr.Address
	Kind    Kind
	// Path is the remote path from the account's root, in names as stored, and for what expires in the bin the one it had; From
	// is where a move or copy comes from.
	Path, From tree.Path
	// Reason is a phrase a person reads: "new here", "gone from the source".
	Reason string
	// Bytes is the content uploaded, copied, trashed or freed; Files the files it stands for (a folder's content).
	Bytes, Files int64
	// Needs lists actions that must have succeeded before, ascending.
	Needs []ActionID
	// After says what a deletion waits for beside them.
	After After

	// Parent and Name say where a node is created or moved to.
	Parent Ref
	Name   string
	// Local is the content of upload, update, touch.
	Local Local
	// Meta is the _mp attribute the node has afterwards; "" means none.
	Meta string
	// Fingerprint is what touch writes as c, and what set_attributes leaves as it is.
	Fingerprint Fingerprint
	// Remote is the existing node the action is about, as it was seen (update: the node replaced). It is a precondition (rule 27).
	Remote Remote
	// KeepVersion says that what an update overwrites becomes a version (vb:1); without it vb:0 is sent. Only
	// where Replace is set: otherwise the update creates a sibling and a later action removes the old node.
	Replace, KeepVersion bool
	// Like is the earlier upload or update whose content a copy or an update takes, where there is no node yet to name.
	Like ActionID
	// Original is the node whose content an update takes, by a copy on the server; zero: it is uploaded. Of a duplicate that is
	// destroyed it is the node that holds the same and stays: as long as it does.
	Original tree.Handle
	// Proven says that what is copied was proven to be exactly Local: the new node is too (rule 9).
	Proven bool
	// Subtree is how a folder to be trashed looked (rule 16), and what is left of one that is merged when its turn comes; nil for
	// files.
	Subtree *Subtree
	// Disown, if set, says that the state does not know the node afterwards: it leaves by its handle, since several nodes may have its path.
	Disown *Disowned
	// Mark is the _mpsnap attribute that create_folder and publish_snapshot write, and that expire_snapshot writes before it
	// destroys, with the tags and the pin that the plan saw. Folder is the folder that is published. Purge makes expire_snapshot destroy, not trash.
	Mark   string
	Folder Ref
	Purge  bool
}

// Sends says whether the action uploads content.
func (a *Action) Sends() bool {
	return a.Kind == Upload || a.Kind == Update && a.Original == 0 && a.Like == 0
}

// Disowned are the nodes in a folder that leave the state with it. What else has their paths, in another folder of the name,
// stays in it.
type Disowned struct{ Along []tree.Handle }

// handles lists a node and those that leave the state with it.
func (d *Disowned) handles(of tree.Handle) []tree.Handle {
	if d == nil {
		return []tree.Handle{of}
	}
	return append([]tree.Handle{of}, d.Along...)
}

// Local identifies a local file's content as it was scanned (rule 27). Path is relative to the source's root, in names on disk.
type Local struct {
	Path       string
	Symlink    bool
	Size       int64
	MTime      int64 // nanoseconds
	CTime      int64
	Dev, Inode uint64
}

// Fingerprint is MEGA's c attribute: a sparse CRC and a time in seconds.
type Fingerprint struct {
	CRC   [16]byte
	MTime int64
}

// Remote is a node as the plan saw it.
type Remote struct {
	Handle, Parent tree.Handle
	Name           string
	Size           int64
	Dir            bool
	// TrashedAt is the time of the mark of a node in the bin that is to expire, Unix seconds.
	TrashedAt int64
}

// Subtree sums up everything below a folder: how many nodes, and a digest over their handles, parents and names.
type Subtree struct {
	Nodes  int64
	Digest [32]byte
}
