package crypt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fileKeyFor is the node key of a content, computed with the standard library only.
func fileKeyFor(key Key, nonce [8]byte, content []byte) (FileKey, []MAC) {
	var macs []MAC
	var iv, file MAC
	copy(iv[:], append(nonce[:], nonce[:]...))
	for i := range ChunkCount(int64(len(content))) {
		start, end := ChunkRange(i, int64(len(content)))
		macs = append(macs, plainCBC(key, iv, content[start:end]))
		file = plainCBC(key, file, macs[i][:])
	}
	return NewFileKey(key, nonce, file.fold()), macs
}

func plainChecksum(b []byte) Checksum {
	var c Checksum
	for i := range b {
		c[i%12] ^= b[i]
	}
	return c
}

// interestingSizes lie around every boundary the code knows.
func interestingSizes() []int {
	sizes := []int{0, 1, 15, 16, 17, 4095, 4096, 4097, 8192, 65535, 65536, 65537, 3<<20 + 7, 12 << 20, 13<<20 + 12345}
	for i := 1; i < 11; i++ {
		at := int(ChunkStart(i))
		sizes = append(sizes, at-1, at, at+1)
	}
	return sizes
}

func TestCheckAndPiecesAgreeWithTheStandardLibrary(t *testing.T) {
	content := xorshift(14 << 20)
	key, nonce := NewKey(), NewNonce()
	for _, size := range interestingSizes() {
		plain := content[:size]
		want, wantMACs := fileKeyFor(key, nonce, plain)

		p := Piece{Cipher: NewFileCipher(key, nonce), Buf: bytes.Clone(plain)}
		p.Encrypt()
		if !slices.Equal(p.MACs, wantMACs) {
			t.Errorf("size %d: MACs of the piece differ", size)
		}
		stream := bytes.Clone(plain)
		p.Cipher.counter(0).XORKeyStream(stream, stream)
		if !bytes.Equal(p.Buf, stream) {
			t.Errorf("size %d: ciphertext differs", size)
		}
		if p.Sum != plainChecksum(stream) {
			t.Errorf("size %d: checksum differs", size)
		}
		wrong := want
		wrong[31] ^= 1
		got, err := Check(t.Context(), bytes.NewReader(plain), int64(size), want, wrong, want)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]Verdict{Equal, Different, Equal}, got); diff != "" {
			t.Errorf("size %d (-want +got):\n%s", size, diff)
		}
	}
}

func TestPiecesInTheMiddleOfAFile(t *testing.T) {
	content := xorshift(11<<20 + 333)
	key, nonce := NewKey(), NewNonce()
	_, want := fileKeyFor(key, nonce, content)
	var sealed []byte
	var macs []MAC
	for s := range Spans(int64(len(content)), 2<<20) {
		p := Piece{Cipher: NewFileCipher(key, nonce), Buf: bytes.Clone(content[s.Start:s.End]), First: s.First, MACs: macs}
		p.Encrypt()
		sealed, macs = append(sealed, p.Buf...), p.MACs
		if p.Sum != plainChecksum(p.Buf) {
			t.Errorf("span %+v: checksum differs", s)
		}
	}
	if !slices.Equal(macs, want) {
		t.Error("MACs differ from those of the whole file")
	}
	whole := Piece{Cipher: NewFileCipher(key, nonce), Buf: sealed}
	whole.Decrypt()
	if !bytes.Equal(whole.Buf, content) || !slices.Equal(whole.MACs, want) {
		t.Error("the pieces together do not decrypt to the file")
	}
}

func TestPiecesOfManyFilesShareTheLanes(t *testing.T) {
	content := xorshift(1 << 20)
	var pieces []*Piece
	var plain [][]byte
	for i := range 50 {
		data := content[i*100 : i*100+i*i*97]
		plain = append(plain, data)
		pieces = append(pieces, &Piece{Cipher: NewFileCipher(Key{byte(i)}, [8]byte{byte(i)}), Buf: bytes.Clone(data)})
	}
	MACPieces(pieces)
	for i, p := range pieces {
		_, want := fileKeyFor(Key{byte(i)}, [8]byte{byte(i)}, plain[i])
		if !bytes.Equal(p.Buf, plain[i]) || !slices.Equal(p.MACs, want) {
			t.Errorf("file %d of %d bytes: plain MACs differ", i, len(plain[i]))
		}
		p.MACs = nil
	}
	EncryptPieces(pieces)
	for i, p := range pieces {
		if _, want := fileKeyFor(Key{byte(i)}, [8]byte{byte(i)}, plain[i]); !slices.Equal(p.MACs, want) {
			t.Errorf("file %d of %d bytes: MACs differ", i, len(plain[i]))
		}
		if p.Sum != plainChecksum(p.Buf) {
			t.Errorf("file %d of %d bytes: checksum differs", i, len(plain[i]))
		}
		p.MACs = nil
	}
	DecryptPieces(pieces)
	for i, p := range pieces {
		_, want := fileKeyFor(Key{byte(i)}, [8]byte{byte(i)}, plain[i])
		if !bytes.Equal(p.Buf, plain[i]) || !slices.Equal(p.MACs, want) {
			t.Errorf("file %d of %d bytes does not come back", i, len(plain[i]))
		}
	}
}

func TestCheckStops(t *testing.T) {
	short := bytes.NewReader(make([]byte, 100))
	if _, err := Check(t.Context(), short, 101, FileKey{}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("short file: error = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := readerAt(func(p []byte, _ int64) (int, error) {
		cancel()
		return len(p), nil
	})
	if _, err := Check(ctx, r, 1<<40, FileKey{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error = %v", err)
	}
	broken := readerAt(func([]byte, int64) (int, error) { return 0, os.ErrPermission })
	if _, err := Check(t.Context(), broken, 5, FileKey{}); !errors.Is(err, os.ErrPermission) {
		t.Errorf("unreadable: error = %v", err)
	}
}

type readerAt func(p []byte, off int64) (int, error)

func (f readerAt) ReadAt(p []byte, off int64) (int, error) { return f(p, off) }

func TestRule10_MissingLateChunksCannotTell(t *testing.T) {
	key, nonce := NewKey(), NewNonce()
	macs := make([]MAC, 150)
	for i := range macs {
		macs[i] = MAC{byte(i), 1, 2}
	}
	without := func(macs []MAC, gaps ...[2]int) []MAC {
		var left []MAC
		for i, m := range macs {
			if !slices.ContainsFunc(gaps, func(g [2]int) bool { return i >= g[0] && i < g[1] }) {
				left = append(left, m)
			}
		}
		return left
	}
	tests := []struct {
		name string
		macs []MAC
		gaps [][2]int
		want Verdict
	}{
		{"none", macs, nil, Equal},
		{"the last", macs, [][2]int{{149, 150}}, CannotTell},
		{"one late run", macs, [][2]int{{60, 120}}, CannotTell},
		{"two late runs", macs, [][2]int{{115, 120}, {122, 138}}, CannotTell},
		{"of a short file", macs[:3], [][2]int{{1, 2}}, CannotTell},
		{"two in a short file", macs[:5], [][2]int{{0, 1}, {2, 4}}, CannotTell},
		{"too early", macs, [][2]int{{53, 54}}, Different},
		{"too long", macs, [][2]int{{60, 125}}, Different},
		{"three runs", macs, [][2]int{{115, 116}, {120, 121}, {130, 131}}, Different},
		{"everything", macs[:3], [][2]int{{0, 3}}, Different},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := NewFileKey(key, nonce, MetaMAC(key, without(tt.macs, tt.gaps...)))
			if got := f.Verify(tt.macs); got != tt.want {
				t.Errorf("verdict = %v, want %v", got, tt.want)
			}
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	const size = 256 << 20
	path := filepath.Join(b.TempDir(), "file")
	if err := os.WriteFile(path, bytes.Repeat(xorshift(1<<20), size>>20), 0o600); err != nil {
		b.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for _, keys := range []int{1, 3} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				if _, err := ChunkMACs(b.Context(), f, size, make([]FileKey, keys)...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncryptSmallFiles(b *testing.B) {
	pieces := make([]*Piece, 64)
	for i := range pieces {
		pieces[i] = &Piece{Buf: xorshift(4096)}
	}
	run := func(name string, do func()) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(64 * 4096)
			for b.Loop() {
				for i, p := range pieces {
					p.Cipher, p.MACs = NewFileCipher(Key{byte(i)}, [8]byte{}), nil
				}
				do()
			}
		})
	}
	run("together", func() { EncryptPieces(pieces) })
	run("MAC only", func() { MACPieces(pieces) })
	run("one by one", func() {
		for _, p := range pieces {
			p.Encrypt()
		}
	})
}
