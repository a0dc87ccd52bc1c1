//go:build !linux

package state

import "os"

// thisMachine is the host's own name.
func thisMachine() string {
	host, err := os.Hostname()
	if err != nil {
		return ""
	}
	return host
}

// deadHere cannot tell for sure on this system: such leases turn stale and are freed by force-unlock.
func deadHere(Lease, string) bool { return false }
