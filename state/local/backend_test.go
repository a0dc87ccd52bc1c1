package local_test

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/megaplan/megaplan/state"
	"github.com/megaplan/megaplan/state/local"
	"github.com/megaplan/megaplan/state/statetest"
)

func TestLocalKeepsTheContract(t *testing.T) {
	statetest.Test(t, func(t *testing.T) func() state.Backend {
		path := filepath.Join(t.TempDir(), "new", "megaplan.state.json")
		return func() state.Backend { return local.New(path) }
	})
}

func TestEverythingIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.json")
	b := local.New(path)
	for err := range func(yield func(error) bool) {
		_ = yield(b.Lock(t.Context(), state.LockInfo{ID: "a"})) &&
			yield(b.Write(t.Context(), []byte("1"), "", true)) &&
			yield(b.Write(t.Context(), []byte("2"), state.Digest([]byte("1")), true)) &&
			yield(b.Put(t.Context(), state.Digest(nil), nil)) &&
			yield(b.Unlock(t.Context(), "a"))
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	err := filepath.WalkDir(filepath.Dir(path), func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == filepath.Dir(path) {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", p, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestLockOfADeadProcessIsFree starts this test again as the process that holds the lock, and kills it.
func TestLockOfADeadProcessIsFree(t *testing.T) {
	if path := os.Getenv("MEGAPLAN_TEST_LOCK"); path != "" {
		if err := local.New(path).Lock(t.Context(), state.LockInfo{ID: "theirs", Host: "h"}); err != nil {
			t.Fatal(err)
		}
		_, _ = os.Stdout.WriteString("locked\n")
		_, _ = os.Stdin.Read(make([]byte, 1)) // until killed
		return
	}
	path := filepath.Join(t.TempDir(), "x.json")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLockOfADeadProcessIsFree$")
	cmd.Env = append(os.Environ(), "MEGAPLAN_TEST_LOCK="+path)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "locked\n" {
		t.Fatalf("the other process said %q, %v", line, err)
	}
	b := local.New(path)
	var held *state.HeldError
	if err := b.Lock(t.Context(), state.LockInfo{ID: "ours"}); !errors.As(err, &held) || held.Holder.ID != "theirs" {
		t.Fatalf("lock: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if err := b.Lock(t.Context(), state.LockInfo{ID: "ours"}); err != nil {
		t.Errorf("after its death: %v", err)
	}
}
