// Package emulatortest starts an emulated MEGA for one test. The server
// listens on a loopback port of its own and ends with the test.
package emulatortest

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"net"
	"sync"
	"testing"

	"github.com/megaplan/megaplan/internal/emulator"
)

// Instance is a running server. The Server's methods Do, Put and Nodes act
// and look like another client; Fault breaks requests.
type Instance struct {
	*emulator.Server
	// URL is the plain http base address, without a slash at its end; TLSURL
	// is the same port over TLS.
	URL, TLSURL string
}

// DefaultAccount is made when Start is given none.
var DefaultAccount = emulator.Account{Email: "user@example.com", Password: "correct horse"}

// Start runs a server until the test ends. Accounts share one RSA key, because
// making one takes longer than most tests.
func Start(t testing.TB, opts emulator.Options, accounts ...emulator.Account) *Instance {
	t.Helper()
	if opts.NewKey == nil {
		opts.NewKey = SharedKey
	}
	server, err := emulator.New(opts)
	if err != nil {
		t.Fatalf("start emulator: %v", err)
	}
	if len(accounts) == 0 {
		accounts = []emulator.Account{DefaultAccount}
	}
	for _, a := range accounts {
		if err := server.AddAccount(a); err != nil {
			t.Fatalf("start emulator: %v", err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("start emulator: %v", err)
	}
	// The test's own context ends before its cleanups, when clients may still
	// want to say goodbye.
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve emulator: %v", err)
		}
		if err := server.Close(); err != nil {
			t.Errorf("close emulator: %v", err)
		}
	})
	return &Instance{Server: server, URL: "http://" + l.Addr().String(), TLSURL: "https://" + l.Addr().String()}
}

// SharedKey is a 2048-bit RSA key made once per process, for Options.NewKey.
var SharedKey = sync.OnceValues(func() (*rsa.PrivateKey, error) {
	return rsa.GenerateKey(rand.Reader, 2048)
})
