package ui

import (
	"fmt"
	"time"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/state"
)

// ResourceView is one address of the state, as `show -json` writes it.
type ResourceView struct {
	Address     addr.Address `json:"address"`
	Account     addr.Address `json:"account"`
	Path        string       `json:"path"`
	Root        string       `json:"root"`
	Host        string       `json:"host,omitempty"`
	Files       int64        `json:"files"`
	Bytes       int64        `json:"bytes"`
	LastApplied time.Time    `json:"last_applied"`
	LastSuccess time.Time    `json:"last_success"`
	// Verified is what the last verification found, absent before one.
	Verified *VerificationView `json:"verified,omitempty"`
	// Snapshots are those that are known of a backup that keeps them, newest first; files and bytes are then the newest's.
	Snapshots []state.Snapshot `json:"snapshots,omitempty"`
}

// VerificationView is the result of a verification.
type VerificationView struct {
	Time        time.Time `json:"time"`
	Percent     float64   `json:"percent"`
	Files       int64     `json:"files"`
	Equal       int64     `json:"equal"`
	Differences int64     `json:"differences"`
	Downloaded  bool      `json:"downloaded,omitempty"`
}

// ViewResources makes the JSON form of a state document's resources.
func ViewResources(d *state.Document) []ResourceView {
	views := make([]ResourceView, len(d.Resources))
	for i, r := range d.Resources {
		views[i] = ResourceView{
			Address: r.Address, Account: r.Account, Path: r.Path, Root: r.Root.String(), Host: r.Host,
			Files: r.Manifest.Files, Bytes: r.Manifest.Bytes, LastApplied: r.LastApplied, LastSuccess: r.LastSuccess,
			Snapshots: r.Snapshots,
		}
		if !r.Verified.Time.IsZero() {
			v := VerificationView(r.Verified)
			views[i].Verified = &v
		}
	}
	return views
}

// State shows what the last applies left behind.
func (s *Screen) State(d *state.Document, now time.Time) {
	if len(d.Resources) == 0 {
		s.printf("Nothing has been applied yet.\n")
		return
	}
	for _, r := range d.Resources {
		s.printf("%s\n", s.paint(Bold, r.Address.String()))
		s.printf("  path          %s:%s  (%s)\n", r.Account.Name, Printable(r.Path), r.Root)
		s.printf("  holds         %s, %s\n", Plural(r.Manifest.Files, "file"), Size(r.Manifest.Bytes))
		if n := int64(len(r.Snapshots)); n > 0 {
			s.printf("  snapshots     %s, the newest %s\n", Count(n), Printable(r.Snapshots[0].Name))
		}
		s.printf("  last applied  %s%s\n", Ago(r.LastApplied, now), byHost(r.Host))
		s.printf("  last success  %s\n", Ago(r.LastSuccess, now))
		s.verifiedLine(r.Verified, now)
	}
	for _, l := range d.Leases {
		s.printf("%s %s by %s (process %d) since %s, last sign of life %s\n", s.paint(Changing, "in use:"), l.Operation, l.Host, l.PID,
			l.Since.Local().Format(time.DateTime), Ago(l.Heartbeat, now))
	}
}

// verifiedLine says what the last verification found.
func (s *Screen) verifiedLine(v state.Verification, now time.Time) {
	if v.Time.IsZero() {
		return
	}
	text := fmt.Sprintf("%s, %s of %s proven equal", Ago(v.Time, now), Count(v.Equal), Plural(v.Files, "file"))
	if v.Percent < 100 {
		text += fmt.Sprintf(" (a sample of %g %%)", v.Percent)
	}
	if v.Differences > 0 {
		text += s.paint(Deleting, ", "+Plural(v.Differences, "difference"))
	}
	s.printf("  verified      %s\n", text)
}

func byHost(host string) string {
	if host == "" {
		return ""
	}
	return fmt.Sprintf(" by %s", host)
}
