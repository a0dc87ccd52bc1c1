package planfile

import (
	"bufio"
	"encoding/binary"
	"encoding/gob"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

// prologue is the small part of a plan file, kept as a gob, which takes names that are not UTF-8 as they are: everything but
// actions and manifest entries.
type prologue struct {
	Created         time.Time
	MegaplanVersion string
	Host            string
	ConfigDigest    string
	Lineage         string
	Serials         []serial
	Accounts        []AccountPoint
	Plan            planner.Plan // without actions, its targets without Adopt and Drop
	Actions         int
}

type serial struct {
	Address addr.Address
	Serial  uint64
}

// encoder writes the body: the prologue, then the entries of each target, then the actions, as variable-length integers and
// strings. Paths share the beginning of the one before; other strings are written once and then named by number.
type encoder struct {
	w     *bufio.Writer
	words map[string]uint64
	path  string
	buf   [binary.MaxVarintLen64]byte
}

func newEncoder(w io.Writer) *encoder {
	return &encoder{w: bufio.NewWriterSize(w, 1<<16), words: map[string]uint64{}}
}

func (e *encoder) saved(s Saved) error {
	p := prologue{
		Created: s.Created, MegaplanVersion: s.MegaplanVersion, Host: s.Host, ConfigDigest: s.ConfigDigest, Lineage: s.Lineage,
		Accounts: s.Accounts, Plan: *s.Plan, Actions: len(s.Plan.Actions),
	}
	for _, a := range sorted(s.Serials) {
		p.Serials = append(p.Serials, serial{a, s.Serials[a]})
	}
	p.Plan.Actions = nil
	p.Plan.Targets = slices.Clone(s.Plan.Targets)
	for i := range p.Plan.Targets {
		p.Plan.Targets[i].Adopt, p.Plan.Targets[i].Drop = nil, nil
	}
	var head strings.Builder
	if err := gob.NewEncoder(&head).Encode(p); err != nil {
		return fmt.Errorf("encode the plan's head: %w", err)
	}
	e.text(head.String())
	for i := range s.Plan.Targets {
		e.entries(&s.Plan.Targets[i])
	}
	for i := range s.Plan.Actions {
		e.action(&s.Plan.Actions[i])
	}
	return nil
}

func (e *encoder) entries(t *planner.Target) {
	e.uint(uint64(len(t.Adopt)))
	for i := range t.Adopt {
		e.entry(&t.Adopt[i])
	}
	e.handles(t.Drop)
}

func (e *encoder) handles(list []tree.Handle) {
	e.uint(uint64(len(list)))
	for _, h := range list {
		e.uint(uint64(h))
	}
}

func (e *encoder) entry(x *state.Entry) {
	e.pathOf(string(x.Path))
	e.flags(x.Dir)
	e.uint(uint64(x.Handle))
	e.int(x.Size)
	e.int(x.MTime)
	e.raw(x.CRC[:])
	e.word(x.Meta)
}

func (e *encoder) action(a *planner.Action) {
	e.word(a.Address.String())
	e.word(string(a.Kind))
	e.pathOf(string(a.Path))
	base, below := a.Path.Base(), tailOf(string(a.Path), a.Local.Path)
	// One who knows no AfterNew reads it as AfterContent, which waits for more.
	e.flags(a.After != planner.AfterNeeds, a.Local.Symlink, a.Remote.Dir, a.Replace, a.KeepVersion, a.Subtree != nil, a.Name == base, below, a.Remote.TrashedAt != 0, a.Original != 0,
		ofSnapshot(a), a.Purge, a.Disown != nil, a.Like != 0, a.Proven, a.After == planner.AfterNew)
	e.word(string(a.From))
	e.word(a.Reason)
	e.int(a.Bytes)
	e.int(a.Files)
	e.uint(uint64(len(a.Needs)))
	for _, id := range a.Needs {
		e.uint(uint64(id))
	}
	e.uint(uint64(a.Parent.Handle))
	e.uint(uint64(a.Parent.Action))
	if a.Name != base {
		e.text(a.Name)
	}
	e.local(a, below)
	e.word(a.Meta)
	e.raw(a.Fingerprint.CRC[:])
	e.int(a.Fingerprint.MTime)
	e.remote(a.Remote, base)
	if a.Remote.TrashedAt != 0 {
		e.int(a.Remote.TrashedAt)
	}
	if a.Subtree != nil {
		e.int(a.Subtree.Nodes)
		e.raw(a.Subtree.Digest[:])
	}
	if a.Original != 0 {
		e.uint(uint64(a.Original))
	}
	if ofSnapshot(a) {
		e.text(a.Mark)
		e.uint(uint64(a.Folder.Handle))
		e.uint(uint64(a.Folder.Action))
	}
	if a.Disown != nil {
		e.handles(a.Disown.Along)
	}
	if a.Like != 0 {
		e.uint(uint64(a.Like))
	}
}

// ofSnapshot says whether an action is about a snapshot's folder.
func ofSnapshot(a *planner.Action) bool { return a.Mark != "" || a.Folder != (planner.Ref{}) }

// tailOf says whether tail is the end of path, from a name on, and not empty.
func tailOf(path, tail string) bool {
	cut := len(path) - len(tail)
	return tail != "" && cut >= 0 && path[cut:] == tail && (cut == 0 || path[cut-1] == '/')
}

func (e *encoder) local(a *planner.Action, below bool) {
	if below {
		e.uint(uint64(len(a.Local.Path)))
	} else {
		e.text(a.Local.Path)
	}
	e.int(a.Local.Size)
	e.int(a.Local.MTime)
	e.int(a.Local.CTime)
	e.uint(a.Local.Dev)
	e.uint(a.Local.Inode)
}

func (e *encoder) remote(r planner.Remote, base string) {
	e.uint(uint64(r.Handle))
	e.uint(uint64(r.Parent))
	e.int(r.Size)
	if r.Name == base {
		e.uint(1)
	} else {
		e.uint(0)
		e.text(r.Name)
	}
}

func (e *encoder) uint(v uint64)   { e.raw(e.buf[:binary.PutUvarint(e.buf[:], v)]) }
func (e *encoder) int(v int64)     { e.raw(e.buf[:binary.PutVarint(e.buf[:], v)]) }
func (e *encoder) raw(b []byte)    { _, _ = e.w.Write(b) } // Flush returns the first error
func (e *encoder) text(s string)   { e.uint(uint64(len(s))); _, _ = e.w.WriteString(s) }
func (e *encoder) pathOf(p string) { e.front(p); e.path = p }

func (e *encoder) flags(bits ...bool) {
	var v uint64
	for i, set := range bits {
		if set {
			v |= 1 << i
		}
	}
	e.uint(v)
}

// front writes a path as how much it shares with the one before, and the rest.
func (e *encoder) front(p string) {
	n := 0
	for n < len(p) && n < len(e.path) && p[n] == e.path[n] {
		n++
	}
	e.uint(uint64(n))
	e.text(p[n:])
}

// word writes a string that comes again and again.
func (e *encoder) word(s string) {
	if n, ok := e.words[s]; ok {
		e.uint(n)
		return
	}
	e.words[s] = uint64(len(e.words) + 1)
	e.uint(0)
	e.text(s)
}
