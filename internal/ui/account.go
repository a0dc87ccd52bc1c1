package ui

import (
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/megaplan/megaplan/internal/mega"
)

// Account shows what MEGA says of an account.
func (s *Screen) Account(info mega.AccountInfo, asJSON bool) error {
	if asJSON {
		return WriteJSON(s.Out, info)
	}
	s.printf("%s (%s)\n", s.paint(Bold, info.Email), info.User)
	s.printf("  used   %s of %s\n", Size(info.Quota.Used), Size(info.Quota.Total))
	s.printf("  free   %s\n", Size(info.Quota.Total-info.Quota.Used))
	return nil
}

// Sessions lists an account's sessions.
func (s *Screen) Sessions(all []mega.SessionInfo, asJSON bool) error {
	if asJSON {
		return WriteJSON(s.Out, all)
	}
	t := s.table(table.Row{"id", "signed in", "last used", "from", "client", ""})
	for _, one := range all {
		mark := ""
		if one.Current {
			mark = "this one"
		}
		t.AppendRow(table.Row{one.ID, one.Created.Local().Format(time.DateTime), one.LastUsed.Local().Format(time.DateTime), one.Country + " " + one.IP, fit(Printable(one.Agent), 40), mark})
	}
	s.printf("%s\n", t.Render())
	return nil
}

// Finding is one thing doctor looked at.
type Finding struct {
	What   string `json:"what"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Remedy string `json:"remedy,omitempty"`
}

// Doctor shows findings and says whether all is well.
func (s *Screen) Doctor(findings []Finding, asJSON bool) (healthy bool, err error) {
	const indent = 5
	healthy = true
	for _, f := range findings {
		healthy = healthy && f.OK
	}
	if asJSON {
		return healthy, WriteJSON(s.Out, findings)
	}
	for _, f := range findings {
		mark, style := "ok  ", Creating
		if !f.OK {
			mark, style = "BAD ", Deleting
		}
		s.printf("%s %s\n", s.paint(style, mark), s.prose(f.What+": "+Printable(f.Detail), indent))
		for line := range strings.SplitSeq(f.Remedy, "\n") {
			if line != "" {
				s.printf("     %s\n", s.paint(Dim, s.prose(line, indent)))
			}
		}
	}
	return healthy, nil
}

// table is a borderless table in the house style.
func (s *Screen) table(header table.Row) table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.Style().Size.WidthMax = s.Width
	t.AppendHeader(header)
	return t
}
