package crypt

import (
	"encoding/json"
	"testing"
)

// FuzzPlainString checks the short way against encoding/json: what it takes is a whole, valid string.
func FuzzPlainString(f *testing.F) {
	for _, s := range []string{`"a"`, `"a\"b",`, `"\u0041"`, `"\x"`, "\"\n\"", `"`, `""`, `"\`, "\"\xff\"", `x`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := jsonScanner{b: b}
		if !s.plainString() {
			if s.i != 0 {
				t.Errorf("%q: took %d bytes of no plain string", b, s.i)
			}
			return
		}
		raw := b[:s.i]
		if !json.Valid(raw) {
			t.Errorf("%q: took %q, which is no JSON", b, raw)
		}
		slow := jsonScanner{b: b}
		slow.skipString()
		if slow.i != s.i {
			t.Errorf("%q: ends at %d, the long way at %d", b, s.i, slow.i)
		}
	})
}
