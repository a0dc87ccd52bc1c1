package emulator

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const maxRequestBytes = 64 << 20

// serveCS answers a batch of commands.
func (s *Server) serveCS(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBytes))
	if err != nil {
		abort() // the client went away, or sends without end
	}
	s.stats.apiRequests.Add(1)
	batch, parseErr := parseBatch(body)
	fault := s.faults.next(placeCS, batch.names())
	if !s.line.delay(r.Context(), s.opts.Latency) || fault.before(s, w, r) {
		return
	}
	if r.URL.Query().Get("wlt") != "" && len(body) == 0 {
		writeText(w, "1") // nothing ever holds the account's lock for long
		return
	}
	if s.proof.missing(w, r, batch) {
		return
	}
	answer := errorResult(codeArgs)
	if parseErr == nil {
		answer = s.runRequest(r, body, batch)
	}
	w = fault.after(s, w, r)
	if w == nil {
		return
	}
	s.writeResult(w, answer)
}

// runRequest applies the batch, or finds what it was told before.
func (s *Server) runRequest(r *http.Request, body []byte, batch batch) result {
	q := r.URL.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{
		tx:     s.begin(),
		tagged: q.Get("v") == "3",
		now:    s.opts.Now(),
		client: clientOf(r),
	}
	if sid := q.Get("sid"); sid != "" {
		c.session = s.st.sessions[sid]
		if c.session == nil {
			return errorResult(codeSession)
		}
		c.user = s.st.users[c.session.User]
		s.st.touch(c.session, c.now)
	}
	key := answerKey(q.Get("sid"), q.Get("id"), body)
	if old, ok := s.st.answers.get(key); ok {
		return textResult(old)
	}
	s.stats.apiCommands.Add(int64(len(batch)))
	return c.runBatch(batch, key)
}

// runBatch runs the commands in order. The answer of a batch that changed
// something is kept, except sign-ins: two processes must not share one.
func (c *call) runBatch(b batch, key string) result {
	results := make([]result, len(b))
	keep := key != ""
	for i, cmd := range b {
		results[i] = c.run(cmd)
		keep = keep && results[i].stream == nil && cmd.name != "us"
	}
	all := joinResults(results)
	if keep && len(c.changes) > 0 {
		c.do(change{Answer: &answer{Key: key, Body: string(all.text), Time: c.now.Unix()}})
	}
	if err := c.commit(); err != nil {
		c.s.opts.Log.Error("commit", "error", err)
		return errorResult(codeInternal)
	}
	return all
}

// result is the JSON answer to one command, or to a batch. A stream is written
// outside the lock, between text and tail.
type result struct {
	text   []byte
	stream func(w io.Writer) error
	tail   *result
}

func textResult(s string) result  { return result{text: []byte(s)} }
func errorResult(code int) result { return textResult(strconv.Itoa(code)) }
func (r result) writeTo(w io.Writer) error {
	if _, err := w.Write(r.text); err != nil {
		return err
	}
	if r.stream != nil {
		if err := r.stream(w); err != nil {
			return err
		}
	}
	if r.tail != nil {
		return r.tail.writeTo(w)
	}
	return nil
}

func joinResults(list []result) result {
	all := result{text: []byte("[")}
	at := &all
	for i, r := range list {
		if i > 0 {
			at.text = append(at.text, ',')
		}
		at.text = append(at.text, r.text...)
		if r.stream != nil {
			at.stream = r.stream
			at.tail = &result{}
			at = at.tail
		}
	}
	at.text = append(at.text, ']')
	return all
}

func (s *Server) writeResult(w http.ResponseWriter, r result) {
	if r.stream == nil && r.tail == nil {
		writeText(w, string(r.text))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err := r.writeTo(w); err != nil && !errors.Is(err, http.ErrAbortHandler) {
		s.opts.Log.Debug("write answer", "error", err)
	}
}

func writeText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	_, _ = io.WriteString(w, text) // the client is gone
}

// call is one running request: who asks, and how answers are shaped.
type call struct {
	*tx
	user    *user    // nil without a session
	session *session // nil without one
	tagged  bool     // the address said v=3
	now     time.Time
	client  client
}

// client is what the request says about its sender, and how addresses given
// out to it begin: base like its own request, plain and secure by what it asks.
type client struct {
	agent, ip           string
	base, plain, secure string
}

func clientOf(r *http.Request) client {
	host, port := r.Host, ":80"
	if r.TLS != nil {
		port = ":443"
	}
	if !strings.Contains(host[strings.LastIndexByte(host, ']')+1:], ":") {
		host += port // MEGA's client rewrites addresses without a port
	}
	c := client{agent: r.UserAgent(), plain: "http://" + host, secure: "https://" + host}
	c.ip, _, _ = net.SplitHostPort(r.RemoteAddr)
	c.base = c.plain
	if r.TLS != nil {
		c.base = c.secure
	}
	if !bothOnOnePort(r.Context()) {
		c.plain, c.secure = c.base, c.base
	}
	return c
}

// storage is where storage addresses begin: ssl:2 asks for TLS.
func (c client) storage(ssl loose) string {
	if ssl.value == 2 {
		return c.secure
	}
	return c.plain
}
