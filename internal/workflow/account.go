package workflow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/mega/session"
	"github.com/megaplan/megaplan/internal/redact"
)

// account is a MEGA account in use.
type account struct {
	decl   *config.Account
	client *mega.Client
	proofs *cache.DB
	// read says what reading the tree took, zero before that.
	read mega.Refreshed
	// ahead says that the tree was read for the state, and nothing else has made use of that yet.
	ahead bool
	// quota is what was asked beside that, nil if nothing was.
	quota *mega.Quota
	// old are clients of sessions that have died; the state may still be at something with them.
	old []*mega.Client
	// fresh is set once this run has signed in: a session that dies again is not renewed twice.
	fresh bool
	// beside are requests under way while the tree is read. The client is not replaced before they end.
	beside sync.WaitGroup
}

func (a *account) close() error {
	errs := []error{a.client.Close(), a.proofs.Close()}
	for _, c := range a.old {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// connect returns the account's client, made from the session that is kept or from a sign-in. Nothing else is asked of MEGA.
func (p *Project) connect(ctx context.Context, a addr.Address) (*account, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if acct := p.accounts[a]; acct != nil {
		return acct, nil
	}
	decl := p.account(a)
	o, err := p.clientOptions(decl)
	if err != nil {
		return nil, err
	}
	if err := p.usableCache(); err != nil {
		return nil, p.accountError(a, err)
	}
	ses, err := p.session(ctx, decl, o)
	fresh := false
	if errors.Is(err, session.ErrNone) || errors.Is(err, session.ErrLocked) {
		ses, err = p.signIn(ctx, decl, o)
		fresh = true
	}
	if err != nil {
		return nil, p.accountError(a, err)
	}
	acct, err := p.openAccount(decl, o, ses)
	if err != nil {
		return nil, p.accountError(a, err)
	}
	acct.fresh = fresh
	p.accounts[a] = acct
	return acct, nil
}

func (p *Project) openAccount(decl *config.Account, o mega.Options, ses session.Session) (*account, error) {
	o.CacheDir = p.accountDir(o.Endpoint, ses.User)
	ses.Endpoint = o.Endpoint
	client, err := mega.Open(o, ses)
	if err != nil {
		return nil, err
	}
	proofs, err := cache.OpenDB(o.CacheDir)
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	return &account{decl: decl, client: client, proofs: proofs}, nil
}

// accountDir is where the cache of one user at one endpoint lives. Projects that use the same account share it; the data of
// an embedded emulator is the project's own, and so is its cache.
func (p *Project) accountDir(endpoint, user string) string {
	name := endpoint + "\n" + user
	if p.embedded != nil && endpoint == p.embedded.Endpoint {
		name += "\n" + p.Config.Dir
	}
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(cacheDir(p.Getenv), hex.EncodeToString(sum[:8]))
}

// clientOptions says how to reach the account's server; an embedded one is started on first use.
func (p *Project) clientOptions(decl *config.Account) (mega.Options, error) {
	o := mega.Options{
		Endpoint: decl.Endpoint, HTTPS: decl.UseHTTPS, Concurrency: decl.Concurrency, SmallConcurrency: decl.SmallConcurrency,
		RequestsPerSecond: decl.RequestsPerSecond,
		UploadLimit:       decl.UploadLimit, DownloadLimit: decl.DownloadLimit, ReadOnly: p.ReadOnly,
		UserAgent: "megaplan/" + p.Version, Log: p.Log, OnWait: p.waiting,
	}
	if decl.Endpoint != config.EndpointEmbedded {
		return o, nil
	}
	if p.embedded == nil {
		started, err := p.startEmbedded()
		if err != nil {
			return o, fmt.Errorf("%s: start the embedded emulator: %w", decl.Address, err)
		}
		p.embedded = &started
	}
	o.Endpoint, o.Base = p.embedded.Endpoint, p.embedded.Base
	return o, nil
}

func (p *Project) startEmbedded() (Embedded, error) {
	var accounts []EmbeddedAccount
	for i := range p.Config.Accounts {
		if a := &p.Config.Accounts[i]; a.Endpoint == config.EndpointEmbedded {
			password, err := p.configuredPassword(context.Background(), a)
			if err != nil {
				return Embedded{}, err
			}
			if value := p.Getenv("MEGAPLAN_PASSWORD"); value != "" {
				password = redact.New(value)
			}
			if password.Empty() {
				return Embedded{}, errNoPassword
			}
			accounts = append(accounts, EmbeddedAccount{a.Email, password})
		}
	}
	return p.Embedded(filepath.Join(p.Config.Dir, ".megaplan", "embedded"), accounts)
}

// waiting passes a back-off on to whoever shows it now.
func (p *Project) waiting(w mega.Wait) {
	if show := p.onWait.Load(); show != nil {
		(*show)(w)
		return
	}
	p.Observer.Waiting(w)
}

// sessions is where sessions are kept.
func (p *Project) sessions(ctx context.Context, decl *config.Account) *session.Store {
	return session.NewStore(session.Options{
		Dir: stateDir(p.Getenv), Text: secretEnv(p.Getenv("MEGAPLAN_SESSION")), Key: secretEnv(p.Getenv("MEGAPLAN_SESSION_KEY")),
		Keyring:  session.SystemKeyring(),
		Password: func(string) (redact.Secret, error) { return p.password(ctx, decl) },
	})
}

func secretEnv(value string) redact.Secret {
	if value == "" {
		return redact.Secret{}
	}
	return redact.New(value)
}

// session finds the account's session, ErrNone or ErrLocked if there is none that opens.
func (p *Project) session(ctx context.Context, decl *config.Account, o mega.Options) (session.Session, error) {
	ses, _, err := p.sessions(ctx, decl).Load(p.sessionEndpoint(o), decl.Email)
	if errors.Is(err, errNoPassword) {
		err = fmt.Errorf("%w: %w", errSessionLocked, err) // only a file under the password asks for it
	}
	var unreadable *fs.PathError
	if errors.As(err, &unreadable) {
		err = &dirError{"MEGAPLAN_STATE_DIR", err}
	}
	return ses, err
}

// sessionEndpoint tells the sessions of embedded emulators apart by their project.
func (p *Project) sessionEndpoint(o mega.Options) string {
	if p.embedded != nil && o.Endpoint == p.embedded.Endpoint {
		return o.Endpoint + p.Config.Dir
	}
	return o.Endpoint
}

// signIn signs in once and keeps the session in the best place there is.
func (p *Project) signIn(ctx context.Context, decl *config.Account, o mega.Options) (session.Session, error) {
	password, err := p.password(ctx, decl)
	if err != nil {
		return session.Session{}, err
	}
	if err := p.usableState(); err != nil {
		return session.Session{}, err
	}
	ses, err := mega.SignIn(ctx, o, decl.Email, password, p.mfaCode(decl))
	if err != nil {
		return session.Session{}, err
	}
	_, err = p.keep(ctx, decl, o, ses, session.Best)
	return ses, err
}

// keep saves a session and says so where it could not be kept.
func (p *Project) keep(ctx context.Context, decl *config.Account, o mega.Options, ses session.Session, where session.Where) (session.Where, error) {
	ses.Endpoint = p.sessionEndpoint(o)
	kept, err := p.sessions(ctx, decl).Save(ses, where)
	if err != nil {
		return kept, fmt.Errorf("keep the session: %w", err)
	}
	if kept == session.Nowhere {
		p.Observer.Say(fmt.Sprintf("The session of %s is not kept: there is no keyring and no key. Set MEGAPLAN_SESSION_KEY, or run `megaplan login -store=plain`.", decl.Email))
	}
	return kept, nil
}

// bringUp brings the account's tree up to date, unless that was just done for the state.
func (p *Project) bringUp(ctx context.Context, acct *account) error {
	if acct.ahead {
		acct.ahead = false
		return nil
	}
	return p.refresh(ctx, acct)
}

// refresh brings the account's tree up to date. A session that has died gets one guarded fresh sign-in.
func (p *Project) refresh(ctx context.Context, acct *account) error {
	if !p.Refresh {
		if read, ok := acct.client.Cached(); ok {
			acct.read = read
			return nil
		}
	}
	read, err := acct.client.Refresh(ctx)
	if errors.Is(err, api.ErrSessionDead) && !acct.fresh {
		if err = p.renew(ctx, acct); err == nil {
			read, err = acct.client.Refresh(ctx)
		}
	}
	acct.read = read
	return err
}

// renew replaces a dead session by a new one.
func (p *Project) renew(ctx context.Context, acct *account) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	o, err := p.clientOptions(acct.decl)
	if err != nil {
		return err
	}
	if err := p.sessions(ctx, acct.decl).Delete(p.sessionEndpoint(o), acct.decl.Email); err != nil {
		return err
	}
	ses, err := p.signIn(ctx, acct.decl, o)
	if err != nil {
		return err
	}
	acct.beside.Wait()
	fresh, err := p.openAccount(acct.decl, o, ses)
	if err != nil {
		return err
	}
	acct.old = append(acct.old, acct.client)
	acct.client, acct.fresh = fresh.client, true
	return fresh.proofs.Close() // those that are open are the same account's, and being read
}
