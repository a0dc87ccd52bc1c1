package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/internal/mega/session"
	"github.com/megaplan/megaplan/internal/redact"
)

// FindAccount returns the address of the account with this name; the empty name means the only one.
func (p *Project) FindAccount(name string) (addr.Address, error) {
	var names []string
	for i := range p.Config.Accounts {
		a := p.Config.Accounts[i].Address
		if a.Name == strings.TrimPrefix(name, "account.") || name == "" && len(p.Config.Accounts) == 1 {
			return a, nil
		}
		names = append(names, a.Name)
	}
	if name == "" {
		return addr.Address{}, fmt.Errorf("which account? Give -account, one of: %s", strings.Join(names, ", "))
	}
	return addr.Address{}, fmt.Errorf("there is no account %q; there are: %s", name, strings.Join(names, ", "))
}

// LoginOptions tune Login.
type LoginOptions struct {
	// Store is keyring, file or plain; empty picks the best place.
	Store string
	// Export returns the session as one string.
	Export bool
}

// Login signs in and keeps the session. To export, a session that is kept and still good is taken instead: each sign-in
// counts at MEGA.
func (p *Project) Login(ctx context.Context, a addr.Address, lo LoginOptions) (redact.Secret, error) {
	where, err := session.ParseWhere(lo.Store)
	if err != nil {
		return redact.Secret{}, err
	}
	if lo.Export {
		acct, err := p.connect(ctx, a)
		if err == nil {
			if _, err := acct.client.Quota(ctx); err == nil {
				return acct.client.Session().Export(), nil
			}
		}
		var refused *api.LoginError
		if errors.As(err, &refused) {
			return redact.Secret{}, err
		}
	}
	decl := p.account(a)
	o, err := p.clientOptions(decl)
	if err != nil {
		return redact.Secret{}, err
	}
	password, err := p.password(ctx, decl)
	if err != nil {
		return redact.Secret{}, p.accountError(a, err)
	}
	if !lo.Export || lo.Store != "" {
		if err := p.usableState(); err != nil {
			return redact.Secret{}, p.accountError(a, err)
		}
	}
	ses, err := mega.SignIn(ctx, o, decl.Email, password, p.mfaCode(decl))
	if err != nil {
		return redact.Secret{}, p.accountError(a, err)
	}
	if lo.Export && lo.Store == "" {
		return ses.Export(), nil
	}
	kept, err := p.keep(ctx, decl, o, ses, where)
	if err != nil {
		return redact.Secret{}, err
	}
	p.Observer.Say(fmt.Sprintf("Signed in as %s.%s", decl.Email, p.whatOpens(kept)))
	return ses.Export(), nil
}

// whatOpens says where a session is kept and what later runs need to open it.
func (p *Project) whatOpens(kept session.Where) string {
	switch {
	case kept == session.Nowhere:
		return ""
	case kept == session.InFile && p.Getenv("MEGAPLAN_SESSION_KEY") != "":
		return " The session is kept in a file that MEGAPLAN_SESSION_KEY opens; later runs need no password."
	case kept == session.InFile:
		return " The session is kept in a file that the password opens: later runs need it at hand, but sign in no more. MEGAPLAN_SESSION_KEY does without."
	}
	return " The session is kept; later runs need no password."
}

// Logout ends the session at MEGA and forgets it.
func (p *Project) Logout(ctx context.Context, a addr.Address) error {
	decl := p.account(a)
	o, err := p.clientOptions(decl)
	if err != nil {
		return err
	}
	ses, err := p.session(ctx, decl, o)
	if err != nil {
		return p.accountError(a, err)
	}
	acct, err := p.openAccount(decl, o, ses)
	if err != nil {
		return err
	}
	p.accounts[a] = acct
	if err := acct.client.Logout(ctx); err != nil {
		return p.accountError(a, err)
	}
	if err := p.sessions(ctx, decl).Delete(p.sessionEndpoint(o), decl.Email); err != nil {
		return err
	}
	p.Observer.Say(fmt.Sprintf("Signed out of %s.", decl.Email))
	return nil
}

// AccountInfo reads what MEGA says of an account.
func (p *Project) AccountInfo(ctx context.Context, a addr.Address) (mega.AccountInfo, error) {
	acct, err := p.connect(ctx, a)
	if err != nil {
		return mega.AccountInfo{}, err
	}
	info, err := acct.client.Account(ctx)
	return info, p.accountError(a, err)
}

// Sessions lists the sessions of an account.
func (p *Project) Sessions(ctx context.Context, a addr.Address) ([]mega.SessionInfo, error) {
	acct, err := p.connect(ctx, a)
	if err != nil {
		return nil, err
	}
	sessions, err := acct.client.Sessions(ctx)
	return sessions, p.accountError(a, err)
}

// Revoke ends sessions of an account.
func (p *Project) Revoke(ctx context.Context, a addr.Address, ids []string) error {
	acct, err := p.connect(ctx, a)
	if err != nil {
		return err
	}
	known, err := acct.client.Sessions(ctx)
	if err != nil {
		return p.accountError(a, err)
	}
	for _, id := range ids {
		if !slices.ContainsFunc(known, func(s mega.SessionInfo) bool { return s.ID == id }) {
			return fmt.Errorf("%s has no session %s: `megaplan session list` shows which it has. None was ended", a, id)
		}
	}
	if err := acct.client.Revoke(ctx, ids...); err != nil {
		return p.accountError(a, err)
	}
	p.Observer.Say(fmt.Sprintf("Ended: %s.", strings.Join(ids, ", ")))
	return nil
}
