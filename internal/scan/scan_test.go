//go:build linux

package scan

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/megaplan/megaplan/internal/filter"
	"github.com/megaplan/megaplan/internal/names"
	"github.com/megaplan/megaplan/internal/tree"
)

// fill makes files in a new directory. A name that ends in a slash is a directory, "->" leads from a link to its target, and
// anything else is a file whose content is what follows "=", or its own name.
func fill(t *testing.T, entries ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, e := range entries {
		name, target, link := strings.Cut(e, " -> ")
		name, content, ok := strings.Cut(name, "=")
		if !ok {
			content = name
		}
		path := filepath.Join(root, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		switch {
		case link:
			must(t, os.Symlink(strings.ReplaceAll(target, "ROOT", root), path))
		case strings.HasSuffix(name, "/"):
			must(t, os.MkdirAll(path, 0o755))
		default:
			must(t, os.WriteFile(path, []byte(content), 0o644))
		}
	}
	return root
}

func contextWithCancel(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithCancel(t.Context())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func scanned(t *testing.T, root string, opt Options) *Result {
	t.Helper()
	r, err := Scan(t.Context(), root, opt)
	must(t, err)
	return r
}

// outline shows each path with its kind, or with why it is unknown and the reason.
func outline(r *Result) map[string]string {
	out := map[string]string{}
	for id := range r.Tree.Walk(tree.Root) {
		n := r.Tree.Node(id)
		s := n.Kind.String()
		if n.Kind == tree.Unknown {
			s = n.Why.String() + ": " + n.Reason
		}
		if n.Incomplete {
			s += ", incomplete: " + n.Reason
		}
		if id != tree.Root || n.Incomplete {
			out[string(r.Tree.Path(id))] = s
		}
	}
	return out
}

func problems(r *Result) []string {
	var out []string
	for _, p := range r.Problems {
		out = append(out, p.Why.String()+": "+p.Error())
	}
	return out
}

func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func excluding(lines ...string) *filter.Filter {
	return filter.New(filter.Config{Exclude: lined(lines), IgnoreFiles: []string{".megaignore"}})
}

func lined(lines []string) []filter.Pattern {
	var out []filter.Pattern
	for i, l := range lines {
		out = append(out, filter.Pattern{Text: l, Where: fmt.Sprintf("x.mega.hcl:%d", i+1)})
	}
	return out
}

func TestScanTakesFactsOfEveryName(t *testing.T) {
	root := fill(t, "a=12345", "d/b", "d/e/", "sp ace", "\xff=x", "q‛=1", "l -> d/b")
	when := time.Unix(1_700_000_000, 123_456_789)
	must(t, os.Chtimes(filepath.Join(root, "a"), when, when))
	r := scanned(t, root, Options{Preserve: Preserve{Mode: true, MTime: true, Symlinks: true}})
	want(t, "tree", outline(r), map[string]string{
		"a": "file", "d": "directory", "d/b": "file", "d/e": "directory", "sp ace": "file", "‛FF": "file", "q‛": "file", "l": "symlink",
	})
	want(t, "totals", r.Totals, Totals{Files: 5, Symlinks: 1, Dirs: 2, Bytes: 5 + 3 + 6 + 1 + 1 + 3})
	id, _ := r.Tree.Lookup("a")
	n := r.Tree.Node(id)
	var st unix.Stat_t
	must(t, unix.Stat(filepath.Join(root, "a"), &st))
	want(t, "node", n, tree.Node{
		Name: "a", Kind: tree.File, Size: 5, MTime: when.UnixNano(), Meta: `{"v":1,"m":420,"t":1700000000123456789}`,
		CTime: unix.TimespecToNsec(st.Ctim), Dev: st.Dev, Inode: st.Ino, Links: 1,
	})
	id, _ = r.Tree.Lookup("‛FF")
	want(t, "local path", r.Tree.LocalPath(id), "\xff")
	want(t, "problems", problems(r), []string(nil))
}

func TestRule7_FiltersAndIgnoreFilesLeaveOut(t *testing.T) {
	root := fill(t, "a.tmp", "keep.tmp", ".cache/x", "d/.megaignore=/secret\n", "d/secret", "d/e/secret", "d/x.tmp", "megaplan.state.json",
		"megaplan.state.json.tmp-123", "megaplan.state.json.old", ".megaplan/embedded/x", "plans/p.plan", "d/.megaplan-restore-0a1b")
	r := scanned(t, root, Options{
		Filter: excluding(".cache/", "*.tmp", "!keep.tmp"),
		Own:    []string{filepath.Join(root, "megaplan.state.json"), filepath.Join(root, "plans/p.plan")},
	})
	want(t, "tree", outline(r), map[string]string{
		"a.tmp": "excluded: exclude, x.mega.hcl:2", "keep.tmp": "file", ".cache": "excluded: exclude, x.mega.hcl:1",
		"d": "directory", "d/.megaignore": "file", "d/secret": "excluded: ignore file, d/.megaignore:1", "d/e": "directory", "d/e/secret": "file",
		"d/x.tmp": "excluded: exclude, x.mega.hcl:2", "megaplan.state.json": "megaplan's own: megaplan's own",
		"megaplan.state.json.tmp-123": "megaplan's own: megaplan's own", "megaplan.state.json.old": "file",
		".megaplan": "megaplan's own: megaplan's own", "plans": "directory", "plans/p.plan": "megaplan's own: megaplan's own",
		"d/.megaplan-restore-0a1b": "megaplan's own: megaplan's own",
	})
	want(t, "left out", r.LeftOut, int64(9))
}

func TestRule7_OwnFilesAreKnownByAnyLink(t *testing.T) {
	root := fill(t, "state.json", "to-state -> state.json", "d/")
	must(t, os.Link(filepath.Join(root, "state.json"), filepath.Join(root, "d/again")))
	r := scanned(t, root, Options{Symlinks: Follow, Own: []string{filepath.Join(root, "state.json")}})
	own := "megaplan's own: megaplan's own"
	want(t, "tree", outline(r), map[string]string{"state.json": own, "to-state": own, "d": "directory", "d/again": own})
}

func TestRule7_EmptyDirectoriesAreKeptUnlessIncludeIsSet(t *testing.T) {
	root := fill(t, "empty/", "photos/a.jpg=1", "photos/b.txt", "text/c.txt", "text/deep/d.txt", "mixed/s/big.jpg=123456789", "mixed/s/t.txt")
	r := scanned(t, root, Options{Filter: filter.New(filter.Config{Include: lined([]string{"*.jpg"})}), MaxFileSize: 8})
	want(t, "tree", outline(r), map[string]string{
		"empty": "excluded: nothing in it matches include", "text": "excluded: nothing in it matches include",
		"photos": "directory", "photos/a.jpg": "file", "photos/b.txt": "excluded: matches no include pattern",
		"mixed": "too large: nothing in it matches include", // not "excluded", or delete_excluded would take the large file away
	})
	r = scanned(t, root, Options{})
	if got := outline(r)["empty"]; got != "directory" {
		t.Errorf("without include, empty is %q", got)
	}
}

func TestRule6_WhatIsNotTakenIsUnknown(t *testing.T) {
	root := fill(t, "big=123456789", "small=1", "tag/CACHEDIR.TAG="+cacheSignature+"\nmore", "tag/x", "other/CACHEDIR.TAG=no", "link -> small")
	must(t, unix.Mkfifo(filepath.Join(root, "pipe"), 0o644))
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	must(t, err)
	defer unix.Close(fd)
	must(t, unix.Bind(fd, &unix.SockaddrUnix{Name: filepath.Join(root, "sock")}))
	r := scanned(t, root, Options{MaxFileSize: 8, ExcludeCaches: true, Symlinks: Skip})
	want(t, "tree", outline(r), map[string]string{
		"big": "too large: 9 bytes, max_file_size is 8", "small": "file", "tag": "excluded: exclude_caches, it has a CACHEDIR.TAG",
		"other": "directory", "other/CACHEDIR.TAG": "file", "link": "special: symlink, and symlinks are skipped",
		"pipe": "special: pipe", "sock": "special: socket",
	})
	want(t, "problems", problems(r), []string(nil))
}

func TestRule6_UnreadableIsUnknownAndReported(t *testing.T) {
	root := fill(t, "a", "locked/x", "noignore/.megaignore/x", "d/.megaignore=*.tmp", "d/y", "e/.megaignore -> ../d/.megaignore", "e/secret", "hidden")
	r := scanned(t, root, Options{Filter: excluding("hidden")})
	want(t, "tree", outline(r), map[string]string{
		"a": "file", "locked": "directory", "locked/x": "file", "noignore": "directory", "noignore/.megaignore": "directory", "noignore/.megaignore/x": "file",
		"d": "directory", "d/.megaignore": "file", "d/y": "file", "e": "unreadable: its .megaignore cannot be read", "hidden": "excluded: exclude, x.mega.hcl:1",
	})
	want(t, "problems", problems(r), []string{"unreadable: e/.megaignore: open .megaignore: is a symbolic link, which is not followed here"})
	if !r.ReadErrors() {
		t.Error("no read errors")
	}
}

func TestRule8_SourcesThatMustNotCountAsEmpty(t *testing.T) {
	root := fill(t, "file", "dir/x")
	for _, c := range []struct {
		path, marker string
		fault        Fault
		text         string
	}{
		{"gone", "", Missing, "does not exist"},
		{"file", "", NotDirectory, "is not a directory"},
		{"file/below", "", Unreadable, "not a directory"},
		{"dir", ".mounted", MarkerAbsent, "has no .mounted, so it counts as not mounted"},
	} {
		_, err := Scan(t.Context(), filepath.Join(root, c.path), Options{Marker: c.marker})
		var source *SourceError
		if !errors.As(err, &source) || source.Fault != c.fault || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", c.path, err)
		}
	}
	if r := scanned(t, filepath.Join(root, "dir"), Options{Marker: "x"}); r.Empty() {
		t.Error("not empty")
	}
	if r := scanned(t, t.TempDir(), Options{}); !r.Empty() {
		t.Error("empty")
	}
}

func TestRule14_NamesThatBecomeOneAreReported(t *testing.T) {
	dots, err := names.Parse("Dot,LeftPeriod,Slash,InvalidUtf8")
	must(t, err)
	root := fill(t, ".．", "．．/x", "．a")
	r := scanned(t, root, Options{Encode: dots.FromDisk})
	want(t, "problems", problems(r), []string{"name clash: ．．: has the same name on MEGA as \".．\", which is kept"})
	first, end := r.Tree.Find(tree.Root, "．．")
	var got []string
	for ; first < end; first++ {
		n := r.Tree.Node(first)
		got = append(got, n.LocalOrName()+" "+n.Kind.String()+" "+n.Why.String())
	}
	want(t, "nodes", got, []string{".． file ", "．． unknown name clash"})
	if r.ReadErrors() {
		t.Error("a clash is no read error")
	}
}

func TestRule33_SymlinksAreRecorded(t *testing.T) {
	root := fill(t, "l -> some/where", "dangling -> nowhere", "d/")
	r := scanned(t, root, Options{Preserve: Preserve{Symlinks: true, Mode: true}})
	id, _ := r.Tree.Lookup("l")
	n := r.Tree.Node(id)
	if n.Kind != tree.Symlink || n.Size != int64(len("some/where")) || n.Meta != `{"v":1,"l":1}` {
		t.Errorf("%+v", n)
	}
	s, err := OpenSource(root, Options{})
	must(t, err)
	defer s.Close()
	target, ident, err := s.Readlink("l")
	must(t, err)
	want(t, "target", target, "some/where")
	want(t, "identity", ident, IdentityOf(n))
	if _, _, err := s.Readlink("d"); err == nil {
		t.Error("read a directory's target")
	}
}

func TestRule33_FollowStaysInsideAndEnds(t *testing.T) {
	outside := fill(t, "o/file=1234")
	root := fill(t, "real/deep/f=12", "in -> real", "file -> real/deep/f", "real/up -> ..", "self -> self", "none -> gone", "out -> "+outside+"/o", "top -> .",
		"skipped -> gone", "a -> b", "b -> real/deep")
	r := scanned(t, root, Options{Symlinks: Follow, Filter: excluding("skipped", "real/deep/")})
	want(t, "tree", outline(r), map[string]string{
		"real": "directory", "real/deep": "excluded: exclude, x.mega.hcl:2", "real/up": "special: symlink leads back to a directory above it",
		"in": "directory", "in/deep": "directory", "in/deep/f": "file", "in/up": "special: symlink leads back to a directory above it",
		"file": "file", "self": "special: symlink leads to itself", "none": "special: symlink leads nowhere", "out": "special: symlink leads out of the source",
		"top": "special: symlink leads back to a directory above it", "skipped": "excluded: exclude, x.mega.hcl:1", "a": "directory", "a/f": "file", "b": "directory", "b/f": "file",
	})
	want(t, "problems", problems(r), []string(nil))
	id, _ := r.Tree.Lookup("file")
	want(t, "size", r.Tree.Size(id), int64(2))
	r = scanned(t, root, Options{Symlinks: Follow, FollowOutside: true})
	want(t, "outside", outline(r)["out/file"], "file")
}

func TestRule6_OtherFileSystemsAreUnknown(t *testing.T) {
	root := fill(t, "a", "elsewhere -> /proc/sys/kernel", "file -> /proc/version")
	opt := Options{Symlinks: Follow, FollowOutside: true, OneFileSystem: true}
	other := "other file system: on another file system"
	want(t, "tree", outline(scanned(t, root, opt)), map[string]string{"a": "file", "elsewhere": other, "file": other})
	opt.OneFileSystem = false
	if got := outline(scanned(t, root, opt)); got["elsewhere/ostype"] != "file" || got["file"] != "file" {
		t.Errorf("without one_file_system: %v", got)
	}
}

func TestRule33_HardLinksAreGrouped(t *testing.T) {
	root := fill(t, "a", "b/x", "single", "alone")
	must(t, os.Link(filepath.Join(root, "a"), filepath.Join(root, "b/a2")))
	must(t, os.Link(filepath.Join(root, "alone"), filepath.Join(t.TempDir(), "elsewhere")))
	r := scanned(t, root, Options{Preserve: Preserve{Hardlinks: true}})
	metas := map[string]string{}
	for id := range r.Tree.Walk(tree.Root) {
		if m := r.Tree.Node(id).Meta; m != "" {
			metas[string(r.Tree.Path(id))] = m
		}
	}
	if len(metas) != 2 || metas["a"] != metas["b/a2"] || !strings.Contains(metas["a"], `"h":"`) {
		t.Errorf("metas: %v", metas)
	}
}

func TestDeepAndOddTreesAreWalked(t *testing.T) {
	root := t.TempDir()
	// Deeper than one path may be long.
	fd, err := unix.Open(root, openDirFlags, 0)
	must(t, err)
	name := strings.Repeat("d", 200)
	for range 30 {
		must(t, unix.Mkdirat(fd, name, 0o755))
		next, err := unix.Openat(fd, name, openDirFlags, 0)
		must(t, err)
		must(t, unix.Close(fd))
		fd = next
	}
	file, err := unix.Openat(fd, "bottom", unix.O_CREAT|unix.O_WRONLY, 0o644)
	must(t, err)
	must(t, errors.Join(unix.Close(file), unix.Close(fd)))
	r := scanned(t, root, Options{})
	want(t, "totals", r.Totals, Totals{Files: 1, Dirs: 30})
	want(t, "problems", problems(r), []string(nil))
}

func TestScanStopsWhenAsked(t *testing.T) {
	root := fill(t, "a/b/c/d", "e/f")
	ctx, cancel := contextWithCancel(t)
	_, err := Scan(ctx, root, Options{Workers: 1, Progress: func(Totals) { cancel() }})
	if !errors.Is(err, ctx.Err()) || err == nil {
		t.Errorf("err = %v", err)
	}
}

func TestRootMayBeALink(t *testing.T) {
	root := fill(t, "real/f", "link -> real")
	r := scanned(t, filepath.Join(root, "link"), Options{})
	want(t, "tree", outline(r), map[string]string{"f": "file"})
}

func TestExplainAgreesWithTheScan(t *testing.T) {
	root := fill(t, "keep.tmp", "a.tmp", ".cache/x/y", "d/f", "d/.megaignore=g\n", "d/g")
	opt := Options{Filter: excluding(".cache/", "*.tmp", "!keep.tmp")}
	for path, w := range map[string]Explanation{
		"keep.tmp":   {Taken: true, At: "keep.tmp", Kind: tree.File, Reason: "exclude, x.mega.hcl:3", Pattern: filter.Pattern{Text: "!keep.tmp", Where: "x.mega.hcl:3"}},
		"a.tmp":      {At: "a.tmp", Kind: tree.Unknown, Why: tree.Excluded, Reason: "exclude, x.mega.hcl:2", Pattern: filter.Pattern{Text: "*.tmp", Where: "x.mega.hcl:2"}},
		".cache/x/y": {At: ".cache", Kind: tree.Unknown, Why: tree.Excluded, Reason: "exclude, x.mega.hcl:1", Pattern: filter.Pattern{Text: ".cache/", Where: "x.mega.hcl:1"}},
		"d/f":        {Taken: true, At: "d/f", Kind: tree.File},
		"d/g":        {At: "d/g", Kind: tree.Unknown, Why: tree.Excluded, Reason: "ignore file, d/.megaignore:1", Pattern: filter.Pattern{Text: "g", Where: "d/.megaignore:1"}},
	} {
		got, err := Explain(root, path, opt)
		must(t, err)
		want(t, path, got, w)
	}
	for _, path := range []string{"nope", "keep.tmp/x", "d/nope"} {
		if e, err := Explain(root, path, opt); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %+v, %v", path, e, err)
		}
	}
}
