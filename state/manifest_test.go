package state

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/megaplan/megaplan/internal/tree"
)

func anyManifest() *rapid.Generator[Manifest] {
	entry := rapid.Custom(func(t *rapid.T) Entry {
		e := Entry{
			Path: tree.Path(rapid.StringMatching(`[ab/é\xff]{0,6}`).Draw(t, "path")), Dir: rapid.Bool().Draw(t, "dir"),
			Handle: tree.Handle(rapid.Uint64Range(0, maxHandle).Draw(t, "handle")), Size: rapid.Int64Min(0).Draw(t, "size"),
			MTime: rapid.Int64().Draw(t, "mtime"), Meta: rapid.StringMatching(`(\{"v":1\})?`).Draw(t, "meta"),
		}
		if rapid.Bool().Draw(t, "crc") {
			e.CRC[rapid.IntRange(0, 15).Draw(t, "at")] = 7
		}
		return e
	})
	return rapid.Custom(func(t *rapid.T) Manifest {
		return Manifest(rapid.SliceOfNDistinct(entry, 0, 30, func(e Entry) tree.Handle { return e.Handle }).Draw(t, "entries")).sorted()
	})
}

func TestManifestRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyManifest().Draw(t, "manifest")
		data, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeManifest(data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, got); diff != "" && len(m) > 0 {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func TestRule32_DeltasLeadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := anyManifest().Draw(t, "before"), anyManifest().Draw(t, "after")
		if rapid.Bool().Draw(t, "overlap") {
			after = append(after, before[:len(before)/2]...).sorted()
		}
		delta, err := EncodeDelta(after, before, "digest", "earlier")
		if err != nil {
			t.Fatal(err)
		}
		got, digest, err := ApplyDelta(delta, after, "digest")
		if err != nil || digest != "earlier" {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, got); diff != "" && len(before) > 0 {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		var damaged *CorruptError
		if _, _, err := ApplyDelta(delta, after, "other"); !errors.As(err, &damaged) {
			t.Fatalf("applied to another manifest: %v", err)
		}
	})
}

func TestEncodeSortsAndLeavesItsInputAlone(t *testing.T) {
	m := Manifest{{Path: "b"}, {Path: "a", Handle: 2}, {Path: "a", Handle: 1}}
	data, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeManifest(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Manifest{{Path: "a", Handle: 1}, {Path: "a", Handle: 2}, {Path: "b"}}, got); diff != "" || m[0].Path != "b" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestManifestSample reads an object written by the first release of format 1.
func TestManifestSample(t *testing.T) {
	data, err := os.ReadFile("testdata/manifest-v1.bin")
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeManifest(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sampleManifest(), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	data[18]++
	var newer *NewerVersionError
	if _, err := DecodeManifest(data); !errors.As(err, &newer) || newer.Version != 2 {
		t.Errorf("a newer version: %v", err)
	}
}

func sampleManifest() Manifest {
	return Manifest{
		{Path: "docs", Dir: true, Handle: 0x0102030405},
		{Path: "docs/a.txt", Handle: 0xfedcba987654, Size: 12, MTime: 1_700_000_000, CRC: [16]byte{1, 2, 3}, Meta: `{"v":1,"m":420,"t":1700000000123456789}`},
		{Path: "docs/\xff", Handle: 7, Size: 1 << 40, MTime: -5},
	}
}

func TestDamagedManifestsAreRefused(t *testing.T) {
	data, err := sampleManifest().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 0x10
		if _, err := DecodeManifest(bad); err == nil {
			t.Errorf("byte %d changed: read all the same", i)
		}
		if _, err := DecodeManifest(data[:i]); err == nil {
			t.Errorf("cut at %d: read all the same", i)
		}
	}
}

// FuzzManifest mends the checksum, so that it gets past it.
func FuzzManifest(f *testing.F) {
	data, err := sampleManifest().Encode()
	if err != nil {
		f.Fatal(err)
	}
	delta, err := EncodeDelta(sampleManifest(), Manifest{{Path: "x", Handle: 1}}, "d", "e")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[len(manifestMagic):len(data)-4], false)
	f.Add(delta[len(deltaMagic):len(delta)-4], true)
	f.Fuzz(func(t *testing.T, body []byte, isDelta bool) {
		if isDelta {
			if m, _, err := ApplyDelta(sealed(deltaMagic, body), sampleManifest(), "d"); err == nil && m == nil {
				t.Error("no manifest and no error")
			}
			return
		}
		m, err := DecodeManifest(sealed(manifestMagic, body))
		if err != nil {
			return
		}
		again, err := m.Encode()
		if err != nil {
			return // a path longer than is written
		}
		got, err := DecodeManifest(again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func manyEntries(n int) Manifest {
	rng := rand.New(rand.NewPCG(1, 2))
	m := make(Manifest, n)
	for i := range m {
		e := &m[i]
		e.Path = tree.Path(fmt.Sprintf("photos/%04d/summer %02d/IMG_%07d.jpeg", i/1000, i/100%10, i))
		e.Handle, e.Size, e.MTime = tree.Handle(rng.Uint64()&maxHandle), rng.Int64N(1<<23), 1_600_000_000+rng.Int64N(1e8)
		for k := range e.CRC {
			e.CRC[k] = byte(rng.Uint32())
		}
		e.Meta = fmt.Sprintf(`{"v":1,"m":420,"t":%d%09d}`, e.MTime, rng.IntN(1e9))
	}
	return m
}

func BenchmarkManifest1M(b *testing.B) {
	m := manyEntries(1_000_000)
	data, err := m.Encode()
	if err != nil {
		b.Fatal(err)
	}
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := m.Encode(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(data)), "bytes")
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := DecodeManifest(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
