package ui

import (
	"fmt"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
)

// Explanation says what one address has to do with one path.
type Explanation struct {
	// Address is zero where no address declares the remote path.
	Address addr.Address `json:"address,omitzero"`
	Source  string       `json:"source,omitempty"`
	// Host is the other host that the source is on.
	Host  string  `json:"host,omitempty"`
	Path  string  `json:"path,omitempty"`
	Local *Judged `json:"local,omitempty"`

	Account   addr.Address `json:"account"`
	Remote    string       `json:"remote"`
	Snapshots bool         `json:"snapshots,omitempty"`
	// Snapshot is the newest complete one, which Remote leads into.
	Snapshot string `json:"snapshot,omitempty"`
	// Unasked says why MEGA was not asked.
	Unasked string      `json:"unasked,omitempty"`
	Nodes   []OwnedNode `json:"nodes"`
}

// Judged is the judgement of a local path: whether it is taken, and what decided.
type Judged struct {
	Exists bool   `json:"exists"`
	Taken  bool   `json:"taken"`
	At     string `json:"at,omitempty"`
	Kind   string `json:"kind,omitempty"`
	Why    string `json:"why,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Pattern and Where are the line of a filter that decided.
	Pattern string `json:"pattern,omitempty"`
	Where   string `json:"where,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// OwnedNode is a remote node and the address whose manifest lists it.
type OwnedNode struct {
	Node  Node         `json:"node"`
	Owner addr.Address `json:"owned_by,omitzero"`
}

// ExplainDocument is `megaplan explain -json`.
type ExplainDocument struct {
	Header
	Explanations []Explanation `json:"explanations"`
}

// Explain shows, for each address that a path concerns, what is taken and why, where it goes and what is there.
func (s *Screen) Explain(all []Explanation, now time.Time) {
	for i, e := range all {
		if i > 0 {
			s.printf("\n")
		}
		s.printf("%s\n", s.heading(e))
		s.here(e)
		s.there(e, now)
	}
}

func (s *Screen) heading(e Explanation) string {
	if e.Address.IsZero() {
		return s.paint(Bold, "no address") + " declares this path or one above it"
	}
	head := s.paint(Bold, e.Address.String())
	if e.Source != "" {
		head += "  " + Printable(e.Source)
	}
	return head
}

func (s *Screen) item(what, format string, args ...any) {
	s.printf("  %s %s\n", pad(what, 8), fmt.Sprintf(format, args...))
}

func (s *Screen) here(e Explanation) {
	j := e.Local
	path := Printable(e.Path)
	if path == "" {
		path = "the source itself"
	}
	switch {
	case e.Host != "":
		s.item("here", "the source is on %s: what is taken there cannot be seen from here", Printable(e.Host))
	case j == nil:
	case j.Problem != "":
		s.item("here", "%s cannot be judged: %s", path, Printable(j.Problem))
	case !j.Exists:
		s.item("here", "there is no %s", path)
	case j.Taken:
		s.item("here", "%s is %s", path, s.paint(Creating, "taken"))
		if j.Pattern != "" {
			s.item("", "by %s (%s)", Printable(j.Pattern), Printable(j.Where))
		} else if e.Path != "" {
			s.item("", "nothing leaves it out")
		}
	default:
		s.item("here", "%s is %s", path, s.paint(Deleting, "left out"))
		if j.Pattern != "" {
			s.item("", "by %s (%s)", Printable(j.Pattern), Printable(j.Reason))
		} else {
			s.item("", "%s", Printable(withWhy(j)))
		}
		if j.At != "" && j.At != e.Path {
			s.item("", "because all of %s is", Printable(j.At)+"/")
		}
	}
}

// withWhy is the reason, or the class of reasons where there is no more to say.
func withWhy(j *Judged) string {
	if j.Reason == "" {
		return j.Why
	}
	return j.Reason
}

func (s *Screen) there(e Explanation, now time.Time) {
	if e.Snapshots {
		s.item("on MEGA", "once in each snapshot of this backup")
	}
	switch where := place(e.Account, false, e.Remote, false); {
	case !e.Snapshots:
		s.item("on MEGA", "%s", where)
	case e.Snapshot != "":
		s.item("", "in the newest complete one: %s", where)
	case e.Unasked == "":
		s.item("", "there is none yet: the next apply makes one")
		return
	}
	switch {
	case e.Snapshots && e.Unasked == "" && len(e.Nodes) == 0:
		s.item("", "it is not in that one")
	case e.Unasked != "":
		s.item("", "what is there is not known: MEGA could not be asked")
	case len(e.Nodes) == 0 && e.Local != nil && e.Local.Taken:
		s.item("", "not there yet: the next apply uploads it")
	case len(e.Nodes) == 0:
		s.item("", "nothing is there")
	}
	for _, n := range e.Nodes {
		s.item("", "%s", facts(n.Node, now))
		if !e.Snapshots {
			s.item("", "%s", e.ownership(n))
		}
	}
}

func facts(n Node, now time.Time) string {
	text := n.Kind + " " + n.Handle.String()
	if !n.dir() {
		text += ", " + Size(n.Size)
	}
	text += ", stored " + Ago(n.Stored, now)
	if n.Versions > 0 {
		text += ", " + Plural(n.Versions, "older version")
	}
	return text
}

// ownership says whose the node is and what that means for it (rules 1 and 6).
func (e Explanation) ownership(n OwnedNode) string {
	taken := e.Local != nil && e.Local.Exists && e.Local.Taken
	left := e.Local != nil && e.Local.Exists && !e.Local.Taken
	switch {
	case !n.Owner.IsZero() && left:
		return "owned by " + n.Owner.String() + "; what is left out is kept unless delete_excluded is set"
	case !n.Owner.IsZero():
		return "owned by " + n.Owner.String()
	case taken:
		return "owned by nobody yet: the next apply adopts it if it is equal and replaces it if not"
	}
	return "not megaplan's: no manifest lists it"
}
