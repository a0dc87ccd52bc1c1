package ui

import (
	"strings"

	"github.com/megaplan/megaplan/internal/addr"
)

// Listing is what `megaplan ls` found at one place.
type Listing struct {
	Account addr.Address `json:"account"`
	Path    string       `json:"path"`
	Owner   addr.Address `json:"owner,omitzero"`
	Entries []Node       `json:"entries"`
}

// ListingDocument is `megaplan ls -json`.
type ListingDocument struct {
	Header
	Listings []Listing `json:"listings"`
}

// Listings shows names, one a line; long adds size, date and the number of older versions before the name, and after it the
// owner where that is not the owner of the whole. Names are never cut: scripts read them.
func (s *Screen) Listings(all []Listing, long bool) {
	for i, l := range all {
		if len(all) > 1 {
			if i > 0 {
				s.printf("\n")
			}
			s.printf("%s\n", s.paint(Bold, place(l.Account, false, l.Path, false)+":"))
		}
		for _, n := range l.Entries {
			s.printf("%s\n", s.listed(l, n, long))
		}
	}
}

func (s *Screen) listed(l Listing, n Node, long bool) string {
	name := strings.TrimPrefix(strings.TrimPrefix(n.Path, strings.TrimSuffix(l.Path, "/")), "/")
	if name == "" { // the place is the file itself
		name = n.Path[strings.LastIndex(n.Path, "/")+1:]
	}
	name = Printable(name)
	if n.dir() {
		name = s.paint(Bold, name+"/")
	}
	if !long {
		return name
	}
	return s.columns(n) + "  " + pad(older(n.Versions), 4) + "  " + name + s.paint(Dim, n.remark(l.Owner))
}

// columns are a node's size and date.
func (s *Screen) columns(n Node) string { return padLeft(n.size(), 8) + "  " + pad(n.date(), 16) }

// older says how many older versions a file has, in few cells.
func older(n int64) string {
	if n == 0 {
		return ""
	}
	return "+" + Count(n) + "v"
}

// remark says what is odd about a node.
func (n Node) remark(owner addr.Address) string {
	text := ""
	if n.Kind != "file" && !n.dir() {
		text += "  (" + n.Kind + ")"
	}
	if n.Owner != owner && !n.Owner.IsZero() {
		text += "  " + n.Owner.String()
	}
	return text
}
