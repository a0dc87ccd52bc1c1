package transfer

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

// TestCompareTellsOfManyKeysAtOnce: one download says which other keys were made for the same bytes, whatever the size.
func TestCompareTellsOfManyKeysAtOnce(t *testing.T) {
	for _, size := range []int{1, 131072, 131073, 7 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			data := content(size)
			cipherText, key := sealed(data)
			_, twin := sealed(data)
			other := bytes.Clone(data)
			other[size-1] ^= 1
			_, stranger := sealed(other)
			s := newStorage(t)
			m := newManager(t, s, func(o *Options) { o.Span = 1 << 20 })
			var received atomic.Int64
			d := Download{Size: int64(size), Key: key, URL: s.downloadURL(cipherText), Progress: func(n int64) { received.Add(n) }}
			got, err := m.Compare(t.Context(), d, twin, stranger, twin)
			if want := []crypt.Verdict{crypt.Equal, crypt.Different, crypt.Equal}; err != nil || !slices.Equal(got, want) {
				t.Errorf("%v, %v, want %v", got, err, want)
			}
			if received.Load() != int64(size) {
				t.Errorf("%d bytes were fetched", received.Load())
			}
		})
	}
}

// TestCompareProvesWhatItFetched: bytes that are not what their own key was made for prove nothing about another.
func TestCompareProvesWhatItFetched(t *testing.T) {
	data := content(3 << 20)
	cipherText, key := sealed(data)
	_, twin := sealed(data)
	s := newStorage(t)
	m := newManager(t, s)
	d := Download{Size: int64(len(data)), Key: crypt.NewFileKey(key.AES(), key.Nonce(), [8]byte{1}), URL: s.downloadURL(cipherText)}
	if got, err := m.Compare(t.Context(), d, twin); !errors.Is(err, ErrCorrupt) || got != nil {
		t.Errorf("a wrong MAC: %v, %v", got, err)
	}
	withGap := func(k crypt.FileKey) crypt.FileKey {
		macs, err := crypt.ChunkMACs(t.Context(), bytes.NewReader(data), int64(len(data)), k)
		if err != nil {
			t.Fatal(err)
		}
		return crypt.NewFileKey(k.AES(), k.Nonce(), crypt.MetaMAC(k.AES(), macs[0][:len(macs[0])-1]))
	}
	d.Key = withGap(key)
	if got, err := m.Compare(t.Context(), d, twin); err != nil || got[0] != crypt.CannotTell {
		t.Errorf("an old client's MAC: %v, %v", got, err)
	}
	d.Key = key
	if got, err := m.Compare(t.Context(), d, withGap(twin), twin); err != nil || got[0] != crypt.CannotTell || got[1] != crypt.Equal {
		t.Errorf("an old client's MAC on the other side: %v, %v", got, err)
	}
}
