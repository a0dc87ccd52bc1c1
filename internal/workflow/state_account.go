package workflow

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/tree"
	"github.com/megaplan/megaplan/state"
	statemega "github.com/megaplan/megaplan/state/mega"
)

// stateAccount is the account that keeps the state (backend "mega"). It is signed in to when the state is first needed, before
// anything else, and its tree, read for the state, is the one that the command goes on with.
type stateAccount struct {
	p       *Project
	address addr.Address
	path    tree.Path

	mu      sync.Mutex
	arrived bool // its tree has been read
}

func (p *Project) megaBackend() (state.Backend, error) {
	o := p.Config.Backend.Options
	account, err := addr.Parse(o["account"])
	if err != nil {
		return nil, fmt.Errorf("backend \"mega\": %w", err)
	}
	path, err := p.encodePath(account, o["path"])
	if err != nil {
		return nil, err
	}
	p.keeper = &stateAccount{p: p, address: account, path: path}
	return statemega.New(p.keeper, path, fmt.Sprintf("/%s of %s", path, account)), nil
}

// Folder implements statemega.Account.
func (s *stateAccount) Folder(ctx context.Context) (*mega.OwnFolder, error) {
	if _, err := s.arrive(ctx); err != nil {
		return nil, err
	}
	return s.folder(ctx)
}

// Fresh implements statemega.Account. What reading the account for the first time finds is fresh, too.
func (s *stateAccount) Fresh(ctx context.Context) (*mega.OwnFolder, error) {
	first, err := s.arrive(ctx)
	if err != nil {
		return nil, err
	}
	f, err := s.folder(ctx)
	if err == nil && !first {
		err = f.Drain(ctx)
	}
	return f, err
}

// arrive reads the account's tree unless that is done; first says that it was done now. A session that has died is replaced
// here, and nowhere later: a run's heartbeat must not sign in.
func (s *stateAccount) arrive(ctx context.Context) (first bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.arrived {
		return false, nil
	}
	acct, err := s.p.connect(ctx, s.address)
	if err != nil {
		return false, err
	}
	if s.p.needsQuota {
		quota, err := s.p.refreshWithQuota(ctx, acct)
		if err != nil {
			return false, err
		}
		acct.quota = &quota
	} else if err := s.p.refresh(ctx, acct); err != nil {
		return false, err
	}
	s.arrived, acct.ahead = true, true
	return true, nil
}

func (s *stateAccount) folder(ctx context.Context) (*mega.OwnFolder, error) {
	acct, err := s.p.connect(ctx, s.address)
	if err != nil {
		return nil, err
	}
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	return acct.client.OwnFolder(s.path, s.p.WritesState), nil
}

// Blame implements statemega.Account.
func (s *stateAccount) Blame(err error) error { return s.p.accountError(s.address, err) }

// ownNodes are megaplan's own nodes in an account (rule 2): those of this project, and what another project has in folders that
// the tree shows.
func (p *Project) ownNodes(a addr.Address, client *mega.Client, t *tree.Tree) (map[tree.Handle]bool, error) {
	own := map[tree.Handle]bool{}
	if p.keeper != nil && p.sameAccount(a, p.keeper.address) {
		var err error
		if own, err = client.OwnFolder(p.keeper.path, false).Nodes(); err != nil {
			return nil, err
		}
	}
	for _, top := range t.Own() {
		for id := range t.Walk(top) {
			own[t.Handle(id)] = true
		}
	}
	return own, nil
}

// stateFolders are the places of the state among the declared ones.
func (p *Project) stateFolders() declarations {
	var out declarations
	for i := range p.Config.Accounts {
		a := p.Config.Accounts[i].Address
		if p.keeper != nil && p.sameAccount(a, p.keeper.address) {
			out = append(out, declared{account: a, path: p.keeper.path, folded: tree.Path(names.NFC(string(p.keeper.path)))})
		}
	}
	return out
}

// sameAccount says whether two declarations are of one account.
func (p *Project) sameAccount(a, b addr.Address) bool {
	one, other := p.account(a), p.account(b)
	return one.Endpoint == other.Endpoint && strings.EqualFold(one.Email, other.Email)
}
