package mega_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/mega"
)

func TestUploadResumesInAnotherProcess(t *testing.T) {
	h := newHouse(t, emulator.Options{})
	dir := t.TempDir()
	data := content(40 << 20)
	path := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	source, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	run := func(ctx context.Context, progress func(int64)) (mega.Uploaded, *mega.Client, error) {
		c := reopen(t, h, dir)
		if _, err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		up, err := c.Upload(ctx, mega.Upload{Parent: c.RootHandle(), Name: "large", File: source, Progress: progress})
		return up, c, err
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var sent atomic.Int64
	_, first, err := run(ctx, func(n int64) {
		if sent.Add(n) > 30<<20 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("the upload was not interrupted: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	before := h.Stats().UploadBytes
	up, second, err := run(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if again := h.Stats().UploadBytes - before; again >= 36<<20 || again == 0 {
		t.Errorf("of 40 MiB, 30 sent before, %d bytes were sent again", again)
	}
	if got := download(t, second, up.Handle); !bytes.Equal(got, data) {
		t.Error("the resumed file differs")
	}

	// The same again is a new upload: nothing of the first is left in the journal.
	before = h.Stats().UploadBytes
	if _, _, err := run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if again := h.Stats().UploadBytes - before; again != 40<<20 {
		t.Errorf("a further upload sent %d bytes", again)
	}
}
