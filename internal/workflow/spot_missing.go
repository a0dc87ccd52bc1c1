package workflow

import (
	"fmt"

	"github.com/megaplan/megaplan/internal/tree"
)

// missingError says that there is nothing at a path, and how far the path leads.
type missingError struct {
	account     string
	path, there tree.Path
	// older is the newest snapshot that has it, if any has, and versions the place to ask for more.
	older, versions string
}

func (e *missingError) Error() string {
	text := fmt.Sprintf("there is no %s:/%s", e.account, e.path)
	if e.path == "" {
		return text // not even the cloud drive
	}
	if e.older != "" {
		return fmt.Sprintf("%s in the newest complete snapshot\n%s has it; `megaplan versions %s` lists every snapshot that does.", text, e.older, e.versions)
	}
	return fmt.Sprintf("%s\nThe last folder of that path that exists is %s:/%s; `megaplan ls %s:/%s` shows what is in it.",
		text, e.account, e.there, e.account, e.there)
}

// missing describes what is not there: below an address that keeps snapshots also where it was.
func (s *Spot) missing(base, below tree.Path) error {
	dated, err := s.inEach(base, below)
	if err != nil {
		return err
	}
	if len(dated) > 0 {
		place := s.under.address.String() + "/" + string(below)
		return &missingError{account: s.account.decl.Address.Name, path: s.path, older: dated[0].snapshot, versions: place}
	}
	there := s.path
	for there != "" {
		there = there.Dir()
		if nodes, err := s.account.at(there); err != nil || len(nodes) > 0 {
			break
		}
	}
	return &missingError{account: s.account.decl.Address.Name, path: s.path, there: there}
}
