package workflow

import (
	"fmt"

	"github.com/megaplan/megaplan/internal/tree"
)

// missingError says that there is nothing at a path, and how far the path leads.
type missingError struct {
	account     string
	path, there tree.Path
}

func (e *missingError) Error() string {
	text := fmt.Sprintf("there is no %s:/%s", e.account, e.path)
	if e.path == "" {
		return text // not even the cloud drive
	}
	return fmt.Sprintf("%s\nThe last folder of that path that exists is %s:/%s; `megaplan ls %s:/%s` shows what is in it.",
		text, e.account, e.there, e.account, e.there)
}

func (s *Spot) missing() error {
	there := s.path
	for there != "" {
		there = there.Dir()
		if nodes, err := s.account.at(there); err != nil || len(nodes) > 0 {
			break
		}
	}
	return &missingError{s.account.decl.Address.Name, s.path, there}
}
