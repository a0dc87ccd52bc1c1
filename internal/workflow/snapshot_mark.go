package workflow

import (
	"context"
	"errors"
	"fmt"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/snapshot"
	"github.com/megaplan/megaplan/planner"
)

// Marked is a published snapshot whose mark was written anew.
type Marked struct {
	Address  addr.Address
	Snapshot snapshot.Snapshot
	// Changed is false where the mark said so already; nothing was written then.
	Changed bool
}

// MarkSnapshot changes what the mark of a published snapshot says, under the lease of its backup (rule 29). Its content stays
// as it is: that is immutable (rule 23). name is read as [snapshot.Pick] does.
func (p *Project) MarkSnapshot(ctx context.Context, a addr.Address, name, operation string, change func(*snapshot.Mark)) (m Marked, err error) {
	run, err := p.Begin(ctx, operation, planner.Options{Target: []addr.Address{a}})
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, run.End()) }()
	spots, err := p.Places(ctx, a.String())
	if err != nil {
		return m, err
	}
	if len(spots) != 1 {
		return m, fmt.Errorf("%s stands for %d backups: say which one", a, len(spots))
	}
	on, err := spots[0].shelf()
	if err != nil {
		return m, err
	}
	s, err := snapshot.Pick(on.published, name)
	if err != nil {
		return m, fmt.Errorf("%s: %w", a, err)
	}
	m = Marked{Address: a, Snapshot: s}
	before := s.Text()
	change(&m.Snapshot.Mark)
	text := m.Snapshot.Text()
	if m.Changed = text != before; !m.Changed {
		return m, nil
	}
	client := spots[0].account.client
	if err := client.SetAttributes(ctx, s.Handle, map[string]string{snapshot.Attribute: text}); err != nil {
		return m, p.accountError(spots[0].account.decl.Address, err)
	}
	p.catchUp(context.WithoutCancel(ctx))
	return m, nil
}
