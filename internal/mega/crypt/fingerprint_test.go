package crypt

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"
)

func TestFingerprintTimes(t *testing.T) {
	for _, mtime := range []int64{0, 1, 255, 256, 1 << 31, math.MaxUint32} {
		f := Fingerprint{CRC: CRC{1}, MTime: mtime}
		if got, err := ParseFingerprint(f.Encode()); err != nil || got != f {
			t.Errorf("time %d came back as %v, %v", mtime, got.MTime, err)
		}
	}
}

func TestRule10_TimesBefore1970CountAsZero(t *testing.T) {
	for _, mtime := range []int64{-1, -1 << 40, math.MinInt64} {
		want := Fingerprint{CRC: CRC{1}}
		if got := (Fingerprint{CRC: CRC{1}, MTime: mtime}).Encode(); got != want.Encode() {
			t.Errorf("time %d is written as %s", mtime, got)
		}
	}
	negative := append(make([]byte, 16), 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	if got, err := ParseFingerprint(EncodeBase64(negative)); err != nil || got.MTime != 0 {
		t.Errorf("a written time of -1 is read as %d, %v", got.MTime, err)
	}
}

// TestRule10_TimesOfMoreThan32BitsAreCut: MEGA's SDK dates local files so and compares that with what it reads.
func TestRule10_TimesOfMoreThan32BitsAreCut(t *testing.T) {
	want := "AQAAAAAAAAAAAAAAAAAAAAT_____"
	for _, mtime := range []int64{math.MaxUint32, 1 << 32, 7258118400, math.MaxInt64} {
		if got := (Fingerprint{CRC: CRC{1}, MTime: mtime}).Encode(); got != want {
			t.Errorf("time %d is written as %s, want %s", mtime, got, want)
		}
	}
	for want, digits := range map[int64][]byte{
		7258118400:                    {5, 0, 0x19, 0x9e, 0xb0, 1},
		math.MaxInt64 / 1_000_000_000: {8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	} {
		if got, err := ParseFingerprint(EncodeBase64(append(make([]byte, 16), digits...))); err != nil || got.MTime != want {
			t.Errorf("%x is read as %d, %v, want %d", digits, got.MTime, err, want)
		}
	}
}

func TestRule10_BothFormsOfTheChecksumMatch(t *testing.T) {
	const size = 40 << 20
	r := bytes.NewReader(xorshift(size))
	for form, text := range map[string]string{"current": "6iqpUy7DdAKx5NIRg31i_g", "legacy": "6iqpUy7DdAKx5NIRGX1AAA"} {
		raw, err := DecodeBase64(text)
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := MatchCRC(r, size, CRC(raw)); err != nil || !ok {
			t.Errorf("the %s form does not match: %v", form, err)
		}
	}
}

func TestFingerprintRefuses(t *testing.T) {
	for _, b := range [][]byte{nil, make([]byte, 16), append(make([]byte, 16), 9), append(make([]byte, 16), 2, 1)} {
		if _, err := ParseFingerprint(EncodeBase64(b)); !errors.Is(err, ErrFingerprint) {
			t.Errorf("%x: error = %v, want ErrFingerprint", b, err)
		}
	}
	if _, err := ParseFingerprint("$"); !errors.Is(err, ErrFingerprint) {
		t.Errorf("no base64: error = %v, want ErrFingerprint", err)
	}
	for _, size := range []int64{11, 5000, 20000} {
		_, err := ComputeCRC(bytes.NewReader(make([]byte, 10)), size)
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("file shorter than %d: error = %v", size, err)
		}
	}
}

func FuzzParseFingerprint(f *testing.F) {
	f.Add("aGVsbG8gd29ybGQKAAAAAAQA8VNl")
	f.Fuzz(func(t *testing.T, s string) {
		parsed, err := ParseFingerprint(s)
		if err != nil {
			return
		}
		if parsed.MTime < 0 {
			t.Errorf("%q is of %d", s, parsed.MTime)
		}
		again, err := ParseFingerprint(parsed.Encode())
		parsed.MTime = ClampMTime(parsed.MTime)
		if err != nil || again != parsed {
			t.Errorf("%q = %v, then %v, %v", s, parsed, again, err)
		}
	})
}

// ComputeCRCs may only spare a read where the two forms agree: it equals both, on either side of the border.
func TestRule10_BothCRCsAtOnce(t *testing.T) {
	content := bytes.NewReader(bytes.Repeat([]byte("0123456789abcdef!"), crcLegacy/16))
	for _, size := range []int64{0, 16, 17, crcDense, crcDense + 1, 1 << 20, crcLegacy - 1, crcLegacy, crcLegacy + 1<<20} {
		crc, legacy, err := ComputeCRCs(content, size)
		if err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		want, err := ComputeCRC(content, size)
		if err != nil || crc != want {
			t.Errorf("%d bytes: current %x, want %x, %v", size, crc, want, err)
		}
		if want, err = ComputeLegacyCRC(content, size); err != nil || legacy != want {
			t.Errorf("%d bytes: legacy %x, want %x, %v", size, legacy, want, err)
		}
	}
}
