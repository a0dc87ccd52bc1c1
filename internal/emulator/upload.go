package emulator

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// upload is one address given out by u, until p redeems its token.
type upload struct {
	URL     string `json:"url"`
	User    string `json:"u"`
	Size    int64  `json:"s"`
	Blob    uint64 `json:"b"`
	Raw     bool   `json:"raw,omitempty"` // answers the token as 36 raw bytes
	Created int64  `json:"ts"`
	Have    []span `json:"have,omitempty"` // sorted, apart from each other
	// Token is how p names the upload once it is whole.
	Token string `json:"tok,omitempty"`
}

type span struct{ From, To int64 }

// pieceChange adds a stored range, and the token when it was the last one.
type pieceChange struct {
	URL   string `json:"url"`
	From  int64  `json:"f"`
	To    int64  `json:"t"`
	Token string `json:"tok,omitempty"`
}

// maxUploadGap is how far a piece may be ahead of the first missing byte.
const maxUploadGap = 256 << 20

func (st *state) applyUpload(up *upload) {
	st.uploads[up.URL] = up
	st.hold(up.Blob)
	if up.Token != "" {
		st.tokens[up.Token] = up
	}
}

func (st *state) applyPiece(c *pieceChange) {
	up := st.uploads[c.URL]
	up.Have = addSpan(up.Have, span{c.From, c.To})
	if c.Token != "" {
		up.Token = c.Token
		st.tokens[c.Token] = up
	}
}

// applySpent forgets an upload that was redeemed or has expired.
func (st *state) applySpent(url string) {
	up := st.uploads[url]
	delete(st.uploads, url)
	delete(st.tokens, up.Token)
	st.release(up.Blob)
}

// addSpan joins a range with those it touches.
func addSpan(list []span, s span) []span {
	var out []span
	for _, o := range list {
		switch {
		case o.To < s.From || o.From > s.To:
			out = append(out, o)
		default:
			s = span{min(o.From, s.From), max(o.To, s.To)}
		}
	}
	at := 0
	for at < len(out) && out[at].From < s.From {
		at++
	}
	return append(out[:at], append([]span{s}, out[at:]...)...)
}

func (up *upload) missing() int64 {
	if len(up.Have) > 0 && up.Have[0].From == 0 {
		return up.Have[0].To
	}
	return 0
}

func (up *upload) whole() bool { return len(up.Have) > 0 && up.missing() == up.Size }

func (s *Server) expiredLocked(up *upload) bool {
	return s.opts.Now().Sub(time.Unix(up.Created, 0)) > s.opts.URLLifetime
}

// errRange is a piece whose ends are no chunk boundaries; errGap one too far
// ahead of the others.
var (
	errRange = errors.New("piece does not lie on chunk boundaries")
	errGap   = errors.New("piece is too far ahead")
)

// check says whether a piece from off may be n bytes long.
func (up *upload) check(off, n int64) error {
	end := off + n
	switch {
	case off < 0 || off > up.Size || end > up.Size:
		return errRange
	case off == up.Size && up.Size > 0, n == 0 && up.Size > 0:
		return errRange
	case chunkStart(off) != off:
		return errRange
	case end != up.Size && chunkStart(end) != end:
		return errRange
	case end-up.missing() > maxUploadGap && off > up.missing():
		return errGap
	}
	return nil
}

func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	s.stats.storageRequests.Add(1)
	fault := s.faults.next(placeStorage, nil)
	token, offset, hasOffset := strings.Cut(strings.TrimPrefix(r.URL.Path, "/ul/"), "/")
	off, err := strconv.ParseInt(offset, 10, 64)
	if hasOffset && err != nil || r.Method != http.MethodPost {
		http.Error(w, "bad upload request", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	up := s.st.uploads[token]
	if up != nil && s.expiredLocked(up) {
		up = nil
	}
	var snapshot upload
	if up != nil {
		snapshot = *up
	}
	s.mu.Unlock()
	body := s.line.upload(r.Context(), r.Body)
	if fault.pending() || up == nil {
		if _, err := io.Copy(io.Discard, body); err != nil {
			abort()
		}
		if s.line.delay(r.Context(), s.opts.Latency) && !fault.before(s, w, r) {
			http.Error(w, "this upload address is not known any more", http.StatusNotFound)
		}
		return
	}
	answer, ok := s.receive(&snapshot, r, body, off, hasOffset)
	if !ok {
		abort()
	}
	if !s.line.delay(r.Context(), s.opts.Latency) {
		return
	}
	if w = fault.after(s, w, r); w != nil {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
		_, _ = io.WriteString(w, answer) // the client is gone, and will ask again
	}
}

// receive stores one piece and returns the answer; false when it did not come
// in whole, or could not be stored.
func (s *Server) receive(up *upload, r *http.Request, body io.Reader, off int64, hasOffset bool) (string, bool) {
	sum := newPieceSum(r.URL.Query())
	counted := &counting{r: body}
	dst := io.Reader(counted)
	if sum != nil {
		dst = io.TeeReader(counted, sum)
	}
	var early, err error
	if r.ContentLength >= 0 {
		early = up.check(off, r.ContentLength)
	} else if off < 0 || off > up.Size {
		early = errRange
	}
	if early != nil || up.Token != "" {
		_, err = io.Copy(io.Discard, dst) // a whole upload is never changed
	} else {
		_, err = s.store.WriteBlob(up.Blob, off, io.LimitReader(dst, up.Size-off+1))
	}
	s.stats.uploadBytes.Add(counted.n)
	if err != nil {
		return "", false
	}
	if err := up.check(off, counted.n); err != nil || early != nil || !hasOffset && counted.n != up.Size {
		return itoa(int64(pieceCode(errors.Join(err, early)))), true
	}
	if sum != nil && !sum.matches() {
		return itoa(codeKey), true
	}
	return s.recordPiece(up.URL, span{off, off + counted.n}, sum != nil && sum.answersZero), true
}

func pieceCode(err error) int {
	if errors.Is(err, errGap) {
		return codeRateLimit
	}
	return codeRange
}

// recordPiece notes the range and answers with the token once all is there.
func (s *Server) recordPiece(url string, piece span, zero bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	up := s.st.uploads[url]
	if up == nil {
		return itoa(codeExpired)
	}
	if up.Token == "" {
		c := &pieceChange{URL: url, From: piece.From, To: piece.To}
		if after := (upload{Size: up.Size, Have: addSpan(up.Have, piece)}); after.whole() {
			c.Token = newUploadToken(up.Raw)
		}
		t := s.begin()
		t.do(change{Piece: c})
		if err := t.commit(); err != nil {
			s.opts.Log.Error("commit", "error", err)
			return itoa(codeFailed)
		}
	}
	switch {
	case up.Token != "":
		return up.answerToken()
	case zero:
		return "0"
	default:
		return ""
	}
}

// newUploadToken is 48 characters that stand for 36 raw bytes, or 27 printable
// ones for clients that put the answer into p as it is.
func newUploadToken(raw bool) string {
	if raw {
		return encode64(randomBytes(36))
	}
	return encode64(randomBytes(21))[:27]
}

func (up *upload) answerToken() string {
	if !up.Raw {
		return up.Token
	}
	raw, err := decode64(up.Token)
	if err != nil {
		panic("emulator: upload token is not base64: " + err.Error())
	}
	return string(raw)
}

// counting counts what passes.
type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
