package interop

import (
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRule20_DuplicatesOfOtherClients: clients make a second folder and a second file of a name without asking, and megaplan
// makes one of them again.
func TestRule20_DuplicatesOfOtherClients(t *testing.T) {
	for _, name := range []string{"go-mega", "megajs"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			c := clients[name](t, s)
			source := nested(t, "keep", "dir/a", "dir/sub/b")
			m := newMegaplan(t, s, source)
			m.run(t, 0, "apply", "-auto-approve")

			stranger := filepath.Join(fileSet{"x": content("stranger", 333)}.write(t), "x")
			do(t, c,
				op{Do: "put", Path: under("keep"), Local: stranger},
				op{Do: "mkdir", Path: under("dir")},
				op{Do: "mkdir", Path: under("copy")},
				op{Do: "put", Path: append(under("copy"), "a"), Local: filepath.Join(source, "dir", "a")},
				op{Do: "put", Path: append(under("copy"), "theirs"), Local: stranger},
				op{Do: "mkdir", Path: append(under("copy"), "sub")},
				op{Do: "put", Path: append(under("copy"), "sub", "b"), Local: stranger},
				op{Do: "rename", Path: under("copy"), To: under("dir")},
			)
			m.run(t, 4, "drift")
			if kinds := m.plan(t); kinds["merge_folder"] != 2 || kinds["move"] != 1 || kinds["upload"]+kinds["update"] != 0 {
				t.Errorf("the plan has %v", kinds)
			}
			m.run(t, 0, "apply", "-auto-approve")
			m.run(t, 0, "plan", "-detailed-exitcode")
			if got := countFiles(t, s, remoteRoot); got != 4 {
				t.Errorf("the account holds %d files, want 4", got)
			}
			wantList(t, newGoMega(t, s), under("dir"), entry{Name: "a", Size: 100}, entry{Name: "sub", Dir: true}, entry{Name: "theirs", Size: 333})
			t.Run("rclone", func(t *testing.T) {
				r := startRclone(t, s)
				at := "m:" + path.Join(remoteRoot...)
				output(t, r.command(t, "check", "--one-way", "--download", source, at))
				if out := string(output(t, r.command(t, "dedupe", "--dry-run", "--dedupe-mode=list", at))); strings.Contains(out, "duplicate") {
					t.Errorf("rclone still sees duplicates:\n%s", out)
				}
			})
		})
	}
}

// nested writes files of 100 bytes with these paths.
func nested(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, content(name, 100), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestRule20_MegaplanLeavesNoneBehind: folders are made and merged, files are sent, moved and copied over a line that loses
// answers to all of that, and each name is there once.
func TestRule20_MegaplanLeavesNoneBehind(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var names []string
	for i := range 12 {
		names = append(names, fmt.Sprintf("dir %d/a", i), fmt.Sprintf("dir %d/sub/b", i), fmt.Sprintf("old %d", i))
	}
	source := nested(t, names...)
	m := newMegaplan(t, s, source)
	loseAnswers(t, s)
	m.run(t, 0, "apply", "-auto-approve")

	for i := range 12 {
		if err := os.Rename(filepath.Join(source, fmt.Sprintf("old %d", i)), filepath.Join(source, fmt.Sprintf("new %d", i))); err != nil {
			t.Fatal(err)
		}
		more := filepath.Join(source, fmt.Sprintf("dir %d", i), "more") // one upload, eleven copies
		if err := os.WriteFile(more, content("more", 40_000), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	theirs := twinFolders(t, s, source)
	loseAnswers(t, s)
	if kinds := m.plan(t); kinds["move"] != 12+theirs || kinds["merge_folder"] != theirs || kinds["copy"] != 11 || kinds["upload"] != 1 {
		t.Errorf("the plan has %v", kinds)
	}
	before := s.stats().Faults
	m.run(t, 0, "apply", "-auto-approve")
	if struck := s.stats().Faults - before; struck < 4 {
		t.Errorf("only %d faults struck", struck)
	}
	m.run(t, 0, "plan", "-detailed-exitcode")
	if got, want := countFiles(t, s, remoteRoot), len(names)+12+theirs; got != want {
		t.Errorf("the account holds %d files, want %d", got, want)
	}
}

// loseAnswers lets the answers to some of each of the next changes be lost, after they took effect.
func loseAnswers(t *testing.T, s server) {
	t.Helper()
	for _, fault := range []string{
		`{"place":"cs","kind":"lost","command":"p"}`, `{"place":"cs","kind":"lost","command":"p","nth":2}`,
		`{"place":"cs","kind":"lost","command":"m"}`, `{"place":"cs","kind":"lost","command":"m","nth":2}`,
		`{"place":"storage","kind":"lost"}`,
	} {
		resp, err := http.Post(s.url+"/emulator/faults", "application/json", strings.NewReader(fault))
		if err != nil {
			t.Fatal(err)
		}
		if _ = resp.Body.Close(); resp.StatusCode >= 300 {
			t.Fatalf("the fault %s was answered with %s", fault, resp.Status)
		}
	}
}

// twinFolders makes second folders of a name with a file of their own in each, and returns how many.
func twinFolders(t *testing.T, s server, source string) int {
	t.Helper()
	c := newGoMega(t, s)
	stranger := filepath.Join(fileSet{"x": content("stranger", 333)}.write(t), "x")
	const n = 4
	for i := range n {
		copied, dir := under(fmt.Sprintf("copy %d", i)), under(fmt.Sprintf("dir %d", i))
		do(t, c,
			op{Do: "mkdir", Path: copied},
			op{Do: "put", Path: slices.Concat(copied, []string{"theirs"}), Local: stranger},
			op{Do: "put", Path: slices.Concat(copied, []string{"a"}), Local: filepath.Join(source, fmt.Sprintf("dir %d", i), "a")},
			op{Do: "rename", Path: copied, To: dir},
		)
	}
	return n
}
