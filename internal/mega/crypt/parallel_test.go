package crypt_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/mega/crypt"
)

func TestCheckParallelSaysWhatCheckSays(t *testing.T) {
	for _, size := range []int{0, 1, 131072, 131073, 4718592, 13 << 20, 13<<20 + 7} {
		content := bytes.Repeat([]byte("sixteen bytes... and more"), size/25+1)[:size]
		key := crypt.NewFileKey(crypt.Key{7}, [8]byte{1}, [8]byte{})
		macs, err := crypt.ChunkMACs(t.Context(), bytes.NewReader(content), int64(size), key)
		if err != nil {
			t.Fatal(err)
		}
		right := crypt.NewFileKey(key.AES(), key.Nonce(), crypt.MetaMAC(key.AES(), macs[0]))
		want, err := crypt.Check(t.Context(), bytes.NewReader(content), int64(size), right, key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := crypt.CheckParallel(t.Context(), 3, bytes.NewReader(content), int64(size), right, key)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d bytes (-one +several workers):\n%s", size, diff)
		}
	}
	if _, err := crypt.CheckParallel(t.Context(), 3, bytes.NewReader(make([]byte, 5)), 6<<20, crypt.FileKey{}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a file that is too short: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := crypt.CheckParallel(ctx, 3, bytes.NewReader(make([]byte, 5)), 5, crypt.FileKey{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
