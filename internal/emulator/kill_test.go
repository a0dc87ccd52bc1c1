package emulator_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/emulator/emulatortest"
)

// killDir tells the process that TestKill9 starts which directory to serve.
const killDir = "EMULATOR_TEST_KILL_DIR"

// TestServeForKill9 is that process; in a usual run it has nothing to do.
func TestServeForKill9(t *testing.T) {
	dir := os.Getenv(killDir)
	if dir == "" {
		return
	}
	server, err := emulator.New(emulator.Options{Dir: dir})
	must(t, "open", err)
	must(t, "account", server.AddAccount(oldAccount))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, "listen", err)
	fmt.Println("serving", l.Addr())
	// The process is killed long before; this only keeps it from staying.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	must(t, "serve", server.Serve(ctx, l))
}

// TestKill9 kills a server in the middle of its work, again and again. What
// was answered is there afterwards; of what was not, all or nothing.
func TestKill9(t *testing.T) {
	dir := t.TempDir()
	var c *wire
	answered := int64(0)
	for round := range 4 {
		base, kill := serveToKill(t, dir)
		if c == nil {
			c = connect(t, &emulatortest.Instance{URL: base})
			c.loginOld()
			c.learn()
		}
		c.base = base
		go func() {
			time.Sleep(time.Duration(20+30*round) * time.Millisecond)
			kill()
		}()
		target := c.value("R")
		for c.putOne(target, fmt.Sprintf("round %d file %d", round, answered)) {
			answered++
		}
		kill()
		got := nodesOf(t, dir)
		if got < answered || got > answered+1 {
			t.Fatalf("round %d: %d nodes, %d were answered", round, got, answered)
		}
		answered = got
	}
	if answered == 0 {
		t.Error("nothing was ever answered")
	}
	s := startDir(t, dir, emulator.Options{})
	c.moveTo(s.Instance)
	for _, n := range c.fetch().F {
		if n.T != 0 {
			continue
		}
		if got := c.download(n.H, ""); int64(len(got)) != n.S || !strings.HasPrefix(got, "round ") {
			t.Errorf("content of %d bytes: %q", n.S, got)
		}
	}
}

// serveToKill starts the process and returns its address and what kills it.
func serveToKill(t *testing.T, dir string) (base string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestServeForKill9$")
	cmd.Env = append(os.Environ(), killDir+"="+dir)
	out, err := cmd.StdoutPipe()
	must(t, "pipe", err)
	must(t, "start", cmd.Start())
	done := make(chan struct{})
	kill = func() {
		_ = cmd.Process.Kill() // it may be dead already
		<-done
	}
	scan := bufio.NewScanner(out)
	if !scan.Scan() {
		t.Fatalf("no address: %v", scan.Err())
	}
	addr, ok := strings.CutPrefix(scan.Text(), "serving ")
	if !ok {
		t.Fatalf("no address in %q", scan.Text())
	}
	go func() {
		defer close(done)
		for scan.Scan() {
		}
		_ = cmd.Wait() // says that it was killed
	}()
	t.Cleanup(kill)
	return "http://" + addr, kill
}

// putOne uploads a file as far as it goes and says whether p was answered.
func (c *wire) putOne(target, content string) bool {
	try := func(path, body string) (string, bool) {
		status, text := c.post(path, body)
		return text, status == http.StatusOK && !strings.HasPrefix(text, "-")
	}
	text, ok := try(c.csPath(c.nextID()), fmt.Sprintf(`[{"a":"u","s":%d,"v":2}]`, len(content)))
	_, url, found := strings.Cut(strings.TrimSuffix(text, `"}]`), "/ul/")
	if !ok || !found {
		return false
	}
	token, ok := try("/ul/"+url+"/0", content)
	if !ok || len(token) != 36 {
		return false
	}
	_, ok = try(c.csPath(c.nextID()), put(target, file(b64([]byte(token)), ""), ""))
	return ok
}

func nodesOf(t *testing.T, dir string) int64 {
	t.Helper()
	server, err := emulator.New(emulator.Options{Dir: dir})
	must(t, "open after kill", err)
	defer server.Close()
	return server.Stats().Nodes
}
