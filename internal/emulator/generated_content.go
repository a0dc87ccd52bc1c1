package emulator

import (
	"crypto/cipher"
	"encoding/binary"
	"hash/crc32"
	"io"
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
}

var generatedSeed = newAES([]byte("generated nodes!"))

func newGeneratedFile(i int) *generatedFile {
	f := &generatedFile{number: i}
	var in, out [16]byte
	binary.BigEndian.PutUint64(in[:], uint64(i))
	generatedSeed.Encrypt(f.key[:], in[:])
	in[15] = 1
	generatedSeed.Encrypt(out[:], in[:])
	copy(f.nonce[:], out[:])
	f.block = newAES(f.key[:])
	if generatedIsFolder(i) {
		return f
	}
	f.block.Encrypt(f.state[:], macConstant[:])
	for k := range 16 {
		f.first[k] = f.nonce[k%8] ^ macConstant[k]
		f.next[k] = f.state[k] ^ macConstant[k]
	}
	return f
}

// fill writes the plain bytes from a block-aligned offset.
func (f *generatedFile) fill(p []byte, off int64) {
	for at := 0; at < len(p); at += 16 {
		if pos := off + int64(at); chunkStart(pos) == pos {
			copy(p[at:], f.first[:])
		} else {
			copy(p[at:], f.next[:])
		}
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

// generatedSecrets returns the key, encrypted with the master key, and the
// encrypted attributes. Files with odd numbers have no fingerprint, like those
// that rclone uploads.
func generatedSecrets(i int, size int64, master cipher.Block) (key, attr string) {
	f := newGeneratedFile(i)
	attr = `{"n":"` + generatedName(i) + `"}`
	if generatedIsFolder(i) {
		return encode64(encryptECB(master, f.key[:])), f.encryptAttr(attr)
	}
	if i%2 == 0 {
		attr = attr[:len(attr)-1] + `,"c":"` + f.fingerprint(size) + `"}`
	}
	mac := f.metaMAC(size)
	var k [32]byte
	copy(k[16:], f.nonce[:])
	copy(k[24:], mac[:])
	for b := range 16 {
		k[b] = f.key[b] ^ k[16+b]
	}
	return encode64(encryptECB(master, k[:])), f.encryptAttr(attr)
}

func (f *generatedFile) encryptAttr(attr string) string {
	p := make([]byte, (4+len(attr)+15)/16*16)
	copy(p, "MEGA")
	copy(p[4:], attr)
	var iv [16]byte
	cipher.NewCBCEncrypter(f.block, iv[:]).CryptBlocks(p, p)
	return encode64(p)
}

// fingerprint is the c attribute: sparse checksums, then the modification time.
func (f *generatedFile) fingerprint(size int64) string {
	p := make([]byte, (size+15)/16*16)
	f.fill(p, 0)
	p = p[:size]
	out := make([]byte, 16, 21)
	switch {
	case size <= 16:
		copy(out, p)
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
	out = append(out, 4)
	return encode64(binary.LittleEndian.AppendUint32(out, uint32(generatedTime(f.number))))
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
