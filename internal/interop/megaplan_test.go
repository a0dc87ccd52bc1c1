package interop

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// megaplan is a configuration with one backup, and the command that runs it.
type megaplan struct {
	server server
	source string // the backup's local directory
	dir    string // configuration, state, cache and session
}

// remoteRoot is where the backup goes; its last name is what clients look for.
var remoteRoot = []string{"Backups", "odd"}

func newMegaplan(t *testing.T, s server, source string) megaplan {
	return newMegaplanWith(t, s, source, "")
}

// newMegaplanWith adds arguments to the backup.
func newMegaplanWith(t *testing.T, s server, source, arguments string) megaplan {
	t.Helper()
	m := megaplan{server: s, source: source, dir: t.TempDir()}
	text := fmt.Sprintf(`account "main" {
  email    = %q
  password = %q
  endpoint = %q
}
backup "odd" {
  source = %q
  path   = "/%s"
  %s
}
`, s.email, s.password, s.url, source, strings.Join(remoteRoot, "/"), arguments)
	if err := os.WriteFile(filepath.Join(m.dir, "backups.mega.hcl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return m
}

// built builds megaplan once for all tests.
var built = sync.OnceValues(func() (string, error) {
	name := filepath.Join(scratch, "megaplan")
	_, err := try(exec.Command("go", "build", "-o", name, "github.com/megaplan/megaplan/cmd/megaplan"))
	return name, err
})

func (m megaplan) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	name, err := built()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), name, append([]string{"-chdir=" + m.dir}, args...)...)
	cmd.Env = append(os.Environ(), "MEGAPLAN_CACHE_DIR="+filepath.Join(m.dir, "cache"), "MEGAPLAN_STATE_DIR="+filepath.Join(m.dir, "session"),
		"MEGAPLAN_HOST=interop", "NO_COLOR=1", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere")
	return cmd
}

// run wants an exit code and returns what was printed on stdout.
func (m megaplan) run(t *testing.T, code int, args ...string) string {
	t.Helper()
	out, err := try(m.command(t, args...))
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
		out = []byte(err.Error())
	} else if err != nil {
		t.Fatal(err)
	}
	if got != code {
		t.Fatalf("megaplan %s: exit %d, want %d\n%s", strings.Join(args, " "), got, code, out)
	}
	return string(out)
}

// plan makes a plan and returns how many actions of each kind it has.
func (m megaplan) plan(t *testing.T) map[string]int {
	t.Helper()
	file := filepath.Join(m.dir, "p.mplan")
	m.run(t, 0, "plan", "-out="+file)
	var doc struct {
		Actions []struct{ Kind string }
	}
	out := m.run(t, 0, "show", "-json", file)
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatalf("show -json printed %q: %v", out, err)
	}
	kinds := map[string]int{}
	for _, a := range doc.Actions {
		kinds[a.Kind]++
	}
	return kinds
}

// oddTree writes about 300 files into nested directories: every odd name and
// size, names only rclone and megaplan have words for, and many small ones.
func oddTree(t *testing.T) (dir string, files int) {
	t.Helper()
	dir = oddFiles().write(t)
	write := func(name string, size int) {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, content(name, size), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range invalidNames {
		write(name, 33)
	}
	for i := range 260 {
		write(fmt.Sprintf("dir %d/sub.%d/file %d é", i%7, i%3, i), i*97)
	}
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir, files
}

// under is the account's path of a file at the root of the backup.
func under(name string) []string { return slices.Concat(remoteRoot, []string{name}) }
