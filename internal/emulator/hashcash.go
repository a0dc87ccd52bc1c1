package emulator

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	proofEvery   = 50 // every so many cs requests
	proofTokens  = 262_144
	proofTimeout = 300 * time.Second
	tokenBytes   = 48
)

// proofs asks for proof of work and checks it. Each challenge can be used
// once, for five minutes.
type proofs struct {
	easiness int
	now      func() time.Time
	requests atomic.Int64

	mu     sync.Mutex
	issued map[string]time.Time
}

func newProofs(easiness int, now func() time.Time) *proofs {
	return &proofs{easiness: easiness, now: now, issued: make(map[string]time.Time)}
}

// missing answers 402 and returns true when the request must be repeated with
// a proof.
func (p *proofs) missing(w http.ResponseWriter, r *http.Request, b batch) bool {
	if p.easiness <= 0 {
		return false
	}
	if proof := r.Header.Get("X-Hashcash"); proof != "" {
		if p.accept(proof) {
			return false
		}
		p.challenge(w)
		return true
	}
	if n := p.requests.Add(1); !b.has("us") && n%proofEvery != 0 {
		return false
	}
	p.challenge(w)
	return true
}

func (p *proofs) challenge(w http.ResponseWriter) {
	token := encode64(randomBytes(tokenBytes))
	now := p.now()
	p.mu.Lock()
	for old, t := range p.issued {
		if now.Sub(t) > proofTimeout {
			delete(p.issued, old)
		}
	}
	p.issued[token] = now
	p.mu.Unlock()
	w.Header().Set("X-Hashcash", fmt.Sprintf("1:%d:%d:%s", p.easiness, now.Unix(), token))
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusPaymentRequired)
}

// accept checks "1:token:prefix" and uses the token up.
func (p *proofs) accept(proof string) bool {
	parts := strings.Split(proof, ":")
	if len(parts) != 3 || parts[0] != "1" {
		return false
	}
	p.mu.Lock()
	t, ok := p.issued[parts[1]]
	delete(p.issued, parts[1])
	p.mu.Unlock()
	return ok && p.now().Sub(t) <= proofTimeout && provesWork(parts[1], parts[2], p.easiness)
}

// provesWork hashes the prefix and many repetitions of the token; the first
// word of the digest must not exceed the threshold.
func provesWork(token, prefix string, easiness int) bool {
	tok, err := decode64(token)
	if err != nil || len(tok) != tokenBytes {
		return false
	}
	pre, err := decode64(prefix)
	if err != nil || len(pre) != 4 {
		return false
	}
	h := sha256.New()
	h.Write(pre)
	const group = 1024
	block := []byte(strings.Repeat(string(tok), group))
	for range proofTokens / group {
		h.Write(block)
	}
	return binary.BigEndian.Uint32(h.Sum(nil)) <= proofThreshold(easiness)
}

func proofThreshold(easiness int) uint32 {
	return uint32((easiness&63)<<1+1) << (easiness>>6*7 + 3)
}
