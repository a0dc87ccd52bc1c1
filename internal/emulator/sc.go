package emulator

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// eventStyle is how an event answer looks.
type eventStyle int

const (
	// oldEvents (sc) answers at once with packets or with a wait address,
	// never both: go-mega ignores packets beside an address.
	oldEvents eventStyle = iota
	// newEventsNow (wsc) answers at once with an address and any packets.
	newEventsNow
	// newEventsHeld (a wait address with sn) waits until there are packets.
	newEventsHeld
)

// serveEvents answers a poll of the event channel.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request, style eventStyle) {
	if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxRequestBytes)); err != nil {
		abort()
	}
	if style == newEventsHeld {
		s.stats.waitRequests.Add(1)
	} else {
		s.stats.eventRequests.Add(1)
	}
	fault := s.faults.next(placeSC, nil)
	if style != newEventsHeld && !s.line.delay(r.Context(), s.opts.Latency) {
		return
	}
	if fault.before(s, w, r) {
		return
	}
	text := s.events(r, style)
	if strings.HasPrefix(text, "-") {
		s.line.delay(r.Context(), s.opts.PollErrorDelay)
	}
	if w = fault.after(s, w, r); w != nil {
		writeText(w, text)
	}
}

const noAlerts = `{"fsn":"AAAAAAAAAAA","lsn":"AAAAAAAAAAA","ltd":0,"c":[],"u":[]}`

func (s *Server) events(r *http.Request, style eventStyle) string {
	q := r.URL.Query()
	deadline := time.NewTimer(s.opts.PollTimeout)
	defer deadline.Stop()
	for {
		s.mu.Lock()
		ses := s.st.sessions[q.Get("sid")]
		if ses == nil {
			s.mu.Unlock()
			return itoa(codeSession)
		}
		u := s.st.users[ses.User]
		text := u.answerPoll(q.Get("sn"), clientOf(r).base, style, s.opts.EventBatch)
		changed := u.events.changed
		s.mu.Unlock()
		if q.Get("c") != "" {
			return noAlerts
		}
		if text != "" {
			return text
		}
		select {
		case <-changed:
		case <-deadline.C:
			return "0"
		case <-s.closed:
			return "0"
		case <-r.Context().Done():
			return "0"
		}
	}
}

// answerPoll is empty when the poll has to wait.
func (u *user) answerPoll(sn, base string, style eventStyle, limit int) string {
	seq, ok := parseSN(sn)
	if !ok {
		return itoa(codeArgs)
	}
	list, ok := u.events.since(seq)
	if !ok {
		return itoa(codeTooMany)
	}
	if len(list) == 0 && style == newEventsHeld {
		return ""
	}
	more := len(list) > limit
	if more {
		list = list[:limit]
	}
	seq += uint64(len(list))
	address := `"w":"` + base + "/wsc/" + u.User + formatSN(seq) + `"`
	packets := `"a":[` + strings.Join(list, ",") + `]`
	position := `"sn":"` + formatSN(seq) + `"}`
	switch {
	case len(list) == 0:
		return "{" + address + "," + position
	case style == oldEvents:
		return "{" + packets + "," + position
	case more:
		return "{" + address + "," + packets + `,"ir":1,` + position
	default:
		return "{" + address + "," + packets + "," + position
	}
}

// serveWait answers a wait address. With sn it is a poll that is held; without
// it only waits until something happened after the position in the address.
func (s *Server) serveWait(w http.ResponseWriter, r *http.Request, token string) {
	if r.URL.Query().Get("sn") != "" {
		s.serveEvents(w, r, newEventsHeld)
		return
	}
	s.stats.waitRequests.Add(1)
	fault := s.faults.next(placeSC, nil)
	if fault.before(s, w, r) {
		return
	}
	if !s.waitForEvent(r, token) {
		// Clients repeat a failed wait without a pause.
		s.line.delay(r.Context(), s.opts.PollErrorDelay)
		http.NotFound(w, r)
		return
	}
	if w = fault.after(s, w, r); w != nil {
		writeText(w, "0")
	}
}

// waitForEvent returns false for an address that was not given out here.
func (s *Server) waitForEvent(r *http.Request, token string) bool {
	const userLength, snLength = 11, 11
	if len(token) != userLength+snLength {
		return false
	}
	seq, ok := parseSN(token[userLength:])
	s.mu.Lock()
	u := s.st.users[token[:userLength]]
	if u == nil || !ok {
		s.mu.Unlock()
		return false
	}
	now, changed := u.events.seq, u.events.changed
	s.mu.Unlock()
	if now != seq {
		return true
	}
	deadline := time.NewTimer(s.opts.PollTimeout)
	defer deadline.Stop()
	select {
	case <-changed:
	case <-deadline.C:
	case <-s.closed:
	case <-r.Context().Done():
	}
	return true
}
