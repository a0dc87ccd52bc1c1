package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// overNetwork serves a storage on a loopback port; the addresses it gives lead there.
func overNetwork(t *testing.T, s *storage) (client *http.Client, upload func(context.Context, int64) (string, error)) {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return &http.Client{Transport: NewRoundTripper(32)}, func(ctx context.Context, size int64) (string, error) {
		url, err := s.uploadURL(ctx, size)
		return strings.Replace(url, "http://storage.test", server.URL, 1), err
	}
}

func TestOverARealConnection(t *testing.T) {
	s := newStorage(t)
	s.fault = func(n int, _ *http.Request) *fault {
		switch n % 7 {
		case 2:
			return &fault{reset: true}
		case 4:
			return &fault{reset: true, after: true}
		}
		return nil
	}
	client, uploadURL := overNetwork(t, s)
	m := newManager(t, s, func(o *Options) {
		o.Client, o.Span = client, 1<<20
		o.Retry.Initial = time.Millisecond
	})
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			data := content(i * 20_000)
			if i%10 == 0 {
				data = content(5 << 20)
			}
			stored, err := m.Upload(t.Context(), Upload{Bytes: data, URL: uploadURL})
			if err != nil {
				t.Error(err)
				return
			}
			checkStored(t, s, stored, data)
			cipherText := s.file(stored.Token)
			down := s.downloadURL(cipherText)
			to, err := os.Create(filepath.Join(t.TempDir(), "to"))
			if err != nil {
				t.Error(err)
				return
			}
			defer to.Close()
			_, err = m.Download(t.Context(), Download{
				Size: stored.Size, Key: stored.Key, To: to,
				URL: func(ctx context.Context) (string, error) {
					url, err := down(ctx)
					base, _ := uploadURL(ctx, 1)
					return strings.Replace(url, "http://storage.test", base[:strings.Index(base, "/ul/")], 1), err
				},
			})
			back, readErr := os.ReadFile(to.Name())
			if err != nil || readErr != nil || !bytes.Equal(back, data) {
				t.Errorf("file %d: %v, %v", i, err, readErr)
			}
		})
	}
	wg.Wait()
}

func TestErrorsDoNotShowAddresses(t *testing.T) {
	s := newStorage(t)
	m := newManager(t, s, func(o *Options) {
		o.Client = &http.Client{Transport: NewRoundTripper(1)}
		o.Retry.Budget = -1
	})
	url := func(context.Context, int64) (string, error) { return "http://127.0.0.1:1/ul/secret-token", nil }
	_, err := m.Upload(t.Context(), Upload{Bytes: []byte("x"), URL: url})
	if err == nil || strings.Contains(err.Error(), "secret-token") {
		t.Errorf("error = %v", err)
	}
}

// endless takes every post as a storage server would and keeps nothing, and answers every get with zeros.
type endless struct {
	size    int64
	taken   atomic.Int64
	measure bool
	mu      sync.Mutex
	peak    uint64 // most heap in use at the end of a request
}

func (e *endless) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	buf := make([]byte, 64<<10)
	if r.Method == http.MethodGet {
		var first, last int64
		_, _ = fmt.Sscanf(r.URL.Path, "/dl/x/%d-%d", &first, &last)
		w.Header().Set("Content-Length", strconv.FormatInt(last-first+1, 10))
		for left := last - first + 1; left > 0; left -= int64(len(buf)) {
			_, _ = w.Write(buf[:min(left, int64(len(buf)))])
		}
		e.sample()
		return
	}
	for {
		n, err := r.Body.Read(buf)
		e.taken.Add(int64(n))
		if err != nil {
			break
		}
	}
	e.sample()
	if e.taken.Load() < e.size {
		_, _ = w.Write([]byte("0"))
		return
	}
	_, _ = w.Write(bytes.Repeat([]byte("t"), tokenSize))
}

func (e *endless) sample() {
	if !e.measure {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	e.peak = max(e.peak, stats.HeapAlloc)
}

// reset returns the peak so far and begins anew.
func (e *endless) reset() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	defer func() { e.peak = 0 }()
	return e.peak
}

func (e *endless) url(base string) func(context.Context, int64) (string, error) {
	return func(context.Context, int64) (string, error) { return base + "/ul/x", nil }
}

func TestMemoryIsBoundedWhateverTheSizes(t *testing.T) {
	const size = 300 << 20
	bound := (Options{}).Memory()
	if bound != 32<<20 {
		t.Errorf("the bound is %d bytes, want 32 MiB", bound)
	}
	e := &endless{size: size, measure: true}
	server := httptest.NewServer(e)
	defer server.Close()
	m := New(Options{})
	defer m.Close()
	check := func(what string, transfer func() error) {
		t.Helper()
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		idle := m.buffers.made
		e.reset()
		if err := transfer(); err != nil {
			t.Fatal(err)
		}
		// Requests have small buffers of their own, and garbage counts until it is collected.
		if used, limit := int64(e.reset())-int64(before.HeapAlloc)+idle, bound+bound/2; used > limit {
			t.Errorf("%s of %d MiB: %d MiB in use, want at most %d", what, size>>20, used>>20, limit>>20)
		}
	}
	f := tempFile(t, nil)
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	check("upload", func() error {
		_, err := m.Upload(t.Context(), Upload{File: f, URL: e.url(server.URL)})
		return err
	})
	url := func(context.Context) (string, error) { return server.URL + "/dl/x", nil }
	check("download", func() error {
		_, err := m.Download(t.Context(), Download{Size: size, To: f, URL: url})
		if errors.Is(err, ErrCorrupt) { // the content is nobody's
			return nil
		}
		return err
	})
}

func TestManyMiddlingFilesStayInsideTheBudget(t *testing.T) {
	s := newStorage(t)
	m := newManager(t, s, func(o *Options) { o.Span, o.Concurrency = 2<<20, 2 })
	data := content(200 << 10)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			stored, err := m.Upload(t.Context(), Upload{Bytes: data, URL: s.uploadURL})
			if err != nil {
				t.Error(err)
				return
			}
			checkStored(t, s, stored, data)
		})
	}
	wg.Wait()
	if s.peak > 4 {
		t.Errorf("%d posts at once, 4 MiB hold 4", s.peak)
	}
	if !m.memory.TryAcquire(m.options.Memory()) {
		t.Error("memory was not given back")
	}
}

func benchmarkUpload(b *testing.B, size int64, files int) {
	d := &endless{}
	server := httptest.NewServer(d)
	defer server.Close()
	f, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for left := size; left > 0; left -= 16 << 20 {
		if _, err := f.Write(content(int(min(left, 16<<20)))); err != nil {
			b.Fatal(err)
		}
	}
	m := New(Options{})
	defer m.Close()
	b.SetBytes(size * int64(files))
	for b.Loop() {
		d.size = d.taken.Load() + size
		if files > 1 {
			d.size = 0
		}
		var wg sync.WaitGroup
		for range files {
			wg.Go(func() {
				if _, err := m.Upload(b.Context(), Upload{File: f, URL: d.url(server.URL)}); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
	}
}

func BenchmarkUploadLarge(b *testing.B) { benchmarkUpload(b, 256<<20, 1) }
func BenchmarkUploadSmall(b *testing.B) { benchmarkUpload(b, 4<<10, 500) }
