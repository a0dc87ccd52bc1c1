package workflow

import (
	"cmp"
	"context"
	"slices"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/tree"
)

// Usage is what one part of an account takes. Older versions count apart from what is current.
type Usage struct {
	Account addr.Address
	// What names the part: an address, a path, or one of the Usage constants.
	What                   string
	Files, Folders         int64
	Bytes                  int64
	Versions, VersionBytes int64
}

// The parts of an account that no address and no path name.
const (
	UsageElsewhere = "elsewhere" // in the drive, below no declared path
	UsageTrash     = "trash"
	UsageState     = "megaplan's state"
	UsageFiles     = "files here" // directly in the folder that was asked about
)

// Usage sums up what is below a place, one row for each folder directly in it, the largest first. The empty place means all
// accounts: one row for each address, one for the state where the account keeps it, one for what no address declares and one for the trash.
func (p *Project) Usage(ctx context.Context, place string) ([]Usage, error) {
	if place == "" {
		return p.usageByAddress(ctx)
	}
	spots, err := p.Places(ctx, place)
	if err != nil {
		return nil, err
	}
	var rows []Usage
	for i := range spots {
		below, err := spots[i].usage(ctx)
		if err != nil {
			return nil, err
		}
		rows = append(rows, below...)
		on, err := spots[i].shelf()
		if err != nil {
			return nil, err
		}
		if len(on.published) > 0 {
			p.Observer.Say("Each snapshot costs its full size in quota, also where its content was copied on the server.")
		}
	}
	return rows, nil
}

// Total sums rows up.
func Total(rows []Usage) Usage {
	total := Usage{What: "total"}
	for _, u := range rows {
		total.Files, total.Folders, total.Bytes = total.Files+u.Files, total.Folders+u.Folders, total.Bytes+u.Bytes
		total.Versions, total.VersionBytes = total.Versions+u.Versions, total.VersionBytes+u.VersionBytes
	}
	return total
}

func (u *Usage) add(n tree.Node) {
	if n.Kind == tree.Dir {
		u.Folders++
		return
	}
	u.Files++
	u.Bytes += n.Size
	u.Versions += int64(n.Versions)
	u.VersionBytes += n.VersionBytes
}

// sum adds everything below a folder.
func (s *Spot) sum(ctx context.Context, h tree.Handle, u *Usage) error {
	return s.each(ctx, h, "", func(_ tree.Path, n tree.Node) (bool, error) {
		u.add(n)
		return true, nil
	})
}

func (s *Spot) usage(ctx context.Context) ([]Usage, error) {
	a := s.account.decl.Address
	here := Usage{Account: a, What: UsageFiles}
	var rows []Usage
	for _, n := range s.nodes {
		if n.Kind != tree.Dir {
			here.add(n)
			continue
		}
		err := s.each(ctx, n.Handle, s.path, func(at tree.Path, n tree.Node) (bool, error) {
			if n.Kind != tree.Dir {
				here.add(n)
				return false, nil
			}
			row := Usage{Account: a, What: "/" + string(at)}
			rows = append(rows, row)
			return false, s.sum(ctx, n.Handle, &rows[len(rows)-1])
		})
		if err != nil {
			return nil, err
		}
	}
	largestFirst(rows)
	if here.Files > 0 {
		rows = append(rows, here)
	}
	return rows, nil
}

func largestFirst(rows []Usage) {
	slices.SortStableFunc(rows, func(a, b Usage) int {
		return cmp.Or(cmp.Compare(b.Bytes+b.VersionBytes, a.Bytes+a.VersionBytes), cmp.Compare(a.What, b.What))
	})
}

func (p *Project) usageByAddress(ctx context.Context) ([]Usage, error) {
	all, err := p.declared(ctx)
	if err != nil {
		return nil, err
	}
	var rows []Usage
	for i := range p.Config.Accounts {
		acct, err := p.look(ctx, p.Config.Accounts[i].Address)
		if err != nil {
			return nil, err
		}
		s := Spot{account: acct, declared: all}
		of, err := s.usageOfAccount(ctx)
		if err != nil {
			return nil, err
		}
		rows = append(rows, of...)
	}
	return rows, nil
}

// usageOfAccount walks the whole account once.
func (s *Spot) usageOfAccount(ctx context.Context) ([]Usage, error) {
	a := s.account.decl.Address
	rows := make(map[addr.Address]*Usage)
	roots := make(map[tree.Path]addr.Address)
	for _, d := range s.declared {
		if d.account == a && rows[d.address] == nil {
			rows[d.address] = &Usage{Account: a, What: cmp.Or(d.address.String(), UsageState)}
			roots[d.folded] = d.address
		}
	}
	rest, trash := &Usage{Account: a, What: UsageElsewhere}, &Usage{Account: a, What: UsageTrash}
	var walk func(h tree.Handle, at tree.Path, into *Usage) error
	walk = func(h tree.Handle, at tree.Path, into *Usage) error {
		return s.each(ctx, h, at, func(at tree.Path, n tree.Node) (bool, error) {
			if owner, ok := roots[tree.Path(names.NFC(string(at)))]; ok && n.Kind == tree.Dir {
				return false, walk(n.Handle, at, rows[owner])
			}
			into.add(n)
			if n.Kind == tree.Dir {
				return false, walk(n.Handle, at, into)
			}
			return false, nil
		})
	}
	top := rest
	if owner, ok := roots[""]; ok {
		top = rows[owner]
	}
	if err := walk(s.account.client.RootHandle(), "", top); err != nil {
		return nil, err
	}
	if bin := s.account.client.TrashHandle(); bin != 0 {
		if err := s.sum(ctx, bin, trash); err != nil {
			return nil, err
		}
	}
	var out []Usage
	for _, u := range rows {
		out = append(out, *u)
	}
	largestFirst(out)
	return append(out, *rest, *trash), nil
}
