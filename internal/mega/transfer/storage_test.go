package transfer

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// storage is a storage server as the protocol describes it, with faults on demand. It knows nothing of
// this package's code.
type storage struct {
	t  *testing.T
	mu sync.Mutex

	files map[string]*storedFile // by the token in the address
	made  int

	requests int
	posted   int64 // content bytes that arrived
	active   int
	peak     int // most requests at once

	// fault is asked for every request, by number from 0; nil: none.
	fault func(n int, r *http.Request) *fault
	// during runs while a request is served, outside the lock.
	during func(n int)
}

type storedFile struct {
	data  []byte
	have  map[int64]bool // by offset of a chunk
	size  int64
	taken int64
	gone  bool
}

// fault breaks a request.
type fault struct {
	status int
	header http.Header
	body   string // with status 200: instead of the answer
	reset  bool   // the connection breaks
	stall  bool   // nothing happens until the client gives up
	after  bool   // the request takes effect all the same
	cut    int    // a download breaks off after so many bytes
}

func newStorage(t *testing.T) *storage { return &storage{t: t, files: map[string]*storedFile{}} }

// uploadURL makes a place for a file, as u does.
func (s *storage) uploadURL(_ context.Context, size int64) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	name := fmt.Sprintf("up%d", s.made)
	s.files[name] = &storedFile{data: make([]byte, size), have: map[int64]bool{}, size: size}
	return "http://storage.test/ul/" + name, nil
}

// downloadURL makes an address for encrypted bytes, as g does.
func (s *storage) downloadURL(data []byte) func(context.Context) (string, error) {
	return func(context.Context) (string, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.made++
		name := fmt.Sprintf("down%d", s.made)
		s.files[name] = &storedFile{data: data, size: int64(len(data))}
		return "http://storage.test/dl/" + name, nil
	}
}

func (s *storage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	n := s.requests
	s.requests++
	s.active++
	s.peak = max(s.peak, s.active)
	var f *fault
	if s.fault != nil {
		f = s.fault(n, r)
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.active--
		s.mu.Unlock()
	}()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if s.during != nil {
		s.during(n)
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if len(parts) != 3 {
		http.Error(w, "bad path", http.StatusBadRequest)
		return
	}
	answer := func() []byte { return s.answer(parts, r, body) }
	if f == nil {
		s.write(w, answer(), -1)
		return
	}
	if f.after {
		answer()
	}
	switch {
	case f.stall:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case f.reset:
		panic(http.ErrAbortHandler)
	case f.cut > 0:
		s.write(w, answer(), f.cut)
	case f.status != 0:
		for k, v := range f.header {
			w.Header()[k] = v
		}
		w.WriteHeader(f.status)
	default:
		s.write(w, []byte(f.body), -1)
	}
}

func (s *storage) write(w http.ResponseWriter, b []byte, cut int) {
	if b == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	if cut >= 0 && cut < len(b) {
		_, _ = w.Write(b[:cut])
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(b)
}

// answer does what the request asks for; nil means that the address is unknown.
func (s *storage) answer(parts []string, r *http.Request, body []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[parts[1]]
	if f == nil || f.gone {
		return nil
	}
	if parts[0] == "dl" {
		var first, last int64
		if _, err := fmt.Sscanf(parts[2], "%d-%d", &first, &last); err != nil || last >= f.size || first > last {
			return []byte("-7")
		}
		return f.data[first : last+1]
	}
	return s.takePiece(f, parts[1], parts[2], r.URL.Query().Get("d"), body)
}

func (s *storage) takePiece(f *storedFile, name, offset, sum string, body []byte) []byte {
	at, err := strconv.ParseInt(offset, 10, 64)
	end := at + int64(len(body))
	if err != nil || !boundary(at) || end > f.size || (end != f.size && !boundary(end)) {
		return []byte("-7")
	}
	var want [12]byte
	for i, b := range body {
		want[i%12] ^= b
	}
	if sum != base64.RawURLEncoding.EncodeToString(want[:]) {
		return []byte("-14")
	}
	copy(f.data[at:], body)
	for edge, step := int64(0), int64(1); edge < end; step = min(step+1, 8) {
		next := min(edge+step*128<<10, f.size)
		if edge >= at && !f.have[edge] {
			f.have[edge] = true
			f.taken += next - edge
		}
		edge = next
	}
	s.posted += int64(len(body))
	if f.taken < f.size {
		return []byte("0")
	}
	return []byte(fmt.Sprintf("%-36s", name))
}

// boundary is the protocol's chunk table: 128 KiB times 1 to 8, then mebibytes.
func boundary(at int64) bool {
	edge := int64(0)
	for step := int64(1); edge < at; step = min(step+1, 8) {
		edge += step * 128 << 10
	}
	return edge == at
}

// file is what was stored for a token.
func (s *storage) file(token []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[strings.TrimSpace(string(token))]
	if f == nil || f.taken != f.size {
		s.t.Errorf("token %q is of no complete file", token)
		return nil
	}
	return f.data
}

// direct carries requests to a handler without a network, so that time in tests can be made up.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	pr, pw := io.Pipe()
	w := &pipeWriter{header: http.Header{}, body: pw, head: make(chan int, 1)}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	go func() {
		defer r.Body.Close()
		defer func() {
			if err := recover(); err != nil {
				w.WriteHeader(0)
				pw.CloseWithError(errReset)
				return
			}
			w.WriteHeader(http.StatusOK)
			pw.Close()
		}()
		d.handler.ServeHTTP(w, r)
	}()
	select {
	case status := <-w.head:
		if status == 0 {
			return nil, errReset
		}
		length, err := strconv.ParseInt(w.header.Get("Content-Length"), 10, 64)
		if err != nil {
			length = -1
		}
		context.AfterFunc(r.Context(), func() { pr.CloseWithError(r.Context().Err()) })
		return &http.Response{StatusCode: status, Header: w.header, Body: pr, ContentLength: length, Request: r}, nil
	case <-r.Context().Done():
		pr.CloseWithError(r.Context().Err())
		return nil, r.Context().Err()
	}
}

var errReset = errors.New("connection reset")

type pipeWriter struct {
	header http.Header
	body   *io.PipeWriter
	once   sync.Once
	head   chan int
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) { w.once.Do(func() { w.head <- status }) }

func (w *pipeWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// content is bytes that differ from place to place. They are shared: clone before changing them.
func content(n int) []byte { return manyBytes()[:n:n] }

var manyBytes = sync.OnceValue(func() []byte {
	b := make([]byte, 24<<20)
	x := uint32(2463534242)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
})

// plainCTR decrypts as the standard library does.
func plainCTR(key [16]byte, nonce [8]byte, data []byte) []byte {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err)
	}
	iv := append(nonce[:], make([]byte, 8)...)
	out := bytes.Clone(data)
	cipher.NewCTR(block, iv).XORKeyStream(out, out)
	return out
}

func newManager(t *testing.T, s *storage, change ...func(*Options)) *Manager {
	t.Helper()
	o := Options{Client: &http.Client{Transport: direct{s}}, Stall: 10 * time.Second}
	for _, c := range change {
		c(&o)
	}
	m := New(o)
	t.Cleanup(m.Close)
	return m
}
