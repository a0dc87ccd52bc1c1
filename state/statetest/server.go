package statetest

import (
	"crypto/md5" //nolint:gosec // what the protocol checks transfers with
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Server speaks Terraform's state protocol, each path a state of its own with its lock below it at /lock. It keeps the manners of
// OpenTofu's own test server, or GitLab's. The zero value is empty and ready; fields are set before it is used.
type Server struct {
	// GitLab locks by POST and DELETE, keeps of a lock its id and returns the rest as the last one sent it, wants every field of a
	// lock, and an update with a serial that no earlier one had.
	GitLab bool
	// Username and Password, if set, are wanted of everybody.
	Username, Password string
	// MaxSize is how large an update may be; 0: any.
	MaxSize int
	// Break, if set, may break each request.
	Break func(*http.Request) Fault

	mu     sync.Mutex
	states map[string]*served
	seen   []string
}

// Fault is what goes wrong with a request. The zero value is nothing.
type Fault struct {
	// Status is answered instead of doing anything.
	Status int
	// Lose does what was asked and says nothing: the connection breaks.
	Lose bool
}

// served is one state.
type served struct {
	text    []byte
	serials []uint64
	lock    map[string]any // nil: not locked
}

var _ http.Handler = (*Server)(nil)

// Requests returns the requests so far as method, path and query.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// Text returns what a path keeps.
func (s *Server) Text(path string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stateLocked(path).text
}

// SetText replaces it behind everybody's back; nil takes the state away with all that is known of it.
func (s *Server) SetText(path string, text []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text == nil {
		delete(s.states, path)
		return
	}
	s.stateLocked(path).text = text
}

// Lock locks a path as somebody else; the empty id unlocks it.
func (s *Server) Lock(path, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stateLocked(path)
	if st.lock = map[string]any{"ID": id, "Who": "somebody@elsewhere", "Operation": "apply"}; id == "" {
		st.lock = nil
	}
}

func (s *Server) stateLocked(path string) *served {
	if s.states == nil {
		s.states = map[string]*served{}
	}
	if s.states[path] == nil {
		s.states[path] = &served{}
	}
	return s.states[path]
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var fault Fault
	if s.Break != nil {
		fault = s.Break(r)
	}
	status, answer := fault.Status, []byte(nil)
	if status == 0 {
		status, answer = s.do(r, body)
	}
	if fault.Lose {
		panic(http.ErrAbortHandler)
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="state"`)
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer) // a client that went away is its own affair
}

func (s *Server) do(r *http.Request, body []byte) (status int, answer []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, r.Method+" "+r.URL.RequestURI())
	if user, password, _ := r.BasicAuth(); user != s.Username || password != s.Password {
		return http.StatusUnauthorized, nil
	}
	if sum := md5.Sum(body); len(body) > 0 && r.Header.Get("Content-MD5") != base64.StdEncoding.EncodeToString(sum[:]) { //nolint:gosec // as above
		return http.StatusBadRequest, []byte(`{"message":"the MD5 is wrong"}`)
	}
	path, lock := strings.CutSuffix(r.URL.Path, "/lock")
	st := s.stateLocked(path)
	locking, unlocking := "LOCK", "UNLOCK"
	if s.GitLab {
		locking, unlocking = http.MethodPost, http.MethodDelete
	}
	switch {
	case lock && r.Method == locking:
		return s.lockState(st, body)
	case lock && r.Method == unlocking:
		return unlockState(st, body)
	case lock:
		return http.StatusMethodNotAllowed, nil
	case r.Method == http.MethodGet && st.text == nil && s.GitLab:
		return http.StatusNotFound, []byte(`{"message":"404 Not found"}`)
	case r.Method == http.MethodGet && st.text == nil:
		return http.StatusNoContent, nil
	case r.Method == http.MethodGet:
		return http.StatusOK, st.text
	case r.Method == http.MethodPost || r.Method == http.MethodPut && !s.GitLab:
		return s.update(st, r.URL.Query().Get("ID"), body)
	}
	return http.StatusMethodNotAllowed, nil
}

func (s *Server) lockState(st *served, body []byte) (int, []byte) {
	var info map[string]any
	if json.Unmarshal(body, &info) != nil || info["ID"] == "" {
		return http.StatusBadRequest, nil
	}
	taken := st.lock != nil
	if !taken {
		st.lock = info
	}
	if !s.GitLab {
		text, _ := json.Marshal(st.lock) // it came as JSON
		if taken {
			return http.StatusLocked, text
		}
		return http.StatusOK, text
	}
	for _, field := range []string{"ID", "Operation", "Info", "Who", "Version", "Created", "Path"} {
		if _, ok := info[field].(string); !ok {
			return http.StatusBadRequest, []byte(`{"error":"` + field + ` is missing"}`)
		}
	}
	told := info
	told["ID"], told["Who"] = st.lock["ID"], "gitlab-user"
	text, _ := json.Marshal(told)
	if taken {
		return http.StatusConflict, text
	}
	return http.StatusOK, text
}

func unlockState(st *served, body []byte) (int, []byte) {
	var info struct{ ID string }
	if err := json.Unmarshal(body, &info); err != nil || st.lock == nil || st.lock["ID"] != info.ID {
		return http.StatusConflict, nil
	}
	st.lock = nil
	return http.StatusOK, nil
}

// update keeps a text under the lock that its sender names; none is named while nothing is locked.
func (s *Server) update(st *served, id string, text []byte) (int, []byte) {
	if holder, _ := st.lock["ID"].(string); holder != id {
		return http.StatusConflict, []byte(`{"message":"409 Conflict"}`)
	}
	if s.MaxSize > 0 && len(text) > s.MaxSize {
		return http.StatusRequestEntityTooLarge, nil
	}
	var head struct {
		Version          int               `json:"version"`
		TerraformVersion string            `json:"terraform_version"`
		Serial           uint64            `json:"serial"`
		Outputs          map[string]any    `json:"outputs"`
		Resources        []json.RawMessage `json:"resources"`
	}
	// The last four are Gitea's wishes.
	if json.Unmarshal(text, &head) != nil || head.Version != 4 || head.TerraformVersion == "" || head.Outputs == nil || head.Resources == nil {
		return http.StatusBadRequest, []byte(`{"message":"this is no state"}`)
	}
	if s.GitLab && slices.Contains(st.serials, head.Serial) {
		return http.StatusUnprocessableEntity, []byte(`{"message":"version has already been taken"}`)
	}
	st.text, st.serials = text, append(st.serials, head.Serial)
	return http.StatusOK, nil
}
