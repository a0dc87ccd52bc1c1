package ui

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/megaplan/megaplan/internal/tree"
)

var diffLooks = map[DiffKind]look{
	DiffAdded: {"+", Creating, ""}, DiffRemoved: {"-", Deleting, ""}, DiffChanged: {"~", Changing, ""},
	DiffUnsure: {"?", Changing, ""}, DiffTouched: {"^", Changing, ""}, DiffMoved: {">", Moving, ""},
}

// Diff shows what differs between two places. What is in a folder that was added, removed or moved as a whole is told by the
// folder, and what moved from one folder to another under its name is one line, unless everything is to be listed.
func (s *Screen) Diff(d Diff) {
	s.printf("A  %s\nB  %s\n\n", diffPlace(d.A), diffPlace(d.B))
	moved := d.movedTogether()
	told := map[way]bool{}
	any := false
	for e := range d.Changes {
		r := e.way()
		together := moved[r].Files >= foldMoves
		if !s.Verbose && (e.Within || together && told[r]) {
			continue
		}
		any = true
		if !s.Verbose && together {
			told[r] = true
			e = DiffEntry{Change: DiffMoved, Kind: tree.Dir.String(), From: r.from, Path: r.to, Files: moved[r].Files, Bytes: moved[r].Bytes, partly: true}
		}
		s.difference(e)
	}
	if any {
		s.printf("\n")
	}
	s.printf("%s\n", d.Totals.sentence())
	for _, side := range []struct {
		name string
		DiffSide
	}{{"A", d.A}, {"B", d.B}} {
		if side.Missing > 0 {
			s.printf("Not counted: %s of %s that %s gone from MEGA.\n", Plural(side.Missing, "file"), side.name, map[bool]string{true: "is", false: "are"}[side.Missing == 1])
		}
	}
}

// foldMoves is how many files that moved from one folder to another are one line.
const foldMoves = 4

// way is the way that files moved: from one folder to another, the names below them kept. The zero way is none.
type way struct{ from, to string }

// way is a file's, if it kept its name.
func (e DiffEntry) way() way {
	if e.Change != DiffMoved || e.Within || e.Kind == tree.Dir.String() {
		return way{}
	}
	r := way{e.From, e.Path}
	for kept := false; ; kept = true {
		from, name := path.Split(r.from)
		to, also := path.Split(r.to)
		if name != also || name == "" {
			if !kept {
				return way{}
			}
			return r
		}
		r = way{strings.TrimSuffix(from, "/"), strings.TrimSuffix(to, "/")}
	}
}

// movedTogether counts the files of each way.
func (d Diff) movedTogether() map[way]DiffCount {
	all := map[way]DiffCount{}
	for e := range d.Changes {
		if r := e.way(); r != (way{}) {
			n := all[r]
			all[r] = DiffCount{n.Files + 1, n.Bytes + e.Bytes}
		}
	}
	return all
}

func diffPlace(d DiffSide) string {
	text := place(d.Account, false, d.Path, false)
	if !d.At.IsZero() {
		text += "  as of " + d.At.Local().Format("2006-01-02 15:04:05")
	}
	return text
}

// difference shows one: the sign, the path, which is never cut, and what is known of it.
func (s *Screen) difference(e DiffEntry) {
	l := diffLooks[e.Change]
	name := e.shown(e.Path)
	if e.From != "" || e.partly {
		name = e.shown(e.From) + " -> " + name
	}
	s.printf("  %s %s  %s\n", s.paint(l.style, l.sign), name, s.paint(Dim, e.facts()))
}

// shown is a path of the entry; the compared place itself is a dot.
func (e DiffEntry) shown(path string) string {
	switch name := Printable(path); {
	case e.partly && path == "":
		return "…"
	case e.partly:
		return name + "/…"
	case e.Kind == tree.Dir.String():
		return cmp.Or(name, ".") + "/"
	default:
		return cmp.Or(name, ".") // two files
	}
}

func (e DiffEntry) facts() string {
	var facts []string
	switch {
	case e.Kind == tree.Dir.String() && e.Change != DiffTouched:
		facts = append(facts, Plural(e.Files, "file"), Size(e.Bytes))
	case e.Kind == tree.Dir.String():
	case e.Change == DiffChanged && e.BytesBefore != e.Bytes:
		facts = append(facts, Size(e.BytesBefore)+" -> "+Size(e.Bytes))
	default:
		facts = append(facts, Size(e.Bytes))
	}
	if e.Change == DiffUnsure {
		facts = append(facts, "may differ: nothing proves it equal or different")
	}
	var other []string
	for _, o := range []struct {
		is   bool
		word string
	}{{e.Date && e.Change != DiffChanged, "date"}, {e.Mode, "mode"}, {e.Attributes, "attributes"}} {
		if o.is {
			other = append(other, o.word)
		}
	}
	if len(other) > 0 {
		facts = append(facts, "other "+strings.Join(other, " and "))
	}
	return strings.Join(facts, ", ")
}

// sentence is the totals in words; what there is none of is left out.
func (t DiffTotals) sentence() string {
	var parts []string
	for _, p := range []struct {
		n    DiffCount
		word string
	}{
		{t.Added, "added"},
		{t.Removed, "removed"},
		{t.Changed, "changed"},
		{t.MayDiffer, "that may differ"},
		{t.Touched, "with other attributes only"},
		{t.Moved, "moved"},
		{t.Equal, "equal"},
	} {
		if p.n.Files > 0 {
			parts = append(parts, fmt.Sprintf("%s %s (%s)", Count(p.n.Files), p.word, Size(p.n.Bytes)))
		}
	}
	for _, p := range []struct {
		n    int64
		word string
	}{{t.AddedFolders, "added"}, {t.RemovedFolders, "removed"}} {
		if p.n > 0 {
			parts = append(parts, Plural(p.n, "folder")+" "+p.word)
		}
	}
	if len(parts) == 0 {
		return "Nothing is in either."
	}
	return "Files: " + strings.Join(parts, ", ") + "."
}
