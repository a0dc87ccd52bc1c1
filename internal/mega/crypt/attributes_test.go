package crypt

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func mustParse(t *testing.T, object string) Attributes {
	t.Helper()
	a, err := ParseAttributes([]byte(object))
	if err != nil {
		t.Fatalf("parse %s: %v", object, err)
	}
	return a
}

func text(t *testing.T, a Attributes) string {
	t.Helper()
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAttributesKeepWhatTheyDoNotKnow(t *testing.T) {
	const before = `{"n":"a","\u0078y":{"deep":[1,2.50,"\u00e9",null]},"fav":1,"c":"x","_MY":"ü"}`
	a := mustParse(t, before)
	if got := text(t, a); got != before {
		t.Errorf("unchanged: %s, want %s", got, before)
	}
	a.Set(AttrName, "b\"\\\n")
	a.Set("lbl", "2")
	if !a.Delete(AttrFingerprint) || a.Delete(AttrFingerprint) {
		t.Error("Delete reports wrongly")
	}
	a.Set("xy", "z")
	const after = `{"n":"b\"\\\u000a","\u0078y":"z","fav":1,"_MY":"ü","lbl":"2"}`
	if got := text(t, a); got != after {
		t.Errorf("changed: %s, want %s", got, after)
	}
	if _, ok := a.Get("fav"); ok {
		t.Error("a number is a string")
	}
	if raw, ok := a.Raw("fav"); !ok || string(raw) != "1" {
		t.Errorf("Raw(fav) = %s, %v", raw, ok)
	}
	if diff := cmp.Diff([]string{"n", "xy", "fav", "_MY", "lbl"}, a.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestAttributesCopiesAreApart(t *testing.T) {
	a := mustParse(t, `{"n":"a","lbl":"1","x":[1]}`)
	b, c := a, a.Clone()
	b.Set(AttrName, "b")
	b.Delete("lbl")
	c.Set("new", "c")
	b.CopyFrom(a, "lbl")
	b.CopyFrom(a, "missing")
	c.CopyFrom(Attributes{}, "x")
	if got, want := text(t, a), `{"n":"a","lbl":"1","x":[1]}`; got != want {
		t.Errorf("original = %s, want %s", got, want)
	}
	if got, want := text(t, b), `{"n":"b","x":[1],"lbl":"1"}`; got != want {
		t.Errorf("copy = %s, want %s", got, want)
	}
	if got, want := text(t, c), `{"n":"a","lbl":"1","new":"c"}`; got != want {
		t.Errorf("clone = %s, want %s", got, want)
	}
}

func TestAttributesRoundTripEveryName(t *testing.T) {
	names := []string{
		"", "a", "a b", "'\"", "\\", "/", "-x", "x. ", "👍", "e\u0301", "／", "\xff\xfe\x00\x1f", "\u2028", "<&>",
		strings.Repeat("x", 3000),
	}
	for _, name := range names {
		a := NewAttributes(name)
		enc, err := a.Encrypt(vectorKey)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecryptAttributes(enc, vectorKey)
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if got, ok := back.Get(AttrName); !ok || got != name {
			t.Errorf("name %q came back as %q, %v", name, got, ok)
		}
	}
}

func TestAttributesErrors(t *testing.T) {
	seal := func(plain string) string {
		b := []byte(plain)
		for len(b)%16 != 0 {
			b = append(b, 0)
		}
		encryptCBC(vectorKey, b)
		return EncodeBase64(b)
	}
	good, _ := NewAttributes("x").Encrypt(vectorKey)
	tests := []struct {
		name, text string
		key        Key
		want       error
	}{
		{"wrong key", good, Key{9}, ErrUndecryptable},
		{"empty", "", vectorKey, ErrUndecryptable},
		{"half a block", "AAAA", vectorKey, ErrUndecryptable},
		{"no base64", "$$$", vectorKey, ErrMalformedAttributes},
		{"no object", seal(`MEGA{}`), vectorKey, ErrUndecryptable},
		{"cut", seal(`MEGA{"n":"x`), vectorKey, ErrMalformedAttributes},
		{"no value", seal(`MEGA{"n"}`), vectorKey, ErrMalformedAttributes},
		{"bad value", seal(`MEGA{"n":nul}`), vectorKey, ErrMalformedAttributes},
		{"comma", seal(`MEGA{"n":1,}`), vectorKey, ErrMalformedAttributes},
		{"garbage after", seal(`MEGA{"n":1}xyz`), vectorKey, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := DecryptAttributes(tt.text, tt.key); !errors.Is(err, tt.want) {
				t.Errorf("error = %v, want %v", err, tt.want)
			}
		})
	}
	long := NewAttributes(strings.Repeat("x", MaxAttributes-len(`MEGA{"n":""}`)))
	if _, err := long.Encrypt(vectorKey); err != nil {
		t.Errorf("attributes of just the limit: %v", err)
	}
	long.Set(AttrLabel, "1")
	if _, err := long.Encrypt(vectorKey); !errors.Is(err, ErrAttributesTooLong) {
		t.Errorf("attributes above the limit: %v", err)
	}
}

// FuzzAttributes holds the scanner against encoding/json.
func FuzzAttributes(f *testing.F) {
	f.Add([]byte(`{"n":"a","c":"x"}`))
	f.Add([]byte(`{ "n" : "\ud83d\ude00\ud800\u0041\/\b" , "x" : [1,{"y":"}"}], "n":"again" } trailing`))
	f.Add([]byte(`{"a":-1.5e+7,"b":true,"":{}}`))
	f.Fuzz(func(t *testing.T, object []byte) {
		before := bytes.Clone(object)
		a, err := ParseAttributes(object)
		var want map[string]json.RawMessage
		dec := json.NewDecoder(bytes.NewReader(object))
		wantErr := dec.Decode(&want)
		if bytes.HasPrefix(bytes.TrimLeft(object, " \t\r\n"), []byte("null")) {
			return
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("error = %v, encoding/json says %v", err, wantErr)
		}
		if !bytes.Equal(before, object) {
			t.Fatal("the input was changed")
		}
		if err != nil || !utf8.Valid(object) {
			return
		}
		checkAgainstMap(t, a, want)
		enc, err := a.Encrypt(vectorKey)
		if err != nil || a.Len() == 0 {
			return
		}
		back, err := DecryptAttributes(enc, vectorKey)
		if err != nil || text(t, back) != text(t, a) {
			t.Fatalf("round trip: %v", err)
		}
	})
}

func checkAgainstMap(t *testing.T, a Attributes, want map[string]json.RawMessage) {
	t.Helper()
	names := a.Names()
	if len(names) != len(want) {
		t.Fatalf("%d names, want %d", len(names), len(want))
	}
	for name, raw := range want {
		if !slices.Contains(names, name) {
			t.Fatalf("name %q is missing", name)
		}
		if got, _ := a.Raw(name); !bytes.Equal(got, raw) {
			t.Fatalf("%q = %s, want %s", name, got, raw)
		}
		var s *string
		isString := json.Unmarshal(raw, &s) == nil && s != nil
		got, ok := a.Get(name)
		if ok != isString || (ok && got != *s) {
			t.Fatalf("Get(%q) = %q, %v", name, got, ok)
		}
	}
}
