package workflow

import (
	"context"
	"fmt"
	"strings"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

// Import notes in the state that a folder is an address's. It does at once what an import block asks of the next apply: the
// state knows the root from then on, and nothing else of it (rules 1 and 4).
func (p *Project) Import(ctx context.Context, a addr.Address, place string) error {
	account, declared := p.accountOf(a)
	if !declared {
		_, err := p.Config.Resolve(a.String())
		if err == nil {
			err = fmt.Errorf("%s has for_each: name one instance, as in %s[\"key\"]", a, a)
		}
		return err
	}
	s, err := p.importable(ctx, a, account, place)
	if err != nil {
		return err
	}
	written, ok := p.writtenPath(account, s.path)
	if !ok {
		return fmt.Errorf("/%s cannot be written as a path: rename it first", s.path)
	}
	r := state.Resource{Address: a, Account: account, AccountUser: s.account.client.User(), Path: written, Root: s.nodes[0].Handle}
	news := fmt.Sprintf("%s is %s on MEGA now. Nothing there was changed; `megaplan plan` shows what would be.", a, written)
	return p.edit(ctx, "import", news, func(d *state.Document) error {
		if known, ok := d.Resource(a); ok {
			return fmt.Errorf("%s is %s in the state already: `megaplan state rm %s` forgets that, then import again", a, known.Path, a)
		}
		for _, other := range d.Resources {
			if other.Root == r.Root && other.AccountUser == r.AccountUser {
				return fmt.Errorf("%s is the folder of %s: `megaplan state mv %s %s` renames it", written, other.Address, other.Address, a)
			}
		}
		d.Resources = append(d.Resources, r)
		return nil
	})
}

// importable finds the one folder at a place that may become an address's.
func (p *Project) importable(ctx context.Context, a, account addr.Address, place string) (*Spot, error) {
	written, ok := strings.CutPrefix(place, account.Name+":")
	if !ok && !strings.HasPrefix(place, "/") {
		return nil, fmt.Errorf("%q is no path in %s, the account of %s: write it as /Backups", place, account, a)
	}
	all, err := p.declared(ctx)
	if err != nil {
		return nil, err
	}
	spots, err := p.findAll(ctx, []target{{account: account, written: written}}, all, p.find)
	if err != nil {
		return nil, err
	}
	s := &spots[0]
	switch {
	case s.path == "":
		return nil, fmt.Errorf("the whole account cannot be %s: name a folder in it", a)
	case len(s.nodes) > 1:
		return nil, fmt.Errorf("MEGA has %d of the name /%s: give the others names of their own first", len(s.nodes), s.path)
	case s.nodes[0].Kind != tree.Dir:
		return nil, fmt.Errorf("/%s is a file, and %s is a folder", s.path, a)
	}
	for _, d := range all {
		if d.address.IsZero() && d.account == account && (s.path.Within(d.path) || d.path.Within(s.path)) {
			return nil, fmt.Errorf("/%s is or holds /%s, where the state is kept: that is nobody's", s.path, d.path)
		}
		if d.address != a && d.account == account && d.path == s.path {
			return nil, fmt.Errorf("/%s is declared as %s: a folder has one owner", s.path, d.address)
		}
	}
	return s, nil
}

// importPaths returns the path that an import block names for an address, in names as stored, for the addresses that the state
// does not know yet: to others an import block says nothing any more. With each goes its account.
func (p *Project) importPaths(prior []planner.Prior) (paths map[addr.Address]tree.Path, accounts map[addr.Address]addr.Address, err error) {
	known := map[addr.Address]bool{}
	for i := range prior {
		known[prior[i].Resource.Address] = true
	}
	paths, accounts = map[addr.Address]tree.Path{}, map[addr.Address]addr.Address{}
	for _, im := range p.Config.Imports {
		account, declared := p.accountOf(im.To)
		if !declared || known[im.To] {
			continue
		}
		if paths[im.To], err = p.encodePath(account, im.Path); err != nil {
			return nil, nil, err
		}
		accounts[im.To] = account
	}
	return paths, accounts, nil
}

// accountOf returns the account of a declared backup or folder.
func (p *Project) accountOf(a addr.Address) (addr.Address, bool) {
	for i := range p.Config.Backups {
		if p.Config.Backups[i].Address == a {
			return p.Config.Backups[i].Account, true
		}
	}
	for i := range p.Config.Folders {
		if p.Config.Folders[i].Address == a {
			return p.Config.Folders[i].Account, true
		}
	}
	return addr.Address{}, false
}
