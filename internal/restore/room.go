package restore

import (
	"os"
	"path/filepath"
)

// Short is how many bytes the target's disk lacks for what the plan writes, as far as the system tells; 0 where it has the room.
// Holes, and what a restore that was cut off has left, take less than is counted here.
func (p *Plan) Short(target string) int64 {
	at := filepath.Clean(target)
	for {
		if _, err := os.Stat(at); err == nil || filepath.Dir(at) == at {
			break
		}
		at = filepath.Dir(at)
	}
	free, known := freeBytes(at)
	if !known {
		return 0
	}
	return max(0, p.Totals().Bytes-free)
}
