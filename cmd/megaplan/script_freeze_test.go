//go:build unix

package main

import (
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func init() {
	unixCommands = map[string]func(*testscript.TestScript, bool, []string){"freeze-when": freezeWhen, "thaw": thaw}
}

// freezeWhen starts a command and stops it, alive, as soon as a counter of the emulator is so high: freeze-when COUNTER VALUE
// COMMAND ARGS; a leading + means "since mark".
func freezeWhen(ts *testscript.TestScript, _ bool, args []string) {
	r := runUntil(ts, args)
	ts.Check(r.cmd.Process.Signal(syscall.SIGSTOP))
	ts.Defer(func() { _ = r.cmd.Process.Kill() }) // where the script fails before it thaws
	*ts.Value(frozenValue{}).(*running) = r
}

// thaw lets the frozen command go on to its end and compares its exit code: thaw CODE.
func thaw(ts *testscript.TestScript, _ bool, args []string) {
	r := *ts.Value(frozenValue{}).(*running)
	ts.Check(r.cmd.Process.Signal(syscall.SIGCONT))
	select {
	case <-r.ended: //nolint:errcheck // the exit code says it
	case <-time.After(time.Minute):
		ts.Fatalf("%s does not end", strings.Join(r.cmd.Args, " "))
	}
	if got := strconv.Itoa(r.cmd.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("%s ended with exit code %s, want %s", strings.Join(r.cmd.Args, " "), got, args[0])
	}
}
