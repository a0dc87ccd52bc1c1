package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The server may answer 402 and ask for work first: find a four-byte prefix for which the SHA-256 of the prefix and
// 12 MiB of repeated token begins with a small enough number.
const (
	hashcashHeader  = "X-Hashcash"
	hashcashToken   = 48      // bytes of a token
	hashcashRepeats = 262_144 // tokens in the hashed message
	hashcashStep    = 1024    // tokens hashed between two looks at the context
	// hashcashPatience is half of the time the server is known to accept an answer.
	hashcashPatience = 150 * time.Second
)

var errHashcashTooSlow = errors.New("the server asks for more computing than fits into its time limit")

// challenge is what a 402 asks for.
type challenge struct {
	token     string // as sent, echoed in the answer
	raw       []byte
	threshold uint32
}

// parseChallenge reads "1:<easiness>:<time>:<token>".
func parseChallenge(header string) (challenge, error) {
	parts := strings.Split(header, ":")
	if len(parts) != 4 || parts[0] != "1" {
		return challenge{}, fmt.Errorf("hashcash challenge %q is not understood", header)
	}
	easiness, err := strconv.ParseUint(parts[1], 10, 8)
	if err != nil {
		return challenge{}, fmt.Errorf("hashcash easiness %q is not a number up to 255", parts[1])
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[3])
	if err != nil || len(raw) != hashcashToken {
		return challenge{}, fmt.Errorf("hashcash token %q is not %d bytes", parts[3], hashcashToken)
	}
	return challenge{token: parts[3], raw: raw, threshold: threshold(uint32(easiness))}, nil
}

func threshold(easiness uint32) uint32 {
	return ((easiness&63)<<1 + 1) << ((easiness>>6)*7 + 3)
}

// solve answers the challenge with the header to send. Every core searches its own residue class of prefixes.
func (c challenge) solve(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, hashcashPatience, errHashcashTooSlow)
	defer cancel()
	workers := runtime.GOMAXPROCS(0)
	block := []byte(strings.Repeat(string(c.raw), hashcashStep))
	var (
		group sync.WaitGroup
		found atomic.Bool
		nonce uint32
	)
	for first := range workers {
		group.Go(func() {
			for n := uint64(first); n <= 0xffffffff; n += uint64(workers) {
				digest, ok := c.digest(ctx, uint32(n), block)
				if !ok {
					return
				}
				if digest <= c.threshold {
					if found.CompareAndSwap(false, true) {
						nonce = uint32(n)
					}
					cancel()
					return
				}
			}
		})
	}
	group.Wait()
	if !found.Load() {
		return "", context.Cause(ctx)
	}
	prefix := binary.BigEndian.AppendUint32(nil, nonce)
	return "1:" + c.token + ":" + base64.RawURLEncoding.EncodeToString(prefix), nil
}

// digest is the first word of the hash under one prefix; false when ctx ended meanwhile.
func (c challenge) digest(ctx context.Context, nonce uint32, block []byte) (uint32, bool) {
	h := sha256.New()
	var prefix [4]byte
	binary.BigEndian.PutUint32(prefix[:], nonce)
	h.Write(prefix[:])
	for range hashcashRepeats / hashcashStep {
		if ctx.Err() != nil {
			return 0, false
		}
		h.Write(block)
	}
	var sum [sha256.Size]byte
	return binary.BigEndian.Uint32(h.Sum(sum[:0])), true
}
