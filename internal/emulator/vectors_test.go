package emulator

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPasswordVectors(t *testing.T) {
	for _, tt := range []struct{ password, email, key, hash string }{
		{"password", "user@example.com", "640339725e6ebd13a25f0052129f7cb1", "hcVR9BZsYoY"},
		{"password", "User@Example.COM", "640339725e6ebd13a25f0052129f7cb1", "hcVR9BZsYoY"},
		{"correct horse battery staple", "a.long.email.address@example.com", "57d978ef82e99ea50ab00045e8614d7b", "MIhbjZPAFfI"},
	} {
		key := passwordKeyV1(tt.password)
		if got := hex.EncodeToString(key); got != tt.key {
			t.Errorf("%q: key %s", tt.password, got)
		}
		if got := encode64(userHashV1(tt.email, key)); got != tt.hash {
			t.Errorf("%q: hash %s", tt.email, got)
		}
	}
	salt := make([]byte, 32)
	for i := range salt {
		salt[i] = byte(i)
	}
	key, auth, err := deriveV2("password", salt)
	if err != nil || hex.EncodeToString(key) != "9769ce288f394a218fdacad1dc63eb96" || encode64(auth) != "OQqu7-clgvDpObOMQZJRDQ" {
		t.Errorf("v2: %x %s %v", key, encode64(auth), err)
	}
}

func TestHashcashVectors(t *testing.T) {
	const token = "wFqIT_wY3tYKcrm5zqwaUoWym3ZCz32cCsrJOgYBgihtpaWUhGyWJ--EY-zfwI-i"
	for _, tt := range []struct {
		easiness  int
		threshold uint32
		prefix    string
		before    string // the nonce before it is not good enough
	}{
		{255, 0x7f000000, "AAAAAg", "AAAAAQ"},
		{200, 0x11000000, "AAAADQ", "AAAADA"},
		{192, 0x01000000, "AAABJw", "AAABJg"},
	} {
		if got := proofThreshold(tt.easiness); got != tt.threshold {
			t.Errorf("easiness %d: threshold %x", tt.easiness, got)
		}
		if !provesWork(token, tt.prefix, tt.easiness) {
			t.Errorf("easiness %d: %s refused", tt.easiness, tt.prefix)
		}
		if provesWork(token, tt.before, tt.easiness) {
			t.Errorf("easiness %d: %s accepted", tt.easiness, tt.before)
		}
	}
	if provesWork(token[:60], "AAAAAg", 255) || provesWork(token, "AAAA", 255) || provesWork("!", "?", 255) {
		t.Error("malformed proof accepted")
	}
}

func TestProofIsGoodOnce(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	p := newProofs(255, func() time.Time { return now })
	issue := func() (token, prefix string) {
		token = encode64(randomBytes(tokenBytes))
		p.issued[token] = now
		for i := 0; ; i++ {
			prefix = encode64([]byte{0, 0, byte(i >> 8), byte(i)})
			if provesWork(token, prefix, 255) {
				return token, prefix
			}
		}
	}
	token, prefix := issue()
	if !p.accept("1:"+token+":"+prefix) || p.accept("1:"+token+":"+prefix) {
		t.Error("a proof must work once")
	}
	token, prefix = issue()
	now = now.Add(proofTimeout + time.Second)
	if p.accept("1:" + token + ":" + prefix) {
		t.Error("an old proof works")
	}
}

func TestTOTPVectors(t *testing.T) {
	// RFC 6238, appendix B, the last six of its eight digits.
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	for at, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471",
		1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if !validTOTP(secret, code, time.Unix(at, 0)) {
			t.Errorf("at %d: %s refused", at, code)
		}
		if validTOTP(secret, code, time.Unix(at+90, 0)) {
			t.Errorf("at %d: %s accepted", at+90, code)
		}
	}
	if validTOTP("not base32!", "287082", time.Unix(59, 0)) {
		t.Error("a bad secret accepts")
	}
}

func TestChunkBoundaries(t *testing.T) {
	var got []int64
	for off := int64(0); off < 7<<20; off = chunkEnd(off) {
		got = append(got, off>>10)
		for _, in := range []int64{off, off + 1, chunkEnd(off) - 1} {
			if chunkStart(in) != off || chunkEnd(in) != chunkEnd(off) {
				t.Errorf("chunk of %d: %d to %d", in, chunkStart(in), chunkEnd(in))
			}
		}
	}
	want := []int64{0, 128, 384, 768, 1280, 1920, 2688, 3584, 4608, 5632, 6656}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAddSpan(t *testing.T) {
	for _, tt := range []struct {
		list []span
		add  span
		want []span
	}{
		{nil, span{0, 0}, []span{{0, 0}}},
		{nil, span{5, 9}, []span{{5, 9}}},
		{[]span{{5, 9}}, span{0, 5}, []span{{0, 9}}},
		{[]span{{5, 9}}, span{9, 12}, []span{{5, 12}}},
		{[]span{{5, 9}}, span{0, 2}, []span{{0, 2}, {5, 9}}},
		{[]span{{0, 2}, {5, 9}, {20, 30}}, span{12, 15}, []span{{0, 2}, {5, 9}, {12, 15}, {20, 30}}},
		{[]span{{0, 2}, {5, 9}, {20, 30}}, span{1, 25}, []span{{0, 30}}},
		{[]span{{5, 9}}, span{6, 7}, []span{{5, 9}}},
	} {
		before := slices.Clone(tt.list)
		if diff := cmp.Diff(tt.want, addSpan(tt.list, tt.add)); diff != "" {
			t.Errorf("%v + %v:\n%s", tt.list, tt.add, diff)
		}
		if diff := cmp.Diff(before, tt.list); diff != "" {
			t.Errorf("the list itself changed:\n%s", diff)
		}
	}
}

// TestPieceSum feeds the checksum in writes of many sizes.
func TestPieceSum(t *testing.T) {
	p := make([]byte, 1000)
	want := make([]byte, 12)
	for i := range p {
		p[i] = byte(i * i)
		want[i%12] ^= p[i]
	}
	for step := 1; step < 60; step++ {
		s := &pieceSum{want: encode64(want)}
		for part := range slices.Chunk(p, step) {
			if n, err := s.Write(part); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
		}
		if !s.matches() {
			t.Errorf("writes of %d bytes: %x, want %x", step, s.sum(), want)
		}
	}
	// The protocol's vector: the cipher text of "hello world\n".
	s := &pieceSum{want: "5YO0rLJ7u_etKl7A"}
	fmt.Fprintf(s, "\xe5\x83\xb4\xac\xb2\x7b\xbb\xf7\xad\x2a\x5e\xc0")
	if !s.matches() {
		t.Error("vector differs")
	}
}

func FuzzParseBatch(f *testing.F) {
	for _, body := range []string{
		``, `[]`, `[{"a":"us0","user":"x"}]`, `[{"a":"p","t":"AAAAAAAA","n":[{"h":"x","t":"1","a":null}]}]`,
		`[{"a":"u","s":"12","v":3.0},{"a":"usr","ko":true,"s":["x"]}]`, `[{"a":"upv","^!x":["AA","v"]}]`, `-3`, `[[]]`,
	} {
		f.Add([]byte(body))
	}
	s, err := New(Options{Quota: 1 << 20})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	if err := s.AddAccount(Account{Email: "a@b.c", Password: "x", V1: true}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		b, err := parseBatch(body)
		if err != nil {
			return
		}
		// Whatever it asks for, the answer has an element for each command.
		text, err := s.Do("a@b.c", string(body))
		if err != nil {
			t.Fatalf("run %q: %v", body, err)
		}
		checkAnswer(t, text, len(b))
	})
}

func checkAnswer(t *testing.T, text string, commands int) {
	t.Helper()
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) != commands {
		t.Fatalf("answer %q to %d commands: %v", text, commands, err)
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"", "0-0", "0-9", "5-", "-3", "9-5", "x-y", "-9223372036854775808", "1-9223372036854775807"} {
		f.Add(s, int64(10))
		f.Add(s, int64(0))
	}
	f.Fuzz(func(t *testing.T, s string, size int64) {
		if size < 0 {
			return
		}
		from, n, err := parseRange(s, size)
		if err == nil && (from < 0 || n < 0 || from > size || n > size-from) {
			t.Errorf("%q of %d bytes: from %d, %d bytes", s, size, from, n)
		}
	})
}
