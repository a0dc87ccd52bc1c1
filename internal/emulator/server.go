package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/megaplan/megaplan/internal/emulator/store"
)

// Server answers as MEGA's API, event and storage servers do. It is safe for
// concurrent use.
type Server struct {
	opts   Options
	store  store.Store
	faults *faultQueue
	line   *line
	proof  *proofs
	stats  counters
	ca     *authority
	closed chan struct{}

	mu sync.Mutex
	st *state
	// broken is set when the log could not be written: the state is then
	// ahead of the disk, and every later change is refused.
	broken  error
	commits int
	logins  map[string]int // successful sign-ins by user, for LoginLimit
}

// New opens or makes the server's storage.
func New(opts Options) (*Server, error) {
	opts = opts.withDefaults()
	faults, err := newFaultQueue(opts.Faults)
	if err != nil {
		return nil, err
	}
	if opts.GenerateNodes < 0 || opts.GenerateNodes > maxGenerated {
		return nil, fmt.Errorf("generate %d nodes: out of range", opts.GenerateNodes)
	}
	ca, err := newAuthority(opts.TLSHosts)
	if err != nil {
		return nil, err
	}
	s := &Server{
		opts:   opts,
		faults: faults,
		line:   newLine(opts.Bandwidth),
		proof:  newProofs(opts.HashcashEasiness, opts.Now),
		ca:     ca,
		closed: make(chan struct{}),
		st:     newState(opts.EventLimit),
		logins: make(map[string]int),
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Server) open() error {
	s.store = store.Memory()
	if s.opts.Dir != "" {
		dir, err := store.Open(s.opts.Dir)
		if err != nil {
			return err
		}
		s.store = dir
	}
	if err := s.st.load(s.store); err != nil {
		return errors.Join(err, s.store.Close())
	}
	if s.st.secret != nil {
		return nil
	}
	t := s.begin()
	t.do(change{Secret: randomBytes(32)})
	return t.commit()
}

// Close ends all polls and closes the storage.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return nil
	default:
		close(s.closed)
	}
	s.broken = errors.New("the server is closed")
	return s.store.Close()
}

// tx collects the changes of one request: they become visible at once and are
// logged together. It lives under Server.mu.
type tx struct {
	*state
	s       *Server
	changes []change
	touched map[*user]struct{} // whose events grew
}

func (s *Server) begin() *tx {
	return &tx{state: s.st, s: s, touched: make(map[*user]struct{})}
}

func (t *tx) do(c change) {
	t.apply(c)
	t.changes = append(t.changes, c)
	if c.Event != nil {
		t.touched[t.users[c.Event.User]] = struct{}{}
	}
}

// commit logs the changes, then lets go of what they freed and wakes readers.
func (t *tx) commit() error {
	if len(t.changes) == 0 {
		return nil
	}
	if t.s.broken != nil {
		return t.s.broken
	}
	record, err := json.Marshal(t.changes)
	if err == nil {
		err = t.s.store.Append(record)
	}
	if err != nil {
		t.s.broken = fmt.Errorf("the log cannot be written: %w", err)
		return t.s.broken
	}
	t.changes = t.changes[:0]
	t.dropFreed()
	for u := range t.touched {
		u.events.wake()
	}
	return t.s.housekeepLocked()
}

func (t *tx) dropFreed() {
	for _, blob := range t.freed {
		if err := t.s.store.DeleteBlob(blob); err != nil {
			t.s.opts.Log.Debug("delete blob", "error", err) // removed at the next start
		}
	}
	t.freed = nil
}

const (
	compactAfter     = 64 << 20
	housekeepCommits = 1024
)

// housekeepLocked now and then forgets old upload addresses and compacts.
func (s *Server) housekeepLocked() error {
	s.commits++
	if s.commits%housekeepCommits != 0 {
		return nil
	}
	t := s.begin()
	for token, up := range s.st.uploads {
		if s.expiredLocked(up) {
			t.do(change{Spent: token})
		}
	}
	if err := t.commit(); err != nil {
		return err
	}
	if s.store.Grown() < compactAfter {
		return nil
	}
	return s.compactLocked()
}

// Compact rewrites the log as the shortest one that gives the same state. The
// server does so by itself when the log has grown large.
func (s *Server) Compact() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	return s.compactLocked()
}

func (s *Server) compactLocked() error {
	if err := s.store.Compact(s.st.dump); err != nil {
		s.broken = err
		return err
	}
	return nil
}
