package planfile

import (
	"bufio"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

// Bounds on what a length in a file may claim, so that a damaged one does not ask for all memory.
const (
	longestText = 1 << 28
	firstBatch  = 1 << 14 // actions that room is made for before they have been seen
)

// decoder reads what encoder wrote. The first error stays in err; after it everything reads as zero.
type decoder struct {
	r     *bufio.Reader
	err   error
	words []string
	path  string
	addrs map[string]addr.Address

	scratch [4096]byte
}

func newDecoder(r io.Reader) *decoder {
	return &decoder{r: bufio.NewReaderSize(r, 1<<16), addrs: map[string]addr.Address{}}
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}

func (d *decoder) saved() Saved {
	var p prologue
	text := d.text()
	if d.err != nil {
		return Saved{}
	}
	if err := gob.NewDecoder(strings.NewReader(text)).Decode(&p); err != nil {
		d.fail("its head: %w", err)
		return Saved{}
	}
	if p.Actions < 0 || int64(p.Actions) >= 1<<32 {
		d.fail("it claims %d actions", p.Actions)
		return Saved{}
	}
	plan := p.Plan
	s := Saved{
		Created: p.Created, MegaplanVersion: p.MegaplanVersion, Host: p.Host, ConfigDigest: p.ConfigDigest, Lineage: p.Lineage,
		Serials: make(map[addr.Address]uint64, len(p.Serials)), Accounts: p.Accounts, Plan: &plan,
	}
	for _, x := range p.Serials {
		s.Serials[x.Address] = x.Serial
	}
	for i := range plan.Targets {
		d.entries(&plan.Targets[i])
	}
	plan.Actions = nil
	if p.Actions > 0 {
		plan.Actions = make([]planner.Action, 0, min(p.Actions, firstBatch))
	}
	for i := 0; i < p.Actions && d.err == nil; i++ {
		if i == cap(plan.Actions) {
			// Twice as many as there were; append would add a quarter and move them all the oftener.
			plan.Actions = slices.Grow(plan.Actions, min(i, p.Actions-i))
		}
		plan.Actions = append(plan.Actions, d.action(planner.ActionID(i+1)))
	}
	return s
}

func (d *decoder) entries(t *planner.Target) {
	for n := d.uint(); n > 0 && d.err == nil; n-- {
		t.Adopt = append(t.Adopt, d.entry())
	}
	t.Drop = d.handles()
}

func (d *decoder) handles() (list []tree.Handle) {
	for n := d.uint(); n > 0 && d.err == nil; n-- {
		list = append(list, tree.Handle(d.uint()))
	}
	return list
}

func (d *decoder) entry() state.Entry {
	x := state.Entry{Path: tree.Path(d.front())}
	x.Dir = d.uint()&1 != 0
	x.Handle = tree.Handle(d.uint())
	x.Size, x.MTime = d.int(), d.int()
	d.raw(x.CRC[:])
	x.Meta = d.word()
	return x
}

func (d *decoder) action(id planner.ActionID) planner.Action {
	a := planner.Action{ID: id, Address: d.address(), Kind: planner.Kind(d.word()), Path: tree.Path(d.front())}
	flags := d.uint()
	on := func(bit int) bool { return flags&(1<<bit) != 0 }
	switch {
	case on(15):
		a.After = planner.AfterNew
	case on(0):
		a.After = planner.AfterContent
	}
	a.Local.Symlink, a.Remote.Dir, a.Replace, a.KeepVersion = on(1), on(2), on(3), on(4)
	a.From, a.Reason = tree.Path(d.word()), d.word()
	a.Bytes, a.Files = d.int(), d.int()
	a.Needs = d.needs(id)
	a.Parent = planner.Ref{Handle: tree.Handle(d.uint()), Action: planner.ActionID(d.uint())}
	if a.Parent.Action >= id {
		d.fail("action %d lies in what a later one makes", id)
	}
	base := a.Path.Base()
	if a.Name = base; !on(6) {
		a.Name = d.text()
	}
	d.local(&a, on(7))
	a.Meta = d.word()
	d.raw(a.Fingerprint.CRC[:])
	a.Fingerprint.MTime = d.int()
	d.remote(&a.Remote, base)
	if on(8) {
		a.Remote.TrashedAt = d.int()
	}
	if on(5) {
		a.Subtree = &planner.Subtree{Nodes: d.int()}
		d.raw(a.Subtree.Digest[:])
	}
	if on(9) {
		a.Original = tree.Handle(d.uint())
	}
	if on(10) {
		a.Mark = d.text()
		a.Folder = planner.Ref{Handle: tree.Handle(d.uint()), Action: planner.ActionID(d.uint())}
		if a.Folder.Action >= id {
			d.fail("action %d publishes what a later one makes", id)
		}
	}
	a.Purge, a.Proven = on(11), on(14)
	if on(12) {
		a.Disown = &planner.Disowned{Along: d.handles()}
	}
	if on(13) {
		if a.Like = planner.ActionID(d.uint()); a.Like == 0 || a.Like >= id {
			d.fail("action %d copies what a later one uploads", id)
		}
	}
	return a
}

func (d *decoder) needs(id planner.ActionID) []planner.ActionID {
	n := d.uint()
	if n >= uint64(id) && n > 0 {
		d.fail("action %d needs more actions than there are before it", id)
		return nil
	}
	var out []planner.ActionID
	for ; n > 0 && d.err == nil; n-- {
		need := d.uint()
		if need == 0 || need >= uint64(id) {
			d.fail("action %d needs a later one", id)
		}
		out = append(out, planner.ActionID(need))
	}
	return out
}

func (d *decoder) local(a *planner.Action, below bool) {
	if below {
		n := d.uint()
		if n > uint64(len(a.Path)) {
			d.fail("a local path is longer than the remote one it ends")
			return
		}
		a.Local.Path = string(a.Path[uint64(len(a.Path))-n:])
	} else {
		a.Local.Path = d.text()
	}
	a.Local.Size, a.Local.MTime, a.Local.CTime = d.int(), d.int(), d.int()
	a.Local.Dev, a.Local.Inode = d.uint(), d.uint()
}

func (d *decoder) remote(r *planner.Remote, base string) {
	r.Handle, r.Parent, r.Size = tree.Handle(d.uint()), tree.Handle(d.uint()), d.int()
	if r.Name = base; d.uint() == 0 {
		r.Name = d.text()
	}
}

func (d *decoder) address() addr.Address {
	text := d.word()
	if a, ok := d.addrs[text]; ok || d.err != nil {
		return a
	}
	a, err := addr.Parse(text)
	if err != nil {
		d.fail("%w", err)
	}
	d.addrs[text] = a
	return a
}

func (d *decoder) uint() uint64 {
	if d.err != nil {
		return 0
	}
	v, err := binary.ReadUvarint(d.r)
	d.note(err)
	return v
}

func (d *decoder) int() int64 {
	if d.err != nil {
		return 0
	}
	v, err := binary.ReadVarint(d.r)
	d.note(err)
	return v
}

func (d *decoder) note(err error) {
	switch {
	case err == nil:
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		d.fail("it is cut short")
	default:
		d.fail("%w", err)
	}
}

func (d *decoder) raw(b []byte) {
	if d.err == nil {
		_, err := io.ReadFull(d.r, b)
		d.note(err)
	}
}

func (d *decoder) text() string { return d.after("") }

// after reads a text and returns it behind prefix, in one string.
func (d *decoder) after(prefix string) string {
	n := d.uint()
	if n > longestText {
		d.fail("it claims a text of %d bytes", n)
	}
	if d.err != nil || n == 0 {
		return prefix
	}
	if n <= uint64(len(d.scratch)) {
		buf := d.scratch[:n]
		d.raw(buf)
		return prefix + string(buf)
	}
	var b strings.Builder
	b.WriteString(prefix)
	_, err := io.CopyN(&b, d.r, int64(n))
	d.note(err)
	return b.String()
}

func (d *decoder) front() string {
	n := d.uint()
	if n > uint64(len(d.path)) {
		d.fail("a path shares more than there is with the one before")
		return ""
	}
	d.path = d.after(d.path[:n])
	return d.path
}

func (d *decoder) word() string {
	n := d.uint()
	if n > uint64(len(d.words)) {
		d.fail("it names a word it does not hold")
	}
	if d.err != nil {
		return ""
	}
	if n > 0 {
		return d.words[n-1]
	}
	s := d.text()
	d.words = append(d.words, s)
	return s
}
