package emulator

import (
	"crypto/rsa"
	"log/slog"
	"time"
)

// Options tunes a Server. The zero value is a friendly server in memory: no
// delays, no limits, no faults.
type Options struct {
	// Dir keeps accounts, nodes, sessions, unfinished uploads and file bytes
	// over restarts and kill -9. After a power cut the last seconds may be
	// missing: nothing is fsynced but compactions and Close. Empty means
	// memory.
	Dir string

	// Latency models the round trip: it is added once to every cs, sc and
	// storage request after its body arrived. Not to held event polls, and
	// not per packet: TCP's own behaviour over a long line is not modelled.
	Latency time.Duration
	// ConnectLatency models TCP and TLS set-up: it is added to each new
	// connection before its first byte is read.
	ConnectLatency time.Duration
	// Bandwidth models a line in bytes a second, shared by all connections,
	// each direction on its own. Only storage requests count; the API and
	// loss or queueing are not modelled.
	Bandwidth int64

	// Quota is the storage of each account in bytes; u and p answer -17 when
	// the account would grow beyond it. It counts at the peak: what an
	// upload replaces is still there while it is counted. 0 means NoQuota.
	// The transfer quota is modelled only by the fault 509.
	Quota int64
	// Faults is a list of random faults, each place:kind:rate, such as
	// "seed=1,cs:eagain:0.05,storage:reset:0.01". Places and kinds are those
	// of FaultSpec; equal seeds and equal orders of requests fail equally. It
	// models servers and lines in trouble, each request on its own: outages
	// that last are not modelled.
	Faults string
	// LoginLimit models the block after many sign-ins: after so many
	// successful ones of an account every further one answers -16 until the
	// process ends. Sessions that exist go on working; the real block lasts
	// days and stops them too. 0 means no limit.
	LoginLimit int
	// HashcashEasiness (1..255, higher is easier) makes the server ask for
	// proof of work (HTTP 402) at sign-in and at every 50th cs request. How
	// often the real server asks is not known. 0 means never.
	HashcashEasiness int
	// MFASecret is the base32 TOTP secret of every account that has none of
	// its own. Six digits, 30 seconds, one step of tolerance; a code can be
	// used twice, which the real server may refuse.
	MFASecret string

	// GenerateNodes gives every account so many nodes that are computed from
	// their number and never stored, until somebody changes them. They model
	// a large account that can be read: names, keys and content are right,
	// files have 1 byte to 16 KiB. A million take 45 MB and f a second.
	GenerateNodes int

	// PollTimeout is how long an event poll is held; the real one holds for
	// less than 40 seconds. 0 means 25 seconds.
	PollTimeout time.Duration
	// PollErrorDelay slows error answers to event polls, because clients
	// repeat those without a pause. 0 means one second, negative none.
	PollErrorDelay time.Duration
	// EventLimit is how many packets an account keeps for clients that were
	// away; older positions answer -6 (reload everything). 0 means 10,000.
	EventLimit int
	// EventBatch is how many packets one answer holds before "ir":1 asks the
	// client to come back at once. 0 means 1,000.
	EventBatch int
	// URLLifetime is how long upload and download addresses last. 0 means 48
	// hours, what MEGA's own client reckons with.
	URLLifetime time.Duration

	// TLSHosts are further names of the certificate, beside localhost and
	// the loopback addresses.
	TLSHosts []string
	// NewKey makes the RSA key of a new account. Nil means a fresh 2048-bit
	// key; tests share one, because making it takes half a second.
	NewKey func() (*rsa.PrivateKey, error)

	// Now is the server's clock. Nil means time.Now.
	Now func() time.Time
	// Log receives one debug line per request. Nil means silence.
	Log *slog.Logger
}

// NoQuota is what an account without a quota says it can hold: a pebibyte.
const NoQuota = 1 << 50

func (o Options) withDefaults() Options {
	setDefault(&o.Quota, NoQuota)
	setDefault(&o.PollTimeout, 25*time.Second)
	setDefault(&o.PollErrorDelay, time.Second)
	setDefault(&o.EventLimit, 10_000)
	setDefault(&o.EventBatch, 1_000)
	setDefault(&o.URLLifetime, 48*time.Hour)
	if o.NewKey == nil {
		o.NewKey = generateKey
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func setDefault[T int | int64 | time.Duration](v *T, def T) {
	if *v == 0 {
		*v = def
	}
}

// Account is somebody who can sign in.
type Account struct {
	Email, Password string
	// V1 makes an account of the old kind, without a salt.
	V1 bool
	// MFASecret is the base32 TOTP secret; empty means Options.MFASecret.
	MFASecret string
}
