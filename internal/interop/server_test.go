package interop

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/emulator"
)

// server is an emulator with one account, as a client sees it from outside.
type server struct {
	url             string // without a slash at the end; https answers on the same port
	caFile          string // the certificate authority, for clients that want https
	email, password string
	stats           func() emulator.Stats
}

// sharedKey is every account's RSA key: making one takes half a second.
var sharedKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// newServer starts an emulator that ends with the test.
func newServer(t *testing.T) server { return serveAccount(t, emulator.Options{}, emulator.Account{}) }

// newSlowServer answers late and one after the other, so that an upload of
// many files can be interrupted.
func newSlowServer(t *testing.T) server {
	return serveAccount(t, emulator.Options{Latency: 30 * time.Millisecond, Bandwidth: 3 << 20}, emulator.Account{})
}

// serveAccount fills in the account's e-mail and password.
func serveAccount(t *testing.T, opts emulator.Options, account emulator.Account) server {
	t.Helper()
	need(t, "")
	opts.NewKey = sharedKey
	e, err := emulator.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	s := server{email: "user@example.com", password: "correct horse battery staple", stats: e.Stats}
	account.Email, account.Password = s.email, s.password
	if err := e.AddAccount(account); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := e.Close(); err != nil {
			t.Errorf("close the emulator: %v", err)
		}
	})
	s.url = "http://" + l.Addr().String()
	s.caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(s.caFile, e.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}
