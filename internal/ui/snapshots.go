package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/internal/tree"
)

// Snapshot is a published snapshot.
type Snapshot struct {
	Name     string      `json:"name"`
	Handle   tree.Handle `json:"handle"`
	Began    time.Time   `json:"began"`
	Host     string      `json:"host,omitempty"`
	Complete bool        `json:"complete"`
	Files    int64       `json:"files"`
	Bytes    int64       `json:"bytes"`
	Tags     []string    `json:"tags"`
	Pinned   bool        `json:"pinned"`
}

// NewSnapshot makes the view of a snapshot.
func NewSnapshot(s snapshot.Snapshot) Snapshot {
	return Snapshot{
		Name: s.Name, Handle: s.Handle, Began: s.Began, Host: s.Host, Complete: s.Complete, Files: s.Files, Bytes: s.Bytes,
		Tags: append([]string{}, s.Tags...), Pinned: s.Pin,
	}
}

// ListedSnapshot is a snapshot and what retention does with it.
type ListedSnapshot struct {
	Snapshot
	// Keep and Reasons are what retention comes to today; without a retention everything is kept for no reason.
	Keep    bool     `json:"keep"`
	Reasons []string `json:"reasons"`
	// Holds is what is in it by now, where that is not what it was made with.
	Holds *Held `json:"holds,omitempty"`
}

// Held is how much something holds.
type Held struct {
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
}

// UnfinishedSnapshot is one that is not published: it is being built, or its run was cut off.
type UnfinishedSnapshot struct {
	Name   string      `json:"name"`
	Handle tree.Handle `json:"handle"`
	Files  int64       `json:"files"`
	Bytes  int64       `json:"bytes"`
}

// SnapshotList is what one backup has of snapshots, newest first.
type SnapshotList struct {
	Account addr.Address `json:"account"`
	Path    string       `json:"path"`
	Owner   addr.Address `json:"owner,omitzero"`
	// Timezone is where the retention's days begin and end.
	Timezone   string               `json:"timezone"`
	Snapshots  []ListedSnapshot     `json:"snapshots"`
	Unfinished []UnfinishedSnapshot `json:"unfinished"`

	zone *time.Location
	made bool
}

// NewSnapshotList is the list of a place, still empty; made says that a backup makes them there.
func NewSnapshotList(account addr.Address, path tree.Path, owner addr.Address, zone *time.Location, made bool) SnapshotList {
	return SnapshotList{
		Account: account, Path: "/" + string(path), Owner: owner, Timezone: zone.String(), Snapshots: []ListedSnapshot{}, Unfinished: []UnfinishedSnapshot{}, zone: zone, made: made,
	}
}

// SnapshotsDocument is `megaplan snapshots -json`.
type SnapshotsDocument struct {
	Header
	Backups []SnapshotList `json:"backups"`
}

// SnapshotDocument is what tagging and pinning write with -json: the snapshot as its mark says by now.
type SnapshotDocument struct {
	Header
	Address  addr.Address `json:"address"`
	Changed  bool         `json:"changed"`
	Snapshot Snapshot     `json:"snapshot"`
}

// Snapshots shows backups' snapshots, newest first, in the order scripts can rely on: the name comes first.
func (s *Screen) Snapshots(all []SnapshotList, now time.Time) {
	for i := range all {
		if i > 0 {
			s.printf("\n")
		}
		s.snapshotList(&all[i], now)
	}
	if len(all) == 0 {
		s.Note(`No backup has mode = "snapshots".`)
	}
}

func (s *Screen) snapshotList(l *SnapshotList, now time.Time) {
	head := place(l.Account, false, l.Path, false)
	if !l.Owner.IsZero() {
		head = s.paint(Bold, l.Owner.String()) + "  " + head
	}
	s.printf("%s  %s\n", head, s.paint(Dim, "(times of "+l.Timezone+")"))
	var bytes, going, freed int64
	widths := widthsOf(l.Snapshots, now)
	for i := range l.Snapshots {
		one := &l.Snapshots[i]
		bytes += one.Bytes
		if !one.Keep {
			going, freed = going+1, freed+one.Bytes
		}
		s.snapshot(one, widths, l.zone, now)
	}
	for _, u := range l.Unfinished {
		bytes += u.Bytes
		s.printf("  %s  %s\n", Printable(u.Name), s.paint(Changing, fmt.Sprintf("unfinished: %s, %s so far", Plural(u.Files, "file"), Size(u.Bytes))))
	}
	switch n := int64(len(l.Snapshots)); {
	case n == 0 && l.made:
		s.printf("  no snapshots yet\n")
	case n == 0:
		s.printf("  no snapshots: nothing here has mode = \"snapshots\"\n")
	default:
		s.printf("%s, %s: each costs its full size in quota.\n", Plural(n, "snapshot"), Size(bytes))
	}
	if going > 0 {
		s.printf("Retention lets %s go with the next apply, %s.\n", Count(going), Size(freed))
	}
}

func (s *Screen) snapshot(one *ListedSnapshot, w snapshotWidths, zone *time.Location, now time.Time) {
	head := fmt.Sprintf("  %s  %s  %s  %s  %s", pad(Printable(one.Name), w.name), one.Began.In(zone).Format("2006-01-02 15:04"),
		pad(Ago(one.Began, now), w.ago), padLeft(Plural(one.Files, "file"), w.files), padLeft(Size(one.Bytes), w.size))
	remarks, width := s.snapshotRemarks(one)
	if s.Wrap && runewidth.StringWidth(head)+width > s.Width {
		head += "\n    "
	}
	s.printf("%s%s\n", head, remarks)
	if !one.Keep {
		for _, reason := range one.Reasons {
			s.printf("      %s\n", s.paint(Dim, "not kept by "+Printable(reason)))
		}
	}
}

// snapshotWidths are those of the columns.
type snapshotWidths struct{ name, ago, files, size int }

func widthsOf(list []ListedSnapshot, now time.Time) (w snapshotWidths) {
	for i := range list {
		one := &list[i]
		w.name = max(w.name, runewidth.StringWidth(Printable(one.Name)))
		w.ago = max(w.ago, len(Ago(one.Began, now)))
		w.files = max(w.files, len(Plural(one.Files, "file")))
		w.size = max(w.size, len(Size(one.Bytes)))
	}
	return w
}

// snapshotRemarks are what sets a snapshot apart, after the columns, and their width.
func (s *Screen) snapshotRemarks(one *ListedSnapshot) (remarks string, width int) {
	var b strings.Builder
	add := func(style Style, text string) {
		b.WriteString("  " + s.paint(style, text))
		width += 2 + runewidth.StringWidth(text)
	}
	if !one.Complete {
		add(Changing, "incomplete: something could not be read")
	}
	if h := one.Holds; h != nil {
		add(Deleting, fmt.Sprintf("changed since: holds %s, %s", Plural(h.Files, "file"), Size(h.Bytes)))
	}
	if len(one.Tags) > 0 {
		add(Plain, "["+Printable(strings.Join(one.Tags, ", "))+"]")
	}
	if one.Pinned && len(one.Reasons) == 0 { // else it is among the reasons
		add(Plain, "pinned")
	}
	switch {
	case !one.Keep:
		add(Deleting, "goes")
	case len(one.Reasons) > 0:
		add(Dim, "kept: "+Printable(strings.Join(one.Reasons, ", ")))
	}
	if one.Host != "" {
		add(Dim, "by "+Printable(one.Host))
	}
	return b.String(), width
}

// SnapshotMarked tells what a snapshot's mark says by now.
func (s *Screen) SnapshotMarked(a addr.Address, one Snapshot, changed bool) {
	text := "no tags"
	if len(one.Tags) > 0 {
		text = "tags " + Printable(strings.Join(one.Tags, ", "))
	}
	if one.Pinned {
		text += ", pinned"
	}
	if !changed {
		text += " (as before)"
	}
	s.printf("%s %s: %s\n", a, Printable(one.Name), text)
}
