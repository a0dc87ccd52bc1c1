package api

import (
	"net/http"
	"sync"
	"time"
)

// clock remembers how far the server's clock is from ours.
type clock struct {
	mu     sync.Mutex
	known  bool
	offset time.Duration // server minus local
}

// observe reads the Date of an answer that arrived just now. The header has whole seconds, so half a second is
// the most likely rest.
func (c *clock) observe(header http.Header) {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = true
	c.offset = time.Until(date.Add(time.Second / 2))
}

func (c *clock) read() (offset time.Duration, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset, c.known
}

// ServerTime is the server's present time by its last answer; false before the first one.
func (t *Transport) ServerTime() (time.Time, bool) {
	offset, known := t.clock.read()
	return time.Now().Add(offset), known
}

// ClockSkew is how far the server's clock is ahead of the local one, to about a second.
func (t *Transport) ClockSkew() (time.Duration, bool) { return t.clock.read() }
