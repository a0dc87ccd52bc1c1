package workflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
)

// Spot is a place in an account that a person named, and the nodes there: MEGA allows several of one name.
type Spot struct {
	account  *account
	declared declarations
	path     tree.Path
	nodes    []tree.Node
	// under is the address that the text began with, nil if with none; atRoot says that the place is all of it.
	under  *declared
	atRoot bool
	// dated are the files that the snapshots of the address have at the path, if that was asked for.
	dated []inSnapshot
}

// declared is what an address has in an account, by configuration or, for one that left it, by state. The folder of the state has
// no address: what is in it is nobody's.
type declared struct {
	address, account addr.Address
	path, folded     tree.Path // as stored; folded is the key under which spellings are alike (rule 14)
	root             tree.Handle
}

// declarations are everything that has a place in an account, deepest paths first.
type declarations []declared

// owner is the address whose declared path is the deepest one above a path (rule 2).
func (all declarations) owner(account addr.Address, at tree.Path) addr.Address {
	if d := all.above(account, at); d != nil {
		return d.address
	}
	return addr.Address{}
}

// above is what has the deepest declared path above a path; nil is nothing, or the state.
func (all declarations) above(account addr.Address, at tree.Path) *declared {
	folded := tree.Path(names.NFC(string(at)))
	for i := range all {
		if d := &all[i]; d.account == account && folded.Within(d.folded) {
			if d.address.IsZero() {
				return nil
			}
			return d
		}
	}
	return nil
}

// target is a place before anybody asked MEGA about it.
type target struct {
	account addr.Address
	// written is the path as the person wrote it; below an address it is the part after it.
	written string
	under   *declared
}

// errNoPlace says that a text names no place in an account.
var errNoPlace = errors.New("it is neither an address such as backup.documents nor a remote path such as /Backups or main:/Backups")

// Places finds what a text names: an address, with or without a path after it (backup.documents/notes), an account's path
// (main:/Backups), or a path of the only account (/Backups). The empty text is the top of the only account. What is none of
// these, or leads nowhere, may be a local path below a source: it stands for what its backup has of it. Names are taken as a
// person writes them and, where there is none of that name, as they are stored. Backups of every host are found.
//
// Of several places that a text stands for, those that are not there are told and left out.
func (p *Project) Places(ctx context.Context, text string) ([]Spot, error) {
	return p.places(ctx, text, p.find)
}

// finding looks a target up; it returns a *missingError if it is not there.
type finding func(s *Spot, t target) error

func (p *Project) places(ctx context.Context, text string, find finding) ([]Spot, error) {
	all, err := p.declared(ctx)
	if err != nil {
		return nil, err
	}
	targets, err := p.targets(text, all)
	locals := p.localTargets(text, all)
	if err != nil && (!errors.Is(err, errNoPlace) || len(locals) == 0) {
		return nil, err
	}
	spots, err := p.findAll(ctx, targets, all, find)
	var missing *missingError
	if len(spots) == 0 && len(locals) > 0 && (err == nil || errors.As(err, &missing)) {
		return p.findAll(ctx, locals, all, find)
	}
	return spots, err
}

// findAll looks targets up; it is an error only if none of them is there.
func (p *Project) findAll(ctx context.Context, targets []target, all declarations, find finding) ([]Spot, error) {
	var spots []Spot
	var absent []error
	for _, t := range targets {
		acct, err := p.look(ctx, t.account)
		if err != nil {
			return nil, err
		}
		s := Spot{account: acct, declared: all}
		err = find(&s, t)
		var missing *missingError
		switch {
		case errors.As(err, &missing):
			absent = append(absent, err)
		case err != nil:
			return nil, err
		default:
			spots = append(spots, s)
		}
	}
	if len(spots) == 0 && len(absent) > 0 {
		return nil, absent[0]
	}
	for _, err := range absent {
		p.Observer.Say(err.Error())
	}
	return spots, nil
}

// localTargets are the places that backups give a local path.
func (p *Project) localTargets(text string, all declarations) []target {
	local, err := filepath.Abs(text)
	if err != nil || text == "" {
		return nil
	}
	var found []target
	for i := range p.Config.Backups {
		b := &p.Config.Backups[i]
		rel, ok := below(b.Source.Path, local)
		if !ok {
			continue
		}
		for j := range all {
			if all[j].address == b.Address {
				found = append(found, target{b.Account, tidy(rel), &all[j]})
			}
		}
	}
	return found
}

// tidy writes the path of the source itself as the empty path.
func tidy(rel string) string {
	if rel == "." {
		return ""
	}
	return rel
}

// look connects to an account and brings its tree up to date, once for each command.
func (p *Project) look(ctx context.Context, a addr.Address) (*account, error) {
	acct, err := p.connect(ctx, a)
	if err != nil {
		return nil, err
	}
	if acct.read.SN != "" && !acct.ahead {
		return acct, nil
	}
	if err := p.bringUp(ctx, acct); err != nil {
		return nil, p.accountError(a, err)
	}
	p.Observer.AccountRead(a, acct.read)
	return acct, nil
}

// declared lists what configuration and state have in accounts.
func (p *Project) declared(ctx context.Context) (declarations, error) {
	doc, err := p.State(ctx)
	if p.withoutDamaged(err) {
		doc, err = &state.Document{}, nil
	}
	if err != nil {
		return nil, err
	}
	var all declarations
	add := func(a, account addr.Address, written string) error {
		path, err := p.encodePath(account, written)
		if err != nil {
			return err
		}
		d := declared{address: a, account: account, path: path, folded: tree.Path(names.NFC(string(path)))}
		if r, ok := doc.Resource(a); ok && r.Account == account {
			d.root = r.Root
		}
		all = append(all, d)
		return nil
	}
	for i := range p.Config.Backups {
		if b := &p.Config.Backups[i]; err == nil {
			err = add(b.Address, b.Account, b.Path)
		}
	}
	for i := range p.Config.Folders {
		if f := &p.Config.Folders[i]; err == nil {
			err = add(f.Address, f.Account, f.Path)
		}
	}
	for _, r := range doc.Resources {
		known := slices.ContainsFunc(all, func(d declared) bool { return d.address == r.Address })
		if err == nil && !known && p.account(r.Account) != nil {
			err = add(r.Address, r.Account, r.Path)
		}
	}
	all = append(all, p.stateFolders()...)
	slices.SortStableFunc(all, func(a, b declared) int {
		return cmp.Or(cmp.Compare(depth(b.path), depth(a.path)), a.address.Compare(b.address))
	})
	return all, err
}

func depth(p tree.Path) (n int) {
	for range p.Names() {
		n++
	}
	return n
}

// targets reads a text without asking MEGA.
func (p *Project) targets(text string, all declarations) ([]target, error) {
	if strings.HasPrefix(text, string(addr.Backup)+".") || strings.HasPrefix(text, string(addr.Folder)+".") {
		return p.addressed(text, all)
	}
	name, path, named := strings.Cut(text, ":")
	if !named || strings.Contains(name, "/") {
		name, path, named = "", text, false
	}
	if named && name == "" || path != "" && !strings.HasPrefix(path, "/") {
		return nil, fmt.Errorf("%q: %w", text, errNoPlace)
	}
	a, err := p.FindAccount(name)
	if err != nil {
		return nil, err
	}
	return []target{{account: a, written: path}}, nil
}

// addressed splits a text into an address and the path below it. An address without its key stands for all its instances.
func (p *Project) addressed(text string, all declarations) ([]target, error) {
	for end := range len(text) + 1 {
		if end < len(text) && text[end] != '/' {
			continue // an address ends before a slash, but its key may hold one
		}
		a, err := addr.Parse(text[:end])
		if err != nil {
			continue
		}
		var found []target
		for i := range all {
			if d := &all[i]; d.address == a || !a.Keyed && d.address.Block() == a {
				found = append(found, target{d.account, text[end:], d})
			}
		}
		slices.SortFunc(found, func(a, b target) int { return a.under.address.Compare(b.under.address) })
		if len(found) > 0 {
			return found, nil
		}
		_, err = p.Config.Resolve(text[:end]) // it has no such address either, and says what was meant
		return nil, err
	}
	return nil, fmt.Errorf("%q: %w", text, errNoPlace)
}
