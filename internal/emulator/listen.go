package emulator

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// shutdownPatience is how long requests in flight may finish after the end.
const shutdownPatience = 500 * time.Millisecond

type bothKey struct{}

// bothOnOnePort says that the request came in through Serve, whose port speaks
// TLS and plain http.
func bothOnOnePort(ctx context.Context) bool { return ctx.Value(bothKey{}) != nil }

// Serve answers on the listener until ctx ends, which returns nil within a
// second whatever polls are open. A connection whose first byte is 0x16 is
// TLS, any other plain http. Serve closes the listener but not the Server.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	both := newBothListener(l, s.opts.ConnectLatency, &tls.Config{
		Certificates: []tls.Certificate{s.ca.leaf},
		NextProtos:   []string{"http/1.1"},
	})
	srv := &http.Server{
		Handler:           s,
		BaseContext:       func(net.Listener) context.Context { return context.WithValue(ctx, bothKey{}, true) },
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          slog.NewLogLogger(s.opts.Log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done() // ends the polls too: it is what requests derive from
		grace, stop := context.WithTimeout(context.WithoutCancel(ctx), shutdownPatience)
		defer stop()
		if srv.Shutdown(grace) != nil {
			srv.Close()
		}
	}()
	err := srv.Serve(both)
	cancel()
	<-stopped
	both.wg.Wait()
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// bothListener hands out connections once their first byte told what they
// speak, so that a silent one does not keep others from being accepted.
type bothListener struct {
	net.Listener
	latency time.Duration
	tls     *tls.Config
	ready   chan net.Conn
	failed  chan error
	closed  chan struct{}
	wg      sync.WaitGroup

	mu     sync.Mutex
	silent map[net.Conn]struct{} // nil once closed
}

func newBothListener(l net.Listener, latency time.Duration, conf *tls.Config) *bothListener {
	b := &bothListener{
		Listener: l,
		latency:  latency,
		tls:      conf,
		ready:    make(chan net.Conn),
		failed:   make(chan error, 1),
		closed:   make(chan struct{}),
		silent:   make(map[net.Conn]struct{}),
	}
	b.wg.Go(b.acceptAll)
	return b
}

func (b *bothListener) Accept() (net.Conn, error) {
	select {
	case conn := <-b.ready:
		return conn, nil
	case err := <-b.failed:
		return nil, err
	case <-b.closed:
		return nil, net.ErrClosed
	}
}

func (b *bothListener) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.silent == nil {
		return nil
	}
	close(b.closed)
	for conn := range b.silent {
		conn.Close()
	}
	b.silent = nil
	return b.Listener.Close()
}

func (b *bothListener) acceptAll() {
	for {
		conn, err := b.Listener.Accept()
		if err != nil {
			b.failed <- err
			return
		}
		if !b.track(conn) {
			conn.Close()
			continue
		}
		b.wg.Go(func() { b.sniff(conn) })
	}
}

func (b *bothListener) track(conn net.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.silent == nil {
		return false
	}
	b.silent[conn] = struct{}{}
	return true
}

func (b *bothListener) sniff(conn net.Conn) {
	peeked := &peekedConn{Conn: conn}
	first, err := b.firstByte(peeked)
	b.mu.Lock()
	delete(b.silent, conn)
	b.mu.Unlock()
	if err != nil {
		conn.Close()
		return
	}
	var ready net.Conn = peeked
	if first == 0x16 {
		ready = tls.Server(peeked, b.tls)
	}
	select {
	case b.ready <- ready:
	case <-b.closed:
		conn.Close()
	}
}

func (b *bothListener) firstByte(c *peekedConn) (byte, error) {
	if b.latency > 0 {
		t := time.NewTimer(b.latency)
		defer t.Stop()
		select {
		case <-t.C:
		case <-b.closed:
			return 0, net.ErrClosed
		}
	}
	_, err := io.ReadFull(c.Conn, c.first[:])
	c.unread = err == nil
	return c.first[0], err
}

// peekedConn gives back the byte that was looked at. It keeps what the http
// server wants from a TCP connection: sendfile and closing one direction.
type peekedConn struct {
	net.Conn
	first  [1]byte
	unread bool
}

func (c *peekedConn) Read(p []byte) (int, error) {
	if !c.unread || len(p) == 0 {
		return c.Conn.Read(p)
	}
	c.unread = false
	return copy(p, c.first[:]), nil
}

func (c *peekedConn) ReadFrom(r io.Reader) (int64, error) { return io.Copy(c.Conn, r) }

func (c *peekedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}
