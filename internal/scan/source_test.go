//go:build linux

package scan

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/megaplan/megaplan/internal/tree"
)

func TestRule27_IdentityFollowsTheFile(t *testing.T) {
	root := fill(t, "d/f=123", "link -> d/f", "away -> /etc/passwd")
	must(t, unix.Mkfifo(filepath.Join(root, "pipe"), 0o644))
	r := scanned(t, root, Options{})
	id, _ := r.Tree.Lookup("d/f")
	seen := IdentityOf(r.Tree.Node(id))
	s, err := OpenSource(root, Options{})
	must(t, err)
	defer s.Close()
	f, got, err := s.Open("d/f")
	must(t, err)
	defer f.Close()
	want(t, "identity", got, seen)
	content, err := io.ReadAll(f)
	must(t, err)
	want(t, "content", string(content), "123")
	must(t, os.WriteFile(filepath.Join(root, "d/f"), []byte("456"), 0o644))
	after, err := Check(f)
	must(t, err)
	if after == seen {
		t.Error("a rewritten file has the same identity")
	}
	for path, wantErr := range map[string]error{"d": errNoFile, "pipe": errNoFile, "nope": fs.ErrNotExist} {
		if _, _, err := s.Open(path); !errors.Is(err, wantErr) {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{"away", "../x", "/etc/passwd"} {
		if _, _, err := s.Open(path); err == nil {
			t.Errorf("%s leads out of the source", path)
		}
	}
}

func TestRule11_FreshFilesAreNotSettled(t *testing.T) {
	now := time.Unix(1000, 0)
	at := func(d time.Duration) int64 { return now.Add(d).UnixNano() }
	for _, c := range []struct {
		mtime, ctime time.Duration
		want         bool
	}{{-3 * time.Second, -3 * time.Second, true}, {-3 * time.Second, -time.Second, false}, {-time.Second, -time.Hour, false}, {time.Hour, -time.Hour, false}, {-2 * time.Second, -time.Hour, false}} {
		if got := (Identity{MTime: at(c.mtime), CTime: at(c.ctime)}).Settled(now); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestRule27_AGrownFileContinues(t *testing.T) {
	was := Identity{Size: 10, MTime: 5, CTime: 5, Dev: 1, Inode: 2}
	for _, c := range []struct {
		now  Identity
		want bool
	}{
		{was, true},
		{Identity{Size: 11, MTime: 6, CTime: 6, Dev: 1, Inode: 2}, true},
		{Identity{Size: 9, MTime: 6, CTime: 6, Dev: 1, Inode: 2}, false},
		{Identity{Size: 11, MTime: 6, CTime: 6, Dev: 1, Inode: 3}, false},
		{Identity{Size: 11, MTime: 6, CTime: 6, Dev: 2, Inode: 2}, false},
	} {
		if got := c.now.Continues(was); got != c.want {
			t.Errorf("%+v: %v", c.now, got)
		}
	}
}

// TestScanBearsATreeThatChanges replaces files by directories and links and back while it scans.
func TestScanBearsATreeThatChanges(t *testing.T) {
	root := t.TempDir()
	outside := fill(t, "secret")
	for i := range 20 {
		must(t, os.MkdirAll(filepath.Join(root, "d"+strconv.Itoa(i), "sub"), 0o755))
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			path := filepath.Join(root, "d"+strconv.Itoa(i%20))
			_ = os.RemoveAll(path) // whatever fails here is one more thing that changes
			switch i % 3 {
			case 0:
				_ = os.WriteFile(path, []byte("x"), 0o644)
			case 1:
				_ = os.Symlink(outside, path)
			case 2:
				_ = os.MkdirAll(filepath.Join(path, "sub"), 0o755)
			}
		}
	})
	for range 100 {
		r := scanned(t, root, Options{Preserve: Preserve{Mode: true, XAttrs: true}})
		for id := range r.Tree.Walk(tree.Root) {
			if strings.HasSuffix(string(r.Tree.Path(id)), "secret") {
				t.Error("a link was followed")
			}
		}
	}
	cancel()
	wg.Wait()
}
