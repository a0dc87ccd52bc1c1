package workflow

import (
	"context"
	"errors"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/state"
)

// statePurpose is what the key is for that manifests in remote backends are sealed under.
const statePurpose = "state objects, version 1"

// stateKey is a state.KeyFunc: the key follows from the master key of the session, so the account is signed in to, but nothing
// is asked of MEGA while a session is kept. An account that the configuration calls by another name now is known by its user.
func (p *Project) stateKey(ctx context.Context, account addr.Address, user string) (state.Key, error) {
	var own state.Key
	if p.account(account) != nil {
		key, err := p.keyOf(ctx, account)
		if err != nil || key.User == user || user == "" {
			return key, err
		}
		own = key
	}
	var failed error
	for i := range p.Config.Accounts {
		a := p.Config.Accounts[i].Address
		if a == account {
			continue
		}
		key, err := p.keyOf(ctx, a)
		if err == nil && key.User == user {
			return key, nil
		}
		failed = errors.Join(failed, err)
	}
	if own.Secret.Empty() {
		return own, failed
	}
	return own, nil
}

func (p *Project) keyOf(ctx context.Context, a addr.Address) (state.Key, error) {
	acct, err := p.connect(ctx, a)
	if err != nil {
		return state.Key{}, err
	}
	p.mu.Lock()
	client := acct.client // a dead session's is replaced, by another of the same account
	p.mu.Unlock()
	return state.Key{User: client.User(), Secret: client.DeriveKey(statePurpose)}, nil
}

// sealedAway says that a manifest does not open because its account is no longer declared. Nothing will be done to what it
// lists: its address is forgotten or shown (rule 3).
func (p *Project) sealedAway(err error) bool {
	var sealed *state.SealedError
	return errors.As(err, &sealed) && sealed.SignedIn == "" && p.account(sealed.Account) == nil
}
