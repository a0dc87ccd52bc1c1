package emulator

import (
	"bytes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io"
	"runtime"
	"testing"
)

func TestGeneratedHandles(t *testing.T) {
	g := newGenerated(1_000_000, newHandle())
	for i := range g.count {
		if got, ok := g.index(generatedHandle(i)); !ok || got != i {
			t.Fatalf("number %d became %d, %v", i, got, ok)
		}
	}
	if _, ok := g.index(generatedHandle(g.count)); ok {
		t.Error("a number behind the last one is there")
	}
	for range 1000 {
		if _, ok := g.index(newHandle()); ok {
			t.Fatal("a new handle is that of a generated node")
		}
	}
}

// TestGeneratedTree reaches every node from the top exactly once, by links
// that agree in both directions.
func TestGeneratedTree(t *testing.T) {
	for _, count := range []int{1, 2, 50, 101, 102, 12_345} {
		root := newHandle()
		g := newGenerated(count, root)
		seen := make([]bool, count)
		queue := []handle{root}
		for len(queue) > 0 {
			h := queue[0]
			queue = queue[1:]
			for i := range g.children(h) {
				if seen[i] || g.parent(i) != h {
					t.Fatalf("count %d: node %d: seen %v, parent %v, want %v", count, i, seen[i], g.parent(i), h)
				}
				seen[i] = true
				queue = append(queue, generatedHandle(i))
			}
		}
		for i, ok := range seen {
			if !ok {
				t.Fatalf("count %d: node %d is not reached", count, i)
			}
		}
	}
}

// TestGeneratedFilesDecrypt opens key, attributes and content the slow way.
func TestGeneratedFilesDecrypt(t *testing.T) {
	master := newAES([]byte("0123456789abcdef"))
	var sizes int64
	for i := range 2000 {
		size := generatedSize(i)
		if generatedIsFolder(i) {
			size = 0
		} else if size < 1 || size > 16384 {
			t.Fatalf("node %d: size %d", i, size)
		}
		sizes += size
		checkGenerated(t, i, size, master)
	}
	if sizes < 2000*500 || sizes > 2000*4000 {
		t.Errorf("sizes sum up to %d", sizes)
	}
	// The trick with the MAC holds over chunk boundaries too.
	for _, size := range []int64{128 << 10, 128<<10 + 1, 128<<10 + 17, 3<<20 + 5} {
		checkGenerated(t, 3, size, master)
	}
}

func checkGenerated(t *testing.T, i int, size int64, master cipher.Block) {
	t.Helper()
	sealed, attr := generatedSecrets(i, size, master)
	key := openSealed(t, sealed, master)
	k := key
	if !generatedIsFolder(i) {
		k = make([]byte, 16)
		for b := range k {
			k[b] = key[b] ^ key[16+b]
		}
	}
	block := newAES(k)
	fields := openAttr(t, attr, block)
	if fields.N != generatedName(i) {
		t.Errorf("node %d: name %q", i, fields.N)
	}
	if generatedIsFolder(i) {
		return
	}
	plain := readGenerated(t, i, size, block, key[16:24])
	if got := slowMetaMAC(plain, block, key[16:24]); !bytes.Equal(got, key[24:]) {
		t.Fatalf("node %d of %d bytes: MAC %x, key says %x", i, size, got, key[24:])
	}
	if i%2 == 0 && fields.C != slowFingerprint(plain, generatedTime(i)) {
		t.Errorf("node %d of %d bytes: fingerprint %s", i, size, fields.C)
	}
}

func openSealed(t *testing.T, s string, block cipher.Block) []byte {
	t.Helper()
	p, err := decode64(s)
	if err != nil {
		t.Fatal(err)
	}
	return decryptECB(block, p)
}

func openAttr(t *testing.T, s string, block cipher.Block) (fields struct{ N, C string }) {
	t.Helper()
	p, err := decode64(s)
	if err != nil {
		t.Fatal(err)
	}
	cipher.NewCBCDecrypter(block, make([]byte, 16)).CryptBlocks(p, p)
	text, ok := bytes.CutPrefix(bytes.TrimRight(p, "\x00"), []byte("MEGA"))
	if err := json.Unmarshal(text, &fields); err != nil || !ok {
		t.Fatalf("attributes %q: %v", p, err)
	}
	return fields
}

func readGenerated(t *testing.T, i int, size int64, block cipher.Block, nonce []byte) []byte {
	t.Helper()
	var data []byte
	for off := int64(0); off < size; {
		n := min(size-off, 4093) // odd offsets
		part, err := io.ReadAll(generatedReader(i, off, n))
		if err != nil || int64(len(part)) != n {
			t.Fatalf("read: %d bytes, %v", len(part), err)
		}
		data = append(data, part...)
		off += n
	}
	cipher.NewCTR(block, append(bytes.Clone(nonce), make([]byte, 8)...)).XORKeyStream(data, data)
	return data
}

func slowMetaMAC(p []byte, block cipher.Block, nonce []byte) []byte {
	sum := make([]byte, 16)
	step := func(state, in []byte) {
		for b := range in {
			state[b] ^= in[b]
		}
		block.Encrypt(state, state)
	}
	for at, length := 0, 0; at < len(p); at += length {
		length = min(length+128<<10, 1<<20)
		mac := append(bytes.Clone(nonce), nonce...)
		for chunk := p[at:min(at+length, len(p))]; len(chunk) > 0; {
			n := min(16, len(chunk))
			step(mac, chunk[:n])
			chunk = chunk[n:]
		}
		step(sum, mac)
	}
	out := make([]byte, 8)
	for b := range 4 {
		out[b], out[b+4] = sum[b]^sum[b+4], sum[b+8]^sum[b+12]
	}
	return out
}

func slowFingerprint(p []byte, mtime int64) string {
	out := make([]byte, 16)
	if len(p) <= 16 {
		copy(out, p)
	} else {
		for lane := range 4 {
			var part []byte
			for j := range 32 {
				if at := (len(p) - 64) * (lane*32 + j) / 127; len(p) > 8192 {
					part = append(part, p[at:at+64]...)
				}
			}
			if len(p) <= 8192 {
				part = p[lane*len(p)/4 : (lane+1)*len(p)/4]
			}
			binary.BigEndian.PutUint32(out[4*lane:], crc32.ChecksumIEEE(part))
		}
	}
	return encode64(binary.LittleEndian.AppendUint32(append(out, 4), uint32(mtime)))
}

// BenchmarkFetch streams f of a million generated nodes; B/op is what it
// allocates in all, and live bytes stay small.
func BenchmarkFetch(b *testing.B) {
	s, err := New(Options{GenerateNodes: 1_000_000, NewKey: generateKey})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if err := s.AddAccount(Account{Email: "a@b.c", Password: "x", V1: true}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s.mu.Lock()
		f := newFetch(s.st.emails["a@b.c"])
		s.mu.Unlock()
		var n counter
		if err := f.write(&n); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(n))
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// TestFetchIsAStream watches the memory while f of many nodes is written.
func TestFetchIsAStream(t *testing.T) {
	s, err := New(Options{GenerateNodes: 200_000})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.AddAccount(Account{Email: "a@b.c", Password: "x", V1: true}); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	f := newFetch(s.st.emails["a@b.c"])
	s.mu.Unlock()
	runtime.GC()
	w := &heapWatch{}
	w.look()
	base := w.peak
	if err := f.write(w); err != nil {
		t.Fatal(err)
	}
	if w.bytes < 40<<20 || w.peak-base > 24<<20 {
		t.Errorf("%d bytes were written while the heap grew by %d", w.bytes, w.peak-base)
	}
}

// heapWatch looks at the heap every 2 MiB.
type heapWatch struct {
	bytes, looked int64
	peak          uint64
}

func (w *heapWatch) Write(p []byte) (int, error) {
	w.bytes += int64(len(p))
	if w.bytes-w.looked > 2<<20 {
		w.look()
	}
	return len(p), nil
}

func (w *heapWatch) look() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	w.looked, w.peak = w.bytes, max(w.peak, m.HeapAlloc)
}
