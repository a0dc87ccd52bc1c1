package crypt

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The key and nonce of the vectors in MEGA's own terms: bytes 0..15 and 16..23.
var (
	vectorKey   = Key(counting(0, 16))
	vectorNonce = [8]byte(counting(16, 8))
	vectorRing  = NewKeyring("me", Key(counting(32, 16)))
)

func counting(from, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(from + i)
	}
	return b
}

func mod(n, m int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i % m)
	}
	return b
}

func TestVectorsOfFileEncryption(t *testing.T) {
	tests := []struct {
		name           string
		plain          []byte
		cipher, sha256 string
		chunks         []string
		metaMAC        string
		nodeKey        string
		wrapped        string
		checksum       string
	}{
		{
			name:     "empty",
			checksum: "AAAAAAAAAAAAAAAA",
			metaMAC:  "0000000000000000",
			nodeKey:  "EBAQEBAQEBAICQoLDA0ODxAREhMUFRYXAAAAAAAAAAA",
		},
		{
			name:    "hello",
			plain:   []byte("hello world\n"),
			cipher:  "e583b4acb27bbbf7ad2a5ec0",
			chunks:  []string{"43af7cfd310b25f2647dd7ce885e9061"},
			metaMAC: "dea8d3a4d6cb6764",
			nodeKey: "EBAQEBAQEBDWodmv2sZpaxAREhMUFRYX3qjTpNbLZ2Q",
			wrapped: "iUDPRuTGC-fVqsOXmDaLfm5DlfCNNSXDxNrRgNDxWnM",

			checksum: "5YO0rLJ7u_etKl7A",
		},
		{
			name:    "two chunks",
			plain:   mod(300_000, 251),
			sha256:  "e1cb1390afcced51e0964aba4f781482600248817037d734f127b5fe28159c2c",
			chunks:  []string{"17f3450813b1243736bf7c9eca93c198", "c58a1fd0b5a72feac14ecde08626840f"},
			metaMAC: "5388b52214072b72",

			checksum: "8hJlygkizlZ9U4in",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := Piece{Cipher: NewFileCipher(vectorKey, vectorNonce), Buf: bytes.Clone(tt.plain)}
			p.Encrypt()
			if tt.cipher != "" && hex.EncodeToString(p.Buf) != tt.cipher {
				t.Errorf("cipher = %x, want %s", p.Buf, tt.cipher)
			}
			if got := p.Sum.String(); got != tt.checksum {
				t.Errorf("checksum = %s, want %s", got, tt.checksum)
			}
			if sum := sha256.Sum256(p.Buf); tt.sha256 != "" && hex.EncodeToString(sum[:]) != tt.sha256 {
				t.Errorf("sha256 of cipher = %x, want %s", sum, tt.sha256)
			}
			var chunks []string
			for _, m := range p.MACs {
				chunks = append(chunks, hex.EncodeToString(m[:]))
			}
			if diff := cmp.Diff(tt.chunks, chunks); diff != "" {
				t.Errorf("chunk MACs (-want +got):\n%s", diff)
			}
			meta := MetaMAC(vectorKey, p.MACs)
			if hex.EncodeToString(meta[:]) != tt.metaMAC {
				t.Errorf("meta-MAC = %x, want %s", meta, tt.metaMAC)
			}
			key := NewFileKey(vectorKey, vectorNonce, meta)
			if got := EncodeBase64(key[:]); tt.nodeKey != "" && got != tt.nodeKey {
				t.Errorf("node key = %s, want %s", got, tt.nodeKey)
			}
			if got := vectorRing.WrapFileKey(key); tt.wrapped != "" && got != tt.wrapped {
				t.Errorf("wrapped key = %s, want %s", got, tt.wrapped)
			}
			back := Piece{Cipher: key.Cipher(), Buf: p.Buf}
			back.Decrypt()
			if !bytes.Equal(back.Buf, tt.plain) || key.Verify(back.MACs) != Equal {
				t.Errorf("decrypting does not return the file: verdict %v", key.Verify(back.MACs))
			}
			verdicts, err := Check(t.Context(), bytes.NewReader(tt.plain), int64(len(tt.plain)), key, FileKey{1})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Verdict{Equal, Different}, verdicts); diff != "" && len(tt.plain) > 0 {
				t.Errorf("check (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVectorsOfAttributes(t *testing.T) {
	a := NewAttributes("hello.txt")
	text, err := a.Encrypt(vectorKey)
	if want := "PXKaKROX-3KfhCRae1zd6qp8ZOUIggiCiWGYp_LR_DE"; err != nil || text != want {
		t.Errorf("name only = %s, %v, want %s", text, err, want)
	}
	a.Set(AttrFingerprint, "aGVsbG8gd29ybGQKAAAAAAQA8VNl")
	text, err = a.Encrypt(vectorKey)
	want := "PXKaKROX-3KfhCRae1zd6iPDE-lVR3aDezNnr1M6Akreddw8BSaXQaXSViaPcGNJyzxAbLGFvlHecn7FNCGYRg"
	if err != nil || text != want {
		t.Errorf("with fingerprint = %s, %v, want %s", text, err, want)
	}
	back, err := DecryptAttributes(text, vectorKey)
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := back.Get(AttrName); n != "hello.txt" {
		t.Errorf("name = %q", n)
	}
}

func TestVectorsOfFingerprints(t *testing.T) {
	tests := []struct {
		name    string
		content []byte
		mtime   int64
		want    string
	}{
		{"empty at 0", nil, 0, "AAAAAAAAAAAAAAAAAAAAAAA"},
		{"empty", nil, 1700000000, "AAAAAAAAAAAAAAAAAAAAAAQA8VNl"},
		{"hello", []byte("hello world\n"), 1700000000, "aGVsbG8gd29ybGQKAAAAAAQA8VNl"},
		{"17 bytes", counting(0, 17), 1700000000, "i7mGE2DTuIWGHP1-YQnjYAQA8VNl"},
		{"100 bytes", counting(0, 100), 1, "2IDUDIExcicOatw3dZqBIQEB"},
		{"8192 bytes", mod(8192, 256), 1700000000, "n17dWJ9e3VifXt1Yn17dWAQA8VNl"},
		{"8193 bytes", mod(8193, 256), 1700000000, "n17dWJ9e3VifXt1YSmhrbQQA8VNl"},
		{"20000 bytes", mod(20000, 256), 1, "vfgRq44mzUeoxS9HgKRq9QEB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			crc, err := ComputeCRC(bytes.NewReader(tt.content), int64(len(tt.content)))
			if err != nil {
				t.Fatal(err)
			}
			f := Fingerprint{CRC: crc, MTime: tt.mtime}
			if got := f.Encode(); got != tt.want {
				t.Errorf("encode = %s, want %s", got, tt.want)
			}
			back, err := ParseFingerprint(tt.want)
			if err != nil || back != f {
				t.Errorf("parse = %v, %v, want %v", back, err, f)
			}
		})
	}
}

// xorshift is the content of the official client's own test of large files.
func xorshift(n int) []byte {
	b := make([]byte, n)
	x := uint32(0xA5A5A5A5)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

func TestVectorsOfLargeFingerprints(t *testing.T) {
	tests := []struct {
		mib          int
		good, legacy string
	}{
		{40, "6iqpUy7DdAKx5NIRg31i_g", "6iqpUy7DdAKx5NIRGX1AAA"},
		{52, "7SMVr_-v9_H7MDsN9yuVGA", "7SMVr_-v9_Gk00B4SWd30g"},
		{88, "3hhTVPVhwzudmjN1odbO6w", "3hhTVIMatxXS_18ZkPyITg"},
	}
	content := xorshift(88 << 20)
	for _, tt := range tests {
		size := int64(tt.mib) << 20
		r := bytes.NewReader(content[:size])
		good, err := ComputeCRC(r, size)
		if got := EncodeBase64(good[:]); err != nil || got != tt.good {
			t.Errorf("%d MiB: crc = %s, %v, want %s", tt.mib, got, err, tt.good)
		}
		legacy, err := ComputeLegacyCRC(r, size)
		if got := EncodeBase64(legacy[:]); err != nil || got != tt.legacy {
			t.Errorf("%d MiB: legacy crc = %s, %v, want %s", tt.mib, got, err, tt.legacy)
		}
		for _, crc := range []CRC{good, legacy} {
			if ok, err := MatchCRC(r, size, crc); err != nil || !ok {
				t.Errorf("%d MiB: %x does not match: %v", tt.mib, crc, err)
			}
		}
		if ok, err := MatchCRC(r, size, CRC{1}); err != nil || ok {
			t.Errorf("%d MiB: a wrong checksum matches: %v", tt.mib, err)
		}
	}
}
