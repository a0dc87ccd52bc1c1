package crypt

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
)

// plainCBC is the MAC as the standard library computes it.
func plainCBC(key Key, iv MAC, data []byte) MAC {
	padded := make([]byte, (len(data)+15)/16*16)
	copy(padded, data)
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err)
	}
	cipher.NewCBCEncrypter(block, iv[:]).CryptBlocks(padded, padded)
	if len(padded) == 0 {
		return iv
	}
	return MAC(padded[len(padded)-16:])
}

func checkLanes(t *testing.T, keys []Key, ivs []MAC, data [][]byte) {
	t.Helper()
	lanes := make([]Lane, len(data))
	schedules := map[Key]*Schedule{}
	for i := range data {
		if schedules[keys[i]] == nil {
			schedules[keys[i]] = Expand(keys[i])
		}
		lanes[i] = Lane{Key: schedules[keys[i]], Sum: ivs[i], Data: bytes.Clone(data[i])}
	}
	SumLanes(lanes)
	for i := range lanes {
		if want := plainCBC(keys[i], ivs[i], data[i]); lanes[i].Sum != want {
			t.Errorf("lane %d of %d, %d bytes: got %x, want %x", i, len(lanes), len(data[i]), lanes[i].Sum, want)
		}
		if !bytes.Equal(lanes[i].Data, data[i]) {
			t.Errorf("lane %d of %d: the data was changed", i, len(lanes))
		}
	}
}

func TestSumLanesOfEveryLength(t *testing.T) {
	content := xorshift(700)
	for size := range len(content) {
		for _, shared := range []bool{false, true} {
			var keys []Key
			var ivs []MAC
			var data [][]byte
			for i := range 11 {
				k := Key{byte(size), byte(i)}
				if shared {
					k = Key{byte(size)}
				}
				keys = append(keys, k)
				ivs = append(ivs, MAC{byte(i), 1})
				data = append(data, content[:max(0, size-i*i)])
			}
			checkLanes(t, keys, ivs, data)
		}
	}
}

func FuzzSumLanes(f *testing.F) {
	f.Add(uint64(1), uint8(3), uint16(500), true)
	f.Add(uint64(2), uint8(40), uint16(9000), false)
	f.Fuzz(func(t *testing.T, seed uint64, count uint8, longest uint16, shared bool) {
		r := rand.New(rand.NewPCG(seed, 7))
		keys := make([]Key, count)
		ivs := make([]MAC, count)
		data := make([][]byte, count)
		for i := range data {
			if keys[i] = (Key{byte(r.Uint32()), byte(r.Uint32())}); shared {
				keys[i] = keys[0]
			}
			ivs[i] = MAC{byte(r.Uint32())}
			data[i] = make([]byte, r.IntN(int(longest)+1))
			for j := range data[i] {
				data[i][j] = byte(r.Uint32())
			}
		}
		checkLanes(t, keys, ivs, data)
	})
}

func TestSumLanesContinues(t *testing.T) {
	content := xorshift(1000)
	lane := []Lane{{Key: Expand(vectorKey), Data: content[:496]}}
	SumLanes(lane)
	lane[0].Data = content[496:]
	SumLanes(lane)
	if want := plainCBC(vectorKey, MAC{}, content); lane[0].Sum != want {
		t.Errorf("two pieces = %x, want %x", lane[0].Sum, want)
	}
}

func TestExpandMatchesTheStandardKeySchedule(t *testing.T) {
	if !haveKernel {
		t.Skip("no kernel on this machine")
	}
	// The last round key of the example in FIPS 197, appendix A.1.
	s := Expand(Key{0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c})
	if got, want := fmt.Sprintf("%x", s.round[10]), "d014f9a8c9ee2589e13f0cc8b6630ca6"; got != want {
		t.Errorf("round key 10 = %s, want %s", got, want)
	}
}

func benchmarkLanes(b *testing.B, workers int, run func(buf []byte)) {
	const size = 8 << 20
	buffers := make([][]byte, workers)
	for i := range buffers {
		buffers[i] = xorshift(size)
	}
	b.SetBytes(int64(size * workers))
	for b.Loop() {
		var wg sync.WaitGroup
		for _, buf := range buffers {
			wg.Go(func() { run(buf) })
		}
		wg.Wait()
	}
}

func BenchmarkMAC(b *testing.B) {
	s := Expand(vectorKey)
	block := newBlock(vectorKey)
	others := make([]*Schedule, laneCount)
	for i := range others {
		others[i] = Expand(Key{byte(i)})
	}
	lanes := func(buf []byte, key func(int) *Schedule) {
		ls := make([]Lane, laneCount)
		part := len(buf) / laneCount
		for i := range ls {
			ls[i] = Lane{Key: key(i), Data: buf[i*part : (i+1)*part]}
		}
		SumLanes(ls)
	}
	kinds := []struct {
		name string
		run  func([]byte)
	}{
		{"lanes one key", func(buf []byte) { lanes(buf, func(int) *Schedule { return s }) }},
		{"lanes eight keys", func(buf []byte) { lanes(buf, func(i int) *Schedule { return others[i] }) }},
		{"one lane", func(buf []byte) { SumLanes([]Lane{{Key: s, Data: buf}}) }},
		{"portable", func(buf []byte) { sumBlocks(block, &MAC{}, buf) }},
		{"cipher.NewCBCEncrypter", func(buf []byte) {
			var iv [16]byte
			cipher.NewCBCEncrypter(block, iv[:]).CryptBlocks(buf, buf)
		}},
		{"CTR", func(buf []byte) { (&FileCipher{schedule: s}).counter(0).XORKeyStream(buf, buf) }},
		{"encrypt and MAC", func(buf []byte) {
			p := Piece{Cipher: &FileCipher{schedule: s}, Buf: buf, First: 8}
			p.Encrypt()
		}},
	}
	for _, kind := range kinds {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/goroutines=%d", kind.name, workers), func(b *testing.B) {
				benchmarkLanes(b, workers, kind.run)
			})
		}
	}
}
