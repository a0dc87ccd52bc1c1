package state

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// thisMachine is the host's own name and installation, this start of it, and the space process ids count in: containers may
// share all but the last, and cloned machines go by one name.
func thisMachine() string {
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	installation, boot := firstLine("/etc/machine-id"), firstLine("/proc/sys/kernel/random/boot_id")
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil || boot == "" {
		return ""
	}
	return strings.Join([]string{host, veil(installation), veil(boot), space}, " ")
}

// veil hides the machine's id, which is not for publication, and keeps it comparable.
func veil(id string) string {
	if id == "" {
		return ""
	}
	return Digest([]byte("megaplan " + id))[:16]
}

func firstLine(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(data), "\n")
	return line
}

// deadHere says whether the lease's process is known to be dead: it ran on this machine before it was last started, or it
// ran since and is gone.
func deadHere(l Lease, machine string) bool {
	if machine == "" || l.Machine == "" {
		return false
	}
	if l.Machine == machine {
		return l.PID > 0 && errors.Is(unix.Kill(l.PID, 0), unix.ESRCH)
	}
	theirs, ours := strings.Split(l.Machine, " "), strings.Split(machine, " ")
	return len(theirs) == 4 && len(ours) == 4 && theirs[0] == ours[0] && theirs[1] == ours[1] && theirs[1] != "" && theirs[2] != ours[2]
}
