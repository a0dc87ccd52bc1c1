package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Place is a kind of request that can go wrong.
type Place string

const (
	placeCS      Place = "cs"
	placeSC      Place = "sc"
	placeStorage Place = "storage"
)

// FaultSpec is one fault to come. The zero values of Nth and Times mean the
// next call, once.
type FaultSpec struct {
	// Place is cs, sc or storage.
	Place Place `json:"place"`
	// Kind says what goes wrong:
	//   reset     the connection ends before the request took effect
	//   lost      the connection ends after it took effect
	//   stall     nothing is answered until the client or server gives up
	//   truncate  the answer ends in the middle, after the request took effect
	//   503 ...   an HTTP status (509 with X-MEGA-Time-Left)
	//   eagain    the bare number -3, at cs and sc
	//   -N        any bare number, at cs and sc; at storage as its body
	//   [-N]      at cs, an array with -N for each command
	Kind string `json:"kind"`
	// Nth is which of the matching calls from now on fails first, from 1.
	Nth int `json:"nth,omitempty"`
	// Times is how many calls fail in a row.
	Times int `json:"times,omitempty"`
	// After makes a status or a number come after the request took effect.
	After bool `json:"after,omitempty"`
	// Command limits a fault at cs to requests that hold this command.
	Command string `json:"command,omitempty"`
}

func (f FaultSpec) check() error {
	if !slices.Contains([]Place{placeCS, placeSC, placeStorage}, f.Place) {
		return fmt.Errorf("fault place %q: want cs, sc or storage", f.Place)
	}
	if f.Nth < 0 || f.Times < 0 {
		return fmt.Errorf("fault %s:%s: nth and times must not be negative", f.Place, f.Kind)
	}
	if _, isEach := f.eachCode(); isEach && f.Place == placeCS {
		return nil
	}
	_, isCode := f.code()
	_, isStatus := f.status()
	if !isCode && !isStatus && !slices.Contains([]string{"reset", "lost", "stall", "truncate"}, f.Kind) {
		return fmt.Errorf("fault kind %q: want reset, lost, stall, truncate, eagain, an HTTP status, -N or, at cs, [-N]", f.Kind)
	}
	return nil
}

// code is the bare number that the fault answers.
func (f FaultSpec) code() (int, bool) {
	if f.Kind == "eagain" {
		return codeAgain, f.Place != placeStorage
	}
	n, err := strconv.Atoi(f.Kind)
	return n, err == nil && n < 0
}

func (f FaultSpec) eachCode() (int, bool) {
	inner, ok := strings.CutPrefix(f.Kind, "[")
	inner, ok2 := strings.CutSuffix(inner, "]")
	n, err := strconv.Atoi(inner)
	return n, ok && ok2 && err == nil && n < 0
}

func (f FaultSpec) status() (int, bool) {
	n, err := strconv.Atoi(f.Kind)
	return n, err == nil && n >= 200 && n <= 599
}

// after says whether the request takes effect although it fails.
func (f FaultSpec) after() bool {
	return f.After || f.Kind == "lost" || f.Kind == "truncate"
}

// faultQueue decides which requests fail.
type faultQueue struct {
	mu     sync.Mutex
	queue  []*FaultSpec // Nth counts down to 1
	random []chance
	rng    *rand.Rand
	count  int64
}

// Fault queues a fault. Queued faults are looked at in order; the first that
// matches and is due strikes, before any random one.
func (s *Server) Fault(spec FaultSpec) error {
	if err := spec.check(); err != nil {
		return err
	}
	spec.Nth, spec.Times = max(1, spec.Nth), max(1, spec.Times)
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.queue = append(s.faults.queue, &spec)
	return nil
}

// next takes the fault of a request, if it has one.
func (q *faultQueue) next(place Place, commands []string) fault {
	q.mu.Lock()
	defer q.mu.Unlock()
	var hit *FaultSpec
	for _, f := range q.queue {
		if f.Place != place || f.Command != "" && !slices.Contains(commands, f.Command) {
			continue
		}
		if f.Nth > 1 {
			f.Nth--
		} else if hit == nil && f.Times > 0 {
			f.Times--
			hit = f
		}
	}
	q.queue = slices.DeleteFunc(q.queue, func(f *FaultSpec) bool { return f.Times == 0 })
	for _, c := range q.random {
		// Every rule draws, so that one rule does not shift another's luck.
		if c.spec.Place == place && q.rng.Float64() < c.rate && hit == nil {
			hit = &c.spec
		}
	}
	if hit == nil {
		return fault{}
	}
	q.count++
	struck := *hit // what is left of it counts down meanwhile
	return fault{spec: &struck, commands: len(commands)}
}

func (q *faultQueue) struck() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.count
}

// fault is what happens to one request; the zero value is nothing.
type fault struct {
	spec     *FaultSpec
	commands int
}

// pending says that the request fails before it takes effect.
func (f fault) pending() bool { return f.spec != nil && !f.spec.after() }

// before fails the request and returns true, or lets it pass.
func (f fault) before(s *Server, w http.ResponseWriter, r *http.Request) bool {
	if f.pending() {
		f.strike(s, w, r)
		return true
	}
	return false
}

// after returns where to write the answer, or nil when it is not to be seen.
func (f fault) after(s *Server, w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	switch {
	case f.spec == nil:
		return w
	case f.spec.Kind == "truncate":
		return &truncated{ResponseWriter: w}
	default:
		f.strike(s, w, r)
		return nil
	}
}

// strike answers with the fault, or aborts the connection.
func (f fault) strike(s *Server, w http.ResponseWriter, r *http.Request) {
	s.opts.Log.Debug("fault", "place", f.spec.Place, "kind", f.spec.Kind, "path", r.URL.Path)
	if n, ok := f.spec.code(); ok {
		writeText(w, strconv.Itoa(n))
		return
	}
	if n, ok := f.spec.eachCode(); ok {
		codes := strings.Repeat(","+strconv.Itoa(n), max(1, f.commands))
		writeText(w, "["+codes[1:]+"]")
		return
	}
	if n, ok := f.spec.status(); ok {
		if n == 509 {
			w.Header().Set("X-MEGA-Time-Left", "2")
		}
		w.WriteHeader(n)
		return
	}
	if f.spec.Kind == "stall" {
		select {
		case <-r.Context().Done():
		case <-s.closed:
		}
	}
	abort()
}

// truncated passes half of the first write on, then ends the connection.
type truncated struct{ http.ResponseWriter }

func (t *truncated) Write(p []byte) (int, error) {
	n, err := t.ResponseWriter.Write(p[:len(p)/2])
	if err = errors.Join(err, http.NewResponseController(t.ResponseWriter).Flush()); err == nil {
		abort()
	}
	return n, err
}

// serveFaults queues what a POST describes: one fault, or an array of them.
func (s *Server) serveFaults(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "POST a fault or an array of faults", http.StatusMethodNotAllowed)
		return
	}
	var raw json.RawMessage
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&raw); err != nil {
		http.Error(w, "faults: "+err.Error(), http.StatusBadRequest)
		return
	}
	if !strings.HasPrefix(string(raw), "[") {
		raw = json.RawMessage("[" + string(raw) + "]")
	}
	var specs []FaultSpec
	if err := json.Unmarshal(raw, &specs); err != nil {
		http.Error(w, "faults: "+err.Error(), http.StatusBadRequest)
		return
	}
	for _, spec := range specs {
		if err := spec.check(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	for _, spec := range specs {
		if err := s.Fault(spec); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	writeText(w, "0")
}
