package emulator

import (
	"net/http"
	"strings"
)

// ServeHTTP answers every path of MEGA's servers, and /emulator/ for those who
// measure and break clients.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	for strings.HasPrefix(path, "//") {
		path = path[1:] // a base address with a slash, and one more
	}
	r.URL.Path = path
	w.Header().Set("Date", s.opts.Now().UTC().Format(http.TimeFormat)) // clients take the server's clock from it
	s.opts.Log.Debug("request", "method", r.Method, "path", path, "agent", r.UserAgent())
	switch {
	case path == "/cs":
		s.serveCS(w, r)
	case path == "/sc":
		s.serveEvents(w, r, oldEvents)
	case path == "/wsc" || path == "/sc/wsc":
		s.serveEvents(w, r, newEventsNow)
	case strings.HasPrefix(path, "/wsc/"):
		s.serveWait(w, r, strings.TrimPrefix(path, "/wsc/"))
	case strings.HasPrefix(path, "/ul/"):
		s.serveUpload(w, r)
	case strings.HasPrefix(path, "/dl/"):
		s.serveDownload(w, r)
	case path == "/pf":
		writeText(w, "0")
	case path == "/cs/rs":
		// A success would make MEGA's client ask again at once, for ever.
		http.Error(w, "no progress stream", http.StatusServiceUnavailable)
	case path == "/emulator/stats":
		s.serveStats(w, r)
	case path == "/emulator/faults":
		s.serveFaults(w, r)
	default:
		http.NotFound(w, r)
	}
}

// abort ends the connection without an answer.
func abort() { panic(http.ErrAbortHandler) }
