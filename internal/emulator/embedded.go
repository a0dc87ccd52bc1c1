package emulator

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// EmbeddedURL is the address of an emulator inside the process. It is the same in every run, whatever port the emulator
// listens on, so that sessions and caches are found again.
const EmbeddedURL = "http://localhost"

// Embedded is an emulator that only this process reaches.
type Embedded struct {
	// Transport carries requests for any host to the emulator, through a loopback socket as any client's would be.
	Transport http.RoundTripper

	server *Server
	idle   func()
	cancel context.CancelFunc
	served chan error
}

// Embed starts an emulator with these accounts.
func Embed(opts Options, accounts ...Account) (*Embedded, error) {
	server, err := New(opts)
	if err != nil {
		return nil, err
	}
	for _, account := range accounts {
		if err := server.AddAccount(account); err != nil {
			return nil, errors.Join(err, server.Close())
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, server.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.MaxIdleConnsPerHost = 64
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, listener.Addr().String())
	}
	e := &Embedded{Transport: transport, server: server, idle: transport.CloseIdleConnections, cancel: cancel, served: make(chan error, 1)}
	go func() { e.served <- server.Serve(ctx, listener) }()
	return e, nil
}

// Close ends the emulator and writes what it holds.
func (e *Embedded) Close() error {
	e.idle()
	e.cancel()
	var err error
	select {
	case err = <-e.served:
	case <-time.After(3 * time.Second): // Serve promises one
	}
	return errors.Join(err, e.server.Close())
}
