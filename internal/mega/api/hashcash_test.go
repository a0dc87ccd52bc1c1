package api

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// The token of the vectors in the protocol's reference.
const vectorToken = "wFqIT_wY3tYKcrm5zqwaUoWym3ZCz32cCsrJOgYBgihtpaWUhGyWJ--EY-zfwI-i"

func vectorChallenge(t *testing.T, easiness int) challenge {
	t.Helper()
	c, err := parseChallenge(fmt.Sprintf("1:%d:1700000000:%s", easiness, vectorToken))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func digestOf(t *testing.T, c challenge, nonce uint32) uint32 {
	t.Helper()
	block := []byte(strings.Repeat(string(c.raw), hashcashStep))
	digest, ok := c.digest(t.Context(), nonce, block)
	if !ok {
		t.Fatal("the digest was not computed")
	}
	return digest
}

func TestHashcashVectors(t *testing.T) {
	tests := []struct {
		easiness  int
		threshold uint32
		nonce     uint32
		digest    uint32
	}{
		{255, 0x7f000000, 2, 0x25720e83},
		{200, 0x11000000, 13, 0x03b34551},
		{192, 0x01000000, 295, 0x008340b3},
	}
	for _, test := range tests {
		c := vectorChallenge(t, test.easiness)
		if c.threshold != test.threshold {
			t.Errorf("easiness %d: threshold %#x, want %#x", test.easiness, c.threshold, test.threshold)
		}
		if got := digestOf(t, c, test.nonce); got != test.digest {
			t.Errorf("nonce %d: digest %#x, want %#x", test.nonce, got, test.digest)
		}
	}
	c := vectorChallenge(t, 255)
	for nonce := range uint32(2) {
		if got := digestOf(t, c, nonce); got <= c.threshold {
			t.Errorf("nonce %d solves easiness 255 with %#x, the vector says 2 is the smallest", nonce, got)
		}
	}
}

func TestHashcashSolve(t *testing.T) {
	for _, easiness := range []int{255, 200} {
		c := vectorChallenge(t, easiness)
		got, err := c.solve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		prefix, ok := strings.CutPrefix(got, "1:"+vectorToken+":")
		raw, err := base64.RawURLEncoding.DecodeString(prefix)
		if !ok || err != nil || len(raw) != 4 {
			t.Fatalf("answer %q is not 1:token:prefix", got)
		}
		if digest := digestOf(t, c, binary.BigEndian.Uint32(raw)); digest > c.threshold {
			t.Errorf("easiness %d: digest %#x is above %#x", easiness, digest, c.threshold)
		}
	}
}

func TestHashcashIsGivenUpWithTheContext(t *testing.T) {
	c := vectorChallenge(t, 0)
	enough := errors.New("enough")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, enough)
	defer cancel()
	if _, err := c.solve(ctx); !errors.Is(err, enough) {
		t.Errorf("err = %v", err)
	}
}

func TestHashcashMalformed(t *testing.T) {
	for _, header := range []string{
		"", "1:2:3", "2:200:1:" + vectorToken, "1:256:1:" + vectorToken, "1:-1:1:" + vectorToken, "1:200:1:short", "1:200:1:" + vectorToken + "AA",
	} {
		if _, err := parseChallenge(header); err == nil {
			t.Errorf("challenge %q was accepted", header)
		}
	}
}

func TestHashcashIsAnsweredWithTheSameRequest(t *testing.T) {
	f := &fake{answer: func(n int, r fakeRequest) (fakeAnswer, error) {
		if n < 2 {
			return fakeAnswer{status: 402, header: map[string]string{hashcashHeader: "1:255:1700000000:" + vectorToken}}, nil
		}
		return text(`[{"mstrg":5}]`)
	}}
	got, err := newFakeClient(t, f, nil).Quota(t.Context())
	if err != nil || got.Total != 5 {
		t.Fatalf("%+v, %v", got, err)
	}
	requests := f.seen()
	if len(requests) != 3 || requests[0].proof != "" {
		t.Fatalf("requests %+v", requests)
	}
	for _, r := range requests[1:] {
		if r.id != requests[0].id || r.body != requests[0].body || !strings.HasPrefix(r.proof, "1:"+vectorToken+":") {
			t.Errorf("answered with %+v", r)
		}
	}
}

func TestHashcashNobodyUnderstands(t *testing.T) {
	f := &fake{answer: func(int, fakeRequest) (fakeAnswer, error) {
		return fakeAnswer{status: 402, header: map[string]string{hashcashHeader: "9:new"}}, nil
	}}
	if _, err := newFakeClient(t, f, nil).Quota(t.Context()); !isAnswer(err) {
		t.Errorf("err = %v, want an *AnswerError", err)
	}
}
