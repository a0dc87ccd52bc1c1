package interop

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const megatoolsVersion = "1.11."

// megatools drives the command megatools. Its API address is compiled in, so a
// temporary copy of the binary is used in which that one string is replaced.
type megatools struct {
	plainNames
	server server
	binary string
}

func newMegatools(t *testing.T, s server) client { return startMegatools(t, s) }

func startMegatools(t *testing.T, s server) megatools {
	t.Helper()
	need(t, megatoolsMissing())
	original, err := exec.LookPath("megatools")
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	code, err = pointElsewhere(code, "https://g.api.mega.co.nz", s.url)
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "megatools")
	if err := os.WriteFile(binary, code, 0o755); err != nil {
		t.Fatal(err)
	}
	return megatools{server: s, binary: binary}
}

func megatoolsMissing() string {
	// With --version it exits 1 or 0, after its usage or without, by version.
	out, err := exec.Command("megatools", "--version").CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return "megatools is not on PATH: apt-get install megatools"
	}
	if !strings.Contains(string(out), "megatools "+megatoolsVersion) {
		return fmt.Sprintf("megatools on PATH is not %s*: %q", megatoolsVersion, out)
	}
	return ""
}

// pointElsewhere replaces the start of every C string that begins with from;
// what becomes shorter is padded with zero bytes.
func pointElsewhere(code []byte, from, to string) ([]byte, error) {
	if len(to) > len(from) {
		return nil, fmt.Errorf("%s is longer than %s", to, from)
	}
	code = bytes.Clone(code)
	found := 0
	for at := 0; ; found++ {
		i := bytes.Index(code[at:], []byte(from))
		if i < 0 {
			break
		}
		start := at + i
		end := start + bytes.IndexByte(code[start:], 0)
		old := string(code[start:end])
		text := to + strings.TrimPrefix(old, from)
		copy(code[start:end], text+strings.Repeat("\x00", len(old)-len(text)))
		at = end
	}
	if found == 0 {
		return nil, fmt.Errorf("no string begins with %s", from)
	}
	return code, nil
}

func (c megatools) command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	all := append([]string{name, "--ignore-config-file", "--reload", "-u", c.server.email, "-p", c.server.password}, args...)
	cmd := exec.CommandContext(t.Context(), c.binary, all...)
	cmd.Dir = filepath.Dir(c.binary)
	// Without a UTF-8 locale it writes names with question marks.
	cmd.Env = append(os.Environ(), "HOME="+cmd.Dir, "XDG_CACHE_HOME="+cmd.Dir, "TMPDIR="+cmd.Dir, "LC_ALL=C.UTF-8")
	return cmd
}

func (c megatools) run(t *testing.T, ops ...op) []result {
	t.Helper()
	return each(ops, func(o op) (result, error) {
		if o.Do == "list" {
			return c.list(t, o)
		}
		name, args := c.args(t, o)
		_, err := try(c.command(t, name, args...))
		return result{}, err
	})
}

func (c megatools) args(t *testing.T, o op) (string, []string) {
	t.Helper()
	remote := "/Root/" + strings.Join(o.Path, "/")
	switch o.Do {
	case "mkdir":
		return "mkdir", []string{remote}
	case "put":
		return "put", []string{"--no-progress", "--path", remote, o.Local}
	case "get":
		return "get", []string{"--no-progress", "--path", o.Local, remote}
	case "putall":
		names, err := localFiles(o.Local)
		if err != nil {
			t.Fatal(err)
		}
		return "put", append([]string{"--no-progress", "--path", remote}, names...)
	case "getall":
		if err := os.MkdirAll(o.Local, 0o755); err != nil {
			t.Fatal(err)
		}
		return "copy", []string{"--no-progress", "--download", "--local", o.Local, "--remote", remote}
	case "remove":
		return "rm", []string{remote}
	}
	panic("interop: megatools has no " + o.Do)
}

// list reads the columns of ls -l: handle, owner, type, size, date, time, name.
func (c megatools) list(t *testing.T, o op) (result, error) {
	t.Helper()
	out, err := try(c.command(t, "ls", "-l", "-n", "/Root/"+strings.Join(o.Path, "/")+"/"))
	if err != nil {
		return result{}, err
	}
	var r result
	for row := range strings.Lines(string(out)) {
		columns := strings.Fields(row)
		if len(columns) < 7 {
			return result{}, fmt.Errorf("ls printed %q", row)
		}
		_, name, _ := strings.Cut(row, columns[5]+" ")
		size, err := strconv.ParseInt(columns[3], 10, 64)
		if err != nil {
			size = 0
		}
		r.Entries = append(r.Entries, entry{Name: strings.TrimSuffix(name, "\n"), Size: size, Dir: columns[2] == "1"})
	}
	return r, nil
}
