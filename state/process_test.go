//go:build linux

package state

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestRule29_DeadProcessesAreKnownOnThisMachineOnly(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "true")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	gone, me := cmd.Process.Pid, os.Getpid()
	here := "host inst boot space"
	for _, c := range []struct {
		lease Lease
		want  bool
	}{
		{Lease{PID: gone, Machine: here}, true},
		{Lease{PID: me, Machine: here}, false},
		{Lease{PID: 0, Machine: here}, false},
		{Lease{PID: gone}, false},
		{Lease{PID: me, Machine: "host inst earlier space"}, true},      // restarted since
		{Lease{PID: gone, Machine: "host inst boot other"}, false},      // another container
		{Lease{PID: gone, Machine: "other inst earlier space"}, false},  // a clone
		{Lease{PID: gone, Machine: "host cloned earlier space"}, false}, // another of the same name
		{Lease{PID: gone, Machine: "host inst earlier"}, false},         // not understood
	} {
		if got := deadHere(c.lease, here); got != c.want {
			t.Errorf("%+v: %v", c.lease, got)
		}
	}
	if deadHere(Lease{PID: me, Machine: thisMachine()}, thisMachine()) {
		t.Error("this process is dead")
	}
}

// TestRule29_AProcessNobodyWaitsForIsDead: where the first process of a container waits for none, what was killed stays in the table.
func TestRule29_AProcessNobodyWaitsForIsDead(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lease := Lease{PID: cmd.Process.Pid, Machine: "here"}
	if deadHere(lease, "here") {
		t.Error("it lives")
	}
	_ = in.Close() // it ends, and is not waited for yet
	for deadline := time.Now().Add(time.Minute); !deadHere(lease, "here"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it is taken for alive")
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
