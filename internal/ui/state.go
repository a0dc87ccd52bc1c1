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
}

// ViewResources makes the JSON form of a state document's resources.
func ViewResources(d *state.Document) []ResourceView {
	views := make([]ResourceView, len(d.Resources))
	for i, r := range d.Resources {
		views[i] = ResourceView{
			Address: r.Address, Account: r.Account, Path: r.Path, Root: r.Root.String(), Host: r.Host,
			Files: r.Manifest.Files, Bytes: r.Manifest.Bytes, LastApplied: r.LastApplied, LastSuccess: r.LastSuccess,
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
		s.printf("  last applied  %s%s\n", Ago(r.LastApplied, now), byHost(r.Host))
		s.printf("  last success  %s\n", Ago(r.LastSuccess, now))
	}
	for _, l := range d.Leases {
		s.printf("%s %s by %s (process %d) since %s, last sign of life %s\n", s.paint(Changing, "in use:"), l.Operation, l.Host, l.PID,
			l.Since.Local().Format(time.DateTime), Ago(l.Heartbeat, now))
	}
}

func byHost(host string) string {
	if host == "" {
		return ""
	}
	return fmt.Sprintf(" by %s", host)
}
