package planner

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/tree"
)

// copies finds content that is on MEGA already, for new names and changed files, so that it is copied there and not uploaded
// (rule 13). Any file of the account
// will do that is not in the bin, or with copy_from = "backup" any of the backup. It is looked up by size, filtered by
// fingerprint and proven before it counts; copies asks. A node that the address itself trashed is moved back, whatever copy_from
// says.
func (t *target) copies() {
	if t.backup == nil {
		return
	}
	sizes, ok := t.knownSizes()
	if !ok {
		return
	}
	crowded := map[int64]bool{}
	for i := range t.rows {
		r := &t.rows[i]
		if !t.brings(r) || t.local().Size(r.local) == 0 {
			continue
		}
		size := t.local().Size(r.local)
		if sizes != nil {
			if _, there := slices.BinarySearch(sizes, size); !there {
				continue
			}
		}
		a, ok := t.p.ask(Question{Ask: AskSize, Account: t.account.in.Address, Size: size})
		switch {
		case ok && (a.Crowded || len(a.Candidates) > Crowd):
			crowded[size] = true
		case ok:
			t.findCopy(int32(i), a.Candidates)
		}
	}
	if len(crowded) > 0 && t.policy.copyFrom != config.CopyFromNone {
		t.p.warn(t, "too many files of one size", fmt.Sprintf(
			"For %s of %s there are more than %d files each on MEGA: they were not searched for equal content, and files of such a size are uploaded.",
			count(int64(len(crowded)), "file size"), t.out.Address, Crowd))
	}
}

// manyUploads is the number of new files from which it is asked for all sizes at once.
const manyUploads = 10_000

// knownSizes asks, where there are many new files, which sizes there are at all: most have no equal, and a question for each
// would cost more than the plan. It returns nil where each size is worth a question, and false while the answer is open.
func (t *target) knownSizes() ([]int64, bool) {
	n := 0
	for i := range t.rows {
		if t.brings(&t.rows[i]) {
			n++
		}
	}
	if n < manyUploads {
		return nil, true
	}
	a, ok := t.p.ask(Question{Ask: AskSizes, Account: t.account.in.Address, Backup: t.out.Address})
	if a.Sizes == nil {
		a.Sizes = []int64{}
	}
	return a.Sizes, ok
}

// findCopy looks for a row's content among the files of its size. Of those without a fingerprint only a few are tried: each
// costs reading the local file.
func (t *target) findCopy(i int32, all []Candidate) {
	local := t.rows[i].local
	l := t.local().Node(local)
	list := t.copyable(all, &l, t.rows[i].what == update)
	if len(list) == 0 {
		return
	}
	path := t.at().Join(string(t.rel(i)))
	slices.SortFunc(list, func(a, b Candidate) int {
		return cmp.Or(
			preferTrue(a.Path.Base() == l.Name, b.Path.Base() == l.Name), cmp.Compare(near(b.Path, path), near(a.Path, path)), cmp.Compare(a.Handle, b.Handle))
	})
	crc, ok := t.p.ask(Question{Ask: AskCRC, Backup: t.out.Address, File: local})
	if !ok || crc.Verdict == Unreadable || crc.Verdict == Changed {
		return
	}
	if t.rows[i].what == upload && t.findTrashed(i, &l, list, crc) {
		return
	}
	blind := 0
	for _, c := range list {
		if c.InTrash {
			continue
		}
		if c.HasFingerprint && c.CRC != crc.CRC && c.CRC != crc.LegacyCRC {
			continue
		}
		if !c.HasFingerprint {
			if blind++; blind > askAhead {
				continue
			}
		}
		a, ok := t.p.ask(Question{Ask: AskMAC, Backup: t.out.Address, File: local, Handle: c.Handle})
		if !ok && c.HasFingerprint {
			return
		}
		if ok && a.Verdict == Equal {
			t.duplicate(i, c, a)
			return
		}
	}
}

// brings says whether a row's content would be uploaded and may be on MEGA already. What is in the bin is for new names only.
func (t *target) brings(r *row) bool {
	return r.what == upload || r.what == update && !r.moved && t.policy.copyFrom != config.CopyFromNone
}

// copyable leaves out what may not be copied from: megaplan's own nodes, other kinds of files, with copy_from = "backup" what
// lies outside, and files that this plan overwrites for good. What is in the bin is for findTrashed to judge. An old version
// gives its content to an update only, and only where it has the file's date, as one has that another client put something over:
// a large file may have many versions, and each that is tried costs reading it all.
func (t *target) copyable(all []Candidate, l *tree.Node, update bool) []Candidate {
	kind := l.Kind
	return slices.DeleteFunc(slices.Clone(all), func(c Candidate) bool {
		if c.InTrash {
			return c.Kind != kind
		}
		if c.Version && (!update || !c.HasFingerprint || c.MTime != seconds(l.MTime)) {
			return true
		}
		return t.policy.copyFrom == config.CopyFromNone || t.account.in.Own[c.Handle] || c.Kind != kind || t.doomed(c.Handle) ||
			t.policy.copyFrom == config.CopyFromBackup && (t.root == tree.None || !c.Path.Within(t.at()))
	})
}

// doomed says whether a node is overwritten without a version by an update that may come first, of any address.
func (t *target) doomed(h tree.Handle) bool {
	return slices.ContainsFunc(t.p.active(), func(other *target) bool { return other.account == t.account && other.overwrites(h) })
}

// overwrites says whether an update of the target replaces a node for good.
func (t *target) overwrites(h tree.Handle) bool {
	if replace, version := t.overwrite(); !replace || version {
		return false
	}
	if t.overwritten == nil {
		t.overwritten = map[tree.Handle]bool{}
		for i := range t.rows {
			if r := &t.rows[i]; r.what == update && r.remote != tree.None {
				t.overwritten[t.remote().Handle(r.remote)] = true
			}
		}
	}
	return t.overwritten[h]
}

// duplicate makes a row's upload a copy. An update stays one, and takes its content from the original.
func (t *target) duplicate(i int32, c Candidate, proof Answer) {
	if t.rows[i].what == upload {
		t.rows[i].what = duplicate
	}
	if t.originals == nil {
		t.originals = map[int32]original{}
	}
	t.originals[i] = original{Candidate: c, crc: proof.CRC, proven: true}
}

const equalElsewhere = "equal content is on MEGA already, proven by MAC; nothing is uploaded"

// original is what a row's file is copied from, and the checksum of the local one.
type original struct {
	Candidate
	crc [16]byte
	// proven says that its content was proven to be the local file's.
	proven bool
	// why is the copy's reason, "" for the usual one.
	why string
	// like is the row whose upload is copied, where there is no handle yet; linked says that both are names of one file.
	like   int32
	linked bool
}

// copy emits the copy of a node that holds a row's content already, with attributes of its own.
func (e *emitter) copy(i int32) {
	r := &e.rows[i]
	from := e.originals[i]
	a := e.fileAction(i, Copy)
	a.From, a.Reason = from.Path, equalElsewhere
	if from.why != "" {
		a.Reason = from.why
	}
	a.Proven = from.proven
	a.Remote = Remote{Handle: from.Handle, Parent: from.Parent, Name: from.Path.Base(), Size: a.Local.Size}
	a.Fingerprint = Fingerprint{CRC: from.crc, MTime: seconds(a.Local.MTime)}
	if from.Handle == 0 {
		a = e.copyNew(a, from)
	}
	e.tally.created++
	r.action = e.p.act(a)
}
