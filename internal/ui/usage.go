package ui

import (
	"fmt"

	"github.com/megaplan/megaplan/internal/addr"
)

// Usage is what one part of an account takes.
type Usage struct {
	Account      addr.Address `json:"account,omitzero"`
	What         string       `json:"what"`
	Files        int64        `json:"files"`
	Folders      int64        `json:"folders"`
	Bytes        int64        `json:"bytes"`
	Versions     int64        `json:"versions"`
	VersionBytes int64        `json:"version_bytes"`
}

// UsageDocument is `megaplan du -json`.
type UsageDocument struct {
	Header
	Parts []Usage `json:"parts"`
	Total Usage   `json:"total"`
}

// usageColumns are size, files, versions and their size; the name comes last and is never cut.
const usageColumns = "%10s %11s %9s %10s  %s\n"

// Usages shows what takes how much, and the total.
func (s *Screen) Usages(parts []Usage, total Usage) {
	several := false
	for _, u := range parts {
		several = several || u.Account != parts[0].Account
	}
	s.printf("%s", s.paint(Dim, fmt.Sprintf(usageColumns, "size", "files", "versions", "their size", "")))
	for _, u := range parts {
		what := Printable(u.What)
		if several {
			what = u.Account.Name + ": " + what
		}
		s.usage(u, what)
	}
	s.usage(total, s.paint(Bold, total.What))
}

func (s *Screen) usage(u Usage, what string) {
	versions, size := "", ""
	if u.Versions > 0 {
		versions, size = Count(u.Versions), Size(u.VersionBytes)
	}
	s.printf(usageColumns, Size(u.Bytes), Count(u.Files), versions, size, what)
}
