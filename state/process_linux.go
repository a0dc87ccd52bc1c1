package state

import (
	"errors"
	"os"
	"strconv"
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

// waitedFor says whether a process has ended, with all its threads, and only its exit code is still to be fetched. In a container whose
// first process fetches nobody's that lasts as long as the container.
func waitedFor(pid int) bool {
	dir := "/proc/" + strconv.Itoa(pid)
	line := firstLine(dir + "/stat")
	_, fields, _ := strings.Cut(line[strings.LastIndexByte(line, ')')+1:], " ") // the name before may hold anything
	threads, err := os.ReadDir(dir + "/task")
	return strings.HasPrefix(fields, "Z") && err == nil && len(threads) == 1
}

// deadHere says whether the lease's process is known to be dead: it ran on this machine before it was last started, or it
// ran since and is gone.
func deadHere(l Lease, machine string) bool {
	if machine == "" || l.Machine == "" {
		return false
	}
	if l.Machine == machine {
		return l.PID > 0 && (errors.Is(unix.Kill(l.PID, 0), unix.ESRCH) || waitedFor(l.PID))
	}
	theirs, ours := strings.Split(l.Machine, " "), strings.Split(machine, " ")
	return len(theirs) == 4 && len(ours) == 4 && theirs[0] == ours[0] && theirs[1] == ours[1] && theirs[1] != "" && theirs[2] != ours[2]
}
