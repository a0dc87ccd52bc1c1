package interop

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

const rcloneVersion = "v1.76.0"

// rclone drives the command rclone with its mega backend.
type rclone struct {
	server server
	config string
}

func newRclone(t *testing.T, s server) client { return startRclone(t, s) }

func startRclone(t *testing.T, s server) rclone {
	t.Helper()
	need(t, rcloneMissing())
	c := rclone{server: s, config: filepath.Join(t.TempDir(), "rclone.conf")}
	hidden := strings.TrimSpace(string(output(t, exec.CommandContext(t.Context(), "rclone", "obscure", s.password))))
	text := fmt.Sprintf("[m]\ntype = mega\nuser = %s\npass = %s\nhard_delete = true\n", s.email, hidden)
	if err := os.WriteFile(c.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// rcloneMissing wants the one version whose behaviour was looked at.
func rcloneMissing() string {
	out, err := exec.Command("rclone", "version").Output()
	if err != nil {
		return "rclone is not on PATH: go install github.com/rclone/rclone@" + rcloneVersion
	}
	if first, _, _ := strings.Cut(string(out), "\n"); !strings.Contains(first, rcloneVersion) {
		return fmt.Sprintf("rclone on PATH is %q, wanted %s", first, rcloneVersion)
	}
	return ""
}

// command is one call of rclone with the account as remote m:.
func (c rclone) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "rclone", append([]string{"--config", c.config, "--retries=1", "--low-level-retries=2"}, args...)...)
	cmd.Env = append(os.Environ(), "X_MEGA_API_URL="+c.server.url)
	return cmd
}

// stored marks invalid bytes with U+201B. A full-width slash stays as it is:
// to rclone it is the slash that no file name can hold, on disk as on MEGA.
func (rclone) stored(local string) string {
	var b strings.Builder
	for i := 0; i < len(local); {
		r, n := utf8.DecodeRuneInString(local[i:])
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, "‛%02X", local[i])
		} else {
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

func (rclone) local(stored string) string {
	return strings.NewReplacer("‛FF", "\xff", "‛FE", "\xfe").Replace(stored)
}

func (c rclone) run(t *testing.T, ops ...op) []result {
	t.Helper()
	return each(ops, func(o op) (result, error) {
		if o.Do == "list" {
			return c.list(t, o)
		}
		_, err := try(c.command(t, c.args(o)...))
		return result{}, err
	})
}

func (c rclone) args(o op) []string {
	remote := "m:" + strings.Join(o.Path, "/")
	switch o.Do {
	case "mkdir":
		return []string{"mkdir", remote}
	case "put":
		return []string{"copyto", o.Local, remote}
	case "get":
		return []string{"copyto", remote, o.Local}
	case "putall":
		return []string{"copy", "--max-depth=1", o.Local, remote}
	case "getall":
		return []string{"copy", "--max-depth=1", remote, o.Local}
	case "rename", "move":
		return []string{"moveto", remote, "m:" + strings.Join(o.To, "/")}
	case "remove":
		return []string{"deletefile", remote}
	}
	panic("interop: rclone has no " + o.Do)
}

func (c rclone) list(t *testing.T, o op) (result, error) {
	t.Helper()
	out, err := try(c.command(t, "lsjson", "m:"+strings.Join(o.Path, "/")))
	if err != nil {
		return result{}, err
	}
	var items []struct {
		Name  string
		Size  int64
		IsDir bool
	}
	if err := json.Unmarshal(out, &items); err != nil {
		return result{}, err
	}
	var r result
	for _, i := range items {
		r.Entries = append(r.Entries, entry{Name: i.Name, Size: max(i.Size, 0), Dir: i.IsDir})
	}
	return r, nil
}
