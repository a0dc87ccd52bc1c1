package mega_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/emulator/emulatortest"
	client "github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/mega/session"
	"github.com/megaplan/megaplan/internal/redact"
	"github.com/megaplan/megaplan/state"
	"github.com/megaplan/megaplan/state/mega"
	"github.com/megaplan/megaplan/state/statetest"
)

// oldAccount derives its key from the password faster than a new one.
var oldAccount = emulator.Account{Email: "old@example.com", Password: "password", V1: true}

// house is a server and a session on it.
type house struct {
	*emulatortest.Instance
	session session.Session
}

func newHouse(t *testing.T, o emulator.Options) *house {
	t.Helper()
	o.PollErrorDelay = -1
	h := &house{Instance: emulatortest.Start(t, o, oldAccount)}
	signed, err := client.SignIn(t.Context(), client.Options{Endpoint: h.URL}, oldAccount.Email, redact.New(oldAccount.Password), nil)
	if err != nil {
		t.Fatal(err)
	}
	h.session = signed
	return h
}

// machine is the account as one machine uses it: a client with a cache of its own.
type machine struct {
	*client.Client
}

func (m machine) Folder(context.Context) (*client.OwnFolder, error) {
	return m.OwnFolder("safe/.megaplan", false), nil
}

func (m machine) Fresh(ctx context.Context) (*client.OwnFolder, error) {
	_, err := m.Refresh(ctx)
	return m.OwnFolder("safe/.megaplan", false), err
}

var errBlamed = errors.New("account.main")

func (m machine) Blame(err error) error { return errors.Join(errBlamed, err) }

func (h *house) machine(t *testing.T, change func(*client.Options)) machine {
	t.Helper()
	o := client.Options{Endpoint: h.URL, CacheDir: t.TempDir(), Budget: 20 * time.Second}
	if change != nil {
		change(&o)
	}
	c, err := client.Open(o, h.session)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return machine{Client: c}
}

func (h *house) backend(t *testing.T, change func(*client.Options)) *mega.Backend {
	t.Helper()
	return mega.New(h.machine(t, change), "safe/.megaplan", "account.main:/safe/.megaplan")
}

func TestMegaKeepsTheContract(t *testing.T) {
	statetest.Test(t, func(t *testing.T) func() state.Backend {
		h := newHouse(t, emulator.Options{})
		return func() state.Backend { return h.backend(t, nil) }
	})
}
