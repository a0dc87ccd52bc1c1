package emulator_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	mega "github.com/t3rm1n4l/go-mega"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/emulator/emulatortest"
)

// TestGoMega lets a client that was written for the real service do all it
// can, on accounts of both kinds.
func TestGoMega(t *testing.T) {
	for _, a := range []emulator.Account{
		{Email: "new@example.com", Password: "correct horse"},
		{Email: "Old@example.com", Password: "battery staple", V1: true},
	} {
		t.Run(a.Email, func(t *testing.T) {
			s := emulatortest.Start(t, emulator.Options{}, a)
			m := newGoMega(t, s.URL, http.DefaultTransport)
			if err := m.Login(a.Email, a.Password); err != nil {
				t.Fatalf("login: %v", err)
			}
			goMegaSession(t, s.URL, m)
			stats := s.Stats()
			if stats.Logins != 1 || stats.Nodes != 1 {
				t.Errorf("stats: %+v", stats)
			}
		})
	}
}

// newGoMega returns a client that falls silent with the test: on its own it
// would repeat failed polls without a pause until the process ends.
func newGoMega(t *testing.T, url string, transport http.RoundTripper) *mega.Mega {
	ended := make(chan struct{})
	t.Cleanup(func() { close(ended) })
	m := mega.New()
	m.SetLogger(func(string, ...any) {})
	m.SetClient(&http.Client{Transport: ending{transport, ended}})
	m.SetAPIUrl(url)
	return m
}

// ending ends the goroutine of a request that fails after the test did.
type ending struct {
	http.RoundTripper
	ended <-chan struct{}
}

func (e ending) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := e.RoundTripper.RoundTrip(r)
	if err != nil {
		select {
		case <-e.ended:
			runtime.Goexit()
		default:
		}
	}
	return res, err
}

func goMegaSession(t *testing.T, url string, m *mega.Mega) {
	user, err := m.GetUser()
	must(t, "user", err)
	if user.U == "" || user.Email == "" {
		t.Errorf("user: %+v", user)
	}
	dir, err := m.CreateDir("dir", m.FS.GetRoot())
	must(t, "make folder", err)
	other, err := m.CreateDir("other", dir)
	must(t, "make folder", err)
	files := map[int]*mega.Node{}
	for _, size := range []int{0, 1, 15, 16, 17, 131072, 131073, 1<<20 + 1, 5 << 20} {
		files[size] = goMegaUpload(t, m, size, dir)
	}
	reader := newGoMega(t, url, http.DefaultTransport)
	must(t, "resume", reader.LoginWithKeys(m.GetSessionID(), m.GetMasterKey()))
	for size, node := range files {
		goMegaDownload(t, reader, size, node)
	}
	quota, err := m.GetQuota()
	must(t, "quota", err)
	if want := uint64(0 + 1 + 15 + 16 + 17 + 131072 + 131073 + 1<<20 + 1 + 5<<20); quota.Cstrg != want {
		t.Errorf("used: got %d, want %d", quota.Cstrg, want)
	}
	must(t, "rename", m.Rename(files[17], "renamed"))
	must(t, "move", m.Move(files[17], other))
	if link, err := m.Link(files[16], true); err != nil || link == "" {
		t.Errorf("link: %q, %v", link, err)
	}
	must(t, "trash", m.Delete(files[1], false))
	must(t, "delete", m.Delete(files[1], true))
	goMegaFreshLook(t, url, m)
	must(t, "delete all", m.Delete(dir, true))
	_, err = m.CreateDir("last", m.FS.GetRoot())
	must(t, "make folder", err)
}

// goMegaFreshLook reads the tree again with the session that there is.
func goMegaFreshLook(t *testing.T, url string, m *mega.Mega) {
	again := newGoMega(t, url, http.DefaultTransport)
	must(t, "resume", again.LoginWithKeys(m.GetSessionID(), m.GetMasterKey()))
	path, err := again.FS.PathLookup(again.FS.GetRoot(), []string{"dir", "other", "renamed"})
	must(t, "look up", err)
	if got := path[len(path)-1].GetSize(); got != 17 {
		t.Errorf("size: got %d, want 17", got)
	}
	top, err := again.FS.PathLookup(again.FS.GetRoot(), []string{"dir"})
	must(t, "look up", err)
	children, err := again.FS.GetChildren(top[0])
	must(t, "list", err)
	if len(children) != 8 { // nine files, one moved, one deleted, and a folder
		t.Errorf("children: got %d, want 8", len(children))
	}
}

func goMegaUpload(t *testing.T, m *mega.Mega, size int, parent *mega.Node) *mega.Node {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	must(t, "write", os.WriteFile(name, content(size), 0o600))
	node, err := m.UploadFile(name, parent, "", nil)
	must(t, "upload", err)
	return node
}

// goMegaDownload reads with a client other than the one that wrote: go-mega does not lock a node's key against its own event
// poller, which writes it anew when the upload's event arrives.
func goMegaDownload(t *testing.T, reader *mega.Mega, size int, uploaded *mega.Node) {
	t.Helper()
	node := reader.FS.HashLookup(uploaded.GetHash())
	if node == nil {
		t.Fatalf("size %d: the node is not in the tree", size)
	}
	name := filepath.Join(t.TempDir(), "file")
	must(t, "download", reader.DownloadFile(node, name, nil))
	got, err := os.ReadFile(name)
	must(t, "read", err)
	if !bytes.Equal(got, content(size)) {
		t.Errorf("size %d: content differs", size)
	}
}

func content(size int) []byte {
	p := make([]byte, size)
	for i := range p {
		p[i] = byte(i*7 + i>>8)
	}
	return p
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}
