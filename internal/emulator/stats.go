package emulator

import (
	"encoding/json"
	"net/http"
	"sync/atomic"
)

// Stats counts what clients did since the server started.
type Stats struct {
	// APIRequests counts POSTs to cs, repeated ones included.
	APIRequests int64 `json:"api_requests"`
	// APICommands counts commands that ran; a repeated request runs none.
	APICommands     int64 `json:"api_commands"`
	EventRequests   int64 `json:"event_requests"` // sc and wsc that answer at once
	WaitRequests    int64 `json:"wait_requests"`  // held polls
	StorageRequests int64 `json:"storage_requests"`
	Logins          int64 `json:"logins"` // successful, with a password
	TreeFetches     int64 `json:"tree_fetches"`
	UploadBytes     int64 `json:"uploads_bytes"`
	DownloadBytes   int64 `json:"downloads_bytes"`
	Faults          int64 `json:"faults"` // that struck
	// Nodes and Bytes are what all accounts hold now, roots not counted.
	Nodes int64 `json:"nodes"`
	Bytes int64 `json:"bytes"`
}

type counters struct {
	apiRequests, apiCommands, eventRequests, waitRequests, storageRequests atomic.Int64
	logins, treeFetches, uploadBytes, downloadBytes                        atomic.Int64
}

// Stats returns the counters of GET /emulator/stats.
func (s *Server) Stats() Stats {
	st := Stats{
		APIRequests:     s.stats.apiRequests.Load(),
		APICommands:     s.stats.apiCommands.Load(),
		EventRequests:   s.stats.eventRequests.Load(),
		WaitRequests:    s.stats.waitRequests.Load(),
		StorageRequests: s.stats.storageRequests.Load(),
		Logins:          s.stats.logins.Load(),
		TreeFetches:     s.stats.treeFetches.Load(),
		UploadBytes:     s.stats.uploadBytes.Load(),
		DownloadBytes:   s.stats.downloadBytes.Load(),
		Faults:          s.faults.struck(),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.st.users {
		t := u.tree.total
		st.Nodes += t.Files + t.Folders + t.VersionFiles
		st.Bytes += t.allBytes()
	}
	return st
}

func (s *Server) serveStats(w http.ResponseWriter, _ *http.Request) {
	text, err := json.Marshal(s.Stats())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeText(w, string(text))
}
