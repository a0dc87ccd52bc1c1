package ui

import (
	"bufio"
	"encoding/json"
	"fmt"
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

// Lister shows what `megaplan ls` finds while it is found: an account can be larger than memory.
type Lister interface {
	// Listing begins the listing of a place, one of so many; its Entries are not looked at.
	Listing(l Listing, of int) error
	Entry(n Node) error
	// Close ends the last listing. Nothing is sure to be written before.
	Close() error
}

// ListText lists names, one a line; long adds size, date and the number of older versions before the name, and after it the
// owner where that is not the owner of the whole. Names are never cut: scripts read them.
func (s *Screen) ListText(long bool) Lister {
	return &listText{screen: s, long: long, out: bufio.NewWriter(s.Out)}
}

type listText struct {
	screen *Screen
	out    *bufio.Writer
	long   bool
	begun  bool
	at     Listing
}

func (t *listText) Listing(l Listing, of int) error {
	t.at = l
	if of < 2 {
		return nil
	}
	if t.begun {
		_ = t.out.WriteByte('\n') // a writer that failed once fails in the end, too
	}
	t.begun = true
	_, err := fmt.Fprintln(t.out, t.screen.paint(Bold, place(l.Account, false, l.Path, false)+":"))
	return err
}

func (t *listText) Entry(n Node) error {
	_, err := fmt.Fprintln(t.out, t.screen.listed(t.at, n, t.long))
	return err
}

func (t *listText) Close() error { return t.out.Flush() }

// ListJSON writes one ListingDocument, an entry a line.
func (s *Screen) ListJSON(version string) Lister {
	return &listJSON{head: NewHeader(version), out: bufio.NewWriter(s.Out)}
}

type listJSON struct {
	head              Header
	out               *bufio.Writer
	listings, entries int
}

// open writes the members of v and leaves its object open for one more, an array.
func (j *listJSON) open(before string, v any, array string) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(j.out, "%s%s,%q:[", before, text[:len(text)-1], array)
	return err
}

func (j *listJSON) begin() error {
	if j.listings > 0 {
		return nil
	}
	return j.open("", j.head, "listings")
}

func (j *listJSON) Listing(l Listing, _ int) error {
	if err := j.begin(); err != nil {
		return err
	}
	before := "\n"
	if j.listings > 0 {
		before = "\n]},\n"
	}
	j.listings, j.entries = j.listings+1, 0
	return j.open(before, listingHead{l.Account, l.Path, l.Owner}, "entries")
}

// listingHead is a Listing without its entries.
type listingHead struct {
	Account addr.Address `json:"account"`
	Path    string       `json:"path"`
	Owner   addr.Address `json:"owner,omitzero"`
}

func (j *listJSON) Entry(n Node) error {
	before := "\n  "
	if j.entries > 0 {
		before = ",\n  "
	}
	j.entries++
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(j.out, "%s%s", before, text)
	return err
}

func (j *listJSON) Close() error {
	if err := j.begin(); err != nil {
		return err
	}
	end := "]}\n"
	if j.listings > 0 {
		end = "\n]}" + end
	}
	if _, err := j.out.WriteString(end); err != nil {
		return err
	}
	return j.out.Flush()
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
	if one := n.Snapshot; one != nil {
		text += fmt.Sprintf("  snapshot, %s, %s", Plural(one.Files, "file"), Size(one.Bytes))
		for _, tag := range one.Tags {
			text += " [" + Printable(tag) + "]"
		}
		if one.Pinned {
			text += " pinned"
		}
		if !one.Complete {
			text += " incomplete"
		}
	}
	if n.Owner != owner && !n.Owner.IsZero() {
		text += "  " + n.Owner.String()
	}
	return text
}
