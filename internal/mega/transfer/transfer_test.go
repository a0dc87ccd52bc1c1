package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/retry"
)

// tempFile is an open file with that content.
func tempFile(t *testing.T, data []byte) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "source")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// checkStored proves that what a server holds is the content, in terms of the standard library.
func checkStored(t *testing.T, s *storage, got Stored, want []byte) {
	t.Helper()
	if got.Size != int64(len(want)) {
		t.Errorf("size = %d, want %d", got.Size, len(want))
	}
	data := s.file(got.Token)
	if plain := plainCTR(got.Key.AES(), got.Key.Nonce(), data); !bytes.Equal(plain, want) {
		t.Errorf("what was stored does not decrypt to the file of %d bytes", len(want))
	}
	verdicts, err := crypt.Check(t.Context(), bytes.NewReader(want), got.Size, got.Key)
	if err != nil || verdicts[0] != crypt.Equal {
		t.Errorf("the key does not prove the content: %v, %v", verdicts, err)
	}
	crc, err := crypt.ComputeCRC(bytes.NewReader(want), got.Size)
	if err != nil || crc != got.CRC {
		t.Errorf("crc = %x, %v, want %x", got.CRC, err, crc)
	}
}

func TestContentComesBack(t *testing.T) {
	all := content(18<<20 + 77)
	for _, size := range []int{0, 1, 15, 16, 17, 4096, 131071, 131072, 131073, 1 << 20, 7680<<10 + 1, 8 << 20, len(all)} {
		for _, inMemory := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d bytes, in memory %v", size, inMemory), func(t *testing.T) {
				s := newStorage(t)
				m := newManager(t, s)
				var sent, received atomic.Int64
				u := Upload{Bytes: all[:size], URL: s.uploadURL, Progress: func(n int64) { sent.Add(n) }}
				if !inMemory {
					u.File = tempFile(t, all[:size])
				}
				stored, err := m.Upload(t.Context(), u)
				if err != nil {
					t.Fatal(err)
				}
				checkStored(t, s, stored, all[:size])

				to := tempFile(t, nil)
				d := Download{
					Size: stored.Size, Key: stored.Key, To: to,
					URL: s.downloadURL(s.file(stored.Token)), Progress: func(n int64) { received.Add(n) },
				}
				if verdict, err := m.Download(t.Context(), d); err != nil || verdict != crypt.Equal {
					t.Fatalf("download: %v, %v", verdict, err)
				}
				back, err := os.ReadFile(to.Name())
				if err != nil || !bytes.Equal(back, all[:size]) {
					t.Errorf("%d bytes came back, %v", len(back), err)
				}
				if sent.Load() != int64(size) || received.Load() != int64(size) {
					t.Errorf("progress: %d sent, %d received, want %d", sent.Load(), received.Load(), size)
				}
			})
		}
	}
}

// faults that are over when the request is repeated.
var passingFaults = map[string]fault{
	"reset":          {reset: true},
	"lost answer":    {reset: true, after: true},
	"stall":          {stall: true},
	"stalled answer": {stall: true, after: true},
	"500":            {status: 500},
	"lost to 502":    {status: 502, after: true},
	"503":            {status: 503},
	"429":            {status: 429},
	"509":            {status: 509, header: http.Header{"X-Mega-Time-Left": {"90"}}},
	"-3":             {body: "-3"},
	"-4":             {body: "-4"},
	"-6":             {body: "-6"},
	"-14":            {body: "-14"},
}

func TestUploadSurvivesEachFaultAtEachRequest(t *testing.T) {
	for name, f := range passingFaults {
		for _, size := range []int{100, 1400 << 10} {
			for at := range 4 {
				t.Run(fmt.Sprintf("%s at request %d of %d bytes", name, at, size), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { uploadWithFault(t, f, size, at) })
				})
			}
		}
	}
}

func uploadWithFault(t *testing.T, f fault, size, at int) {
	s := newStorage(t)
	s.fault = func(n int, _ *http.Request) *fault {
		if n == at {
			return &f
		}
		return nil
	}
	var waits atomic.Int32
	m := newManager(t, s, func(o *Options) {
		o.Span = 1 << 20
		o.OnWait = func(retry.Wait) { waits.Add(1) }
	})
	var sent atomic.Int64
	data := content(size)
	stored, err := m.Upload(t.Context(), Upload{Bytes: data, URL: s.uploadURL, Progress: func(n int64) { sent.Add(n) }})
	if err != nil {
		t.Fatal(err)
	}
	checkStored(t, s, stored, data)
	if sent.Load() != int64(size) {
		t.Errorf("progress = %d, want %d", sent.Load(), size)
	}
	if s.requests > at && waits.Load() == 0 && m.Stats().Requests > 1 && size == 100 {
		t.Error("nobody was told of the pause")
	}
	if s.made != 1 {
		t.Errorf("%d addresses were asked for, want 1", s.made)
	}
}

func TestDownloadSurvivesEachFaultAtEachRequest(t *testing.T) {
	faults := map[string]fault{"cut short": {cut: 50}}
	for name, f := range passingFaults {
		faults[name] = f
	}
	for name, f := range faults {
		for _, size := range []int{100, 1400 << 10} {
			for at := range 4 {
				t.Run(fmt.Sprintf("%s at request %d of %d bytes", name, at, size), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { downloadWithFault(t, f, size, at) })
				})
			}
		}
	}
}

// sealed is content as a server holds it, with its key.
func sealed(data []byte) ([]byte, crypt.FileKey) {
	key, nonce := crypt.NewKey(), crypt.NewNonce()
	p := crypt.Piece{Cipher: crypt.NewFileCipher(key, nonce), Buf: bytes.Clone(data)}
	p.Encrypt()
	return p.Buf, crypt.NewFileKey(key, nonce, crypt.MetaMAC(key, p.MACs))
}

func downloadWithFault(t *testing.T, f fault, size, at int) {
	s := newStorage(t)
	s.fault = func(n int, _ *http.Request) *fault {
		if n == at {
			return &f
		}
		return nil
	}
	m := newManager(t, s, func(o *Options) { o.Span = 1 << 20 })
	data := content(size)
	cipherText, key := sealed(data)
	to := tempFile(t, nil)
	var received atomic.Int64
	d := Download{
		Size: int64(size), Key: key, To: to, URL: s.downloadURL(cipherText),
		Progress: func(n int64) { received.Add(n) },
	}
	if verdict, err := m.Download(t.Context(), d); err != nil || verdict != crypt.Equal {
		t.Fatalf("download: %v, %v", verdict, err)
	}
	back, err := os.ReadFile(to.Name())
	if err != nil || !bytes.Equal(back, data) {
		t.Errorf("%d bytes came back, %v", len(back), err)
	}
	if received.Load() != int64(size) {
		t.Errorf("progress = %d, want %d: bytes were fetched twice or not counted", received.Load(), size)
	}
}

func TestUploadStartsOverWithANewAddress(t *testing.T) {
	faults := map[string]fault{
		"403": {status: 403}, "404": {status: 404}, "-8": {body: "-8"}, "no token": {body: "0", after: true},
	}
	for name, f := range faults {
		for _, size := range []int{100, 1400 << 10} {
			t.Run(fmt.Sprintf("%s of %d bytes", name, size), func(t *testing.T) {
				s := newStorage(t)
				s.fault = func(_ int, r *http.Request) *fault {
					if bytes.Contains([]byte(r.URL.Path), []byte("/up1/")) {
						return &f
					}
					return nil
				}
				m := newManager(t, s, func(o *Options) { o.Span = 1 << 20 })
				data := content(size)
				var sent atomic.Int64
				stored, err := m.Upload(t.Context(), Upload{Bytes: data, URL: s.uploadURL, Progress: func(n int64) { sent.Add(n) }})
				if err != nil {
					t.Fatal(err)
				}
				checkStored(t, s, stored, data)
				if s.made != 2 || sent.Load() != int64(size) {
					t.Errorf("%d addresses, progress %d", s.made, sent.Load())
				}
			})
		}
	}
}

func TestUploadGivesUpOnServersThatRefuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(t)
		s.fault = func(int, *http.Request) *fault { return &fault{body: "-4"} }
		m := newManager(t, s)
		_, err := m.Upload(t.Context(), Upload{Bytes: content(10), URL: s.uploadURL})
		var refused *Error
		if !errors.As(err, &refused) || refused.Code != -4 {
			t.Errorf("error = %v, want code -4", err)
		}
		if s.made != 1+maxRenewals {
			t.Errorf("%d addresses were tried, want %d", s.made, 1+maxRenewals)
		}
	})
}

func TestPermanentErrorsAreNotRepeated(t *testing.T) {
	for _, f := range []fault{{body: "-5"}, {body: "-17"}, {status: 400}, {status: 302}} {
		s := newStorage(t)
		s.fault = func(int, *http.Request) *fault { return &f }
		m := newManager(t, s)
		_, err := m.Upload(t.Context(), Upload{Bytes: content(10), URL: s.uploadURL})
		var refused *Error
		if !errors.As(err, &refused) || s.requests != 1 {
			t.Errorf("%+v: error %v after %d requests", f, err, s.requests)
		}
	}
	wanted := errors.New("over quota")
	m := newManager(t, newStorage(t))
	_, err := m.Upload(t.Context(), Upload{URL: func(context.Context, int64) (string, error) { return "", wanted }})
	if !errors.Is(err, wanted) {
		t.Errorf("error = %v, want that of the address", err)
	}
}

func TestOverQuotaWaitsAsLongAsTheServerSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(t)
		s.fault = func(n int, _ *http.Request) *fault {
			if n == 0 {
				return &fault{status: 509, header: http.Header{"X-Mega-Time-Left": {"300"}}}
			}
			return nil
		}
		var wait retry.Wait
		m := newManager(t, s, func(o *Options) { o.OnWait = func(w retry.Wait) { wait = w } })
		cipherText, key := sealed(content(10))
		start := time.Now()
		d := Download{Size: 10, Key: key, To: tempFile(t, nil), URL: s.downloadURL(cipherText)}
		if _, err := m.Download(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 300*time.Second || wait.Delay != took {
			t.Errorf("took %v, announced %v, want 5m0s", took, wait.Delay)
		}
		var refused *Error
		if !errors.As(wait.Reason, &refused) || refused.Left != 300*time.Second {
			t.Errorf("reason = %v", wait.Reason)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(t)
		s.fault = func(int, *http.Request) *fault { return &fault{status: 509} }
		m := newManager(t, s)
		d := Download{Size: 10, To: tempFile(t, nil), URL: s.downloadURL(make([]byte, 10))}
		_, err := m.Download(t.Context(), d)
		var refused *Error
		if !errors.As(err, &refused) || refused.Left != time.Hour {
			t.Errorf("error = %v, want the server's hour", err)
		}
	})
}

func TestDownloadAsksForANewAddress(t *testing.T) {
	for _, size := range []int{100, 5 << 20} {
		s := newStorage(t)
		data := content(size)
		cipherText, key := sealed(data)
		s.fault = func(n int, r *http.Request) *fault {
			if n > 0 && bytes.Contains([]byte(r.URL.Path), []byte("/down1/")) || size == 100 && n == 0 {
				return &fault{status: 404}
			}
			return nil
		}
		m := newManager(t, s, func(o *Options) { o.Span = 1 << 20 })
		to := tempFile(t, nil)
		d := Download{Size: int64(size), Key: key, To: to, URL: s.downloadURL(cipherText)}
		if _, err := m.Download(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if back, err := os.ReadFile(to.Name()); err != nil || !bytes.Equal(back, data) {
			t.Errorf("%d of %d bytes came back, %v", len(back), size, err)
		}
		if s.made != 2 {
			t.Errorf("%d addresses were asked for, want 2", s.made)
		}
	}
	s := newStorage(t)
	s.fault = func(int, *http.Request) *fault { return &fault{status: 404} }
	m := newManager(t, s)
	d := Download{Size: 10, To: tempFile(t, nil), URL: s.downloadURL(make([]byte, 10))}
	var refused *Error
	if _, err := m.Download(t.Context(), d); !errors.As(err, &refused) || !refused.Expired() || s.made != 1+maxRenewals {
		t.Errorf("error = %v after %d addresses", err, s.made)
	}
}

func TestDownloadProvesTheContent(t *testing.T) {
	data := content(3 << 20)
	cipherText, key := sealed(data)
	cipherText[2<<20] ^= 1
	s := newStorage(t)
	m := newManager(t, s)
	d := Download{Size: int64(len(data)), Key: key, To: tempFile(t, nil), URL: s.downloadURL(cipherText)}
	if verdict, err := m.Download(t.Context(), d); !errors.Is(err, ErrCorrupt) || verdict != crypt.Different {
		t.Errorf("one bit flipped: %v, %v", verdict, err)
	}
	cipherText[2<<20] ^= 1
	macs, err := crypt.ChunkMACs(t.Context(), bytes.NewReader(data), int64(len(data)), key)
	if err != nil {
		t.Fatal(err)
	}
	d.Key = crypt.NewFileKey(key.AES(), key.Nonce(), crypt.MetaMAC(key.AES(), macs[0][:len(macs[0])-1]))
	d.To = tempFile(t, nil)
	if verdict, err := m.Download(t.Context(), d); err != nil || verdict != crypt.CannotTell {
		t.Errorf("a late chunk MAC is missing: %v, %v", verdict, err)
	}
}

func TestBandwidthIsSharedByAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(t)
		// A burst of 1 KiB makes the time exact to a hundredth.
		m := newManager(t, s, func(o *Options) { o.Upload = rate.NewLimiter(100<<10, 1<<10) })
		start := time.Now()
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if _, err := m.Upload(t.Context(), Upload{Bytes: content(100 << 10), URL: s.uploadURL}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(start).Seconds(); took < 9.9 || took > 10.1 {
			t.Errorf("1000 KiB at 100 KiB/s took %.2f s", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(t)
		m := newManager(t, s, func(o *Options) { o.Download = rate.NewLimiter(1<<10, 1<<10) })
		cipherText, key := sealed(content(60 << 10))
		start := time.Now()
		d := Download{Size: 60 << 10, Key: key, To: tempFile(t, nil), URL: s.downloadURL(cipherText)}
		if _, err := m.Download(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		// Slower than the stall timeout for 16 KiB, and no stall.
		if took := time.Since(start).Seconds(); took < 58 || took > 61 || m.Stats().Repeats != 0 {
			t.Errorf("60 KiB at 1 KiB/s took %.2f s with %d repeats", took, m.Stats().Repeats)
		}
	})
}

func TestCancelStopsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(t)
		s.fault = func(int, *http.Request) *fault { return &fault{stall: true} }
		m := newManager(t, s)
		wanted := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(wanted) })
		start := time.Now()
		if _, err := m.Upload(ctx, Upload{Bytes: content(3 << 20), URL: s.uploadURL}); !errors.Is(err, wanted) {
			t.Errorf("upload: error = %v", err)
		}
		d := Download{Size: 3 << 20, To: tempFile(t, nil), URL: s.downloadURL(make([]byte, 3<<20))}
		if _, err := m.Download(ctx, d); !errors.Is(err, wanted) {
			t.Errorf("download: error = %v", err)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %v", took)
		}
	})
}
