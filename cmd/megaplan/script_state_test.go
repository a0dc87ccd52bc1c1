package main

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/megaplan/megaplan/state/statetest"
)

// stateServer is the key of the server that a script's `state-server` started.
type stateServer struct{}

// startStateServer starts a server for states and sets STATE_URL to one of them: state-server [gitlab] [password=PASSWORD].
func startStateServer(ts *testscript.TestScript, _ bool, args []string) {
	s := &statetest.Server{}
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		switch name {
		case "gitlab":
			s.GitLab = true
		case "password":
			s.Username, s.Password = "me", value
		default:
			ts.Fatalf("state-server has no option %s", name)
		}
	}
	server := httptest.NewServer(s)
	ts.Defer(server.Close)
	*ts.Value(stateServer{}).(**statetest.Server) = s
	ts.Setenv("STATE_URL", server.URL+statePath)
}

const statePath = "/state/nightly"

// remoteState acts on the server behind megaplan's back: remote-state print | lock ID | lose | await-lease | await-locks | age-lease.
func remoteState(ts *testscript.TestScript, _ bool, args []string) {
	s := *ts.Value(stateServer{}).(**statetest.Server)
	switch args[0] {
	case "print":
		_, err := ts.Stdout().Write(s.Text(statePath))
		ts.Check(err)
	case "lock":
		s.Lock(statePath, args[1])
	case "lose":
		s.SetText(statePath, nil)
	case "await-lease":
		for deadline := time.Now().Add(time.Minute); !bytes.Contains(s.Text(statePath), []byte(`"leases"`)); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				ts.Fatalf("no run has leased anything")
			}
		}
	case "await-locks":
		awaitLocks(ts, s)
	case "age-lease":
		ageLease(ts, s)
	default:
		ts.Fatalf("remote-state has no command %s", args[0])
	}
}

// awaitLocks waits until the state has been locked twice more: the run that does so has read it before.
func awaitLocks(ts *testscript.TestScript, s *statetest.Server) {
	count := func() (n int) {
		for _, r := range s.Requests() {
			if r == "POST "+statePath+"/lock" {
				n++
			}
		}
		return n
	}
	before := count()
	for deadline := time.Now().Add(time.Minute); count() < before+2; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("nobody locks the state")
		}
	}
}

// ageLease makes the lease that is in the state one of another machine that was last heard of an hour ago, with the id "silent".
func ageLease(ts *testscript.TestScript, s *statetest.Server) {
	var text map[string]any
	ts.Check(json.Unmarshal(s.Text(statePath), &text))
	leases, ok := text["megaplan"].(map[string]any)["document"].(map[string]any)["leases"].([]any)
	if !ok {
		ts.Fatalf("no lease in %s", s.Text(statePath))
	}
	for _, l := range leases {
		lease := l.(map[string]any)
		lease["id"], lease["machine"], lease["heartbeat"] = "silent", "elsewhere", time.Now().Add(-time.Hour)
	}
	changed, err := json.Marshal(text)
	ts.Check(err)
	s.SetText(statePath, changed)
}
