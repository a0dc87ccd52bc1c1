package workflow

import (
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/planner"
)

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
