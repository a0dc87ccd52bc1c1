package emulator

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// serveDownload answers /dl/TICKET, /dl/TICKET/FIRST-LAST and Range headers,
// by GET and POST alike.
func (s *Server) serveDownload(w http.ResponseWriter, r *http.Request) {
	s.stats.storageRequests.Add(1)
	fault := s.faults.next(placeStorage, nil)
	if _, err := io.Copy(io.Discard, r.Body); err != nil || !s.line.delay(r.Context(), s.opts.Latency) {
		return
	}
	if fault.before(s, w, r) {
		return
	}
	token, part, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/dl/"), "/")
	s.mu.Lock()
	t, ok := s.st.unseal(token, s.opts.Now())
	s.mu.Unlock()
	if !ok {
		http.Error(w, "this download address is not known any more", http.StatusNotFound)
		return
	}
	status := http.StatusOK
	if part == "" && strings.HasPrefix(r.Header.Get("Range"), "bytes=") {
		part = strings.TrimPrefix(r.Header.Get("Range"), "bytes=")
		status = http.StatusPartialContent
	}
	from, n, err := parseRange(part, t.size)
	if err != nil {
		w.Header().Set("Content-Range", "bytes */"+itoa(t.size))
		http.Error(w, err.Error(), http.StatusRequestedRangeNotSatisfiable)
		return
	}
	body, err := s.openContent(t, from, n)
	if err != nil {
		http.Error(w, "the file is gone", http.StatusNotFound)
		return
	}
	defer body.Close()
	w = fault.after(s, w, r)
	if w == nil {
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", itoa(n))
	if status == http.StatusPartialContent {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, from+n-1, t.size))
	}
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	// Counted first: a client that has the last byte may ask for the counters
	// before send returned.
	s.stats.downloadBytes.Add(n)
	sent, err := s.line.send(r.Context(), w, body)
	s.stats.downloadBytes.Add(sent - n)
	if err != nil {
		s.opts.Log.Debug("send file", "error", err)
	}
}

func (s *Server) openContent(t ticket, from, n int64) (io.ReadCloser, error) {
	switch {
	case t.content != 0:
		return io.NopCloser(generatedReader(t.content-1, from, n)), nil
	case t.size == 0:
		return io.NopCloser(strings.NewReader("")), nil
	default:
		return s.store.ReadBlob(t.blob, from, n)
	}
}

// parseRange reads FIRST-LAST, FIRST- or -COUNT; nothing is the whole file. A
// LAST behind the end is cut, and 0-0 of an empty file is nothing.
func parseRange(s string, size int64) (from, n int64, err error) {
	if s == "" || size == 0 && s == "0-0" {
		return 0, size, nil
	}
	first, last, ok := strings.Cut(s, "-")
	if !ok {
		return 0, 0, errors.New("malformed range")
	}
	end := size - 1
	if last != "" {
		if end, err = strconv.ParseInt(last, 10, 64); err != nil {
			return 0, 0, errors.New("malformed range")
		}
	}
	if first == "" {
		from, end = max(0, size-end), size-1
	} else if from, err = strconv.ParseInt(first, 10, 64); err != nil {
		return 0, 0, errors.New("malformed range")
	}
	end = min(end, size-1)
	if from < 0 || from > end {
		return 0, 0, errors.New("range lies outside the file")
	}
	return from, end - from + 1, nil
}
