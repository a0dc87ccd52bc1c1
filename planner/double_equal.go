package planner

import (
	"fmt"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
)

// equalContent says whether one of several files of a name is proven equal to the one that stays (rule 20): by what is known of them, by
// the MAC of the local file under the keys of both, where there is one, and with VerifyDuplicates by a download. Whatever costs
// something is asked only where it decides something; open says that an answer is awaited.
func (t *target) equalContent(local, keep, id tree.ID) (equal, open bool) {
	if t.knownEqual(keep, id) {
		return true, false
	}
	if t.remote().Size(keep) != t.remote().Size(id) {
		return false, false
	}
	download := t.p.in.Options.VerifyDuplicates && t.deletes() && !t.toldApart(keep, id)
	if local != tree.None && (download || t.policy.onDelete == config.DeleteDestroy) {
		if m := t.equalByMAC(local, keep, id); m.pending || m.decided {
			return m.equal, m.pending
		}
	}
	if !download {
		return false, false
	}
	return t.equalByDownload(keep, id)
}

// knownEqual says whether two files are proven equal by what is known of them: they are empty, or have equal fingerprints.
func (t *target) knownEqual(x, y tree.ID) bool {
	a, b := t.remote().Node(x), t.remote().Node(y)
	if a.Size != b.Size || a.Kind != b.Kind {
		return false
	}
	return a.Size == 0 || a.HasFingerprint && b.HasFingerprint && a.CRC == b.CRC && a.MTime == b.MTime
}

// legacyCRC is the size from which old clients computed another checksum of the same bytes.
const legacyCRC = 32 << 20

// toldApart says whether two files of a size are known to differ, by the checksums in their fingerprints, or in what they are. A
// client that writes wrong ones costs a proof and no content: what may differ is kept.
func (t *target) toldApart(x, y tree.ID) bool {
	a, b := t.remote().Node(x), t.remote().Node(y)
	return a.Kind != b.Kind || a.HasFingerprint && b.HasFingerprint && a.CRC != b.CRC && a.Size < legacyCRC
}

// likeness is what the local file's MACs say about two files of its name. Where it equals just one of them, or cannot be read,
// they are not proven equal, and a download would not change that: the same bytes would give the same MACs.
type likeness struct{ equal, decided, pending bool }

func (t *target) equalByMAC(local, keep, id tree.ID) likeness {
	l, a, b := t.local().Node(local), t.remote().Node(keep), t.remote().Node(id)
	first := t.judgeMAC(local, &l, &a)
	if first.what == left {
		return likeness{decided: true}
	}
	second := t.judgeMAC(local, &l, &b) // both are asked at once: the file is read once
	return likeness{
		equal: first.proven && second.proven, decided: first.proven || second.proven || second.what == left,
		pending: first.pending || second.pending,
	}
}

// equalByDownload asks for the content of the one that stays: one download tells of all that may equal it.
func (t *target) equalByDownload(keep, id tree.ID) (equal, open bool) {
	q := Question{Ask: AskAlike, Account: t.account.in.Address, Handle: t.remote().Handle(keep), Other: t.remote().Handle(id)}
	a, ok := t.p.ask(q)
	if !ok {
		return false, true
	}
	if !t.p.compared[q] {
		t.compared(q, a, id)
	}
	return a.Verdict == Equal, false
}

// compared counts an answer.
func (t *target) compared(q Question, a Answer, id tree.ID) {
	if t.p.compared == nil {
		t.p.compared = map[Question]bool{}
	}
	t.p.compared[q] = true
	sum := t.p.plan.Compared
	sum.Files++
	sum.Fetched += a.Fetched
	switch a.Verdict {
	case Equal:
		sum.Equal++
	case CannotTell:
		sum.Unknown++
		t.uncompared = append(t.uncompared, Kept{Path: t.remote().Path(id), Reason: a.Detail})
	}
}

// untold warns of duplicates that could not be compared.
func (p *planning) untold() {
	for _, t := range p.targets {
		if len(t.uncompared) == 0 {
			continue
		}
		first := t.uncompared[0]
		p.warn(t, "duplicates that could not be compared", fmt.Sprintf(
			"%s of %s could not be compared with the one that stays, which counts as being different: /%s (%s).",
			count(int64(len(t.uncompared)), "duplicate"), t.out.Address, first.Path, first.Reason))
	}
}
