package crypt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestKeysNeverPrint(t *testing.T) {
	key, file := NewKey(), NewFileKey(NewKey(), NewNonce(), [8]byte{1})
	var out bytes.Buffer
	for _, v := range []any{key, &key, file, &file, []Key{key}, struct{ K FileKey }{file}, file.Cipher(), Expand(key), NewKeyring("u", key)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		if err := json.NewEncoder(&out).Encode(v); err != nil {
			t.Fatal(err)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "key", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "key", v)
	}
	fmt.Fprintln(&out, key.String(), key.GoString(), file.String(), file.GoString())
	text := strings.ToLower(out.String())
	for _, secret := range [][]byte{key[:], file[:]} {
		for _, form := range []string{"%x", "% x", "%d"} {
			if s := fmt.Sprintf(form, secret[:4]); strings.Contains(text, strings.Trim(s, "[]")) {
				t.Errorf("a key shows as %s", s)
			}
		}
		if strings.Contains(out.String(), EncodeBase64(secret)[:6]) {
			t.Error("a key shows as base64")
		}
	}
	if !strings.Contains(text, "[redacted]") {
		t.Error("nothing says [redacted]")
	}
}

func TestFileKeyFoldsAndUnfolds(t *testing.T) {
	key, nonce, mac := NewKey(), NewNonce(), [8]byte{1, 2, 3}
	f := NewFileKey(key, nonce, mac)
	if f.AES() != key || f.Nonce() != nonce || f.MetaMAC() != mac {
		t.Error("parts differ from what was folded in")
	}
	if key.IsZero() || f.IsZero() || !(Key{}).IsZero() || !(FileKey{}).IsZero() {
		t.Error("IsZero is wrong")
	}
	if got, err := FileKeyFromBytes(f[:]); err != nil || got != f {
		t.Errorf("FileKeyFromBytes: %v", err)
	}
	if got, err := KeyFromBytes(key[:]); err != nil || got != key {
		t.Errorf("KeyFromBytes: %v", err)
	}
	if _, err := FileKeyFromBytes(key[:]); err == nil {
		t.Error("a short file key is taken")
	}
	if _, err := KeyFromBytes(f[:]); err == nil {
		t.Error("a long key is taken")
	}
}

func TestECB(t *testing.T) {
	plain := xorshift(64)
	b := bytes.Clone(plain)
	if err := vectorKey.EncryptECB(b); err != nil || bytes.Equal(b, plain) {
		t.Fatalf("encrypt: %v", err)
	}
	if err := vectorKey.DecryptECB(b); err != nil || !bytes.Equal(b, plain) {
		t.Fatalf("decrypt: %v", err)
	}
	if vectorKey.EncryptECB(b[:15]) == nil || vectorKey.DecryptECB(b[:17]) == nil {
		t.Error("half a block is taken")
	}
}

func TestBase64TakesBothAlphabets(t *testing.T) {
	want := []byte{0xfb, 0xff, 0xbf, 0x01}
	for _, s := range []string{"-_-_AQ", "+/+/AQ", "-_-_AQ==", "+/+/AQ=="} {
		if got, err := DecodeBase64(s); err != nil || !bytes.Equal(got, want) {
			t.Errorf("DecodeBase64(%q) = %x, %v", s, got, err)
		}
	}
	for _, s := range []string{"a", "a b", "ä"} {
		if _, err := DecodeBase64(s); err == nil {
			t.Errorf("DecodeBase64(%q) is taken", s)
		}
	}
	if got := EncodeBase64(want); got != "-_-_AQ" {
		t.Errorf("EncodeBase64 = %q", got)
	}
}

func TestKeyringOpensWhatItHolds(t *testing.T) {
	const user, share = "userhandle1", "SHARE001"
	ring := NewKeyring(user, Key{1})
	foreign := NewKeyring("otherhandle", Key{2})
	ring.AddShare(share, Key{3})
	sharing := NewKeyring("", Key{3})

	folder, file := NewKey(), NewFileKey(NewKey(), NewNonce(), [8]byte{9})
	rsa := strings.Repeat("A", 344)
	tests := []struct {
		name, folder, file string
		want               error
	}{
		{"own", user + ":" + ring.WrapKey(folder), user + ":" + ring.WrapFileKey(file), nil},
		{"alone", ring.WrapKey(folder), ring.WrapFileKey(file), nil},
		{"share", share + ":" + sharing.WrapKey(folder), share + ":" + sharing.WrapFileKey(file), nil},
		{
			"second entry", "other:" + foreign.WrapKey(folder) + "/" + user + ":" + ring.WrapKey(folder),
			"other:" + foreign.WrapFileKey(file) + "/" + user + ":" + ring.WrapFileKey(file), nil,
		},
		{"rsa, then share", user + ":" + rsa + "/" + share + ":" + sharing.WrapKey(folder), user + ":" + rsa + "/" + share + ":" + sharing.WrapFileKey(file), nil},
		{"foreign", "other:" + foreign.WrapKey(folder), "other:" + foreign.WrapFileKey(file), ErrNoKey},
		{"none", "", "", ErrNoKey},
		{"rsa", user + ":" + rsa, user + ":" + rsa, ErrRSAKey},
		{"rsa alone", rsa, rsa, ErrRSAKey},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			gotFolder, err := ring.FolderKey(tt.folder)
			if !errors.Is(err, tt.want) || (err == nil && gotFolder != folder) {
				t.Errorf("folder key: %v, want %v", err, tt.want)
			}
			gotFile, err := ring.FileKey(tt.file)
			if !errors.Is(err, tt.want) || (err == nil && gotFile != file) {
				t.Errorf("file key: %v, want %v", err, tt.want)
			}
		})
	}
	for _, bad := range []string{user + ":%%%", user + ":AAAA", user + ":" + ring.WrapFileKey(file)} {
		if _, err := ring.FolderKey(bad); err == nil || errors.Is(err, ErrNoKey) || errors.Is(err, ErrRSAKey) {
			t.Errorf("FolderKey(%q) = %v, want a damaged key", bad, err)
		}
	}
}

func TestKeyringTakesTheStandardAlphabet(t *testing.T) {
	ring := NewKeyring("userhandle1", Key{1})
	for range 200 {
		folder := NewKey()
		text := strings.NewReplacer("-", "+", "_", "/").Replace(ring.WrapKey(folder))
		for _, k := range []string{text, "userhandle1:" + text} {
			if got, err := ring.FolderKey(k); err != nil || got != folder {
				t.Fatalf("FolderKey(%q): %v", k, err)
			}
		}
	}
}

func FuzzParseKeys(f *testing.F) {
	f.Add("userhandle1:AAAA/SHARE001:BBBB")
	f.Add("//:/:x")
	ring := NewKeyring("userhandle1", Key{1})
	f.Fuzz(func(t *testing.T, k string) {
		for _, e := range ParseKeys(k) {
			if !strings.Contains(k, e.Text) {
				t.Errorf("entry %q is no part of %q", e.Text, k)
			}
		}
		_, _ = ring.FileKey(k)
		_, _ = ring.FolderKey(k)
	})
}
