package transfer

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/retry"
)

const (
	// SmallBody is the largest content that travels as one small post or get: one chunk.
	SmallBody = crypt.ChunkUnit

	defaultConcurrency      = 4
	defaultSmallConcurrency = 32
	startSmallConcurrency   = 8
	defaultSpan             = 8 << 20
	defaultStall            = 60 * time.Second
	defaultChangeRetries    = 2
)

// Options tune a [Manager]. The zero value works.
type Options struct {
	// Client carries the requests; nil: one with [NewRoundTripper]. Redirects are not followed.
	Client *http.Client
	// Concurrency is how many full spans of large files are under way at once, uploads and downloads
	// together; zero: 4. Smaller spans share the same memory, so more of them fit.
	Concurrency int
	// SmallConcurrency is the most connections small bodies use in each direction; zero: 32.
	SmallConcurrency int
	// Span is the target length of one large post or get; zero: 8 MiB. It holds at least one chunk.
	Span int64
	// Upload and Download limit the bandwidth of all workers together, in bytes; nil: no limit. They may be
	// changed while transfers run.
	Upload, Download *rate.Limiter
	// Stall is how long a request may move no byte before it counts as stuck; zero: one minute.
	Stall time.Duration
	// Retry bounds the patience with each request; the zero value is the default policy.
	Retry retry.Policy
	// ChangeRetries is how often a file that changed while it was read is read again; zero: 2, negative:
	// never.
	ChangeRetries int
	// OnWait is told of each pause before something is repeated. It is called from any goroutine.
	OnWait func(retry.Wait)
	// Journal remembers large uploads across processes; nil: they start over.
	Journal Journal
	// UserAgent is sent with every request; empty: "megaplan".
	UserAgent string
	// Log is told what the transfer worked around; nil: nothing.
	Log *slog.Logger
}

// Memory is the most memory that large transfers hold in buffers at one time.
func (o Options) Memory() int64 {
	o.fill()
	return int64(o.Concurrency) * o.Span
}

func (o *Options) fill() {
	if o.Concurrency <= 0 {
		o.Concurrency = defaultConcurrency
	}
	if o.SmallConcurrency <= 0 {
		o.SmallConcurrency = defaultSmallConcurrency
	}
	if o.Span <= 0 {
		o.Span = defaultSpan
	}
	o.Span = max(o.Span, crypt.MaxChunk)
	if o.Stall <= 0 {
		o.Stall = defaultStall
	}
	switch {
	case o.ChangeRetries == 0:
		o.ChangeRetries = defaultChangeRetries
	case o.ChangeRetries < 0:
		o.ChangeRetries = 0
	}
	if o.Journal == nil {
		o.Journal = noJournal{}
	}
	if o.UserAgent == "" {
		o.UserAgent = "megaplan"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// Manager moves content for one account. It is safe for concurrent use.
type Manager struct {
	options Options
	client  *http.Client
	memory  *semaphore.Weighted
	buffers buffers
	seal    sealer // encrypts small bodies
	unseal  sealer // decrypts them
	up      *gate  // small uploads
	down    *gate  // small downloads
	stats   counters
}

// New returns a manager. It contacts nobody.
func New(o Options) *Manager {
	o.fill()
	client := http.Client{Transport: NewRoundTripper(2 * o.SmallConcurrency)}
	if o.Client != nil {
		client = *o.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Manager{
		options: o,
		client:  &client,
		memory:  semaphore.NewWeighted(o.Memory()),
		seal:    sealer{work: crypt.EncryptPieces},
		unseal:  sealer{work: crypt.DecryptPieces},
		up:      newGate(o.SmallConcurrency),
		down:    newGate(o.SmallConcurrency),
	}
}

// Close ends idle connections. Transfers under way are ended by their contexts.
func (m *Manager) Close() { m.client.CloseIdleConnections() }

// Stats are totals since the manager was made.
type Stats struct {
	Sent, Received int64 // content bytes, repeats included
	Requests       int64
	Repeats        int64 // requests that followed a failure
	SmallLimit     int   // connections that small uploads may use now
}

type counters struct{ sent, received, requests, repeats atomic.Int64 }

// Stats returns the totals so far.
func (m *Manager) Stats() Stats {
	return Stats{
		Sent:       m.stats.sent.Load(),
		Received:   m.stats.received.Load(),
		Requests:   m.stats.requests.Load(),
		Repeats:    m.stats.repeats.Load(),
		SmallLimit: m.up.current(),
	}
}

// repeat runs op under the manager's retry policy.
func repeat[T any](ctx context.Context, m *Manager, op func(context.Context) (T, error)) (T, error) {
	return retry.Do(ctx, m.options.Retry, m.waiting, op)
}

func (m *Manager) waiting(w retry.Wait) {
	m.stats.repeats.Add(1)
	if m.options.OnWait != nil {
		m.options.OnWait(w)
	}
}
