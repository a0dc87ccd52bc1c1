package emulator

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"io"
	"sync"
)

// The content of a generated file is made so that its MAC costs a few AES
// blocks whatever its size. With c a constant block and S = AES(K, c), each
// chunk starts with IV xor c and goes on with S xor c: the CBC-MAC state is S
// after every whole block.
var macConstant = [16]byte([]byte("megaplan content"))

type generatedFile struct {
	number int
	key    [16]byte
	nonce  [8]byte
	block  cipher.Block
	first  [16]byte // first block of each chunk
	next   [16]byte // every other block
	state  [16]byte // MAC state after a whole block

	// What AES reads and writes lies here, where it costs no allocation.
	nodeKey [32]byte
	text    [128]byte
	in, out [16]byte
}

var generatedSeed = newAES([]byte("generated nodes!"))

func newGeneratedFile(i int) *generatedFile {
	f := &generatedFile{}
	f.set(i)
	return f
}

func (f *generatedFile) set(i int) {
	f.number = i
	clear(f.in[:])
	binary.BigEndian.PutUint64(f.in[:], uint64(i))
	generatedSeed.Encrypt(f.key[:], f.in[:])
	f.in[15] = 1
	generatedSeed.Encrypt(f.out[:], f.in[:])
	copy(f.nonce[:], f.out[:])
	f.block = newAES(f.key[:])
	if generatedIsFolder(i) {
		return
	}
	f.block.Encrypt(f.state[:], macConstant[:])
	for k := range 16 {
		f.first[k] = f.nonce[k%8] ^ macConstant[k]
		f.next[k] = f.state[k] ^ macConstant[k]
	}
}

// fill writes the plain bytes from a block-aligned offset.
func (f *generatedFile) fill(p []byte, off int64) {
	for len(p) > 0 {
		n := min(int64(len(p)), chunkEnd(off)-off)
		part := p[:n]
		// Doubling what is there is quicker than block by block.
		for have := copy(part, f.next[:]); have < len(part); {
			have += copy(part[have:], part[:have])
		}
		if chunkStart(off) == off {
			copy(part, f.first[:])
		}
		p, off = p[n:], off+n
	}
}

// metaMAC folds the MACs of all chunks.
func (f *generatedFile) metaMAC(size int64) [8]byte {
	var sum [16]byte
	for off := int64(0); off < size; {
		end := min(chunkEnd(off), size)
		mac := f.chunkMAC(end - off)
		for k := range sum {
			sum[k] ^= mac[k]
		}
		f.block.Encrypt(sum[:], sum[:])
		off = end
	}
	var m [8]byte
	for k := range 4 {
		m[k] = sum[k] ^ sum[k+4]
		m[k+4] = sum[k+8] ^ sum[k+12]
	}
	return m
}

func (f *generatedFile) chunkMAC(size int64) [16]byte {
	rest := int(size % 16)
	if rest == 0 {
		return f.state
	}
	mac, tail := f.state, f.next
	if size < 16 {
		copy(mac[:], f.nonce[:])
		copy(mac[8:], f.nonce[:])
		tail = f.first
	}
	for k := range rest {
		mac[k] ^= tail[k]
	}
	f.block.Encrypt(mac[:], mac[:])
	return mac
}

var generatedFiles = sync.Pool{New: func() any { return new(generatedFile) }}

// generatedSecrets returns the key, encrypted with the master key, and the
// encrypted attributes. Files with odd numbers have no fingerprint, like those
// that rclone uploads.
func generatedSecrets(i int, size int64, master cipher.Block) (key, attr string) {
	f := generatedFiles.Get().(*generatedFile)
	defer generatedFiles.Put(f)
	f.set(i)
	k := f.nodeKey[:16]
	copy(k, f.key[:])
	text := appendGeneratedName(append(f.text[:0], `MEGA{"n":"`...), i)
	if !generatedIsFolder(i) {
		mac := f.metaMAC(size)
		k = f.nodeKey[:]
		copy(k[16:], f.nonce[:])
		copy(k[24:], mac[:])
		subtle.XORBytes(k[:16], k[:16], k[16:])
		if i%2 == 0 {
			text = f.appendFingerprint(append(text, `","c":"`...), size)
		}
		master.Encrypt(k[16:], k[16:])
	}
	master.Encrypt(k[:16], k[:16])
	return encode64(k), f.sealAttr(append(text, `"}`...))
}

// sealAttr pads and encrypts in place: CBC from a zero vector.
func (f *generatedFile) sealAttr(p []byte) string {
	for len(p)%16 != 0 {
		p = append(p, 0)
	}
	for at := 0; at < len(p); at += 16 {
		if at > 0 {
			subtle.XORBytes(p[at:at+16], p[at:at+16], p[at-16:at])
		}
		f.block.Encrypt(p[at:at+16], p[at:at+16])
	}
	return encode64(p)
}

var plainBuffers = sync.Pool{New: func() any { return new([16 << 10]byte) }}

// appendFingerprint writes the c attribute: sparse checksums, then the
// modification time.
func (f *generatedFile) appendFingerprint(dst []byte, size int64) []byte {
	buf := plainBuffers.Get().(*[16 << 10]byte)
	defer plainBuffers.Put(buf)
	p := buf[:]
	if size > int64(len(p)) {
		p = make([]byte, (size+15)/16*16)
	}
	f.fill(p[:(size+15)/16*16], 0)
	p = p[:size]
	var out [21]byte
	switch {
	case size <= 16:
		copy(out[:], p)
	case size <= 8192:
		for i := range int64(4) {
			sum := crc32.ChecksumIEEE(p[i*size/4 : (i+1)*size/4])
			binary.BigEndian.PutUint32(out[4*i:], sum)
		}
	default:
		for i := range int64(4) {
			var sum uint32
			for j := range int64(32) {
				at := (size - 64) * (i*32 + j) / 127
				sum = crc32.Update(sum, crc32.IEEETable, p[at:at+64])
			}
			binary.BigEndian.PutUint32(out[4*i:], sum)
		}
	}
	out[16] = 4
	binary.LittleEndian.PutUint32(out[17:], uint32(generatedTime(f.number)))
	return base64.RawURLEncoding.AppendEncode(dst, out[:])
}

// generatedReader yields the encrypted bytes of a part of a generated file.
func generatedReader(number int, off, n int64) io.Reader {
	f := newGeneratedFile(number)
	var iv [16]byte
	copy(iv[:], f.nonce[:])
	binary.BigEndian.PutUint64(iv[8:], uint64(off/16))
	r := &generatedPart{file: f, at: off / 16 * 16, stream: cipher.NewCTR(f.block, iv[:])}
	if _, err := io.CopyN(io.Discard, r, off%16); err != nil {
		panic("emulator: generated content ended: " + err.Error())
	}
	return io.LimitReader(r, n)
}

type generatedPart struct {
	file   *generatedFile
	at     int64
	buf    [4096]byte
	rest   []byte
	stream cipher.Stream
}

func (r *generatedPart) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		r.file.fill(r.buf[:], r.at)
		r.stream.XORKeyStream(r.buf[:], r.buf[:])
		r.at += int64(len(r.buf))
		r.rest = r.buf[:]
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
