package planner

import (
	"github.com/megaplan/megaplan/internal/tree"
)

// verdict is what a row comes to.
type verdict uint8

const (
	// compare: both sides have content of this name, and classify has yet to say more.
	compare verdict = iota
	// doubled: like compare, with several remote files of the name (rule 20).
	doubled
	same
	// create: a local folder without a remote one.
	create
	upload
	update
	touch
	// duplicate: the remote side lacks it, and its content is elsewhere on MEGA.
	duplicate
	// revive: the remote side lacks it, and the node is in the bin.
	revive
	// omitted: it cannot be read, so the snapshot lacks it.
	omitted
	// attrs: same content and fingerprint, another _mp.
	attrs
	// gone: the source lacks the remote node; prune says what becomes of it and of what is below.
	gone
	// replaced: the remote node's name belongs to the row by now, of another kind.
	replaced
	// loser: one of several files of a name, and by is the one that stays.
	loser
	// merged: one of several folders of a name, which is merged into by's; outdone: it goes with what it holds; renamed: a node
	// that gets another name.
	merged
	outdone
	renamed
	// theirs: a node in a folder block, which stays; only duplicates matter there.
	theirs
	// left: the remote node stays whatever the source has, for the reason note.
	left
	// spare: one of several of a name that is reported and left alone.
	spare
)

// row is one name of a target's folder: what is there locally, remotely, or on both sides. Rows are in order, parents
// first; only what both sides or the local side have gets rows of its own below it.
type row struct {
	local, remote tree.ID // tree.None where there is nothing
	parent        int32   // the parent folder's row; -1 for the root's
	by            int32   // for replaced and loser
	action        ActionID
	what          verdict
	note          note
	// moved says that remote is somewhere else now and is moved here (rule 13); twin that it only moves from one folder of a name
	// to another one of it, so that its path stays (rule 20).
	moved, twin bool
}

// note says why a row is left.
type note uint8

const (
	_ note = iota
	// noteLocal: the local node's own reason: it is Unknown.
	noteLocal
	// noteParent: the local folder's listing is incomplete.
	noteParent
	// noteExcluded: the name is there but left out by a filter, and delete_excluded is set.
	noteExcluded
	// noteUnreadable and noteChanged: a file that could not be read or changed while it was compared.
	noteUnreadable
	noteChanged
	// noteHidden: ignore_drift.
	noteHidden
	// noteIncomplete: the remote folder is not known completely.
	noteIncomplete
	// noteSpare: a duplicate that is left alone.
	noteSpare
	// noteEqual: a loser that is proven equal to the file that stays; noteStale: that is updated; noteOther: it may differ.
	noteEqual
	noteStale
	noteOther
)

func (t *target) add(r row) int32 {
	t.rows = append(t.rows, r)
	return int32(len(t.rows) - 1)
}

// class is the kind under which two nodes can be the same thing: a recorded link is a file.
func class(k tree.Kind) tree.Kind {
	if k == tree.Symlink {
		return tree.File
	}
	return k
}
