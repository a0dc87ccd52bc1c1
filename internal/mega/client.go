package mega

import (
	"cmp"
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/megaplan/megaplan/internal/mega/api"
	"github.com/megaplan/megaplan/internal/mega/cache"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/mega/session"
	"github.com/megaplan/megaplan/internal/mega/transfer"
	"github.com/megaplan/megaplan/internal/redact"
	"github.com/megaplan/megaplan/internal/retry"
)

// Options say how to reach an account and how much to ask of it at once.
type Options struct {
	Endpoint          string // base address of the API; empty: MEGA
	HTTPS             bool   // ask for https addresses of storage servers
	Concurrency       int    // large posts in flight; 0: 4
	SmallConcurrency  int    // connections for small files; 0: 32
	RequestsPerSecond int    // the most requests to the API; 0: no limit
	// UploadLimit and DownloadLimit are timetables as rclone writes them; "" or "off": no limit.
	UploadLimit, DownloadLimit string
	CacheDir                   string // of this account; empty: the tree is kept in memory only
	ReadOnly                   bool   // every change returns ErrReadOnly before any request
	UserAgent                  string
	// Base carries all requests, those of transfers too; nil: tuned connections of our own.
	Base http.RoundTripper
	Log  *slog.Logger // nil: silent
	// OnWait is told about each pause before something is repeated. It is called from any goroutine.
	OnWait func(Wait)
	Budget time.Duration // how long to repeat what is refused for the moment; 0: ten minutes
}

// Client is one signed-in account, to be changed or only to be looked at.
type Client struct {
	*account
	readOnly bool
}

// account is what all clients of one session and one cache share.
type account struct {
	options Options
	session session.Session
	api     *api.Client
	files   *transfer.Manager
	cache   *cache.Cache
	keys    *crypt.Keyring
	limits  *limits
	journal *journal    // nil where nothing can be remembered
	box     cipher.AEAD // seals what is kept of names

	refreshing sync.Mutex // one catch-up at a time
	seen       seen
	ensuring   sync.Mutex // one at a time looks for a folder of megaplan's own and makes it
	drains     drains
	keeping    sync.WaitGroup // books being written
}

func (o Options) transport() (*api.Transport, error) {
	var limiter *rate.Limiter
	if o.RequestsPerSecond > 0 {
		limiter = rate.NewLimiter(rate.Limit(o.RequestsPerSecond), 1)
	}
	return api.NewTransport(api.Options{
		Endpoint: o.Endpoint, UserAgent: o.UserAgent, RoundTripper: o.Base, Logger: o.Log,
		Retry: o.retry(), OnWait: o.waiting, Limiter: limiter,
	})
}

func (o Options) retry() retry.Policy { return retry.Policy{Budget: o.Budget} }

func (o Options) waiting(w retry.Wait) {
	if o.OnWait != nil {
		o.OnWait(Wait{Reason: w.Reason.Error(), Until: w.Until, Attempt: w.Attempt})
	}
}

// SignIn makes a new session with a password. mfa is asked for the six digits when MEGA wants them; nil means that none
// can be had. It signs in once, and once more with the digits, whatever happens: MEGA blocks accounts that sign in often.
func SignIn(ctx context.Context, o Options, email string, password redact.Secret, mfa func(context.Context) (string, error)) (session.Session, error) {
	t, err := o.transport()
	if err != nil {
		return session.Session{}, err
	}
	defer t.CloseIdle()
	c := api.Credentials{Email: email, Password: password}
	signed, _, err := api.Login(ctx, t, c)
	if !errors.Is(err, ErrMFANeeded) || mfa == nil {
		return signed, err
	}
	code, err := mfa(ctx)
	if err != nil {
		return session.Session{}, fmt.Errorf("second factor of %s: %w", email, err)
	}
	if c.MFA = strings.TrimSpace(code); c.MFA == "" {
		return session.Session{}, &api.LoginError{Email: email, Reason: api.MFARequired}
	}
	signed, _, err = api.Login(ctx, t, c)
	return signed, err
}

// Open makes a client from a session. It sends nothing: a session that has died shows in the first request.
func Open(o Options, s session.Session) (*Client, error) {
	t, err := o.transport()
	if err != nil {
		return nil, err
	}
	s.Endpoint = strings.TrimRight(s.Endpoint, "/")
	client, err := api.NewClient(t, s)
	if err != nil {
		return nil, err
	}
	limits, err := newLimits(o)
	if err != nil {
		return nil, err
	}
	kept, err := openCache(o.CacheDir, s.User)
	if err != nil {
		limits.stop()
		return nil, err
	}
	c := &Client{readOnly: o.ReadOnly, account: &account{
		options: o, session: s, api: client, cache: kept, limits: limits,
		keys: crypt.NewKeyring(s.User, s.Master), box: crypt.NewBox(s.Master, bookPurpose),
	}}
	if o.CacheDir != "" && !o.ReadOnly {
		c.journal = &journal{keys: c.keys, dir: o.CacheDir}
	}
	c.files = transfer.New(c.transferOptions())
	return c, nil
}

func openCache(dir, user string) (*cache.Cache, error) {
	owner, err := cache.ParseUser(user)
	if err != nil {
		return nil, err
	}
	if dir == "" {
		return cache.Memory(cache.Options{User: owner}), nil
	}
	return cache.Open(dir, cache.Options{User: owner})
}

func (c *Client) transferOptions() transfer.Options {
	o := transfer.Options{
		Concurrency: c.options.Concurrency, SmallConcurrency: c.options.SmallConcurrency,
		Upload: c.limits.upload, Download: c.limits.download,
		Retry: c.options.retry(), OnWait: c.options.waiting, UserAgent: c.options.UserAgent, Log: c.options.Log,
	}
	if c.journal != nil {
		o.Journal = c.journal
	}
	if c.options.Base != nil {
		o.Client = &http.Client{Transport: c.options.Base}
	}
	return o
}

// Close lets go of connections and of the cache. No call may be under way.
func (c *Client) Close() error {
	c.limits.stop()
	c.files.Close()
	c.api.Transport().CloseIdle()
	c.keeping.Wait()
	err := c.cache.Close()
	if c.journal != nil {
		err = errors.Join(err, c.journal.close())
	}
	return err
}

// User is the account's handle: eleven characters.
func (c *Client) User() string { return c.session.User }

// Session is the session the client acts for.
func (c *Client) Session() session.Session { return c.session }

// DeriveKey returns a key that follows from the account's master key for one purpose: the same in every session, and with every
// password the account ever has.
func (c *Client) DeriveKey(purpose string) redact.Secret {
	return redact.NewBytes(crypt.DeriveKey(c.session.Master, purpose))
}

// ServerTime is the server's clock by its last answer; not known before that.
func (c *Client) ServerTime() (now time.Time, known bool) { return c.api.Transport().ServerTime() }

// ClockSkew is how far the local clock is ahead of the server's; 0 while that is not known.
func (c *Client) ClockSkew() time.Duration {
	skew, _ := c.api.Transport().ClockSkew()
	return -skew
}

// writable refuses changes on a client that only looks.
func (c *Client) writable() error {
	if c.readOnly {
		return ErrReadOnly
	}
	return nil
}

func (c *Client) log() *slog.Logger { return cmp.Or(c.options.Log, slog.New(slog.DiscardHandler)) }
