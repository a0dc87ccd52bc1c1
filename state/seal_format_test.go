package state

import (
	"bytes"
	"encoding/hex"
	"testing"

	"pgregory.net/rapid"

	"github.com/megaplan/megaplan/internal/redact"
)

var sealKey = Key{User: "abcdefghijk", Secret: redact.New("0123456789abcdef0123456789abcdef")}

func TestSealRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOf(rapid.Byte()).Draw(t, "data")
		lineage := rapid.String().Draw(t, "lineage")
		box, err := sealKey.seal(lineage, data)
		if err != nil {
			t.Fatal(err)
		}
		again, err := sealKey.seal(lineage, data)
		if err != nil || !bytes.Equal(box, again) {
			t.Fatalf("sealed otherwise the second time: %v", err)
		}
		if user, err := sealedFor(box); user != sealKey.User || err != nil {
			t.Fatalf("sealed for %q, %v", user, err)
		}
		got, ok := sealKey.open(lineage, box)
		if !ok || !bytes.Equal(got, data) {
			t.Fatalf("opened %x, %v", got, ok)
		}
		if _, ok := sealKey.open(lineage+"x", box); ok {
			t.Fatal("opened for another lineage")
		}
	})
}

const sealedSample = "6d656761706c616e207365616c656420310b6162636465666768696a6bc6a7cbbd3f601fa8ef8931" +
	"0cece7a65b98cfeb88d8ba9350db3e6ad13f340bfa4c1e3c5b"

// TestSealedSample opens what the first release of format 1 sealed. The sample was made with Python's hmac and cryptography, not
// by this code.
func TestSealedSample(t *testing.T) {
	box, err := hex.DecodeString(sealedSample)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := sealKey.open("lineage", box)
	if !ok || string(got) != "manifest" {
		t.Fatalf("opened %q, %v", got, ok)
	}
	if again, err := sealKey.seal("lineage", got); err != nil || !bytes.Equal(again, box) {
		t.Errorf("sealed to %x, %v", again, err)
	}
}

// FuzzOpenSealed: nothing that was not sealed opens, and nothing makes the opener fall over.
func FuzzOpenSealed(f *testing.F) {
	box, err := sealKey.seal("lineage", []byte("manifest"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(box)
	f.Add(box[:len(sealedMagic)+1])
	f.Add([]byte("megaplan sealed 2"))
	f.Fuzz(func(t *testing.T, data []byte) {
		user, err := sealedFor(data)
		out, ok := sealKey.open("lineage", data)
		if !ok {
			return
		}
		if err != nil || user != sealKey.User {
			t.Errorf("opened what is sealed for %q, %v", user, err)
		}
		if again, err := sealKey.seal("lineage", out); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%x opened to %x, which is sealed to %x, %v", data, out, again, err)
		}
	})
}
