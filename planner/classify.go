package planner

import (
	"encoding/json"
	"math"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
)

// classify settles the rows that names alone do not: which files are equal, and which of several of a name stays. It asks.
func (t *target) classify() {
	for i := range t.rows {
		switch r := &t.rows[i]; r.what {
		case compare:
			j := t.judge(r.local, r.remote)
			r.what, r.note = j.what, j.note
			t.hide(int32(i))
		case same:
			if i > 0 && t.metaDiffers(r.local, r.remote) {
				r.what = attrs
			}
			t.hide(int32(i))
		}
	}
	for i := range t.rows { // adds rows
		if t.rows[i].what == doubled {
			t.settleDoubles(int32(i))
		}
	}
}

// judgement is what comparing two files came to; pending means that a question is open.
type judgement struct {
	what    verdict
	note    note
	pending bool
	// proven says that the content is known to be equal by MAC, not by its date alone.
	proven bool
}

// judge applies rule 10 to a local file and a remote one.
func (t *target) judge(local, remote tree.ID) judgement {
	l, r := t.local().Node(local), t.remote().Node(remote)
	if l.Size != r.Size {
		return judgement{what: update}
	}
	if l.Size == 0 {
		return t.equal(&l, &r, r.HasFingerprint && r.MTime/1e9 == seconds(l.MTime), true)
	}
	content := t.policy.compare == config.CompareContent
	proof := t.proof(local, &l, r.Handle)
	sameSecond := r.HasFingerprint && r.MTime/1e9 == seconds(l.MTime)
	if proof == proven && sameSecond && !content {
		return t.equal(&l, &r, true, false)
	}
	if proof == proven { // another client gave it another date, or took it away, which a touch repairs (rule 25)
		proof = doubtful
	}
	if content || proof == doubtful {
		return t.judgeMAC(local, &l, &r)
	}
	byDate := sameSecond && t.policy.compare == config.CompareMTime
	switch {
	case !r.HasFingerprint || byDate && nanosDiffer(l.Meta, r.Meta):
		return t.judgeMAC(local, &l, &r)
	case byDate && !t.supplanted(remote, r.Handle):
		return t.equal(&l, &r, true, false)
	}
	a, ok := t.p.ask(Question{Ask: AskCRC, Backup: t.out.Address, File: local})
	switch {
	case !ok:
		return judgement{pending: true}
	case a.Verdict == Unreadable || a.Verdict == Changed:
		return t.cannotRead(local, a)
	case a.CRC != r.CRC && a.LegacyCRC != r.CRC:
		return judgement{what: update}
	case sameSecond:
		return t.equal(&l, &r, true, false)
	}
	return t.judgeMAC(local, &l, &r)
}

// supplanted says whether another client put a node in the place of one of ours: its date alone does not make it the same file.
func (t *target) supplanted(remote tree.ID, h tree.Handle) bool {
	return t.prior != nil && !t.owned.has(h) && t.owned.hasFile(t.below(remote))
}

// judgeMAC asks whether the local bytes give the remote file's MAC.
func (t *target) judgeMAC(local tree.ID, l, r *tree.Node) judgement {
	a, ok := t.p.ask(Question{Ask: AskMAC, Backup: t.out.Address, File: local, Handle: r.Handle})
	if !ok {
		return judgement{pending: true}
	}
	switch a.Verdict {
	case Equal:
		return t.equal(l, r, printed(l, r, a), true)
	case Different, CannotTell:
		return judgement{what: update}
	case Unreadable, Changed:
		return t.cannotRead(local, a)
	}
	panic("planner: an answer about a MAC without a verdict")
}

// equal is the judgement of two files with the same content; printed says that the remote fingerprint is right.
func (t *target) equal(l, r *tree.Node, printed, proven bool) judgement {
	switch {
	case !printed:
		return judgement{what: touch, proven: proven}
	case l.Meta != r.Meta && (l.Meta != "" || l.Kind != r.Kind):
		return judgement{what: attrs, proven: proven}
	}
	return judgement{what: same, proven: proven}
}

func (t *target) metaDiffers(local, remote tree.ID) bool {
	l, r := t.local().Node(local), t.remote().Node(remote)
	return l.Meta != "" && l.Meta != r.Meta
}

func (t *target) cannotRead(local tree.ID, a Answer) judgement {
	t.lack()
	k := Kept{Path: t.local().Path(local), Reason: "it changed while it was compared"}
	j := judgement{what: left, note: noteChanged}
	if a.Verdict == Unreadable {
		t.readErrors++
		j.note, k.Reason = noteUnreadable, a.Detail
		if k.Reason == "" {
			k.Reason = "unreadable"
		}
	}
	t.out.Skipped = append(t.out.Skipped, k)
	return j
}

// proofKind is what the cache says about a file and a handle (rule 9).
type proofKind uint8

const (
	noProof proofKind = iota
	proven
	// doubtful: only nanoseconds or ctime are not as they were, as after an edit within one second, or the file was proven under
	// another path, as after a swap of two names.
	doubtful
)

func (t *target) proof(local tree.ID, l *tree.Node, h tree.Handle) proofKind {
	p := t.proofs.find(local, h)
	if p == nil || p.Size != l.Size || p.Inode != l.Inode || seconds(p.MTime) != seconds(l.MTime) {
		if t.proofs.strayed(t.local(), l) {
			return doubtful
		}
		return noProof
	}
	if p.MTime == l.MTime && p.CTime == l.CTime {
		return proven
	}
	return doubtful
}

// seconds returns a local time as a fingerprint holds it: whole seconds of 32 bits, those below zero as zero (rule 10).
func seconds(ns int64) int64 { return min(max(0, ns)/1e9, math.MaxUint32) }

// nanosDiffer says whether two _mp attributes disagree on the nanoseconds of the date. A file edited twice within a second
// without a change of size shows in them alone.
func nanosDiffer(a, b string) bool {
	if a == b || a == "" || b == "" {
		return false
	}
	x, y := nanos(a), nanos(b)
	return x != "" && y != "" && x != y
}

func nanos(meta string) string {
	var m struct {
		T json.RawMessage `json:"t"`
	}
	if json.Unmarshal([]byte(meta), &m) != nil {
		return ""
	}
	return string(m.T)
}

// hide leaves a row's remote node alone where ignore_drift names it and it is not as state knows it (rule 25).
func (t *target) hide(i int32) {
	r := &t.rows[i]
	if t.hidden.empty() || t.prior == nil || r.remote == tree.None || i == 0 || !t.hidden.match(t.rel(i)) {
		return
	}
	h := t.remote().Handle(r.remote)
	if at := t.owned.find(h); at >= 0 && t.owned.entries[at] == t.entry(r.remote, t.owned.entries[at].Path) {
		return
	}
	if r.what != same && r.what != compare {
		r.what, r.note = left, noteHidden
		r.moved, r.twin = false, false
	}
}

// ignored says whether ignore_drift leaves what is at a path alone.
func (t *target) ignored(path tree.Path) bool { return t.prior != nil && t.hidden.match(path) }
