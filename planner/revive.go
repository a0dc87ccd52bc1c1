package planner

import (
	"time"

	"github.com/megaplan/megaplan/internal/tree"
)

// revivable says whether a file in the bin is one that this address put there, or that it owns and another client put there, as
// it is in the source: moved back it needs no correction. Which address trashed it is told by its mark, or by that of the folder
// it went with.
func (t *target) revivable(l *tree.Node, c Candidate, crc Answer) bool {
	if t.series != nil { // what is in the bin may belong to a snapshot that expired, which stays whole
		return false
	}
	if !c.InTrash || t.revived[c.Handle] {
		return false
	}
	ours := c.TrashedBy == t.out.Address.String() || c.TrashedBy == t.out.Prior.String()
	if c.TrashedBy == "" {
		ours = t.owned.has(c.Handle)
	}
	if !ours {
		return false
	}
	r := c.node(l.Size)
	return c.Kind == l.Kind && printed(l, &r, crc) && t.equal(l, &r, true, true).what == same
}

func (c Candidate) node(size int64) tree.Node {
	return tree.Node{Kind: c.Kind, Size: size, Handle: c.Handle, HasFingerprint: c.HasFingerprint, CRC: c.CRC, MTime: c.MTime * 1e9, Meta: c.Meta}
}

// findTrashed looks for a row's file in the bin, the one that lay nearest its path there first. It returns true if it was
// found, or if that is open.
func (t *target) findTrashed(i int32, l *tree.Node, list []Candidate, crc Answer) bool {
	for _, c := range list {
		if !t.revivable(l, c, crc) {
			continue
		}
		a, ok := t.p.ask(Question{Ask: AskMAC, Backup: t.out.Address, File: t.rows[i].local, Handle: c.Handle})
		if ok && a.Verdict != Equal {
			continue
		}
		if t.revived == nil {
			t.revived = map[tree.Handle]bool{}
		}
		t.revived[c.Handle] = true
		t.duplicate(i, c, a)
		t.rows[i].what = revive
		return true
	}
	return false
}

// bringBack emits the move of a node out of the bin.
func (e *emitter) bringBack(i int32) {
	r := &e.rows[i]
	from := e.originals[i]
	a := e.fileAction(i, RestoreFromTrash)
	a.Reason = "it is in the trash, proven by MAC; nothing is uploaded"
	if from.TrashedAt != 0 {
		a.Reason = "in the trash since " + unix(from.TrashedAt).Format(time.DateTime) + ", proven by MAC; nothing is uploaded"
	}
	a.Remote = Remote{Handle: from.Handle, Parent: from.Parent, Name: from.Path.Base(), Size: a.Local.Size}
	a.Fingerprint, a.Meta = Fingerprint{CRC: from.Candidate.CRC, MTime: from.MTime}, from.Meta
	e.tally.created++
	e.p.returning[from.Top] = true
	r.action = e.p.act(a)
}
