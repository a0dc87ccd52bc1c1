package ui

import (
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Version is one state of a file's content through time.
type Version struct {
	// Number counts from 1, the oldest that MEGA still has.
	Number  int  `json:"number"`
	Current bool `json:"current"`
	// Snapshot is the one that holds it; empty for MEGA's own versions.
	Snapshot string `json:"snapshot,omitempty"`
	// Unchanged says that the snapshot before has the same, by size, date and sparse CRC.
	Unchanged bool `json:"unchanged,omitempty"`
	Node      Node `json:"node"`
}

// FileVersions is a file and its versions, newest first.
type FileVersions struct {
	File     Node      `json:"file"`
	Versions []Version `json:"versions"`
}

// VersionsDocument is `megaplan versions -json`.
type VersionsDocument struct {
	Header
	Files []FileVersions `json:"files"`
}

// Versions shows files' versions, newest first.
func (s *Screen) Versions(files []FileVersions) {
	for i, f := range files {
		if i > 0 {
			s.printf("\n")
		}
		s.printf("%s\n", s.paint(Bold, f.File.place()))
		if f.Versions[0].Snapshot != "" {
			s.throughSnapshots(f.Versions)
			continue
		}
		t := s.table(table.Row{"version", "stored", "modified", "size", "handle", ""})
		t.Style().Format.Header = text.FormatDefault
		t.SetColumnConfigs([]table.ColumnConfig{{Number: 1, Align: text.AlignRight}, {Number: 4, Align: text.AlignRight, AlignHeader: text.AlignRight}})
		for _, v := range f.Versions {
			now := ""
			if v.Current {
				now = "current"
			}
			t.AppendRow(table.Row{v.Number, minutes(v.Node.Stored), minutes(v.Node.Modified), Size(v.Node.Size), v.Node.Handle, now})
		}
		s.printf("%s\n", t.Render())
	}
}

// throughSnapshots shows what each snapshot has of a file, and where it came to differ.
func (s *Screen) throughSnapshots(versions []Version) {
	t := s.table(table.Row{"snapshot", "modified", "size", "handle", ""})
	t.Style().Format.Header = text.FormatDefault
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 3, Align: text.AlignRight, AlignHeader: text.AlignRight}})
	for i, v := range versions {
		news := "changed"
		switch {
		case v.Unchanged:
			news = "unchanged"
		case i+1 == len(versions):
			news = "oldest"
		}
		t.AppendRow(table.Row{v.Snapshot, minutes(v.Node.Modified), Size(v.Node.Size), v.Node.Handle, news})
	}
	s.printf("%s\n", t.Render())
}
