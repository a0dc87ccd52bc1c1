package interop

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	mega "github.com/t3rm1n4l/go-mega"
)

const goMegaChild = "MEGAPLAN_INTEROP_GOMEGA"

// goMega drives the library go-mega in a child process.
type goMega struct {
	plainNames
	server server
}

func newGoMega(t *testing.T, s server) client {
	need(t, "")
	return goMega{server: s}
}

func (c goMega) run(t *testing.T, ops ...op) []result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), goMegaChild+"=1")
	return drive(t, cmd, c.server, ops)
}

// runGoMega is the child: it signs in and does a job's operations.
func runGoMega(in io.Reader) []result {
	var j job
	if err := json.NewDecoder(in).Decode(&j); err != nil {
		return []result{{Error: err.Error()}}
	}
	m := mega.New()
	m.SetAPIUrl(j.URL)
	if err := m.Login(j.Email, j.Password); err != nil {
		return each(j.Ops, func(op) (result, error) { return result{}, fmt.Errorf("login: %w", err) })
	}
	return each(j.Ops, func(o op) (result, error) { return goMegaDo(m, o) })
}

func goMegaDo(m *mega.Mega, o op) (result, error) {
	if o.Do == "mkdir" || o.Do == "put" {
		parent, err := goMegaFind(m, o.Path[:len(o.Path)-1])
		if err != nil {
			return result{}, err
		}
		if o.Do == "mkdir" {
			_, err = m.CreateDir(o.Path[len(o.Path)-1], parent)
		} else {
			_, err = m.UploadFile(o.Local, parent, o.Path[len(o.Path)-1], nil)
		}
		return result{}, err
	}
	node, err := goMegaFind(m, o.Path)
	if err != nil {
		return result{}, err
	}
	switch o.Do {
	case "list":
		return goMegaList(m, node)
	case "get":
		return result{}, m.DownloadFile(node, o.Local, nil)
	case "putall":
		return result{}, goMegaPutAll(m, node, o.Local)
	case "getall":
		return result{}, goMegaGetAll(m, node, o.Local)
	case "rename":
		return result{}, m.Rename(node, o.To[len(o.To)-1])
	case "move":
		target, err := goMegaFind(m, o.To[:len(o.To)-1])
		if err != nil {
			return result{}, err
		}
		return result{}, m.Move(node, target)
	case "remove":
		return result{}, m.Delete(node, true)
	}
	return result{}, fmt.Errorf("no operation %q", o.Do)
}

func goMegaFind(m *mega.Mega, path []string) (*mega.Node, error) {
	root := m.FS.GetRoot()
	if len(path) == 0 {
		return root, nil
	}
	nodes, err := m.FS.PathLookup(root, path)
	if err != nil {
		return nil, err
	}
	return nodes[len(nodes)-1], nil
}

func goMegaList(m *mega.Mega, folder *mega.Node) (result, error) {
	children, err := m.FS.GetChildren(folder)
	if err != nil {
		return result{}, err
	}
	var r result
	for _, n := range children {
		r.Entries = append(r.Entries, entry{Name: n.GetName(), Size: n.GetSize(), Dir: n.GetType() == mega.FOLDER})
	}
	return r, nil
}

func goMegaPutAll(m *mega.Mega, folder *mega.Node, dir string) error {
	names, err := localFiles(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := m.UploadFile(name, folder, "", nil); err != nil {
			return fmt.Errorf("upload %s: %w", name, err)
		}
	}
	return nil
}

func goMegaGetAll(m *mega.Mega, folder *mega.Node, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	children, err := m.FS.GetChildren(folder)
	if err != nil {
		return err
	}
	for _, n := range children {
		if n.GetType() == mega.FOLDER {
			continue
		}
		if err := m.DownloadFile(n, filepath.Join(dir, n.GetName()), nil); err != nil {
			return fmt.Errorf("download %s: %w", n.GetName(), err)
		}
	}
	return nil
}

// TestGoMegaOwnSuite runs go-mega's own tests, built from the module as it is.
// They skip silently without an account, so a skip counts as a failure.
func TestGoMegaOwnSuite(t *testing.T) {
	need(t, "")
	if testing.Short() {
		t.Skip("go-mega's tests take 40 seconds")
	}
	t.Parallel()
	s := newServer(t)
	want := strings.Fields(string(output(t, goMegaSuite(t, s, "-test.list=."))))
	out := output(t, goMegaSuite(t, s, "-test.timeout=5m"))

	if len(want) < 10 {
		t.Errorf("go-mega lists %d tests: %q", len(want), want)
	}
	for _, name := range want {
		if !regexp.MustCompile(`(?m)^--- PASS: ` + name + ` `).Match(out) {
			t.Errorf("%s did not pass", name)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}

// goMegaSuite is a call of go-mega's test binary, built anew; the build cache makes that cheap.
func goMegaSuite(t *testing.T, s server, args ...string) *exec.Cmd {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "gomega.test")
	output(t, exec.CommandContext(t.Context(), "go", "test", "-c", "-o", binary, "github.com/t3rm1n4l/go-mega"))
	cmd := exec.CommandContext(t.Context(), binary, append([]string{"-test.v"}, args...)...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir(), "SSL_CERT_FILE="+s.caFile,
		"X_MEGA_API_URL="+s.url, "X_MEGA_USER="+s.email, "X_MEGA_PASSWORD="+s.password)
	return cmd
}
