//go:build linux || darwin

package restore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/megaplan/megaplan/internal/mega/transfer"
	"github.com/megaplan/megaplan/internal/restore"
	"github.com/megaplan/megaplan/internal/scan"
	"github.com/megaplan/megaplan/internal/tree"
)

// oddNames are names that some system or client has trouble with. All are ordinary names here.
func oddNames() []string {
	list := []string{
		" ", "  leading", "trailing ", "trailing.", "...", "..a", ".hidden", "-rf", "--", "~", "a\\b", "\\", "a'b", "a\"b", "`x`", "$(x)", "%00", "a\nb", "a\tb",
		"CON", "nul.txt", "COM1", "a:b", "a*b?", "<a>|", "[a]", "{a,b}", "#a#", "a&b", "a;b", "é", "e\u0301", "ﬁ", "😀", "👨‍👩‍👧", "\u202egpj.exe", "日本語", "Ω",
		"a／b", "．", "．．", "‛", "‛．", "‛FF", "␀", "\xff", "\xc3\x28", "a\xffb", "\xed\xa0\x80", "\ufffd", "\ufeff", "A", "a", "README", "readme",
		"\x01", "\x7f", "\u0085", "NO_KEY_x", "MEGA{", "{\"n\":\"x\"}", strings.Repeat("n", 255), strings.Repeat("é", 127),
	}
	for i := range 200 {
		list = append(list, fmt.Sprintf("%s file %03d", []string{"plain", "ünï", "e\u0301", "‛" + string(rune('a'+i%26)), "日"}[i%5], i))
	}
	return list
}

// oddSizes are those around the cipher's block, chunks and posts.
var oddSizes = []int{0, 1, 15, 16, 17, 8192, 8193, 131072, 131073}

// What is backed up comes back byte for byte, under names that are the same bytes, with dates and modes.
func TestRule14_OddNamesAndSizesComeBack(t *testing.T) {
	source := t.TempDir()
	for i, name := range oddNames() {
		size := oddSizes[i%len(oddSizes)]
		if size > 10000 && i > 60 {
			size = i
		}
		at := time.Unix(1_600_000_000+int64(i), int64(i)*3_000_007)
		mode := []os.FileMode{0o644, 0o600, 0o444, 0o755, 0o000 | os.ModeSetuid | 0o700}[i%5]
		dir := []string{"", "sub dir", "sub dir/\xfe", "é"}[i%4]
		write(t, filepath.Join(source, dir, name), random(size), mode, at)
	}
	write(t, filepath.Join(source, "big"), random(1<<20+1), 0o640, time.Unix(-5, 7))
	write(t, filepath.Join(source, "zeros"), make([]byte, 3<<20), 0o640, time.Unix(0, 0))
	for _, dir := range []string{"empty", "sub dir/empty too"} {
		if err := os.Mkdir(filepath.Join(source, dir), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(source, "é"), 0o500); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../outside/\xff", filepath.Join(source, "link")); err != nil {
		t.Fatal(err)
	}
	l := newLab(t)
	remote := l.backUp(t, source, scan.Preserve{Mode: true, MTime: true, Symlinks: true})
	target := filepath.Join(t.TempDir(), "new", "place")
	openLater(t, filepath.Join(source, "é"), filepath.Join(target, "é"))
	report := run(t, l, target, restore.Input{Tree: remote})
	if diff := cmp.Diff(onDisk(t, source), onDisk(t, target)); diff != "" {
		t.Errorf("-source +restored:\n%s", diff)
	}
	if report.Partial() || report.Done < 250 {
		t.Errorf("%+v", report)
	}
	again := plan(t, target, restore.Input{Tree: remote})
	if !again.Idle() || again.Partial() {
		t.Errorf("a second restore has something to do: %+v", again.Totals())
	}
}

// Chunks of zeros are holes.
func TestRule33_HolesComeBackAsHoles(t *testing.T) {
	source, target := t.TempDir(), t.TempDir()
	write(t, filepath.Join(source, "disk.img"), make([]byte, 8<<20), 0o600, time.Unix(1e9, 0))
	l := newLab(t)
	run(t, l, target, restore.Input{Tree: l.backUp(t, source, scan.Preserve{})})
	if blocks := blocksOf(t, filepath.Join(target, "disk.img")); blocks > 64 {
		t.Errorf("8 MiB of zeros take %d blocks", blocks)
	}
}

// Owners, extended attributes and hard links come back where they were kept.
func TestRule33_OwnersAttributesAndHardLinks(t *testing.T) {
	source, target := t.TempDir(), t.TempDir()
	write(t, filepath.Join(source, "a"), random(5000), 0o640, time.Unix(1e9, 5))
	if err := os.Mkdir(filepath.Join(source, "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"d/b", "c"} {
		if err := os.Link(filepath.Join(source, "a"), filepath.Join(source, name)); err != nil {
			t.Fatal(err)
		}
	}
	attrs := setTestAttr(t, filepath.Join(source, "a"))
	preserve := scan.Preserve{Mode: true, MTime: true, Owner: true, XAttrs: true, Hardlinks: true}
	owner := os.Geteuid() == 0
	if owner {
		if err := os.Chown(filepath.Join(source, "a"), 4321, 1234); err != nil {
			t.Fatal(err)
		}
	}
	l := newLab(t)
	report := run(t, l, target, restore.Input{Tree: l.backUp(t, source, preserve)})
	if diff := cmp.Diff(onDisk(t, source), onDisk(t, target)); diff != "" {
		t.Errorf("-source +restored:\n%s", diff)
	}
	if report.Done != 3 || report.Bytes != 5000 {
		t.Errorf("%+v", report)
	}
	first := stat(t, filepath.Join(target, "a"))
	for _, name := range []string{"d/b", "c"} {
		if !os.SameFile(first, stat(t, filepath.Join(target, name))) {
			t.Errorf("%s is no hard link of a", name)
		}
	}
	if got := testAttr(t, filepath.Join(target, "a")); got != attrs {
		t.Errorf("extended attribute %q, want %q", got, attrs)
	}
	if uid, gid := ownerOf(t, first); owner && (uid != 4321 || gid != 1234) {
		t.Errorf("owner %d:%d", uid, gid)
	}
}

// A link that another client's program wrote anew is text.
func TestRule33_WithoutTheMarkALinkIsText(t *testing.T) {
	source, target := t.TempDir(), t.TempDir()
	if err := os.Symlink("somewhere", filepath.Join(source, "link")); err != nil {
		t.Fatal(err)
	}
	l := newLab(t)
	remote := l.backUp(t, source, scan.Preserve{})
	run(t, l, target, restore.Input{Tree: remote})
	content, err := os.ReadFile(filepath.Join(target, "link"))
	if err != nil || string(content) != "somewhere" {
		t.Errorf("%q, %v", content, err)
	}
}

// Names from another client never lead out of the target; what has an ordinary name is restored.
func TestRule14_HostileNamesStayInside(t *testing.T) {
	l := newLab(t)
	root := l.RootHandle()
	hostile := []string{"..", ".", "../out", "/etc/out", "a/../../out", "nul\x00byte", strings.Repeat("x", 256), ".megaplan-restore-0000"}
	for _, name := range hostile {
		l.put(t, root, name, []byte("bad"))
	}
	up := l.putDir(t, root, "..")
	l.put(t, up, "out", []byte("bad"))
	l.put(t, root, "CON", []byte("ordinary here"))
	l.put(t, root, "twice", []byte("first"))
	l.put(t, root, "twice", []byte("second"))
	l.put(t, root, "good", []byte("good"))
	l.refresh(t)
	parent := t.TempDir()
	target := filepath.Join(parent, "target")
	p := plan(t, target, restore.Input{Tree: l.tree(t)})
	if _, err := restore.Run(t.Context(), p, restore.Env{Remote: l, Target: target}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for name := range onDisk(t, parent) {
		got = append(got, name)
	}
	want := map[string]bool{"target": true, "target/CON": true, "target/twice": true, "target/good": true}
	for _, name := range got {
		if !want[name] {
			t.Errorf("there is %q", name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("restored %q", got)
	}
	refused := map[restore.Why]int{}
	for _, s := range p.Skipped {
		refused[s.Why]++
	}
	if refused[restore.BadName] != len(hostile)+1 || refused[restore.Duplicate] != 1 || !p.Partial() {
		t.Errorf("refused %v", refused)
	}
	if content, err := os.ReadFile(filepath.Join(target, "twice")); err != nil || len(content) == 0 {
		t.Errorf("the first of two: %q, %v", content, err)
	}
}

// A node whose content does not match its key leaves nothing behind.
func TestTamperedContentLeavesNoFile(t *testing.T) {
	l := newLab(t)
	source := t.TempDir()
	write(t, filepath.Join(source, "good"), []byte("good"), 0o600, time.Unix(1e9, 0))
	remote := l.backUp(t, source, scan.Preserve{})
	good, _ := remote.Lookup("good")
	nodes, err := l.Nodes(oldAccount.Email)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		if n.Handle == remote.Handle(good).String() {
			n.Handle = ""
			if _, err := l.Put(oldAccount.Email, n, []byte("evil")); err != nil {
				t.Fatal(err)
			}
		}
	}
	l.refresh(t)
	target := t.TempDir()
	p := plan(t, target, restore.Input{Tree: l.tree(t)})
	// The plan takes one of the two; let it be the tampered one.
	for id := range l.tree(t).Walk(tree.Root) {
		if h := l.tree(t).Handle(id); h != remote.Handle(good) && id != tree.Root {
			p.Entries[0].Handle = h
		}
	}
	report, err := restore.Run(t.Context(), p, restore.Env{Remote: l, Target: target})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Failures) != 1 || !errors.Is(report.Failures[0].Err, transfer.ErrCorrupt) {
		t.Errorf("%+v", report)
	}
	if left := onDisk(t, target); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// An interrupted restore leaves only whole files, and the next one fetches only the rest.
func TestInterruptedRestoreResumes(t *testing.T) {
	source, target := t.TempDir(), t.TempDir()
	for i := range 40 {
		write(t, filepath.Join(source, fmt.Sprintf("d%d", i%3), fmt.Sprintf("f%02d", i)), random(1000+i), 0o644, time.Unix(1e9+int64(i), 0))
	}
	l := newLab(t)
	remote := l.backUp(t, source, scan.Preserve{Mode: true, MTime: true})
	ctx, cancel := context.WithCancel(t.Context())
	var done atomic.Int32
	report, err := restore.Run(ctx, plan(t, target, restore.Input{Tree: remote}), restore.Env{
		Remote: l, Target: target, Parallelism: 2,
		Event: func(e restore.Event) {
			if e.Kind == restore.Done && done.Add(1) == 10 {
				cancel()
			}
		},
	})
	if !errors.Is(err, context.Canceled) || report.Left == 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	want := onDisk(t, source)
	for name, got := range onDisk(t, target) {
		if want[name] != got {
			t.Errorf("%s: %.60s", name, got)
		}
	}
	second := run(t, l, target, restore.Input{Tree: remote})
	if second.Equal < 10 || second.Equal+second.Done != 40 {
		t.Errorf("%+v", second)
	}
	if diff := cmp.Diff(want, onDisk(t, target)); diff != "" {
		t.Errorf("-source +restored:\n%s", diff)
	}
}
