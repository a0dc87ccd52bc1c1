package workflow

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/megaplan/megaplan/config"
	"github.com/megaplan/megaplan/internal/addr"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/redact"
	"github.com/megaplan/megaplan/internal/scan"
	"github.com/megaplan/megaplan/planner"
	"github.com/megaplan/megaplan/state"
)

// Observer is told what goes on while nothing is being applied.
type Observer interface {
	AccountRead(account addr.Address, r mega.Refreshed)
	SourceScanned(backup addr.Address, path string, files, bytes int64)
	Waiting(w mega.Wait)
	Say(message string)
}

// Options opens a Project.
type Options struct {
	Config *config.Config
	// Host is this host's name (rule 5).
	Host string
	// Getenv reads the process environment.
	Getenv   func(string) string
	Version  string
	Observer Observer
	Log      *slog.Logger
	// Ask puts a question to a person; nil where nobody is there.
	Ask func(ctx context.Context, question string, secret bool) (string, error)
	// StartComparing shows duplicates being downloaded, so many files and bytes; nil where nobody looks.
	StartComparing func(files, bytes int64) Comparing
	// Embedded starts the emulator inside the process.
	Embedded func(dir string, accounts []EmbeddedAccount) (Embedded, error)
	// Refresh asks MEGA what changed; without it the cached tree is taken as it is.
	Refresh bool
	// ReadOnly makes every change at MEGA impossible (drift, plan, show).
	ReadOnly bool
	// WritesState lets a command that is read-only otherwise write the state where an account keeps it.
	WritesState bool
	// LockTimeout is how long to wait for a lease or the state's lock.
	LockTimeout time.Duration
	// Parallelism bounds the actions in flight; 0 is the default.
	Parallelism int
}

// EmbeddedAccount is an account the embedded emulator must have.
type EmbeddedAccount struct {
	Email    string
	Password redact.Secret
}

// Embedded is a running emulator inside the process.
type Embedded struct {
	Endpoint string
	Base     mega.RoundTripper
	Stop     func() error
}

// Project is one configuration opened for one command: its state and, once they are needed, its accounts.
type Project struct {
	Options
	store *state.Store
	// keeper is the account that has the state, nil if none has.
	keeper *stateAccount
	// needsQuota says that accounts will be asked for their quota: the keeper is, while its tree is read for the state.
	needsQuota bool
	// lineage and prior are what readState found.
	lineage string
	prior   map[addr.Address]planner.Prior
	// leased are the addresses that this command's run has, nil if it has no run.
	leased []addr.Address
	// pending marks addresses for which a journal holds what the state does not.
	pending map[addr.Address]bool
	// cutOff are the records that such a journal holds.
	cutOff map[addr.Address][]planner.Record
	// undoing marks those of pending whose journal is a rollback's alone.
	undoing map[addr.Address]bool

	mu       sync.Mutex
	accounts map[addr.Address]*account
	embedded *Embedded
	sources  map[addr.Address]*scan.Source
	// started is when each source's scan began (rule 11).
	started map[addr.Address]time.Time
	growths growths
	// onWait shows back-offs while an apply runs; before that the Observer does.
	onWait atomic.Pointer[func(mega.Wait)]
}

// Open opens the project's state; nothing is asked of MEGA yet.
func Open(o Options) (*Project, error) {
	p := &Project{Options: o, accounts: map[addr.Address]*account{}, sources: map[addr.Address]*scan.Source{}, started: map[addr.Address]time.Time{}}
	store, err := p.openStore()
	if err != nil {
		return nil, err
	}
	p.store = store
	return p, nil
}

// Close closes accounts and, after them, the embedded emulator.
func (p *Project) Close() error {
	var errs []error
	for _, s := range p.sources {
		errs = append(errs, s.Close())
	}
	for _, a := range p.accounts {
		errs = append(errs, a.close())
	}
	if p.embedded != nil {
		errs = append(errs, p.embedded.Stop())
	}
	return errors.Join(errs...)
}

// own returns paths of files megaplan itself writes, which no scan takes (rule 7).
func (p *Project) own() []string {
	paths := []string{filepath.Join(p.Config.Dir, ".megaplan"), cacheDir(p.Getenv), stateDir(p.Getenv)}
	paths = append(paths, p.savedPlans()...)
	return append(paths, p.store.Paths()...)
}
