package ui

import "time"

// FoundDocument is `megaplan find -json`.
type FoundDocument struct {
	Header
	Found []Node `json:"found"`
}

// Found shows what a search found: size, date, where, and the path last, never cut. What goes beyond the data stands on the
// other stream.
func (s *Screen) Found(all []Node, now time.Time) {
	for _, n := range all {
		where := ""
		if n.Where == inTrash || n.Where == asVersion {
			where = n.Where
		}
		s.printf("%s  %s  %s%s\n", s.columns(n), pad(where, 7), n.place(), s.paint(Dim, n.history(now)))
	}
	if len(all) == 0 {
		s.Note("Nothing was found.")
	}
}

// history tells how a node came to be where it is.
func (n Node) history(now time.Time) string {
	switch {
	case n.Where == asVersion:
		return "  (stored " + Ago(n.Stored, now) + ")"
	case n.Where == inTrash && n.TrashedBy != "":
		return "  (trashed " + Ago(n.Trashed, now) + " by " + Printable(n.TrashedBy) + ")"
	case !n.Owner.IsZero():
		return "  " + n.Owner.String()
	}
	return ""
}
