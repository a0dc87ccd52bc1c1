package interop

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/emulator/emulatortest"
)

// server is an emulator with one account, as a client sees it from outside.
type server struct {
	url             string // without a slash at the end; https answers on the same port
	caFile          string // the certificate authority, for clients that want https
	email, password string
	stats           func() emulator.Stats
}

// newServer starts an emulator that ends with the test.
func newServer(t *testing.T) server { return serveAccount(t, emulator.Options{}, emulator.Account{}) }

// newSlowServer answers late and one after the other, so that an upload of
// many files can be interrupted.
func newSlowServer(t *testing.T) server {
	return serveAccount(t, emulator.Options{Latency: 30 * time.Millisecond, Bandwidth: 8 << 20}, emulator.Account{})
}

// serveAccount fills in the account's e-mail and password.
func serveAccount(t *testing.T, opts emulator.Options, account emulator.Account) server {
	t.Helper()
	need(t, "")
	account.Email, account.Password = "user@example.com", "correct horse battery staple"
	e := emulatortest.Start(t, opts, account)
	s := server{url: e.URL, email: account.Email, password: account.Password, stats: e.Stats}
	s.caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(s.caFile, e.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}
