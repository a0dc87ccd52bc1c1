//go:build linux || darwin

package restore_test

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/megaplan/megaplan/internal/emulator"
	"github.com/megaplan/megaplan/internal/emulator/emulatortest"
	"github.com/megaplan/megaplan/internal/mega"
	"github.com/megaplan/megaplan/internal/mega/crypt"
	"github.com/megaplan/megaplan/internal/mega/session"
	"github.com/megaplan/megaplan/internal/mega/transfer"
	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/redact"
	"github.com/megaplan/megaplan/internal/restore"
	"github.com/megaplan/megaplan/internal/scan"
	"github.com/megaplan/megaplan/internal/tree"
)

// oldAccount derives its key from the password faster than a new one.
var oldAccount = emulator.Account{Email: "old@example.com", Password: "password", V1: true}

// lab is an emulated MEGA with a client on it.
type lab struct {
	*emulatortest.Instance
	*mega.Client
	session session.Session
}

func newLab(t *testing.T, tune ...func(*mega.Options)) *lab {
	t.Helper()
	l := &lab{Instance: emulatortest.Start(t, emulator.Options{}, oldAccount)}
	o := mega.Options{Endpoint: l.URL, Budget: 10 * time.Second}
	for _, change := range tune {
		change(&o)
	}
	signed, err := mega.SignIn(t.Context(), o, oldAccount.Email, redact.New(oldAccount.Password), nil)
	if err != nil {
		t.Fatal(err)
	}
	client, err := mega.Open(o, signed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	l.Client, l.session = client, signed
	l.refresh(t)
	return l
}

func (l *lab) refresh(t *testing.T) {
	t.Helper()
	if _, err := l.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// backUp stores a local directory in the account's root, as an apply would, and returns its tree.
func (l *lab) backUp(t *testing.T, dir string, preserve scan.Preserve) *tree.Tree {
	t.Helper()
	result, err := scan.Scan(t.Context(), dir, scan.Options{Preserve: preserve})
	if err != nil {
		t.Fatal(err)
	}
	source, err := scan.OpenSource(dir, scan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	parents := map[tree.ID]tree.Handle{tree.Root: l.RootHandle()}
	g, ctx := errgroup.WithContext(t.Context())
	g.SetLimit(16)
	for id := range result.Tree.Walk(tree.Root) {
		n := result.Tree.Node(id)
		switch {
		case id == tree.Root:
		case n.Kind == tree.Dir:
			made, err := l.CreateFolders(t.Context(), []mega.NewFolder{{Parent: parents[result.Tree.Parent(id)], Name: n.Name, Meta: n.Meta}})
			if err != nil {
				t.Fatal(err)
			}
			parents[id] = made[0]
		default:
			parent := parents[result.Tree.Parent(id)]
			g.Go(func() error { return l.upload(ctx, source, result.Tree.LocalPath(id), n, parent) })
		}
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return l.tree(t)
}

func (l *lab) upload(ctx context.Context, source *scan.Source, path string, n tree.Node, parent tree.Handle) error {
	u := mega.Upload{Parent: parent, Name: n.Name, Meta: n.Meta, MTime: n.MTime / 1e9}
	if n.Kind == tree.Symlink {
		target, _, err := source.Readlink(path)
		if err != nil {
			return err
		}
		u.Bytes = []byte(target)
	} else {
		f, _, err := source.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		u.File = f
	}
	_, err := l.Client.Upload(ctx, u)
	if err != nil {
		return fmt.Errorf("upload %q: %w", path, err)
	}
	return nil
}

func (l *lab) tree(t *testing.T) *tree.Tree {
	t.Helper()
	tr, err := l.Tree(t.Context(), []tree.Path{""}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// put stores a file as another client would, under any name.
func (l *lab) put(t *testing.T, parent tree.Handle, name string, content []byte) {
	t.Helper()
	key := crypt.NewFileKey(crypt.NewKey(), crypt.NewNonce(), [8]byte{})
	piece := crypt.Piece{Cipher: key.Cipher(), Buf: append([]byte(nil), content...)}
	piece.Encrypt()
	key = crypt.NewFileKey(key.AES(), key.Nonce(), crypt.MetaMAC(key.AES(), piece.MACs))
	attrs := crypt.NewAttributes(name)
	text, err := attrs.Encrypt(key.AES())
	if err != nil {
		t.Fatal(err)
	}
	wrapped := crypt.NewKeyring(l.session.User, l.session.Master).WrapFileKey(key)
	node := emulator.Node{Parent: parent.String(), Attr: text, Key: wrapped, Size: int64(len(content)), Time: 1_700_000_000}
	if _, err := l.Put(oldAccount.Email, node, piece.Buf); err != nil {
		t.Fatal(err)
	}
}

func (l *lab) putDir(t *testing.T, parent tree.Handle, name string) tree.Handle {
	t.Helper()
	key := crypt.NewKey()
	attrs := crypt.NewAttributes(name)
	text, err := attrs.Encrypt(key)
	if err != nil {
		t.Fatal(err)
	}
	wrapped := crypt.NewKeyring(l.session.User, l.session.Master).WrapKey(key)
	made, err := l.Put(oldAccount.Email, emulator.Node{Parent: parent.String(), Type: 1, Attr: text, Key: wrapped, Time: 1_700_000_000}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h, err := tree.ParseHandle(made)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// plan looks at the target and plans.
func plan(t *testing.T, target string, in restore.Input) *restore.Plan {
	t.Helper()
	if in.Encoding == 0 {
		in.Encoding = names.Default
	}
	local, err := restore.Look(target, in)
	if err != nil {
		t.Fatal(err)
	}
	in.Local = local
	return restore.Make(in)
}

// run plans and runs, and wants everything to go well.
func run(t *testing.T, remote *lab, target string, in restore.Input) restore.Report {
	t.Helper()
	report, err := restore.Run(t.Context(), plan(t, target, in), restore.Env{Remote: remote, Target: target, Owner: os.Geteuid() == 0})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Failures {
		t.Errorf("%q: %v", f.Entry.Path, f.Err)
	}
	return report
}

func random(size int) []byte {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{byte(size), byte(size >> 8), byte(size >> 16)}).Read(b)
	return b
}

func write(t *testing.T, path string, content []byte, mode fs.FileMode, at time.Time) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// onDisk describes everything below a directory: mode, date and content, or a link's target.
func onDisk(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text := info.Mode().String()
		switch {
		case info.Mode().IsRegular():
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += fmt.Sprintf(" %s %x", info.ModTime().UTC().Format(time.RFC3339Nano), content)
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			text += fmt.Sprintf(" %s -> %s", info.ModTime().UTC().Format(time.RFC3339Nano), target)
		}
		name, err := filepath.Rel(dir, path)
		out[name] = text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// memory is a remote without a network.
type memory struct {
	contents map[tree.Handle][]byte
	before   func(tree.Handle) error

	mu      sync.Mutex
	fetched map[tree.Handle]int
}

func (m *memory) DownloadPart(ctx context.Context, h tree.Handle, to *os.File, _ transfer.Part, progress func(int64)) error {
	m.mu.Lock()
	if m.fetched == nil {
		m.fetched = map[tree.Handle]int{}
	}
	m.fetched[h]++
	m.mu.Unlock()
	if m.before != nil {
		if err := m.before(h); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	progress(int64(len(m.contents[h])))
	_, err := to.Write(m.contents[h])
	return err
}

func (m *memory) ContentKey(h tree.Handle) (crypt.FileKey, error) {
	key := crypt.Key{byte(h)}
	piece := crypt.Piece{Cipher: crypt.NewFileCipher(key, [8]byte{}), Buf: append([]byte(nil), m.contents[h]...)}
	piece.Encrypt()
	return crypt.NewFileKey(key, [8]byte{}, crypt.MetaMAC(key, piece.MACs)), nil
}

// openLater makes directories writable again when the test is over, so that they can be removed without being root.
func openLater(t *testing.T, dirs ...string) {
	t.Helper()
	t.Cleanup(func() {
		for _, dir := range dirs {
			if err := os.Chmod(dir, 0o700); err != nil {
				t.Error(err)
			}
		}
	})
}
