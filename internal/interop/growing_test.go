package interop

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRcloneReadsWhatALogWas: files that are appended to while megaplan uploads them, small and of several posts, are beginnings
// of themselves to rclone, which proves what it reads.
func TestRcloneReadsWhatALogWas(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := startRclone(t, s)
	source := fileSet{"small.log": content("small", 1000), "large.log": content("large", 9<<20), "rest": content("rest", 500)}.write(t)
	m := newMegaplanWith(t, s, source, "")
	declareGrowing(t, m, "*.log")
	stop := keepAppending(t, filepath.Join(source, "small.log"), filepath.Join(source, "large.log"))
	m.run(t, 0, "apply", "-auto-approve")
	m.run(t, 0, "apply", "-auto-approve")
	stop()
	back := t.TempDir()
	output(t, c.command(t, "copy", "m:"+path.Join(remoteRoot...), back))
	for _, name := range []string{"small.log", "large.log", "rest"} {
		got, err := os.ReadFile(filepath.Join(back, name))
		if err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(whole, got) || len(got) < 500 || (len(got) == len(whole)) != (name == "rest") {
			t.Errorf("%s: rclone read %d bytes, which are the first of %d: %v", name, len(got), len(whole), bytes.HasPrefix(whole, got))
		}
	}
}

// declareGrowing gives the backup a source block.
func declareGrowing(t *testing.T, m megaplan, pattern string) {
	t.Helper()
	name := filepath.Join(m.dir, "backups.mega.hcl")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	written := fmt.Sprintf("source = %q", m.source)
	block := fmt.Sprintf("source \"odd\" {\n  path    = %q\n  growing = [%q]\n}\n", m.source, pattern)
	if err := os.WriteFile(name, []byte(strings.Replace(string(text), written, "source = source.odd", 1)+block), 0o600); err != nil {
		t.Fatal(err)
	}
}

// keepAppending writes a line to each file every millisecond, until what it returns is called, or the test ends.
func keepAppending(t *testing.T, names ...string) (stop func()) {
	t.Helper()
	ends, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		defer close(ended)
		for n := 0; ; n++ {
			select {
			case <-ends:
				return
			case <-time.After(time.Millisecond):
			}
			for _, name := range names {
				f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
				if err == nil {
					_, err = fmt.Fprintf(f, "line %d\n", n)
					err = errors.Join(err, f.Close())
				}
				if err != nil {
					ended <- err
					return
				}
			}
		}
	}()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		close(ends)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}
